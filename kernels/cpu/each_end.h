/* Forgets one dtype's macros; see each.h. */
#undef ELEM
#undef WIDE
#undef LOAD
#undef STORE
#undef ADD
#undef MUL
#undef LOWEST
#undef NAME

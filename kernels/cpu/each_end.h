/* Forgets one dtype's macros; see each.h. */
#undef T
#undef S
#undef LOAD
#undef STORE
#undef ADD
#undef MUL
#undef LOWEST
#undef NAME

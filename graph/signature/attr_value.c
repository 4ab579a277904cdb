/* Attribute values from text, and whether a value fits its definition. */
#include "graph/signature/signature.h"
#include "graph/signature/text.h"

#define LIST_MAX 4096   /* elements of a list written as text: far above any signature or case */

const char *tarn__attr_kind_name(tarn_attr_kind kind) {
  switch (kind) {
    case TARN_ATTR_NONE: return "nothing";
    case TARN_ATTR_INT: return "int";
    case TARN_ATTR_FLOAT: return "float";
    case TARN_ATTR_BOOL: return "bool";
    case TARN_ATTR_STRING: return "string";
    case TARN_ATTR_TYPE: return "type";
    case TARN_ATTR_SHAPE: return "shape";
    case TARN_ATTR_TENSOR: return "tensor";
    case TARN_ATTR_FUNC: return "func";
    case TARN_ATTR_LIST: return "list";
  }
  return "?";
}

/* {}, { unknown_rank: true } or [2, ?, -1]. */
static bool read_shape(tarn_text *t, tarn_shape *shape) {
  *shape = (tarn_shape){.rank = 0};
  if (tarn__text_take(t, "{")) {
    if (tarn__text_take(t, "unknown_rank") && tarn__text_take(t, ":") && tarn__text_take(t, "true"))
      shape->rank = -1;
    return tarn__text_take(t, "}");
  }
  if (tarn__text_take(t, "?")) {
    shape->rank = -1;
    return true;
  }
  if (!tarn__text_take(t, "[")) return false;
  if (tarn__text_take(t, "]")) return true;
  do {
    int64_t dim = -1;
    if (!tarn__text_take(t, "?") && (!tarn__text_int(t, &dim) || dim < -1)) return false;
    if (shape->rank == TARN_MAX_RANK) return false;
    shape->dim[shape->rank++] = dim;
  } while (tarn__text_take(t, ","));
  return tarn__text_take(t, "]");
}

static bool read_type(tarn_text *t, tarn_dtype *dtype) {
  tarn_word word;
  if (!tarn__text_name(t, &word)) return false;
  *dtype = tarn__dtype_from_name(word.data, word.size);
  return *dtype != TARN_NO_DTYPE;
}

/* Quoted, or a bare run up to a comma, a closing bracket or a semicolon. */
static bool read_string(tarn_text *t, tarn_word *word) {
  if (tarn__text_quoted(t, word)) return true;
  tarn__text_blanks(t);
  const char *at = t->at;
  while (at < t->end && !strchr(",]};", *at) && *at != ' ') at++;
  *word = (tarn_word){t->at, (size_t)(at - t->at)};
  t->at = at;
  return true;
}

/* One value that is no list. TARN_INVALID without a message of its own: the caller says where. */
static tarn_status read_one(tarn_arena *arena, tarn_attr_kind kind, tarn_text *t,
                            tarn_attr *value) {
  *value = (tarn_attr){.kind = kind};
  double number;
  tarn_word word;
  switch (kind) {
    case TARN_ATTR_INT: return tarn__text_int(t, &value->i) ? TARN_OK : TARN_INVALID;
    case TARN_ATTR_FLOAT:
      if (!tarn__text_number(t, &number)) return TARN_INVALID;
      value->f = (float)number;
      return TARN_OK;
    case TARN_ATTR_BOOL:
      if (!tarn__text_name(t, &word)) return TARN_INVALID;
      value->b = tarn__word_is(word, "true");
      return value->b || tarn__word_is(word, "false") ? TARN_OK : TARN_INVALID;
    case TARN_ATTR_STRING: {
      if (!read_string(t, &word)) return TARN_INVALID;
      char *copy = tarn__arena_strndup(arena, word.data, word.size);
      if (!copy) return TARN_NO_MEMORY;
      value->s = (tarn_string){copy, word.size};
      return TARN_OK;
    }
    case TARN_ATTR_TYPE: return read_type(t, &value->type.dtype) ? TARN_OK : TARN_INVALID;
    case TARN_ATTR_SHAPE: {
      tarn_shape *shape = tarn__arena_alloc(arena, sizeof *shape);
      if (!shape) return TARN_NO_MEMORY;
      value->shape = shape;
      return read_shape(t, shape) ? TARN_OK : TARN_INVALID;
    }
    case TARN_ATTR_FUNC: {
      static const tarn_attrs none;
      if (!read_string(t, &word)) return TARN_INVALID;
      char *copy = tarn__arena_strndup(arena, word.data, word.size);
      if (!copy) return TARN_NO_MEMORY;
      value->func = (tarn_func){copy, &none};
      return TARN_OK;
    }
    case TARN_ATTR_NONE:
    case TARN_ATTR_TENSOR:
    case TARN_ATTR_LIST: break;
  }
  return TARN_INVALID;
}

static size_t element_bytes(tarn_attr_kind element) {
  switch (element) {
    case TARN_ATTR_INT: return sizeof(int64_t);
    case TARN_ATTR_FLOAT: return sizeof(float);
    case TARN_ATTR_BOOL: return sizeof(bool);
    case TARN_ATTR_STRING: return sizeof(tarn_string);
    case TARN_ATTR_TYPE: return sizeof(tarn_dtype);
    case TARN_ATTR_SHAPE: return sizeof(tarn_shape);
    case TARN_ATTR_FUNC: return sizeof(tarn_func);
    case TARN_ATTR_NONE:
    case TARN_ATTR_TENSOR:
    case TARN_ATTR_LIST: break;
  }
  return 0;
}

/* Element i of a list's storage, from a value of the element's kind. */
static void put_element(void *storage, size_t i, const tarn_attr *one) {
  switch (one->kind) {
    case TARN_ATTR_INT: ((int64_t *)storage)[i] = one->i; break;
    case TARN_ATTR_FLOAT: ((float *)storage)[i] = one->f; break;
    case TARN_ATTR_BOOL: ((bool *)storage)[i] = one->b; break;
    case TARN_ATTR_STRING: ((tarn_string *)storage)[i] = one->s; break;
    case TARN_ATTR_TYPE: ((tarn_dtype *)storage)[i] = one->type.dtype; break;
    case TARN_ATTR_SHAPE: ((tarn_shape *)storage)[i] = *one->shape; break;
    case TARN_ATTR_FUNC: ((tarn_func *)storage)[i] = one->func; break;
    case TARN_ATTR_NONE:
    case TARN_ATTR_TENSOR:
    case TARN_ATTR_LIST: break;
  }
}

static tarn_status read_list(tarn_arena *arena, tarn_attr_kind element, tarn_text *t,
                             tarn_attr *value) {
  *value = (tarn_attr){.kind = TARN_ATTR_LIST, .element = element};
  if (!tarn__text_take(t, "[") || element_bytes(element) == 0) return TARN_INVALID;
  if (tarn__text_take(t, "]")) return TARN_OK;
  /* Counted first, by reading into nothing, so that the storage has its final size. */
  tarn_text start = *t;
  void *storage = NULL;
  size_t count = 0;
  for (int pass = 0; pass < 2; pass++) {
    *t = start;
    size_t i = 0;
    do {
      tarn_attr one;
      TARN_TRY(read_one(arena, element, t, &one));
      if (storage) put_element(storage, i, &one);
      if (++i > LIST_MAX) return TARN_INVALID;
    } while (tarn__text_take(t, ","));
    if (!tarn__text_take(t, "]")) return TARN_INVALID;
    if (pass == 0) {
      count = i;
      storage = tarn__arena_array(arena, count, element_bytes(element));
      if (!storage) return TARN_NO_MEMORY;
    }
  }
  value->list.count = count;
  value->list.i = storage;   /* the union's pointers share their representation */
  return TARN_OK;
}

tarn_status tarn__attr_read(tarn_arena *arena, tarn_attr_kind kind, tarn_attr_kind element,
                            const char *text, tarn_attr *value) {
  tarn_text t = {text, text + strlen(text)};
  tarn_status status = kind == TARN_ATTR_LIST ? read_list(arena, element, &t, value)
                                              : read_one(arena, kind, &t, value);
  if (status == TARN_NO_MEMORY) return status;
  if (status != TARN_OK || !tarn__text_done(&t))
    return tarn_fail(TARN_INVALID, "'%s' is no %s%s%s%s", text, tarn__attr_kind_name(kind),
                     kind == TARN_ATTR_LIST ? "(" : "",
                     kind == TARN_ATTR_LIST ? tarn__attr_kind_name(element) : "",
                     kind == TARN_ATTR_LIST ? ")" : "");
  return TARN_OK;
}

/* ---- values against definitions ------------------------------------------------------------ */

#define SAY(...) say(tarn__arena_printf(arena, __VA_ARGS__))
static const char *say(const char *text) { return text ? text : "does not fit its definition"; }

static const char *refuse_type(tarn_arena *arena, const tarn_attr_def *def, tarn_dtype dtype) {
  if (dtype == TARN_NO_DTYPE) return SAY("attribute '%s' has a dtype that is not known", def->name);
  if (tarn__dtype_in(dtype, def->types)) return NULL;
  return SAY("attribute '%s' does not allow %s", def->name, tarn_dtype_name(dtype));
}

static const char *refuse_string(tarn_arena *arena, const tarn_attr_def *def, tarn_string s) {
  if (!def->allowed) return NULL;
  for (size_t i = 0; i < def->allowed_count; i++)
    if (def->allowed[i].size == s.size && memcmp(def->allowed[i].data, s.data, s.size) == 0)
      return NULL;
  char shown[40];
  size_t bytes = s.size < sizeof shown - 1 ? s.size : sizeof shown - 1;
  for (size_t i = 0; i < bytes; i++)
    shown[i] = s.data[i] >= 32 && s.data[i] < 127 ? s.data[i] : '?';
  shown[bytes] = 0;
  return SAY("attribute '%s' does not allow '%s', but for instance '%s'", def->name, shown,
             def->allowed[0].data);
}

static const char *refuse_list(tarn_arena *arena, const tarn_attr_def *def,
                               const tarn_attr *value) {
  size_t count = value->list.count;
  if (count > 0 && value->element != def->element)
    return SAY("attribute '%s' is a list of %s, expected of %s", def->name,
               tarn__attr_kind_name(value->element), tarn__attr_kind_name(def->element));
  if (def->has_minimum && (def->minimum > 0 && count < (uint64_t)def->minimum))
    return SAY("attribute '%s' has %zu elements, expected at least %lld", def->name, count,
               (long long)def->minimum);
  const char *why = NULL;
  for (size_t i = 0; i < count && !why; i++) {
    if (def->element == TARN_ATTR_TYPE) why = refuse_type(arena, def, value->list.type[i]);
    else if (def->element == TARN_ATTR_STRING) why = refuse_string(arena, def, value->list.s[i]);
    else break;
  }
  return why;
}

const char *tarn__attr_refusal(tarn_arena *arena, const tarn_attr_def *def,
                               const tarn_attr *value) {
  if (value->kind != def->kind)
    return SAY("attribute '%s' is %s, expected %s", def->name, tarn__attr_kind_name(value->kind),
               tarn__attr_kind_name(def->kind));
  switch (def->kind) {
    case TARN_ATTR_INT:
      if (def->has_minimum && value->i < def->minimum)
        return SAY("attribute '%s' is %lld, expected at least %lld", def->name, (long long)value->i,
                   (long long)def->minimum);
      return NULL;
    case TARN_ATTR_TYPE: return refuse_type(arena, def, value->type.dtype);
    case TARN_ATTR_STRING: return refuse_string(arena, def, value->s);
    case TARN_ATTR_LIST: return refuse_list(arena, def, value);
    case TARN_ATTR_TENSOR:
      return value->tensor ? NULL : SAY("attribute '%s' has no tensor", def->name);
    case TARN_ATTR_NONE:
    case TARN_ATTR_FLOAT:
    case TARN_ATTR_BOOL:
    case TARN_ATTR_SHAPE:
    case TARN_ATTR_FUNC: return NULL;
  }
  return NULL;
}

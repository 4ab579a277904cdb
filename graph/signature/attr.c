/* Attribute rows of nodes: finding, setting, and the typed reads that op definitions use. */
#include "graph/signature/attr.h"

#include <assert.h>

const tarn_attr *tarn__attr_find(const tarn_attrs *attrs, const char *name) {
  for (size_t i = 0; i < attrs->count; i++)
    if (strcmp(attrs->rows[i].name, name) == 0) return &attrs->rows[i].value;
  return NULL;
}

tarn_status tarn__attr_set(tarn_arena *arena, tarn_attrs *attrs, const char *name,
                           const tarn_attr *value) {
  for (size_t i = 0; i < attrs->count; i++) {
    if (strcmp(attrs->rows[i].name, name) != 0) continue;
    attrs->rows[i].value = *value;
    return TARN_OK;
  }
  if (attrs->count == attrs->capacity) {
    size_t capacity = attrs->capacity ? 2 * attrs->capacity : 6;
    struct tarn_attr_row *rows = tarn__arena_array(arena, capacity, sizeof *rows);
    if (!rows) return TARN_NO_MEMORY;
    if (attrs->count) memcpy(rows, attrs->rows, attrs->count * sizeof *rows);
    attrs->rows = rows;
    attrs->capacity = capacity;
  }
  attrs->rows[attrs->count++] = (struct tarn_attr_row){name, *value};
  return TARN_OK;
}

/* What a typed read gives when an op asks for an attribute that it does not declare: our own bug,
 * so debug builds stop; release builds go on with a zero. */
static const tarn_attr absent;
static const tarn_shape absent_shape = {.rank = -1};

static const tarn_attr *get(const tarn_attrs *attrs, const char *name, tarn_attr_kind kind) {
  const tarn_attr *value = tarn__attr_find(attrs, name);
  assert(value && value->kind == kind);
  return value && value->kind == kind ? value : &absent;
}

int64_t tarn__attr_int(const tarn_attrs *attrs, const char *name) {
  return get(attrs, name, TARN_ATTR_INT)->i;
}
float tarn__attr_float(const tarn_attrs *attrs, const char *name) {
  return get(attrs, name, TARN_ATTR_FLOAT)->f;
}
bool tarn__attr_bool(const tarn_attrs *attrs, const char *name) {
  return get(attrs, name, TARN_ATTR_BOOL)->b;
}

tarn_string tarn__attr_string(const tarn_attrs *attrs, const char *name) {
  return get(attrs, name, TARN_ATTR_STRING)->s;
}

bool tarn__attr_is(const tarn_attrs *attrs, const char *name, const char *text) {
  tarn_string s = tarn__attr_string(attrs, name);
  size_t bytes = strlen(text);
  return s.size == bytes && (bytes == 0 || memcmp(s.data, text, bytes) == 0);
}

tarn_dtype tarn__attr_type(const tarn_attrs *attrs, const char *name) {
  return get(attrs, name, TARN_ATTR_TYPE)->type.dtype;
}

const tarn_shape *tarn__attr_shape(const tarn_attrs *attrs, const char *name) {
  const tarn_shape *shape = get(attrs, name, TARN_ATTR_SHAPE)->shape;
  return shape ? shape : &absent_shape;
}

const tarn_tensor *tarn__attr_tensor(const tarn_attrs *attrs, const char *name) {
  return get(attrs, name, TARN_ATTR_TENSOR)->tensor;
}

tarn_func tarn__attr_func(const tarn_attrs *attrs, const char *name) {
  return get(attrs, name, TARN_ATTR_FUNC)->func;
}

const tarn_attr *tarn__attr_list(const tarn_attrs *attrs, const char *name) {
  return get(attrs, name, TARN_ATTR_LIST);
}

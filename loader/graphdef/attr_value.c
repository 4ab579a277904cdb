/* AttrValue, its lists, shapes and functions: see import.h. */
#include "loader/graphdef/import.h"

#include <inttypes.h>

/* The fields of ListValue and what they hold. AttrValue itself numbers the same kinds alike, but
 * for the list. */
enum {
  FIELD_LIST = 1,
  FIELD_S,
  FIELD_I,
  FIELD_F,
  FIELD_B,
  FIELD_TYPE,
  FIELD_SHAPE,
  FIELD_TENSOR,
  FIELD_FUNC
};
/* AttrValue only: 9 is a placeholder there, and 10 the function. */
enum { FIELD_PLACEHOLDER = 9, FIELD_FUNC_ALONE = 10 };

static tarn_status read_bytes(tarn_import *im, const tarn_wire_field *f, tarn_string *s) {
  const char *data;
  size_t bytes;
  TARN_TRY(tarn__wire_text(f, &data, &bytes));
  const char *copy = tarn__arena_strndup(im->graph->arena, bytes ? data : "", bytes);
  if (!copy) return TARN_NO_MEMORY;
  *s = (tarn_string){copy, bytes};
  return TARN_OK;
}

/* NameAttrList. Recursion through its attributes is bounded by the depth of messages. */
static tarn_status read_func(tarn_import *im, tarn_wire w, tarn_func *func) {
  tarn_attrs *attrs = tarn__arena_alloc(im->graph->arena, sizeof *attrs);
  if (!attrs) return TARN_NO_MEMORY;
  func->name = "";
  func->attrs = attrs;
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == 1) TARN_TRY(tarn__import_text(im, &f, &func->name));
    if (f.number == 2) {
      tarn_wire entry;
      TARN_TRY(tarn__wire_message(&f, "attr entry", &entry));
      TARN_TRY(tarn__attr_entry_read(im, entry, attrs));
    }
  }
}

/* Where the elements of a list being read go, by kind. */
typedef struct list {
  uint32_t field;
  size_t count, at;
  void *storage;
} list;

static tarn_wire_type list_wire_type(uint32_t field) {
  return field == FIELD_F ? TARN_WIRE_FIXED32 : TARN_WIRE_VARINT;
}

static bool is_scalar(uint32_t field) {
  return field == FIELD_I || field == FIELD_F || field == FIELD_B || field == FIELD_TYPE;
}

static size_t element_bytes(uint32_t field) {
  switch (field) {
    case FIELD_S: return sizeof(tarn_string);
    case FIELD_I: return sizeof(int64_t);
    case FIELD_F: return sizeof(float);
    case FIELD_B: return sizeof(bool);
    case FIELD_TYPE: return sizeof(tarn_dtype);
    case FIELD_SHAPE: return sizeof(tarn_shape);
    default: return sizeof(tarn_func);
  }
}

static tarn_attr_kind element_kind(uint32_t field) {
  static const tarn_attr_kind kinds[] = {
      [FIELD_S] = TARN_ATTR_STRING, [FIELD_I] = TARN_ATTR_INT,     [FIELD_F] = TARN_ATTR_FLOAT,
      [FIELD_B] = TARN_ATTR_BOOL,   [FIELD_TYPE] = TARN_ATTR_TYPE, [FIELD_SHAPE] = TARN_ATTR_SHAPE,
      [FIELD_FUNC] = TARN_ATTR_FUNC};
  return kinds[field];
}

static tarn_status count_list(tarn_wire w, list *l) {
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number < FIELD_S || f.number > FIELD_FUNC) continue;
    size_t more = 1;
    if (is_scalar(f.number)) {
      tarn_wire_values v;
      TARN_TRY(tarn__wire_values(&f, list_wire_type(f.number), &v));
      more = v.count;
    }
    if (more == 0) continue;
    if (l->field && l->field != f.number)
      return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a list of two kinds of values", f.offset);
    l->field = f.number;
    l->count += more;
  }
}

static void put_scalar(list *l, uint64_t value) {
  bool is_ref;
  size_t i = l->at++;
  switch (l->field) {
    case FIELD_I: ((int64_t *)l->storage)[i] = (int64_t)value; break;
    case FIELD_F: ((float *)l->storage)[i] = tarn__float_from_bits((uint32_t)value); break;
    case FIELD_B: ((bool *)l->storage)[i] = value != 0; break;
    default:
      ((tarn_dtype *)l->storage)[i] = tarn__dtype_from_number((int64_t)value, &is_ref);
      break;
  }
}

static tarn_status fill_list(tarn_import *im, tarn_wire w, list *l) {
  while (l->at < l->count) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != l->field) continue;
    if (is_scalar(f.number)) {
      tarn_wire_values v;
      TARN_TRY(tarn__wire_values(&f, list_wire_type(f.number), &v));
      for (size_t i = 0; i < v.count; i++) {
        uint64_t value;
        TARN_TRY(tarn__wire_value(&v, &value));
        put_scalar(l, value);
      }
    } else if (f.number == FIELD_S) {
      TARN_TRY(read_bytes(im, &f, &((tarn_string *)l->storage)[l->at++]));
    } else if (f.number == FIELD_SHAPE) {
      TARN_TRY(tarn__wire_message(&f, "TensorShapeProto", &inner));
      TARN_TRY(tarn__shape_proto_read(im, inner, &((tarn_shape *)l->storage)[l->at++]));
    } else {
      TARN_TRY(tarn__wire_message(&f, "NameAttrList", &inner));
      TARN_TRY(read_func(im, inner, &((tarn_func *)l->storage)[l->at++]));
    }
  }
  return TARN_OK;
}

static tarn_status read_list(tarn_import *im, tarn_wire w, tarn_attr *value) {
  list l = {0};
  TARN_TRY(count_list(w, &l));
  *value = (tarn_attr){.kind = TARN_ATTR_LIST, .element = TARN_ATTR_NONE};
  if (l.count == 0) return TARN_OK;
  if (l.field == FIELD_TENSOR) {
    tarn__import_problem(im, TARN_UNSUPPORTED, "an attribute that is a list of tensors");
    return TARN_OK;
  }
  l.storage = tarn__arena_array(im->graph->arena, l.count, element_bytes(l.field));
  if (!l.storage) return TARN_NO_MEMORY;
  TARN_TRY(fill_list(im, w, &l));
  value->element = element_kind(l.field);
  value->list.count = l.count;
  switch (l.field) {
    case FIELD_S: value->list.s = l.storage; break;
    case FIELD_I: value->list.i = l.storage; break;
    case FIELD_F: value->list.f = l.storage; break;
    case FIELD_B: value->list.b = l.storage; break;
    case FIELD_TYPE: value->list.type = l.storage; break;
    case FIELD_SHAPE: value->list.shape = l.storage; break;
    default: value->list.func = l.storage; break;
  }
  return TARN_OK;
}

/* "$T" of a function's body: the function's own attribute. */
static tarn_status read_placeholder(tarn_import *im, const tarn_wire_field *f, tarn_attr *value) {
  const char *name;
  TARN_TRY(tarn__import_text(im, f, &name));
  const tarn_attr *bound = im->bound ? tarn__attr_find(im->bound, name) : NULL;
  if (bound) {
    *value = *bound;
    return TARN_OK;
  }
  char shown[60];
  tarn__import_problem(im, TARN_CORRUPT, "an attribute stands for '%s', which nothing defines",
                       tarn__printable(name, strlen(name), shown, sizeof shown));
  return TARN_OK;
}

static tarn_status read_type(const tarn_wire_field *f, tarn_attr *value) {
  int64_t number;
  TARN_TRY(tarn__wire_int64(f, &number));
  value->kind = TARN_ATTR_TYPE;
  value->type.is_ref = false;
  value->type.dtype =
      tarn__dtype_from_number(number, &value->type.is_ref); /* unknown types: the op refuses them */
  return TARN_OK;
}

/* One field of the AttrValue; the last one set wins. */
static tarn_status read_value(tarn_import *im, const tarn_wire_field *f, tarn_attr *value) {
  tarn_wire inner;
  switch (f->number) {
    case FIELD_LIST:
      TARN_TRY(tarn__wire_message(f, "AttrValue.ListValue", &inner));
      return read_list(im, inner, value);
    case FIELD_S:
      value->kind = TARN_ATTR_STRING;
      return read_bytes(im, f, &value->s);
    case FIELD_I:
      value->kind = TARN_ATTR_INT;
      return tarn__wire_int64(f, &value->i);
    case FIELD_F:
      value->kind = TARN_ATTR_FLOAT;
      return tarn__wire_float(f, &value->f);
    case FIELD_B:
      value->kind = TARN_ATTR_BOOL;
      return tarn__wire_bool(f, &value->b);
    case FIELD_TYPE:
      return read_type(f, value);
    case FIELD_SHAPE: {
      tarn_shape *shape = tarn__arena_alloc(im->graph->arena, sizeof *shape);
      if (!shape) return TARN_NO_MEMORY;
      TARN_TRY(tarn__wire_message(f, "TensorShapeProto", &inner));
      TARN_TRY(tarn__shape_proto_read(im, inner, shape));
      value->kind = TARN_ATTR_SHAPE;
      value->shape = shape;
      return TARN_OK;
    }
    case FIELD_TENSOR:
      TARN_TRY(tarn__wire_message(f, "TensorProto", &inner));
      value->kind = TARN_ATTR_TENSOR;
      return tarn__tensor_proto_read(im, inner, &value->tensor);
    case FIELD_PLACEHOLDER:
      return read_placeholder(im, f, value);
    case FIELD_FUNC_ALONE:
      TARN_TRY(tarn__wire_message(f, "NameAttrList", &inner));
      value->kind = TARN_ATTR_FUNC;
      return read_func(im, inner, &value->func);
  }
  return TARN_OK;
}

tarn_status tarn__attr_value_read(tarn_import *im, tarn_wire w, tarn_attr *value) {
  *value = (tarn_attr){.kind = TARN_ATTR_NONE};
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    TARN_TRY(read_value(im, &f, value));
  }
}

tarn_status tarn__attr_entry_read(tarn_import *im, tarn_wire message, tarn_attrs *attrs) {
  const char *name = "";
  tarn_attr value = {.kind = TARN_ATTR_NONE};
  tarn_wire_field f;
  for (tarn_wire w = message;;) {   /* the name first: it belongs into the errors of the value */
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__import_text(im, &f, &name));
  }
  /* Names with a leading underscore are hints: one that cannot be held is left out, and no reason
   * not to run. */
  bool hint = *name == '_';
  const char *problem = im->problem;
  for (tarn_wire w = message;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number != 2) continue;
    tarn_wire inner;
    TARN_TRY(tarn__wire_message(&f, "AttrValue", &inner));
    char shown[60];
    TARN_TRY_IN(tarn__attr_value_read(im, inner, &value), "reading attribute '%s'",
                tarn__printable(name, strlen(name), shown, sizeof shown));
  }
  if (hint && im->problem != problem) {
    im->problem = problem;
    return TARN_OK;
  }
  return tarn__attr_set(im->graph->arena, attrs, name, &value);
}

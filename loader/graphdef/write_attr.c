/* AttrValue, TensorProto, TensorShapeProto and NameAttrList: see write_attr.h. */
#include "loader/graphdef/write_attr.h"

#include "core/wire/tensor_message.h"
#include "loader/graphdef/import.h"

tarn_status tarn__tensor_proto_write(const tarn_tensor *t, uint32_t field, tarn_bytes *b) {
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, field, &mark));
  TARN_TRY(tarn__tensor_message_write(t, b));
  return tarn__wire_end(b, mark);
}

static tarn_status write_func(const tarn_func *func, bool strict, uint32_t field, tarn_bytes *b) {
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, field, &mark));
  TARN_TRY(tarn__wire_add_bytes(b, 1, func->name, strlen(func->name)));
  if (func->attrs) TARN_TRY(tarn__attrs_write(func->attrs, strict, 2, b));
  return tarn__wire_end(b, mark);
}

/* Numbers are packed: the values behind one length. */
static tarn_status write_list(const tarn_attr *a, bool strict, tarn_bytes *b) {
  size_t mark, packed;
  TARN_TRY(tarn__wire_begin(b, 1, &mark));
  for (size_t i = 0; i < a->list.count; i++) {
    switch (a->element) {
      case TARN_ATTR_STRING:
        TARN_TRY(tarn__wire_add_bytes(b, 2, a->list.s[i].data, a->list.s[i].size));
        break;
      case TARN_ATTR_SHAPE: TARN_TRY(tarn__shape_message_write(&a->list.shape[i], 7, b)); break;
      case TARN_ATTR_FUNC: TARN_TRY(write_func(&a->list.func[i], strict, 9, b)); break;
      case TARN_ATTR_INT:
      case TARN_ATTR_FLOAT:
      case TARN_ATTR_BOOL:
      case TARN_ATTR_TYPE:
        if (i == 0)
          TARN_TRY(tarn__wire_begin(b, a->element == TARN_ATTR_INT     ? 3
                                       : a->element == TARN_ATTR_FLOAT ? 4
                                       : a->element == TARN_ATTR_BOOL  ? 5
                                                                       : 6, &packed));
        if (a->element == TARN_ATTR_FLOAT) {
          unsigned char bytes[4];
          uint32_t bits;
          memcpy(&bits, &a->list.f[i], sizeof bits);
          tarn__put_le32(bytes, bits);
          TARN_TRY(tarn__bytes_add(b, bytes, sizeof bytes));
        } else {
          TARN_TRY(tarn__wire_add_varint(b, a->element == TARN_ATTR_INT ? (uint64_t)a->list.i[i]
                                            : a->element == TARN_ATTR_BOOL
                                                ? (uint64_t)a->list.b[i]
                                                : (uint64_t)a->list.type[i]));
        }
        if (i + 1 == a->list.count) TARN_TRY(tarn__wire_end(b, packed));
        break;
      case TARN_ATTR_NONE:
      case TARN_ATTR_TENSOR:
      case TARN_ATTR_LIST: break;   /* no list holds these */
    }
  }
  return tarn__wire_end(b, mark);
}

/* The one field of the AttrValue that is set. */
static tarn_status write_value(const tarn_attr *a, bool strict, tarn_bytes *b) {
  switch (a->kind) {
    case TARN_ATTR_NONE: return TARN_OK;
    case TARN_ATTR_STRING: return tarn__wire_add_bytes(b, 2, a->s.data, a->s.size);
    case TARN_ATTR_INT: return tarn__wire_add_int(b, 3, (uint64_t)a->i);
    case TARN_ATTR_FLOAT: return tarn__wire_add_float(b, 4, a->f);
    case TARN_ATTR_BOOL: return tarn__wire_add_int(b, 5, a->b);
    case TARN_ATTR_TYPE:
      return tarn__wire_add_int(b, 6, (uint64_t)a->type.dtype + (a->type.is_ref ? 100 : 0));
    case TARN_ATTR_SHAPE: return tarn__shape_message_write(a->shape, 7, b);
    case TARN_ATTR_TENSOR: return tarn__tensor_proto_write(a->tensor, 8, b);
    case TARN_ATTR_FUNC: return write_func(&a->func, strict, 10, b);
    case TARN_ATTR_LIST: return write_list(a, strict, b);
  }
  return TARN_OK;
}

/* Whether the importer could not hold the value: a type or a tensor that tarn does not have. */
static bool is_absent(const tarn_attr *a) {
  return a->kind == TARN_ATTR_NONE || (a->kind == TARN_ATTR_TENSOR && !a->tensor) ||
         (a->kind == TARN_ATTR_TYPE && a->type.dtype == TARN_NO_DTYPE);
}

tarn_status tarn__attrs_write(const tarn_attrs *attrs, bool strict, uint32_t field, tarn_bytes *b) {
  for (size_t i = 0; i < attrs->count; i++) {
    const struct tarn_attr_row *row = &attrs->rows[i];
    size_t entry, value;
    if (is_absent(&row->value)) {
      if (!strict) continue;
      return tarn_fail(TARN_UNSUPPORTED, "the value of attribute '%s' was not one that tarn holds",
                       row->name);
    }
    TARN_TRY(tarn__wire_begin(b, field, &entry));
    TARN_TRY(tarn__wire_add_bytes(b, 1, row->name, strlen(row->name)));
    TARN_TRY(tarn__wire_begin(b, 2, &value));
    TARN_TRY_IN(write_value(&row->value, strict, b), "writing attribute '%s'", row->name);
    TARN_TRY(tarn__wire_end(b, value));
    TARN_TRY(tarn__wire_end(b, entry));
  }
  return TARN_OK;
}

tarn_status tarn__attr_beside_write(const char *name, const tarn_tensor *t, uint64_t number,
                                    uint32_t field, tarn_bytes *b) {
  size_t entry, value, tensor;
  TARN_TRY(tarn__wire_begin(b, field, &entry));
  TARN_TRY(tarn__wire_add_bytes(b, 1, name, strlen(name)));
  TARN_TRY(tarn__wire_begin(b, 2, &value));
  TARN_TRY(tarn__wire_begin(b, 8, &tensor));
  TARN_TRY(tarn__wire_add_int(b, 1, (uint64_t)t->dtype));
  TARN_TRY(tarn__shape_message_write(&t->shape, 2, b));
  TARN_TRY(tarn__wire_add_int(b, TARN_TENSOR_BESIDE, number));
  TARN_TRY(tarn__wire_end(b, tensor));
  TARN_TRY(tarn__wire_end(b, value));
  return tarn__wire_end(b, entry);
}

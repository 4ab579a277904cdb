/* A problem as a line of text. */
#include <string.h>

#include "graph/tuning/tuning.h"

/* Words that need no quotes in a line of fields. */
static bool plain(const char *text, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    const char c = text[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
          strchr("_.-/:+", c) || !c) ||
        !c)
      return false;
  }
  return bytes < 256;
}

static tarn_status add_string(tarn_bytes *b, tarn_string s, bool *known) {
  if (plain(s.data, s.size))
    return tarn__bytes_printf(b, "%.*s", (int)s.size, s.size ? s.data : "");
  *known = false;
  return TARN_OK;
}

static tarn_status add_shape(tarn_bytes *b, const tarn_shape *shape) {
  char text[TARN_SHAPE_TEXT];
  return tarn__bytes_printf(b, "%s", tarn__shape_print(shape, text));
}

static tarn_status add_list(tarn_bytes *b, const tarn_attr *a, bool *known) {
  TARN_TRY(tarn__bytes_printf(b, "["));
  for (size_t i = 0; i < a->list.count; i++) {
    if (i) TARN_TRY(tarn__bytes_printf(b, ","));
    switch (a->element) {
      case TARN_ATTR_INT:
        TARN_TRY(tarn__bytes_printf(b, "%lld", (long long)a->list.i[i]));
        break;
      case TARN_ATTR_FLOAT:
        TARN_TRY(tarn__bytes_printf(b, "%.9g", (double)a->list.f[i]));
        break;
      case TARN_ATTR_BOOL:
        TARN_TRY(tarn__bytes_printf(b, "%d", a->list.b[i]));
        break;
      case TARN_ATTR_STRING:
        TARN_TRY(add_string(b, a->list.s[i], known));
        break;
      case TARN_ATTR_TYPE:
        TARN_TRY(tarn__bytes_printf(b, "%s", tarn_dtype_name(a->list.type[i])));
        break;
      case TARN_ATTR_SHAPE:
        TARN_TRY(add_shape(b, &a->list.shape[i]));
        break;
      case TARN_ATTR_NONE:
      case TARN_ATTR_TENSOR:
      case TARN_ATTR_FUNC:
      case TARN_ATTR_LIST:
        *known = false;
        break;
    }
  }
  return tarn__bytes_printf(b, "]");
}

static tarn_status add_attr(tarn_bytes *b, const tarn_attr *a, bool *known) {
  switch (a->kind) {
    case TARN_ATTR_INT:
      return tarn__bytes_printf(b, "%lld", (long long)a->i);
    case TARN_ATTR_FLOAT:
      return tarn__bytes_printf(b, "%.9g", (double)a->f);
    case TARN_ATTR_BOOL:
      return tarn__bytes_printf(b, "%d", a->b);
    case TARN_ATTR_STRING:
      return add_string(b, a->s, known);
    case TARN_ATTR_TYPE:
      return tarn__bytes_printf(b, "%s", tarn_dtype_name(a->type.dtype));
    case TARN_ATTR_SHAPE:
      return add_shape(b, a->shape);
    case TARN_ATTR_LIST:
      return add_list(b, a, known);
    case TARN_ATTR_NONE:
    case TARN_ATTR_TENSOR:
    case TARN_ATTR_FUNC:
      break;
  }
  *known = false;
  return TARN_OK;
}

static tarn_status add_tensors(tarn_bytes *b, const tarn_dtype *dtype, const tarn_shape *shape,
                               const bool *stable, int n) {
  for (int i = 0; i < n; i++) {
    TARN_TRY(tarn__bytes_printf(b, "%s%s%s", i ? "," : "", stable && stable[i] ? "=" : "",
                                tarn_dtype_name(dtype[i])));
    TARN_TRY(add_shape(b, &shape[i]));
  }
  return TARN_OK;
}

tarn_status tarn__tuning_key(const tarn_step *step, const tarn_problem *p, int threads,
                             const char *device, tarn_bytes *key, bool *known) {
  char name[128];
  *known = true;
  key->size = 0;
  if (device)
    TARN_TRY(tarn__bytes_printf(key, "%s on %s, %s in:", p->op,
                                tarn__printable(device, strlen(device), name, sizeof name),
                                tarn__precision_name(p->precision)));
  else
    TARN_TRY(tarn__bytes_printf(key, "%s threads=%d %s in:", p->op, threads,
                                tarn__precision_name(p->precision)));
  TARN_TRY(add_tensors(key, p->in_dtype, p->in_shape, p->stable, p->inputs));
  TARN_TRY(tarn__bytes_printf(key, " out:"));
  TARN_TRY(add_tensors(key, p->out_dtype, p->out_shape, NULL, p->outputs));
  for (size_t i = 0; i < step->attrs->count && *known; i++) {
    const struct tarn_attr_row *row = &step->attrs->rows[i];
    if (row->name[0] == '_') continue; /* what TensorFlow's tools leave: nothing for a kernel */
    if (!plain(row->name, strlen(row->name))) *known = false;
    TARN_TRY(tarn__bytes_printf(key, " %s=", row->name));
    TARN_TRY(add_attr(key, &row->value, known));
  }
  return TARN_OK;
}

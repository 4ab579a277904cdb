/* Picking by a condition: element by element, with strides of 0 where an input is broadcast. */
#include "kernels/cpu/array/elements.h"

#define ROW(SIZE)                                                                                           \
  static void row_##SIZE(char *y, const uint8_t *c, const char *t, const char *e, int64_t n, int64_t sc,    \
                         int64_t st, int64_t se) {                                                          \
    for (int64_t i = 0; i < n; i++)                                                                         \
      memcpy(y + i * SIZE, c[i * sc] ? t + i * st * SIZE : e + i * se * SIZE, SIZE);                        \
  }
ROW(1)
ROW(2)
ROW(4)
ROW(8)
ROW(16)
#undef ROW

/* n elements of y from offset `at`; offsets and strides of condition, t and e count elements. */
static tarn_status pick(const tarn_call *call, int64_t at, int64_t n, const int64_t from[3],
                        const int64_t step[3]) {
  tarn_tensor *y = call->out[0];
  const uint8_t *c = (const uint8_t *)call->in[0]->data + from[0];
  if (!tarn__is_plain(y->dtype)) {
    for (int64_t i = 0; i < n; i++) {
      int k = c[i * step[0]] ? 1 : 2;
      TARN_TRY(tarn__move(y, at + i, call->in[k], from[k] + i * step[k], 1));
    }
    return TARN_OK;
  }
  int64_t size = (int64_t)tarn_dtype_bytes(y->dtype);
  char *to = (char *)y->data + at * size;
  const char *t = (const char *)call->in[1]->data + from[1] * size;
  const char *e = (const char *)call->in[2]->data + from[2] * size;
  switch (size) {
    case 1: row_1(to, c, t, e, n, step[0], step[1], step[2]); break;
    case 2: row_2(to, c, t, e, n, step[0], step[1], step[2]); break;
    case 4: row_4(to, c, t, e, n, step[0], step[1], step[2]); break;
    case 8: row_8(to, c, t, e, n, step[0], step[1], step[2]); break;
    default: row_16(to, c, t, e, n, step[0], step[1], step[2]); break;
  }
  return TARN_OK;
}

static tarn_status select_v1(const tarn_call *call) {
  const tarn_tensor *c = call->in[0], *t = call->in[1], *e = call->in[2];
  tarn_tensor *y = call->out[0];
  int64_t n = tarn__tensor_elements(y), rows = tarn__tensor_elements(c);
  if (tarn__shape_equal(&c->shape, &t->shape))
    return pick(call, 0, n, (const int64_t[3]){0, 0, 0}, (const int64_t[3]){1, 1, 1});
  int64_t row = rows ? n / rows : 0;
  for (int64_t r = 0; r < rows; r++)
    TARN_TRY(tarn__move(y, r * row, ((const uint8_t *)c->data)[r] ? t : e, r * row, row));
  return TARN_OK;
}

static tarn_status select_v2(const tarn_call *call) {
  tarn_tensor *y = call->out[0];
  const tarn_shape *s = &y->shape;
  int64_t stride[3][TARN_MAX_RANK] = {{0}}, index[TARN_MAX_RANK] = {0}, from[3] = {0, 0, 0};
  int64_t n = tarn__tensor_elements(y);
  bool whole = true;
  for (int k = 0; k < 3; k++) {
    const tarn_shape *x = &call->in[k]->shape;
    int64_t own[TARN_MAX_RANK];
    int lead = s->rank - x->rank;
    tarn__strides(x, own);
    for (int d = 0; d < x->rank; d++) stride[k][lead + d] = x->dim[d] == 1 ? 0 : own[d];
    whole = whole && tarn__shape_equal(x, s);
  }
  if (n == 0) return TARN_OK;
  if (whole || s->rank == 0) return pick(call, 0, n, from, (const int64_t[3]){1, 1, 1});
  int last = s->rank - 1;
  const int64_t step[3] = {stride[0][last], stride[1][last], stride[2][last]};
  for (int64_t at = 0; at < n; at += s->dim[last]) {
    TARN_TRY(pick(call, at, s->dim[last], from, step));
    for (int d = last - 1; d >= 0; d--) {
      for (int k = 0; k < 3; k++) from[k] += stride[k][d];
      if (++index[d] < s->dim[d]) break;
      for (int k = 0; k < 3; k++) from[k] -= stride[k][d] * s->dim[d];
      index[d] = 0;
    }
  }
  return TARN_OK;
}

static bool is_set(const tarn_tensor *x, int64_t i) {
  switch ((int)x->dtype) {
    case TARN_F32: return ((const float *)x->data)[i] != 0;
    case TARN_F64: return ((const double *)x->data)[i] != 0;
    case TARN_F16: case TARN_BF16: return (((const uint16_t *)x->data)[i] & 0x7fff) != 0;
    case TARN_C64: return ((const float *)x->data)[2 * i] != 0 || ((const float *)x->data)[2 * i + 1] != 0;
    case TARN_C128: return ((const double *)x->data)[2 * i] != 0 || ((const double *)x->data)[2 * i + 1] != 0;
    default: break;
  }
  switch (tarn_dtype_bytes(x->dtype)) {
    case 1: return ((const uint8_t *)x->data)[i] != 0;
    case 2: return ((const uint16_t *)x->data)[i] != 0;
    case 4: return ((const uint32_t *)x->data)[i] != 0;
    default: return ((const uint64_t *)x->data)[i] != 0;
  }
}

static tarn_status where(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  int64_t n = tarn__tensor_elements(x), found = 0, index[TARN_MAX_RANK] = {0};
  for (int64_t i = 0; i < n; i++) found += is_set(x, i);
  tarn_shape shape = {.rank = 2, .dim = {found, x->shape.rank}};
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  int64_t *y = call->out[0]->data;
  for (int64_t i = 0; i < n; i++) {
    if (is_set(x, i))
      for (int d = 0; d < x->shape.rank; d++) *y++ = index[d];
    for (int d = x->shape.rank - 1; d >= 0 && ++index[d] == x->shape.dim[d]; d--) index[d] = 0;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_array_select_reference[] = {
  {.op = "Where", .run = where, .dtypes = TARN_PLAIN},
  {.op = "Select", .run = select_v1},
  {.op = "SelectV2", .run = select_v2},
  {0},
};

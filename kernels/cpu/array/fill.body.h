/* Constants, ramps and one-hot rows. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/array/numeric.h"
#include "kernels/params/array.h"

/* Sums and products are rounded one by one. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off")
#endif

static tarn_status fill(const tarn_call *call) {
  return tarn__repeat(call->out[0], 0, tarn__tensor_elements(call->out[0]), call->in[1], 0);
}

static tarn_status zeros(const tarn_call *call) {
  return tarn__clear_elements(call->out[0], 0, tarn__tensor_elements(call->out[0]));
}

static tarn_status ones(const tarn_call *call) {
  /* 1 of each type; a complex one is (1, 0). */
  static const float f32[2] = {1.0f, 0.0f};
  static const double f64[2] = {1.0, 0.0};
  uint64_t bits = 1;
  uint16_t half = tarn__f32_to_f16(1.0f), brain = tarn__f32_to_bf16(1.0f);
  tarn_tensor *y = call->out[0];
  tarn_tensor one = {.dtype = y->dtype,
                     .data = &bits}; /* little-endian: 1 for every integer size */
  switch ((int)y->dtype) {
    case TARN_F32: case TARN_C64: one.data = (void *)(uintptr_t)f32; break;
    case TARN_F64: case TARN_C128: one.data = (void *)(uintptr_t)f64; break;
    case TARN_F16: one.data = &half; break;
    case TARN_BF16: one.data = &brain; break;
    default: break;
  }
  return tarn__repeat(y, 0, tarn__tensor_elements(y), &one, 0);
}

/* The last element is `stop` itself, whatever the sum rounds to. */
static tarn_status lin_space(const tarn_call *call) {
  int64_t n = tarn__tensor_elements(call->out[0]);
  switch ((int)call->out[0]->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                            \
  case DT: {                                                                               \
    S *y = call->out[0]->data, s0 = *(const S *)call->in[0]->data,                         \
      s1 = *(const S *)call->in[1]->data;                                                  \
    A start = GET(s0),                                                                     \
      step = n > 1 ? GET(PUT(GET(PUT(GET(s1) - start)) / GET(PUT((A)(n - 1))))) : 0;       \
    if (n <= INT32_MAX) /* AVX2 has no conversion of wider ones */                         \
      for (int32_t i = 0; i < (int32_t)n; i++)                                             \
        y[i] = PUT(start + GET(PUT(step * GET(PUT((A)i)))));                               \
    else                                                                                   \
      for (int64_t i = 0; i < n; i++) y[i] = PUT(start + GET(PUT(step * GET(PUT((A)i))))); \
    if (n > 1) y[n - 1] = s1;                                                              \
    break;                                                                                 \
  }
    TARN_FLOAT_ROWS(ROW)
#undef ROW
    default: break;
  }
  return TARN_OK;
}

/* Every step is rounded to the dtype, i too, as TensorFlow does. */
static tarn_status range(const tarn_call *call) {
  int64_t n = tarn__tensor_elements(call->out[0]);
  switch ((int)call->out[0]->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                                 \
  case DT: {                                                                                    \
    S *y = call->out[0]->data;                                                                  \
    A start = GET(*(const S *)call->in[0]->data), delta = GET(*(const S *)call->in[2]->data);   \
    for (int64_t i = 0; i < n; i++) y[i] = PUT(start + GET(PUT(GET(PUT((A)i)) * delta)));       \
    break;                                                                                      \
  }
    TARN_RING_ROWS(ROW)
#undef ROW
    default: break;
  }
  return TARN_OK;
}

static tarn_status one_hot(const tarn_call *call) {
  const tarn_axis_params *p = call->problem->params;
  const tarn_tensor *indices = call->in[0];
  tarn_tensor *y = call->out[0];
  int axis = (int)(p->axis < 0 ? p->axis + y->shape.rank : p->axis);
  int64_t depth = y->shape.dim[axis],
          inner = tarn__dims_product(&y->shape, axis + 1, y->shape.rank);
  TARN_TRY(tarn__repeat(y, 0, tarn__tensor_elements(y), call->in[3], 0));
  int64_t n = tarn__tensor_elements(indices);
  for (int64_t i = 0; i < n; i++) {
    int64_t j = tarn__index_at(indices, i);
    if (j >= 0 && j < depth)
      TARN_TRY(tarn__move(y, (i / inner * depth + j) * inner + i % inner, call->in[2], 0, 1));
  }
  return TARN_OK;
}

#define ROWS \
  {.op = "Fill", .run = fill}, \
  {.op = "Empty", .run = zeros}, \
  {.op = "ZerosLike", .run = zeros, .dtypes = TARN_PLAIN | TARN_BIT(TARN_STRING)}, \
  {.op = "OnesLike", .run = ones, .dtypes = TARN_RING | TARN_BIT(TARN_BOOL)}, \
  {.op = "LinSpace", .run = lin_space, .dtypes = TARN_FLOATS}, \
  {.op = "Range", .run = range, .dtypes = TARN_REALS}, \
  {.op = "OneHot", .run = one_hot},

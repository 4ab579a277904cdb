/* Transposes are a strided copy; conjugation is a second pass over the result. */
#include "kernels/cpu/array/numeric.h"
#include "kernels/cpu/array/views/transpose.body.h"
#include "kernels/cpu/array/views/view_copy.h"

static tarn_status conjugate_transpose(const tarn_call *call) {
  TARN_TRY(transpose(call));
  tarn_tensor *y = call->out[0];
  int64_t n = tarn__tensor_elements(y);
  if (y->dtype == TARN_C64) {
    float *v = y->data;
    for (int64_t i = 0; i < n; i++) v[2 * i + 1] = -v[2 * i + 1];
  } else if (y->dtype == TARN_C128) {
    double *v = y->data;
    for (int64_t i = 0; i < n; i++) v[2 * i + 1] = -v[2 * i + 1];
  }
  return TARN_OK;
}

#define INVERT(NAME, T)                                                                         \
  static tarn_status invert_##NAME(const T *x, T *y, int64_t n) {                               \
    for (int64_t i = 0; i < n; i++) y[i] = -1;                                                  \
    for (int64_t i = 0; i < n; i++) {                                                           \
      const T j = x[i];                                                                         \
      if (j < 0 || j >= n)                                                                      \
        return tarn_fail(TARN_INVALID, "x[%lld] is %lld, not in [0, %lld)", (long long)i,       \
                         (long long)j, (long long)n);                                           \
      if (y[j] != -1)                                                                           \
        return tarn_fail(TARN_INVALID, "%lld occurs twice in x: no permutation", (long long)j); \
      y[j] = (T)i;                                                                              \
    }                                                                                           \
    return TARN_OK;                                                                             \
  }
INVERT(i32, int32_t)
INVERT(i64, int64_t)
#undef INVERT

static tarn_status invert_permutation(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  const int64_t n = tarn__tensor_elements(x);
  return x->dtype == TARN_I64 ? invert_i64(x->data, call->out[0]->data, n)
                              : invert_i32(x->data, call->out[0]->data, n);
}

const tarn_kernel tarn_kernels_views_transpose_reference[] = {
  {.op = "Transpose", .run = transpose},
  {.op = "ConjugateTranspose", .run = conjugate_transpose},
  {.op = "InvertPermutation", .run = invert_permutation},
  {0},
};

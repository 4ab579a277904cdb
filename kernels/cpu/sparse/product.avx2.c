/* SparseTensorDenseMatMul in float and double: each entry of a adds a multiple of a row of b to a
 * row of y, in vectors. */
#include "kernels/cpu/array/elements.h"
#include "kernels/fault.h"
#include "kernels/params/array.h"

static const char *supports(const tarn_problem *p) {
  const tarn_sparse_matmul_params *params = p->params;
  return params->adjoint_b ? "b is transposed" : NULL;
}

/* Rows that entries some way on will need are asked for. */
enum { AHEAD = 8 };

#define PRODUCT(NAME, T)                                                                     \
  static tarn_status NAME(const tarn_call *call) {                                           \
    const tarn_sparse_matmul_params *p = call->problem->params;                              \
    const tarn_tensor *indices = call->in[0], *b = call->in[3];                              \
    tarn_tensor *y = call->out[0];                                                           \
    const int64_t n = indices->shape.dim[0], cols = y->shape.dim[1], rows = y->shape.dim[0], \
                  inner = b->shape.dim[0];                                                   \
    const T *values = call->in[1]->data, *bs = b->data;                                      \
    T *ys = y->data;                                                                         \
    for (int64_t e = 0; e < n; e++) {                                                        \
      const int64_t i = tarn__index_at(indices, 2 * e + p->adjoint_a);                       \
      const int64_t k = tarn__index_at(indices, 2 * e + !p->adjoint_a);                      \
      if (i < 0 || i >= rows || k < 0 || k >= inner)                                         \
        return tarn__fault_fail(&(tarn_fault){.kind = TARN_FAULT_ENTRY, .at = e});           \
      if (e + AHEAD < n) {                                                                   \
        const int64_t later = tarn__index_at(indices, 2 * (e + AHEAD) + !p->adjoint_a);      \
        if (later >= 0 && later < inner) __builtin_prefetch(bs + later * cols);              \
      }                                                                                      \
      const T a = values[e], *restrict x = bs + k * cols;                                    \
      T *restrict to = ys + i * cols;                                                        \
      _Pragma("omp simd") for (int64_t j = 0; j < cols; j++) to[j] += a * x[j];              \
    }                                                                                        \
    return TARN_OK;                                                                          \
  }
PRODUCT(product_f32, float)
PRODUCT(product_f64, double)
#undef PRODUCT

static tarn_status run(const tarn_call *call) {
  TARN_TRY(tarn__clear_elements(call->out[0], 0, tarn__tensor_elements(call->out[0])));
  return call->out[0]->dtype == TARN_F32 ? product_f32(call) : product_f64(call);
}

const tarn_kernel tarn_kernels_sparse_product_avx2[] = {
    {.op = "SparseTensorDenseMatMul",
     .keyed = 1,
     .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64),
     .supports = supports,
     .run = run},
    {0},
};

/* Cross products of vectors of three along the last axis. Integers wrap round. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

#define CROSS(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                  \
  case DT:                                                                          \
    for (int64_t i = 0; i < n; i += 3) {                                            \
      const S *a = (const S *)call->in[0]->data + i, *b = (const S *)call->in[1]->data + i; \
      const A a0 = GET(a[0]), a1 = GET(a[1]), a2 = GET(a[2]);                       \
      const A b0 = GET(b[0]), b1 = GET(b[1]), b2 = GET(b[2]);                       \
      S *y = (S *)call->out[0]->data + i;                                           \
      y[0] = PUT(a1 * b2 - a2 * b1);                                                \
      y[1] = PUT(a2 * b0 - a0 * b2);                                                \
      y[2] = PUT(a0 * b1 - a1 * b0);                                                \
    }                                                                               \
    break;

static tarn_status run(const tarn_call *call) {
  int64_t n = tarn__tensor_elements(call->out[0]);
  switch ((int)call->in[0]->dtype) {
    TARN_FLOAT_ROWS(CROSS, , )
    TARN_WRAP_ROWS(CROSS, , )
    default: break;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_combine_cross_reference[] = {
  {.op = "Cross", .dtypes = TARN_REALS, .run = run},
  {0},
};

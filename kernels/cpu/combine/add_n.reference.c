/* The sum of many tensors of one shape, in TensorFlow's order: the first N mod 8 terms (or 8 or 9
 * where that is 0 or 1) from the left, then eight at a time, each eight summed before it is added.
 * 16-bit floats round at every step. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

enum { WIDTH = 8 };

#define ADD_N(NAME, E, DT, SUFFIX, S, A, GET, PUT)                              \
  case DT: {                                                                    \
    S *y = call->out[0]->data;                                                  \
    for (int64_t i = 0; i < n; i++) {                                           \
      S sum = ((const S *)call->in[0]->data)[i];                                \
      for (int k = 1; k < first; k++)                                           \
        sum = PUT(GET(sum) + GET(((const S *)call->in[k]->data)[i]));           \
      for (int k = first; k < inputs; k += WIDTH) {                             \
        S eight = ((const S *)call->in[k]->data)[i];                            \
        for (int j = 1; j < WIDTH; j++)                                         \
          eight = PUT(GET(eight) + GET(((const S *)call->in[k + j]->data)[i])); \
        sum = PUT(GET(sum) + GET(eight));                                       \
      }                                                                         \
      y[i] = sum;                                                               \
    }                                                                           \
    break;                                                                      \
  }

static tarn_status run(const tarn_call *call) {
  const int inputs = call->problem->inputs;
  const int most = inputs % WIDTH < 2 ? inputs % WIDTH + WIDTH : inputs % WIDTH,
            first = inputs < most ? inputs : most;
  int64_t n = tarn__tensor_elements(call->out[0]);
  switch ((int)call->in[0]->dtype) {
    TARN_RING_ROWS(ADD_N, , )
    default: break;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_combine_add_n_reference[] = {
  {.op = "AddN", .dtypes = TARN_RING_BITS, .run = run},
  {.op = "AccumulateNV2", .dtypes = TARN_RING_BITS, .run = run},
  {0},
};

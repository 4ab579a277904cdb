/* max(min(x, high), low), where the limits are scalars or of x's shape. NaN stays, and the lower limit
 * wins where they cross. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

#define CLIP(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                                     \
  case DT: {                                                                                          \
    const S *xs = call->in[0]->data, *lows = call->in[1]->data, *highs = call->in[2]->data;           \
    S *ys = call->out[0]->data;                                                                       \
    for (int64_t i = 0; i < n; i++) {                                                                 \
      const S low = lows[low_step * i], high = highs[high_step * i];                                  \
      const S lowered = GET(high) < GET(xs[i]) ? high : xs[i];                                        \
      ys[i] = GET(lowered) < GET(low) ? low : lowered;                                                \
    }                                                                                                 \
    break;                                                                                            \
  }

static tarn_status run(const tarn_call *call) {
  int64_t n = tarn__tensor_elements(call->out[0]);
  const int64_t low_step = call->in[1]->shape.rank > 0, high_step = call->in[2]->shape.rank > 0;
  switch ((int)call->in[0]->dtype) {
    TARN_ORDERED_ROWS(CLIP, , )
    default: break;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_combine_clip_reference[] = {
  {.op = "ClipByValue", .dtypes = TARN_ORDERED_BITS, .run = run},
  {0},
};

/* max(min(x, high), low), where the limits are scalars or of x's shape. NaN stays, and the lower
 * limit wins where they cross. Complex numbers are clipped in both their parts. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

/* Limits are for 1 number, or the 2 parts of one. */
#define CLIP(PARTS, E, DT, SUFFIX, S, A, GET, PUT)                                           \
  case DT: {                                                                                 \
    const S *xs = call->in[0]->data, *lows = call->in[1]->data, *highs = call->in[2]->data;  \
    S *ys = call->out[0]->data;                                                              \
    for (int64_t i = 0; i < PARTS * n; i++) {                                                \
      const S low = lows[low_step ? i : i % PARTS], high = highs[high_step ? i : i % PARTS]; \
      const S lowered = GET(high) < GET(xs[i]) ? high : xs[i];                               \
      ys[i] = GET(lowered) < GET(low) ? low : lowered;                                       \
    }                                                                                        \
    break;                                                                                   \
  }

static tarn_status run(const tarn_call *call) {
  int64_t n = tarn__tensor_elements(call->out[0]);
  const bool low_step = call->in[1]->shape.rank > 0, high_step = call->in[2]->shape.rank > 0;
  switch ((int)call->in[0]->dtype) {
    TARN_ORDERED_ROWS(CLIP, 1, )
    CLIP(2, , TARN_C64, c64, float, float, TARN_AS_IS, TARN_AS_IS)
    CLIP(2, , TARN_C128, c128, double, double, TARN_AS_IS, TARN_AS_IS)
    default: break;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_combine_clip_reference[] = {
  {.op = "ClipByValue", .dtypes = TARN_ORDERED_BITS | TARN_COMPLEX, .run = run},
  {0},
};

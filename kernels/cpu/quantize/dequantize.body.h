/* Dequantize, in float32 operations in TensorFlow's order. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/quantize/types.h"

enum { BLOCK = 512 };   /* elements that are loaded before they are computed */

/* y = x scale + offset; MIN_COMBINED adds half the range to x first. */
static void slice(const tarn_call *call, const tarn_slices *s, int64_t c, float low, float high) {
  const tarn_quantize_params *p = call->problem->params;
  const tarn_tensor *x = call->in[0];
  void *y = call->out[0]->data;
  const quantized_type q = quantized_of(x->dtype);
  float scale = 0, offset = 0, shift = 0;
  if (p->mode == TARN_MIN_COMBINED) {
    scale = (high - low) / (float)(q.highest - q.lowest);
    offset = low;
    shift = half_range(&q);
  } else if (p->mode == TARN_MIN_FIRST) {
    const double steps = ldexp(1, q.bits);
    scale = (float)((double)(high - low) * (steps / (steps - 1)) / steps);
    offset = (high == low ? low : roundf(low / scale) * scale) - (float)q.lowest * scale;
  } else {
    scale = high / (float)q.highest;
    if (q.lowest < 0)
      scale = fmaxf(low / ((float)q.lowest + (p->narrow_range ? 1.0f : 0.0f)), scale);
  }
  float v[BLOCK];
  for (int64_t o = 0; o < s->outer; o++)
    for (int64_t first = 0; first < s->inner; first += BLOCK) {
      const int64_t at = (o * s->C + c) * s->inner + first,
                    n = s->inner - first < BLOCK ? s->inner - first : BLOCK;
      quantized_get_all(x, at, v, n);
      TARN_EACH_LANE
      for (int64_t i = 0; i < n; i++) v[i] = (v[i] + shift) * scale + offset;
      if (call->out[0]->dtype == TARN_F32) memcpy((float *)y + at, v, (size_t)n * sizeof *v);
      else
        for (int64_t i = 0; i < n; i++) ((uint16_t *)y)[at + i] = tarn__f32_to_bf16(v[i]);
    }
}

static tarn_status run(const tarn_call *call) {
  const tarn_quantize_params *p = call->problem->params;
  const tarn_slices s = tarn__slices_of(&call->problem->in_shape[0], p->axis);
  const float *mins = call->in[1]->data, *maxs = call->in[2]->data;
  for (int64_t c = 0; c < s.C; c++) slice(call, &s, c, mins[c], maxs[c]);
  return TARN_OK;
}

#define ROWS {.op = "Dequantize", .dtypes = TARN_QUANTIZED, .run = run},

/* Dequantize, in float32 operations in TensorFlow's order. */
#include "kernels/cpu/quantize/types.h"

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
    if (q.lowest < 0) scale = fmaxf(low / ((float)q.lowest + (p->narrow_range ? 1.0f : 0.0f)), scale);
  }
  for (int64_t o = 0; o < s->outer; o++)
    for (int64_t i = 0; i < s->inner; i++) {
      const int64_t at = (o * s->C + c) * s->inner + i;
      const float v = (quantized_get(x, at) + shift) * scale + offset;
      if (call->out[0]->dtype == TARN_BF16) ((uint16_t *)y)[at] = tarn__f32_to_bf16(v);
      else ((float *)y)[at] = v;
    }
}

static tarn_status run(const tarn_call *call) {
  const tarn_quantize_params *p = call->problem->params;
  const tarn_slices s = tarn__slices_of(&call->problem->in_shape[0], p->axis);
  const float *mins = call->in[1]->data, *maxs = call->in[2]->data;
  for (int64_t c = 0; c < s.C; c++) slice(call, &s, c, mins[c], maxs[c]);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_quantize_dequantize_reference[] = {
    {.op = "Dequantize", .dtypes = TARN_QUANTIZED, .run = run},
    {0},
};

/* QuantizeV2, in float32 operations in TensorFlow's order: whole numbers must come out the same. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/quantize/types.h"

enum { BLOCK = 512 };   /* elements that are computed before they are stored */

static inline float clamp(float x, float low, float high) {
  const float below = high < x ? high : x;   /* NaN stays */
  return below < low ? low : below;
}

/* Quantizes slice c and gives the range that was used. */
static void slice(const tarn_call *call, const tarn_slices *s, int64_t c, float *low, float *high) {
  const tarn_quantize_params *p = call->problem->params;
  const float *x = call->in[0]->data;
  tarn_tensor *y = call->out[0];
  const quantized_type q = quantized_of(y->dtype);
  const double steps = ldexp(1, q.bits);
  float scale = 0, shift = 0;
  const float half = half_range(&q), least = (float)q.lowest, most = (float)q.highest;
  if (p->mode == TARN_MIN_COMBINED) {
    scale = (float)((q.highest - q.lowest) / (double)(*high - *low));
  } else if (p->mode == TARN_MIN_FIRST) {
    const double range = (double)(*high - *low) * (steps / (steps - 1));
    scale = (float)(steps / range);
    shift = roundf((float)((double)*low * (steps / range))) - least;
  } else {
    const float first = least + (p->narrow_range ? 1.0f : 0.0f);
    const float by_low = first * *low > 0 ? first / *low : FLT_MAX,
                by_high = most * *high > 0 ? most / *high : FLT_MAX;
    scale = by_low < by_high ? by_low : by_high;
    *low = first / scale;
    *high = most / scale;
  }
  /* the greatest float32 that an int32 can hold */
  const float ceiling = q.bits == 32 ? 2147483520.0f : most;
  float v[BLOCK];
  for (int64_t o = 0; o < s->outer; o++)
    for (int64_t first = 0; first < s->inner; first += BLOCK) {
      const int64_t at = (o * s->C + c) * s->inner + first,
                    n = s->inner - first < BLOCK ? s->inner - first : BLOCK;
      const float *from = x + at, bottom = *low, top = *high;
#define EACH(E)                               \
  do {                                        \
    TARN_EACH_LANE                            \
    for (int64_t i = 0; i < n; i++) {         \
      const float bounded = clamp(from[i], bottom, top); \
      (void)bounded;                          \
      v[i] = E;                               \
    }                                         \
  } while (0)
      if (p->mode == TARN_MIN_COMBINED && half > 0) EACH(roundf((bounded - bottom) * scale - half));
      else if (p->mode == TARN_MIN_COMBINED) EACH(truncf((bounded - bottom) * scale + 0.5f));
      else if (p->mode == TARN_MIN_FIRST)
        EACH(clamp(roundf(from[i] * scale) - shift, least, ceiling));
      else if (p->half_to_even) EACH(rintf(bounded * scale));
      else EACH(roundf(bounded * scale));
#undef EACH
      quantized_put_all(y, at, v, n);
    }
}

static tarn_status run(const tarn_call *call) {
  const tarn_quantize_params *p = call->problem->params;
  const tarn_slices s = tarn__slices_of(&call->problem->in_shape[0], p->axis);
  const float *mins = call->in[1]->data, *maxs = call->in[2]->data;
  for (int64_t c = 0; c < s.C; c++) {
    if (mins[c] > maxs[c] || isnan(mins[c]) || isnan(maxs[c]))
      return tarn_fail(TARN_INVALID, "range %lld: min_range %g is not below max_range %g",
                       (long long)c, (double)mins[c], (double)maxs[c]);
    const float widest = fmaxf(fabsf(mins[c]), fabsf(maxs[c]));
    const float low_end = mins[c] < 0 ? mins[c] : 0;
    float low = low_end,
          high = fmaxf(maxs[c], low_end + (widest > 1 ? widest : 1) * p->minimum_range);
    if (high < 0) high = 0;
    slice(call, &s, c, &low, &high);
    ((float *)call->out[1]->data)[c] = low;
    ((float *)call->out[2]->data)[c] = high;
  }
  return TARN_OK;
}

#define ROWS {.op = "QuantizeV2", .dtypes = TARN_QUANTIZED, .keyed = -1, .run = run},

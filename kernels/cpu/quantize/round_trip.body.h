/* QuantizeAndDequantize (V1 to V4). Computed in the tensor's own type: where a value lies just
 * between two steps, the rounding decides, and it must be TensorFlow's. */
#include "kernels/cpu/quantize/types.h"

#include <float.h>
#include <math.h>

enum { LANES = 16 }; /* of a search for the extremes: each begins with the slice's first element */

#define ROUND_TRIP(SUFFIX, T, GREATEST, RINT, FLOOR)                                              \
  static void extremes_##SUFFIX(const T *x, int64_t n, T *low, T *high) {                         \
    T least[LANES], most[LANES];                                                                  \
    for (int k = 0; k < LANES; k++) least[k] = *low, most[k] = *high;                             \
    int64_t i = 0;                                                                                \
    for (; i + LANES <= n; i += LANES) {                                                          \
      TARN_EACH_LANE                                                                              \
      for (int k = 0; k < LANES; k++) {                                                           \
        least[k] = x[i + k] < least[k] ? x[i + k] : least[k];                                     \
        most[k] = x[i + k] > most[k] ? x[i + k] : most[k];                                        \
      }                                                                                           \
    }                                                                                             \
    for (; i < n; i++) {                                                                          \
      if (x[i] < *low) *low = x[i];                                                               \
      if (x[i] > *high) *high = x[i];                                                             \
    }                                                                                             \
    for (int k = 0; k < LANES; k++) {                                                             \
      if (least[k] < *low) *low = least[k];                                                       \
      if (most[k] > *high) *high = most[k];                                                       \
    }                                                                                             \
  }                                                                                               \
  static void slice_##SUFFIX(const tarn_call *call, const tarn_slices *s, int64_t c, double low_, \
                             double high_, int64_t bits) {                                        \
    const tarn_quantize_params *p = call->problem->params;                                        \
    const T *x = call->in[0]->data;                                                               \
    T *y = call->out[0]->data;                                                                    \
    T low = (T)low_, high = (T)high_;                                                             \
    if (!p->range_given) {                                                                        \
      low = high = s->outer * s->inner > 0 ? x[c * s->inner] : 0;                                 \
      for (int64_t o = 0; o < s->outer; o++)                                                      \
        extremes_##SUFFIX(x + (o * s->C + c) * s->inner, s->inner, &low, &high);                  \
    }                                                                                             \
    const T limit = (T)ldexp(1, (int)bits - (p->signed_input ? 1 : 0));                           \
    const T first = p->signed_input ? (p->narrow_range ? 1 - limit : -limit) : 0,                 \
            last = limit - 1;                                                                     \
    const T by_low = first * low > 0 ? first / low : GREATEST,                                    \
            by_high = last * high > 0 ? last / high : GREATEST;                                   \
    T scale, step;                                                                                \
    if (by_low < by_high) {                                                                       \
      scale = by_low;                                                                             \
      step = low / first;                                                                         \
      high = last * step;                                                                         \
    } else {                                                                                      \
      scale = by_high;                                                                            \
      step = high / last;                                                                         \
      low = first * step;                                                                         \
    }                                                                                             \
    for (int64_t o = 0; o < s->outer; o++) {                                                      \
      const T *from = x + (o * s->C + c) * s->inner;                                              \
      T *to = y + (o * s->C + c) * s->inner;                                                      \
      if (p->range_given && p->half_to_even)                                                      \
        ROUND_TRIP_EACH(T, true, RINT(bounded))                                                   \
      else if (p->range_given)                                                                    \
        ROUND_TRIP_EACH(T, true, FLOOR(bounded + (T)0.5))                                         \
      else if (p->half_to_even)                                                                   \
        ROUND_TRIP_EACH(T, false, RINT(bounded))                                                  \
      else                                                                                        \
        ROUND_TRIP_EACH(T, false, FLOOR(bounded + (T)0.5))                                        \
    }                                                                                             \
  }
/* E: `bounded`, which is in steps, rounded. NaN stays. */
#define ROUND_TRIP_EACH(T, LIMITED, E)                                        \
  {                                                                           \
    TARN_EACH_LANE                                                            \
    for (int64_t i = 0; i < s->inner; i++) {                                  \
      const T below = high < from[i] ? high : from[i], inside = below < low ? low : below; \
      const T bounded = (LIMITED ? inside : from[i]) * scale;                 \
      to[i] = E * step;                                                       \
    }                                                                         \
  }
ROUND_TRIP(f32, float, FLT_MAX, rintf, floorf)
ROUND_TRIP(f64, double, DBL_MAX, (rint), (floor))

static double real_at(const tarn_tensor *t, int64_t i) {
  return t->dtype == TARN_F32 ? (double)((const float *)t->data)[i] : ((const double *)t->data)[i];
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_quantize_params *params = p->params;
  const tarn_slices s = tarn__slices_of(&p->in_shape[0], params->axis);
  const int64_t bits = p->inputs > 3 ? tarn__tensor_int(call->in[3], 0) : params->num_bits;
  if (bits < 1 || bits > (params->signed_input ? 62 : 63))
    return tarn_fail(TARN_INVALID, "num_bits: expected 1 to %d, got %lld",
                     params->signed_input ? 62 : 63, (long long)bits);
  for (int64_t c = 0; c < s.C; c++) {
    const double low = p->inputs > 1 ? real_at(call->in[1], c) : (double)params->min;
    const double high = p->inputs > 1 ? real_at(call->in[2], c) : (double)params->max;
    if (params->range_given && !(low <= high))
      return tarn_fail(TARN_INVALID, "range %lld: input_min %g is above input_max %g", (long long)c,
                       low, high);
    if (p->in_dtype[0] == TARN_F32) slice_f32(call, &s, c, low, high, bits);
    else slice_f64(call, &s, c, low, high, bits);
  }
  return TARN_OK;
}

#define ROW(text) {.op = text, .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .run = run},
#define ROWS                                                                              \
  ROW("QuantizeAndDequantize") ROW("QuantizeAndDequantizeV2") ROW("QuantizeAndDequantizeV3") \
  ROW("QuantizeAndDequantizeV4")

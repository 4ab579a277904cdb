/* FakeQuantWithMinMaxArgs, ...Vars, ...VarsPerChannel and their gradients, in float32 operations in
 * TensorFlow's order.
 *
 * The range is nudged so that 0 is one of the steps: step = (max - min) / (q_max - q_min), zero =
 * q_min - min / step rounded into [q_min, q_max]; then [ (q_min - zero) step, (q_max - zero) step ]
 * is what can be represented. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/params/quantize.h"


typedef struct grid { float low, high, step, inverse; bool empty; } grid;   /* inverse: 1 / step */

static grid nudged(const tarn_quantize_params *p, float min, float max) {
  const float first = p->narrow_range ? 1 : 0, last = (float)((1 << p->num_bits) - 1);
  if (min == 0 && max == 0) return (grid){.empty = true};
  const float step = (max - min) / (last - first), from_min = first - min / step;
  const float zero = from_min < first ? first : from_min > last ? last : roundf(from_min);
  return (grid){.low = (first - zero) * step, .high = (last - zero) * step, .step = step};
}

/* NaN stays. */
static inline void snap_all(const grid *g, bool invert, const float *x, float *y, int64_t n) {
  const float low = g->low, high = g->high, step = g->step, inverse = g->inverse;
  TARN_EACH_LANE
  for (int64_t i = 0; i < n; i++) {
    const float below = high < x[i] ? high : x[i], inside = below < low ? low : below;
    const float steps = invert ? (inside - low) * inverse : (inside - low) / step;
    y[i] = floorf(steps + 0.5f) * step + low;
  }
}

/* Forwards and backwards see channels as slices: one for all, or the last dim's. */
static tarn_slices slices_of(const tarn_call *call, bool per_channel) {
  const tarn_shape *x = &call->problem->in_shape[0];
  return tarn__slices_of(x, per_channel ? x->rank - 1 : -1);
}

static void forward(const tarn_call *call, const float *mins, const float *maxs, bool per_channel,
                    bool invert) {
  const tarn_slices s = slices_of(call, per_channel);
  const float *x = call->in[0]->data;
  float *y = call->out[0]->data;
  for (int64_t c = 0; c < s.C; c++) {
    grid g = nudged(call->problem->params, mins[c], maxs[c]);
    if (invert) g.inverse = 1 / g.step;
    for (int64_t o = 0; o < s.outer; o++) {
      const float *from = x + (o * s.C + c) * s.inner;
      float *to = y + (o * s.C + c) * s.inner;
      if (g.empty) memset(to, 0, (size_t)s.inner * sizeof *to);
      else if (invert) snap_all(&g, true, from, to, s.inner);
      else snap_all(&g, false, from, to, s.inner);
    }
  }
}

/* (dy, x) -> dx, and where asked the sums of dy below and above the range: products with 0 and 1,
 * so that an infinite dy makes NaN as in TensorFlow. */
static void backward(const tarn_call *call, const float *mins, const float *maxs, bool per_channel,
                     float *dmin, float *dmax) {
  const tarn_slices s = slices_of(call, per_channel);
  const float *dy = call->in[0]->data, *x = call->in[1]->data;
  float *dx = call->out[0]->data;
  for (int64_t c = 0; c < s.C; c++) {
    const grid g = nudged(call->problem->params, mins[c], maxs[c]);
    double below = 0, above = 0;
    for (int64_t o = 0; o < s.outer; o++) {
      const int64_t at = (o * s.C + c) * s.inner, n = s.inner;
      const float *value = x + at, *d = dy + at, low = g.low, high = g.high;
      float *to = dx + at;
      if (g.empty) {
        memmove(to, d, (size_t)n * sizeof *to);
        continue;
      }
      double under = 0, over = 0;
      TARN_LANE_SUMS(under, over)
      for (int64_t i = 0; i < n; i++) {
        under += (double)(d[i] * (float)(value[i] < low));
        over += (double)(d[i] * (float)(value[i] > high));
        to[i] = d[i] * (float)(value[i] >= low && value[i] <= high);
      }
      below += under;
      above += over;
    }
    if (dmin) dmin[c] = (float)below;
    if (dmax) dmax[c] = (float)above;
  }
}

static tarn_status run_args(const tarn_call *call) {
  const tarn_quantize_params *p = call->problem->params;
  forward(call, &p->min, &p->max, false, true);
  return TARN_OK;
}
static tarn_status run_vars(const tarn_call *call) {
  forward(call, call->in[1]->data, call->in[2]->data, false, false);
  return TARN_OK;
}
static tarn_status run_channels(const tarn_call *call) {
  forward(call, call->in[1]->data, call->in[2]->data, true, false);
  return TARN_OK;
}
static tarn_status run_args_gradient(const tarn_call *call) {
  const tarn_quantize_params *p = call->problem->params;
  backward(call, &p->min, &p->max, false, NULL, NULL);
  return TARN_OK;
}
static tarn_status run_vars_gradient(const tarn_call *call) {
  backward(call, call->in[2]->data, call->in[3]->data, false, call->out[1]->data,
           call->out[2]->data);
  return TARN_OK;
}
static tarn_status run_channels_gradient(const tarn_call *call) {
  backward(call, call->in[2]->data, call->in[3]->data, true, call->out[1]->data,
           call->out[2]->data);
  return TARN_OK;
}

#define ROW(text, run_) {.op = text, .dtypes = TARN_BIT(TARN_F32), .run = run_}
#define ROWS                                                                       \
  ROW("FakeQuantWithMinMaxArgs", run_args),                                        \
  ROW("FakeQuantWithMinMaxArgsGradient", run_args_gradient),                       \
  ROW("FakeQuantWithMinMaxVars", run_vars),                                        \
  ROW("FakeQuantWithMinMaxVarsGradient", run_vars_gradient),                       \
  ROW("FakeQuantWithMinMaxVarsPerChannel", run_channels),                          \
  ROW("FakeQuantWithMinMaxVarsPerChannelGradient", run_channels_gradient),

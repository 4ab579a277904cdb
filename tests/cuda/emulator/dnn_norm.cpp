/* Batch normalization of cuDNN's graphs as its engines have it: training and its gradient,
 * statistics of f32 per channel, channels in whole vectors of 16 bytes. */
#include <cmath>

#include "dnn_run.h"

namespace tarn_emulated {
namespace {

#define F(name) CUDNN_ATTR_OPERATION_NORM_FWD_##name
#define B(name) CUDNN_ATTR_OPERATION_NORM_BWD_##name

bool one_each(const descriptor *t, const std::vector<int64_t> &x) {
  if (!t) return false;
  std::vector<int64_t> wanted(x.size(), 1);
  wanted[1] = x[1];
  return dims_of(t) == wanted && element_of(t) == element::f32;
}
bool number(const descriptor *t) {
  return t && t->flag(CUDNN_ATTR_TENSOR_IS_BY_VALUE);
}
bool like(const descriptor *t, const descriptor *x) {
  return t && dims_of(t) == dims_of(x) &&
         t->ints(CUDNN_ATTR_TENSOR_STRIDES) == x->ints(CUDNN_ATTR_TENSOR_STRIDES);
}

cudnnStatus_t check(const descriptor &o, bool forward) {
  const descriptor *x = o.part(forward ? F(XDESC) : B(XDESC));
  if (!x || !o.has(forward ? F(MODE) : B(MODE), CUDNN_TYPE_NORM_MODE, 1))
    return CUDNN_STATUS_BAD_PARAM;
  const auto dims = dims_of(x);
  if (forward) {
    if (!o.has(F(PHASE), CUDNN_TYPE_NORM_FWD_PHASE, 1) || !like(o.part(F(YDESC)), x))
      return CUDNN_STATUS_BAD_PARAM;
    for (const auto name : {F(MEAN_DESC), F(INV_VARIANCE_DESC), F(SCALE_DESC), F(BIAS_DESC),
                            F(INPUT_RUNNING_MEAN_DESC), F(INPUT_RUNNING_VAR_DESC),
                            F(OUTPUT_RUNNING_MEAN_DESC), F(OUTPUT_RUNNING_VAR_DESC)})
      if (!one_each(o.part(name), dims)) return CUDNN_STATUS_BAD_PARAM;
    if (!number(o.part(F(EPSILON_DESC))) || !number(o.part(F(EXP_AVG_FACTOR_DESC))))
      return CUDNN_STATUS_BAD_PARAM;
    if (o.number(F(PHASE), -1) != CUDNN_NORM_FWD_TRAINING) return CUDNN_STATUS_NOT_SUPPORTED;
  } else {
    if (!like(o.part(B(DYDESC)), x) || !like(o.part(B(DXDESC)), x)) return CUDNN_STATUS_BAD_PARAM;
    for (const auto name :
         {B(MEAN_DESC), B(INV_VARIANCE_DESC), B(SCALE_DESC), B(DSCALE_DESC), B(DBIAS_DESC)})
      if (!one_each(o.part(name), dims)) return CUDNN_STATUS_BAD_PARAM;
  }
  const element e = element_of(x);
  if (o.number(forward ? F(MODE) : B(MODE), -1) != CUDNN_BATCH_NORM || !channels_last(x) ||
      e == element::f64 || e == element::i8 || dims[1] * static_cast<int64_t>(bytes_of(e)) % 16)
    return CUDNN_STATUS_NOT_SUPPORTED;
  return CUDNN_STATUS_SUCCESS;
}

/* Calls each(place) for the elements of channel c. */
template <typename EACH>
void channel(const view &x, int64_t c, EACH each) {
  const int64_t dims[AXES] = {x.dims[0], 1, x.dims[2], x.dims[3], x.dims[4]};
  every(dims, [&](const place &i) {
    const place at = {i[0], c, i[2], i[3], i[4]};
    each(at);
  });
}

void forward(run &r, const descriptor &o) {
  const view x = r.of(o.part(F(XDESC))), y = r.of(o.part(F(YDESC)));
  const view scale = r.of(o.part(F(SCALE_DESC))), offset = r.of(o.part(F(BIAS_DESC)));
  const view mean = r.of(o.part(F(MEAN_DESC))), inverse = r.of(o.part(F(INV_VARIANCE_DESC)));
  const view old_mean = r.of(o.part(F(INPUT_RUNNING_MEAN_DESC))),
             old_variance = r.of(o.part(F(INPUT_RUNNING_VAR_DESC)));
  const view new_mean = r.of(o.part(F(OUTPUT_RUNNING_MEAN_DESC))),
             new_variance = r.of(o.part(F(OUTPUT_RUNNING_VAR_DESC)));
  const double epsilon = r.of(o.part(F(EPSILON_DESC))).value,
               factor = r.of(o.part(F(EXP_AVG_FACTOR_DESC))).value;
  if (r.failed) return;
  const double count = static_cast<double>(x.elements() / x.dims[1]);
  for (int64_t c = 0; c < x.dims[1]; c++) {
    const place at = {0, c, 0, 0, 0};
    double sum = 0, squares = 0;
    channel(x, c, [&](const place &i) { sum += x.get(i); });
    const double m = sum / count;
    channel(x, c, [&](const place &i) { squares += (x.get(i) - m) * (x.get(i) - m); });
    const double inv = 1 / std::sqrt(squares / count + epsilon);
    const double s = scale.get(at), b = offset.get(at);
    channel(x, c, [&](const place &i) { y.put(i, (x.get(i) - m) * inv * s + b); });
    mean.put(at, m);
    inverse.put(at, inv);
    new_mean.put(at, (1 - factor) * old_mean.get(at) + factor * m);
    new_variance.put(at, (1 - factor) * old_variance.get(at) + factor * squares / (count - 1));
  }
}

void backward(run &r, const descriptor &o) {
  const view x = r.of(o.part(B(XDESC))), dy = r.of(o.part(B(DYDESC))), dx = r.of(o.part(B(DXDESC)));
  const view scale = r.of(o.part(B(SCALE_DESC))), mean = r.of(o.part(B(MEAN_DESC))),
             inverse = r.of(o.part(B(INV_VARIANCE_DESC)));
  const view dscale = r.of(o.part(B(DSCALE_DESC))), doffset = r.of(o.part(B(DBIAS_DESC)));
  if (r.failed) return;
  const double count = static_cast<double>(x.elements() / x.dims[1]);
  for (int64_t c = 0; c < x.dims[1]; c++) {
    const place at = {0, c, 0, 0, 0};
    const double m = mean.get(at), inv = inverse.get(at), s = scale.get(at);
    double sum = 0, dot = 0;
    channel(x, c, [&](const place &i) {
      sum += dy.get(i);
      dot += dy.get(i) * (x.get(i) - m) * inv;
    });
    channel(x, c, [&](const place &i) {
      dx.put(i, s * inv * (dy.get(i) - sum / count - (x.get(i) - m) * inv * dot / count));
    });
    dscale.put(at, dot);
    doffset.put(at, sum);
  }
}

}  // namespace

cudnnStatus_t check_norm(const descriptor &o) {
  return check(o, o.type == CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR);
}
void run_norm(run &r, const descriptor &o) {
  if (o.type == CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR)
    forward(r, o);
  else
    backward(r, o);
}

}  // namespace tarn_emulated

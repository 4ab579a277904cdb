/* Pooling of cuDNN's graphs as its engines for channels last have it: the largest and the averages
 * without padding, and their gradients. With places of winners (int8: which tap of the window) a
 * NaN is never the largest, without them always, whatever NAN_PROPAGATION says. */
#include <cmath>

#include "dnn_run.h"

namespace tarn_emulated {
namespace {

/* Where the operation's descriptor keeps its parts; x is dx of a gradient. */
struct parts {
  const descriptor *d, *x, *y, *index;
  bool forward;
  explicit parts(const descriptor &o)
      : forward(o.type == CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR) {
    d = o.part(forward ? CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC
                       : CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC);
    x = o.part(forward ? CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC
                       : CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC);
    y = o.part(forward ? CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC
                       : CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC);
    index = o.part(forward ? CUDNN_ATTR_OPERATION_RESAMPLE_FWD_IDXDESC
                           : CUDNN_ATTR_OPERATION_RESAMPLE_BWD_IDXDESC);
  }
};

bool window_set(const descriptor *d, size_t axes) {
  for (const auto name : {CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, CUDNN_ATTR_RESAMPLE_STRIDES,
                          CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, CUDNN_ATTR_RESAMPLE_POST_PADDINGS})
    if (!d->has(name, CUDNN_TYPE_FRACTION, axes)) return false;
  return d->has(CUDNN_ATTR_RESAMPLE_MODE, CUDNN_TYPE_RESAMPLE_MODE, 1) &&
         d->has(CUDNN_ATTR_RESAMPLE_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1) &&
         d->has(CUDNN_ATTR_RESAMPLE_PADDING_MODE, CUDNN_TYPE_PADDING_MODE, 1) &&
         (!d->values.count(CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION) ||
          d->has(CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, 1)) &&
         d->has(CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1) &&
         d->ints(CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS)[0] == static_cast<int64_t>(axes);
}

bool narrow(element e) {
  return e == element::f32 || e == element::f16 || e == element::bf16;
}

}  // namespace

cudnnStatus_t check_resample(const descriptor &o) {
  const parts p(o);
  if (!p.d || !p.x || !p.y) return CUDNN_STATUS_BAD_PARAM;
  const auto xd = dims_of(p.x), yd = dims_of(p.y);
  const size_t axes = xd.size() - 2;
  if (yd.size() != xd.size() || xd[0] != yd[0] || xd[1] != yd[1] || !window_set(p.d, axes))
    return CUDNN_STATUS_BAD_PARAM;
  const auto size = spatial(p.d, CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, 1),
             stride = spatial(p.d, CUDNN_ATTR_RESAMPLE_STRIDES, 1);
  const auto before = spatial(p.d, CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, 0),
             behind = spatial(p.d, CUDNN_ATTR_RESAMPLE_POST_PADDINGS, 0);
  for (size_t a = 3 - axes; a < 3; a++) {
    const size_t d = a + xd.size() - 3;
    if (stride[a] < 1 || size[a] < 1 || before[a] < 0 || behind[a] < 0 ||
        (xd[d] + before[a] + behind[a] - size[a]) / stride[a] + 1 != yd[d])
      return CUDNN_STATUS_BAD_PARAM;
  }
  const int mode = p.d->number(CUDNN_ATTR_RESAMPLE_MODE, -1),
            padding = p.d->number(CUDNN_ATTR_RESAMPLE_PADDING_MODE, -1);
  const bool largest = mode == CUDNN_RESAMPLE_MAXPOOL;
  if (!largest && mode != CUDNN_RESAMPLE_AVGPOOL_EXCLUDE_PADDING) return CUDNN_STATUS_NOT_SUPPORTED;
  if (p.index && (!largest || dims_of(p.index) != yd || element_of(p.index) != element::i8))
    return CUDNN_STATUS_BAD_PARAM;
  if (largest && !p.forward && !p.index) {
    fault(
        "cuDNN: the gradient of the largest, channels last, without winners: its library does not "
        "survive that");
    return CUDNN_STATUS_BAD_PARAM;
  }
  if (padding != (largest ? CUDNN_NEG_INF_PAD : CUDNN_ZERO_PAD) ||
      p.d->number(CUDNN_ATTR_RESAMPLE_COMP_TYPE, -1) != CUDNN_DATA_FLOAT ||
      !narrow(element_of(p.x)) ||
      element_of(p.y) !=
          (p.y->flag(CUDNN_ATTR_TENSOR_IS_VIRTUAL) ? element::f32 : element_of(p.x)) ||
      !channels_last(p.x) || !channels_last(p.y) ||
      (p.index && (!channels_last(p.index) || size[0] * size[1] * size[2] > INT8_MAX)))
    return CUDNN_STATUS_NOT_SUPPORTED;
  return CUDNN_STATUS_SUCCESS;
}

void run_resample(run &r, const descriptor &o) {
  const parts p(o);
  const auto size = spatial(p.d, CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, 1),
             stride = spatial(p.d, CUDNN_ATTR_RESAMPLE_STRIDES, 1),
             before = spatial(p.d, CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, 0);
  const bool largest = p.d->number(CUDNN_ATTR_RESAMPLE_MODE, -1) == CUDNN_RESAMPLE_MAXPOOL;
  const view x = r.of(p.x), y = r.of(p.y), index = p.index ? r.of(p.index) : y;
  if (r.failed) return;
  std::vector<double> to(p.forward ? 0 : static_cast<size_t>(x.elements()));
  const int64_t taps[AXES] = {1, 1, size[0], size[1], size[2]};
  every(y.dims, [&](const place &out) {
    double best = -INFINITY, sum = 0;
    int64_t winner = 0, count = 0, number = -1;
    const auto inside = [&](const place &tap, place &from) {
      from[0] = out[0], from[1] = out[1];
      for (int a = 0; a < 3; a++)
        from[2 + a] = out[2 + a] * stride[static_cast<size_t>(a)] - before[static_cast<size_t>(a)] +
                      tap[2 + a];
      for (int a = 2; a < AXES; a++)
        if (from[a] < 0 || from[a] >= x.dims[a]) return false;
      return true;
    };
    place from;
    every(taps, [&](const place &tap) { count += inside(tap, from); });
    every(taps, [&](const place &tap) {
      number++;
      if (!inside(tap, from)) return;
      if (!p.forward) {
        const double dy = y.get(out);
        double &sums = to[x.index(from)];
        if (!largest)
          sums += dy / static_cast<double>(count);
        else if (static_cast<int64_t>(index.get(out)) == number)
          sums += dy;
        return;
      }
      const double value = x.get(from);
      sum += value;
      if (value > best || (!p.index && std::isnan(value))) best = value, winner = number;
    });
    if (!p.forward) return;
    y.put(out, largest ? best : sum / static_cast<double>(count));
    if (p.index) index.put(out, static_cast<double>(winner));
  });
  if (!p.forward) every(x.dims, [&](const place &i) { x.put(i, to[x.index(i)]); });
}

}  // namespace tarn_emulated

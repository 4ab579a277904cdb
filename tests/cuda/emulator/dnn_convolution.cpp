/* Convolutions of cuDNN's graphs, of two and three dimensions in all three directions. */
#include "dnn_run.h"

namespace tarn_emulated {
namespace {

/* Where a convolution's descriptor keeps its parts. */
struct words {
  cudnnBackendAttributeName_t convolution, x, w, y;
  char result;
};
bool words_of(cudnnBackendDescriptorType_t type, words *to) {
  switch (type) {
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
      *to = {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, 'y'};
      return true;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
      *to = {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, 'x'};
      return true;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
      *to = {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, 'w'};
      return true;
    default:
      return false;
  }
}

struct convolution {
  std::vector<int64_t> pad, stride, dilation;
  bool wide;
};

/* y[n,k,o] = sum over c and taps t of x[n, c, o * stride - pad + t * dilation] * w[k,c,t]: calls
 * each(place in x, w, y) for every term that is inside of x. */
template <typename EACH>
void terms(const convolution &c, const view &x, const view &w, const view &y, EACH each) {
  const int64_t groups = x.dims[1] / w.dims[1], of_group = y.dims[1] / groups;
  every(y.dims, [&](const place &o) {
    const int64_t only[AXES] = {1, w.dims[1], w.dims[2], w.dims[3], w.dims[4]};
    every(only, [&](const place &tap) {
      const place from = {o[0], o[1] / of_group * w.dims[1] + tap[1],
                          o[2] * c.stride[0] - c.pad[0] + tap[2] * c.dilation[0],
                          o[3] * c.stride[1] - c.pad[1] + tap[3] * c.dilation[1],
                          o[4] * c.stride[2] - c.pad[2] + tap[4] * c.dilation[2]};
      for (int a = 2; a < AXES; a++)
        if (from[a] < 0 || from[a] >= x.dims[a]) return;
      const place weight = {o[1], tap[1], tap[2], tap[3], tap[4]};
      each(from, weight, o);
    });
  });
}

/* Sums into `to` in its own order of elements, and stores them once. */
struct sums {
  const view &to;
  std::vector<double> value;
  bool wide;
  sums(const view &v, bool w) : to(v), value(static_cast<size_t>(v.elements())), wide(w) {}
  void add(const place &i, double x, double y) {
    sum s = {wide, value[to.index(i)]};
    s.add(x, y);
    value[to.index(i)] = s.value;
  }
  void finish() const {
    every(to.dims, [&](const place &i) { to.put(i, value[to.index(i)]); });
  }
};

}  // namespace

bool is_convolution(cudnnBackendDescriptorType_t type) {
  words ignored = {};
  return words_of(type, &ignored);
}

/* f64 is fused by no engine of cuDNN's that is known, so the kernels' way without fusion is tried
 * with it. */
cudnnStatus_t check_convolution(const descriptor &o, bool fused) {
  words names = {};
  words_of(o.type, &names);
  const descriptor *c = o.part(names.convolution), *x = o.part(names.x), *w = o.part(names.w),
                   *y = o.part(names.y);
  if (!c || !x || !w || !y) return CUDNN_STATUS_BAD_PARAM;
  const auto xd = dims_of(x), wd = dims_of(w), yd = dims_of(y);
  const size_t axes = xd.size() - 2;
  if (wd.size() != xd.size() || yd.size() != xd.size()) return CUDNN_STATUS_BAD_PARAM;
  if (!c->has(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1) ||
      !c->has(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1) ||
      c->ints(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS) !=
          std::vector<int64_t>{static_cast<int64_t>(axes)})
    return CUDNN_STATUS_BAD_PARAM;
  for (const auto name : {CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS,
                          CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_ATTR_CONVOLUTION_DILATIONS})
    if (!c->has(name, CUDNN_TYPE_INT64, axes)) return CUDNN_STATUS_BAD_PARAM;
  if (c->number(CUDNN_ATTR_CONVOLUTION_CONV_MODE, -1) != CUDNN_CROSS_CORRELATION || axes > 3 ||
      axes < 2)
    return CUDNN_STATUS_NOT_SUPPORTED;
  const auto before = c->ints(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS),
             behind = c->ints(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS);
  const auto stride = c->ints(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES),
             dilation = c->ints(CUDNN_ATTR_CONVOLUTION_DILATIONS);
  for (size_t i = 0; i < axes; i++)
    if (stride[i] < 1 || dilation[i] < 1 ||
        (xd[2 + i] + before[i] + behind[i] - (wd[2 + i] - 1) * dilation[i] - 1) / stride[i] + 1 !=
            yd[2 + i])
      return CUDNN_STATUS_BAD_PARAM;
  if (xd[0] != yd[0] || wd[0] != yd[1] || xd[1] % wd[1] || yd[1] % (xd[1] / wd[1]))
    return CUDNN_STATUS_BAD_PARAM;
  return fused && element_of(x) == element::f64 ? CUDNN_STATUS_NOT_SUPPORTED : CUDNN_STATUS_SUCCESS;
}

void run_convolution(run &r, const descriptor &o) {
  words names = {};
  words_of(o.type, &names);
  const descriptor *d = o.part(names.convolution);
  const convolution c = {spatial(d, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, 0),
                         spatial(d, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 1),
                         spatial(d, CUDNN_ATTR_CONVOLUTION_DILATIONS, 1),
                         d->number(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, -1) == CUDNN_DATA_DOUBLE};
  const view x = r.of(o.part(names.x)), w = r.of(o.part(names.w)), y = r.of(o.part(names.y));
  if (r.failed) return;
  const auto factor = [&](const view &of, const place &i) {
    const double v = of.get(i);
    return r.tensor_cores && of.type == element::f32 ? tf32(v) : v;
  };
  sums to(names.result == 'y' ? y : names.result == 'x' ? x : w, c.wide);
  terms(c, x, w, y, [&](const place &from, const place &weight, const place &out) {
    if (names.result == 'y')
      to.add(out, factor(x, from), factor(w, weight));
    else if (names.result == 'x')
      to.add(from, factor(y, out), factor(w, weight));
    else
      to.add(weight, factor(y, out), factor(x, from));
  });
  to.finish();
}

}  // namespace tarn_emulated

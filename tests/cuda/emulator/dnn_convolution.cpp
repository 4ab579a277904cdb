/* Convolutions of cuDNN's graphs, of two and three dimensions in all three directions. */
#include "dnn_run.h"

#include <algorithm>

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

/* A tensor's elements as doubles side by side, so that the loops over products do nothing else;
 * rounded as tensor cores take them, where they do. */
std::vector<double> factors(const run &r, const view &of) {
  const bool rounded = r.tensor_cores && of.type == element::f32;
  std::vector<double> to;
  to.reserve(static_cast<size_t>(of.elements()));
  every(of.dims, [&](const place &i) { to.push_back(rounded ? tf32(of.get(i)) : of.get(i)); });
  return to;
}

/* The taps of one row of a filter that meet elements of x: those from `first` to before `end`, on
 * x[left + s * step], w[s] and the one y. */
struct taps {
  double *x, *w, *y;
  int64_t left, step, first, end;
};

void add_taps(const taps &t, bool wide, char result) {
  const auto add = [wide](double *to, double a, double b) { *to = accumulate(wide, *to, a, b); };
  switch (result) {
    case 'y':
      for (int64_t s = t.first; s < t.end; s++) add(t.y, t.x[t.left + s * t.step], t.w[s]);
      break;
    case 'x':
      for (int64_t s = t.first; s < t.end; s++) add(&t.x[t.left + s * t.step], *t.y, t.w[s]);
      break;
    default:
      for (int64_t s = t.first; s < t.end; s++) add(&t.w[s], *t.y, t.x[t.left + s * t.step]);
  }
}

/* y[n,k,o] = sum over c and taps t of x[n, c, o * stride - pad + t * dilation] * w[k,c,t], over the
 * terms that are inside of x; `result` names the one of the three that the other two make. */
void convolve(run &r, const convolution &c, const view &x, const view &w, const view &y,
              char result) {
  const auto begin = [&](const view &v, char name) {
    return name == result ? std::vector<double>(static_cast<size_t>(v.elements())) : factors(r, v);
  };
  std::vector<double> xs = begin(x, 'x'), ws = begin(w, 'w'), ys = begin(y, 'y');
  std::vector<double> &to = result == 'y' ? ys : result == 'x' ? xs : ws;
  const int64_t of_group = y.dims[1] / (x.dims[1] / w.dims[1]); /* outputs of a group */
  const int64_t rows[AXES] = {1, w.dims[1], w.dims[2], w.dims[3], 1};
  const int64_t length = x.dims[4], step = c.dilation[2];
  every(y.dims, [&](const place &o) {
    const int64_t left = o[4] * c.stride[2] - c.pad[2];
    const int64_t first = left < 0 ? (-left + step - 1) / step : 0;
    const int64_t end =
        left < length ? std::min(w.dims[4], (length - left + step - 1) / step) : 0;
    every(rows, [&](const place &tap) {
      const place from = {o[0], o[1] / of_group * w.dims[1] + tap[1],
                          o[2] * c.stride[0] - c.pad[0] + tap[2] * c.dilation[0],
                          o[3] * c.stride[1] - c.pad[1] + tap[3] * c.dilation[1], 0};
      if (from[2] < 0 || from[2] >= x.dims[2] || from[3] < 0 || from[3] >= x.dims[3]) return;
      const place weight = {o[1], tap[1], tap[2], tap[3], 0};
      add_taps({xs.data() + x.index(from), ws.data() + w.index(weight), ys.data() + y.index(o),
                left, step, first, end}, c.wide, result);
    });
  });
  const view &made = result == 'y' ? y : result == 'x' ? x : w;
  every(made.dims, [&](const place &i) { made.put(i, to[made.index(i)]); });
}

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
  if (!r.failed) convolve(r, c, x, w, y, names.result);
}

}  // namespace tarn_emulated

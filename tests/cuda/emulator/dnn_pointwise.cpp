/* Pointwise operations of cuDNN's graphs: y = f(x) or f(x, b), both broadcast to y. */
#include <cmath>

#include "dnn_run.h"

namespace tarn_emulated {
namespace {

double pointwise(int mode, double x, double b) {
  switch (mode) {
    case CUDNN_POINTWISE_ADD:
      return x + b;
    case CUDNN_POINTWISE_SUB:
      return x - b;
    case CUDNN_POINTWISE_MUL:
      return x * b;
    case CUDNN_POINTWISE_MAX:
      return std::fmax(x, b);
    case CUDNN_POINTWISE_RSQRT:
      return 1 / std::sqrt(x);
    case CUDNN_POINTWISE_RELU_FWD:
      return x < 0 ? 0 : x;
    case CUDNN_POINTWISE_SIGMOID_FWD:
      return 1 / (1 + std::exp(-x));
    default:
      return std::tanh(x);
  }
}
bool of_two(int mode) {
  return mode == CUDNN_POINTWISE_ADD || mode == CUDNN_POINTWISE_SUB ||
         mode == CUDNN_POINTWISE_MUL || mode == CUDNN_POINTWISE_MAX;
}
bool known_mode(int mode) {
  return of_two(mode) || mode == CUDNN_POINTWISE_RSQRT || mode == CUDNN_POINTWISE_RELU_FWD ||
         mode == CUDNN_POINTWISE_SIGMOID_FWD || mode == CUDNN_POINTWISE_TANH_FWD;
}

bool broadcasts(const descriptor *from, const std::vector<int64_t> &to) {
  const auto dims = dims_of(from);
  if (dims.size() != to.size()) return false;
  for (size_t d = 0; d < to.size(); d++)
    if (dims[d] != to[d] && dims[d] != 1) return false;
  return true;
}

}  // namespace

cudnnStatus_t check_pointwise(const descriptor &o) {
  const descriptor *d = o.part(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR),
                   *x = o.part(CUDNN_ATTR_OPERATION_POINTWISE_XDESC),
                   *b = o.part(CUDNN_ATTR_OPERATION_POINTWISE_BDESC),
                   *y = o.part(CUDNN_ATTR_OPERATION_POINTWISE_YDESC);
  if (!d || !x || !y || !d->has(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1) ||
      !d->has(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1))
    return CUDNN_STATUS_BAD_PARAM;
  const int mode = d->number(CUDNN_ATTR_POINTWISE_MODE, -1);
  if (!known_mode(mode)) return CUDNN_STATUS_NOT_SUPPORTED;
  if (of_two(mode) != (b != nullptr)) return CUDNN_STATUS_BAD_PARAM;
  const auto to = dims_of(y);
  return broadcasts(x, to) && (!b || broadcasts(b, to)) ? CUDNN_STATUS_SUCCESS
                                                        : CUDNN_STATUS_BAD_PARAM;
}

void run_pointwise(run &r, const descriptor &o) {
  const descriptor *d = o.part(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR),
                   *more = o.part(CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
  const view x = r.of(o.part(CUDNN_ATTR_OPERATION_POINTWISE_XDESC)),
             y = r.of(o.part(CUDNN_ATTR_OPERATION_POINTWISE_YDESC));
  const view b = more ? r.of(more) : x;
  if (r.failed) return;
  const int mode = d->number(CUDNN_ATTR_POINTWISE_MODE, -1);
  every(y.dims, [&](const place &i) { y.put(i, pointwise(mode, x.get(i), b.get(i))); });
}

}  // namespace tarn_emulated

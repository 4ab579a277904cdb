/* The operations of cuDNN graphs that are emulated, by kind; plain loops by the definitions. */
#include "dnn_run.h"

namespace tarn_emulated {

view run::of(const descriptor *t) {
  const auto dims = dims_of(t), strides = t->ints(CUDNN_ATTR_TENSOR_STRIDES);
  view v = {element_of(t), {1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}, nullptr, 0};
  for (size_t d = 0; d < dims.size(); d++) {
    const size_t to = d < 2 ? d : d + AXES - dims.size();
    v.dims[to] = dims[d];
    v.strides[to] = strides[d];
  }
  const int64_t name = t->ints(CUDNN_ATTR_TENSOR_UNIQUE_ID)[0],
                alignment = t->ints(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT)[0];
  if (t->flag(CUDNN_ATTR_TENSOR_IS_BY_VALUE)) {
    v.value = static_cast<double>(values.at(name));
    return v;
  }
  if (t->flag(CUDNN_ATTR_TENSOR_IS_VIRTUAL)) {
    auto &room = held[name];
    room.resize(v.extent());
    v.data = room.data();
    return v;
  }
  const auto found = memory.find(name);
  v.data = found == memory.end() ? nullptr : found->second;
  if (!allocated(v.data, v.extent()) ||
      reinterpret_cast<uintptr_t>(v.data) % static_cast<uintptr_t>(alignment)) {
    fault(
        "cuDNN: tensor %lld is outside of the device's allocations, or not aligned as its "
        "descriptor says",
        static_cast<long long>(name));
    failed = true;
  }
  return v;
}

std::vector<int64_t> spatial(const descriptor *d, cudnnBackendAttributeName_t name,
                             int64_t otherwise) {
  const auto found = d->values.find(name);
  std::vector<int64_t> all;
  if (found != d->values.end() && found->second.type == CUDNN_TYPE_FRACTION) {
    const auto pairs = d->ints(name);
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) all.push_back(pairs[i] / pairs[i + 1]);
  } else {
    all = d->ints(name);
  }
  while (all.size() < 3) all.insert(all.begin(), otherwise);
  return all;
}

bool channels_last(const descriptor *t) {
  const auto dims = dims_of(t), strides = t->ints(CUDNN_ATTR_TENSOR_STRIDES);
  int64_t wanted = dims[1];
  if (strides[1] != 1) return false;
  for (size_t d = dims.size() - 1; d > 1; d--) {
    if (strides[d] != wanted) return false;
    wanted *= dims[d];
  }
  return strides[0] == wanted;
}

cudnnStatus_t check_operation(const descriptor &o, bool fused) {
  if (is_convolution(o.type)) return check_convolution(o, fused);
  switch (o.type) {
    case CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR:
      return check_pointwise(o);
    case CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR:
    case CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR:
      return check_resample(o);
    case CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR:
    case CUDNN_BACKEND_OPERATION_NORM_BACKWARD_DESCRIPTOR:
      return check_norm(o);
    default:
      fault("cuDNN: operation %d is not emulated", static_cast<int>(o.type));
      return CUDNN_STATUS_NOT_SUPPORTED;
  }
}

cudaError_t run_operations(const std::vector<std::shared_ptr<descriptor>> &operations,
                           const std::map<int64_t, void *> &memory, const numbers &values,
                           bool tensor_cores) {
  run r = {memory, values, tensor_cores, {}};
  for (const auto &o : operations) {
    if (is_convolution(o->type))
      run_convolution(r, *o);
    else if (o->type == CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR)
      run_pointwise(r, *o);
    else if (o->type == CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR ||
             o->type == CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR)
      run_resample(r, *o);
    else
      run_norm(r, *o);
    if (r.failed) return broken();
  }
  return cudaSuccess;
}

}  // namespace tarn_emulated

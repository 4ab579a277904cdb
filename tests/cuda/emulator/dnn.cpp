/* A stand-in for cuDNN's graph API: descriptors hold what they are given, and a plan runs its graph's operations one after
 * the other (dnn_operations.cpp). Heuristics offer two engines for each graph: one that multiplies f32 as tensor cores do and
 * says so in its notes, and one that is exact. Both want some workspace, and use it. */
#include "dnn.h"

#include "libraries.h"

#include <cstring>

using namespace tarn_emulated;

namespace tarn_emulated {

struct handle_of_descriptor {
  std::shared_ptr<descriptor> d;
};

size_t attribute_bytes(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_BOOLEAN: return sizeof(bool);
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_DOUBLE: return 8;
    case CUDNN_TYPE_FRACTION: return sizeof(cudnnFraction_t);
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR: return sizeof(void *);
    default: return 4;   /* enums, floats, int32 */
  }
}

std::vector<int64_t> descriptor::ints(cudnnBackendAttributeName_t name) const {
  const auto found = values.find(name);
  std::vector<int64_t> all(found == values.end() ? 0 : found->second.bytes.size() / 8);
  if (!all.empty()) memcpy(all.data(), found->second.bytes.data(), 8 * all.size());
  return all;
}
int descriptor::number(cudnnBackendAttributeName_t name, int otherwise) const {
  const auto found = values.find(name);
  int value = otherwise;
  if (found != values.end() && found->second.bytes.size() == 4) memcpy(&value, found->second.bytes.data(), 4);
  return value;
}
bool descriptor::flag(cudnnBackendAttributeName_t name) const {
  const auto found = values.find(name);
  return found != values.end() && found->second.bytes[0];
}
double descriptor::real(cudnnBackendAttributeName_t name, double otherwise) const {
  const auto found = values.find(name);
  if (found == values.end()) return otherwise;
  if (found->second.bytes.size() == 8) {
    memcpy(&otherwise, found->second.bytes.data(), 8);
    return otherwise;
  }
  float value;
  memcpy(&value, found->second.bytes.data(), 4);
  return static_cast<double>(value);
}
const descriptor *descriptor::part(cudnnBackendAttributeName_t name) const {
  const auto found = values.find(name);
  return found == values.end() || found->second.parts.empty() ? nullptr : found->second.parts[0].get();
}

bool descriptor::has(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                     size_t count) const {
  const auto found = values.find(name);
  return found != values.end() && found->second.type == type &&
         found->second.bytes.size() == count * attribute_bytes(type);
}

element element_of(const descriptor *tensor) {
  return element_of(static_cast<cudnnDataType_t>(tensor->number(CUDNN_ATTR_TENSOR_DATA_TYPE, -1)));
}
element element_of(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_HALF: return element::f16;
    case CUDNN_DATA_BFLOAT16: return element::bf16;
    case CUDNN_DATA_FLOAT: return element::f32;
    case CUDNN_DATA_DOUBLE: return element::f64;
    case CUDNN_DATA_INT8: return element::i8;
    default: return element::none;
  }
}

}  // namespace tarn_emulated

namespace {

constexpr int64_t WORKSPACE = 2048;

descriptor *of(void *d) { return static_cast<handle_of_descriptor *>(d)->d.get(); }

cudnnStatus_t give(const void *from, size_t each, int64_t have, int64_t wanted, int64_t *count, void *to) {
  if (count) *count = have;
  memcpy(to, from, each * static_cast<size_t>(std::min(have, wanted)));
  return CUDNN_STATUS_SUCCESS;
}

/* The tensors that a graph takes from outside or gives. */
cudnnStatus_t check_tensor(const descriptor *t) {
  const auto dims = t->ints(CUDNN_ATTR_TENSOR_DIMENSIONS), strides = t->ints(CUDNN_ATTR_TENSOR_STRIDES);
  if (dims.size() < 3 || dims.size() != strides.size() || t->ints(CUDNN_ATTR_TENSOR_UNIQUE_ID).size() != 1 ||
      t->ints(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT).size() != 1)
    return CUDNN_STATUS_BAD_PARAM;
  if (!t->has(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1)) return CUDNN_STATUS_BAD_PARAM;
  for (const int64_t d : dims)
    if (d <= 0) return CUDNN_STATUS_BAD_PARAM;
  for (const int64_t stride : strides)
    if (stride <= 0) return CUDNN_STATUS_BAD_PARAM;
  const bool value = t->flag(CUDNN_ATTR_TENSOR_IS_BY_VALUE);
  if (value && (t->flag(CUDNN_ATTR_TENSOR_IS_VIRTUAL) || *std::max_element(dims.begin(), dims.end()) != 1))
    return CUDNN_STATUS_BAD_PARAM;
  const element e = tarn_emulated::element_of(t);
  return e == element::none || (value && e != element::f32) ? CUDNN_STATUS_NOT_SUPPORTED : CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t check_graph(const descriptor *graph) {
  const auto found = graph->values.find(CUDNN_ATTR_OPERATIONGRAPH_OPS);
  if (found == graph->values.end() || found->second.parts.empty()) return CUDNN_STATUS_BAD_PARAM;
  for (const auto &operation : found->second.parts) {
    const cudnnStatus_t status = check_operation(*operation, found->second.parts.size() > 1);
    if (status != CUDNN_STATUS_SUCCESS) return status;
  }
  return CUDNN_STATUS_SUCCESS;
}

/* Reads what the host hands over by value; false: something is missing, or on the device. */
bool numbers_of(const std::vector<std::shared_ptr<descriptor>> &operations,
                const std::map<int64_t, void *> &memory, numbers *values) {
  for (const auto &o : operations)
    for (const auto &named : o->values)
      for (const auto &t : named.second.parts) {
        if (t->type != CUDNN_BACKEND_TENSOR_DESCRIPTOR || t->flag(CUDNN_ATTR_TENSOR_IS_VIRTUAL)) continue;
        const int64_t name = t->ints(CUDNN_ATTR_TENSOR_UNIQUE_ID)[0];
        const auto found = memory.find(name);
        if (found == memory.end() || !found->second) return false;
        if (!t->flag(CUDNN_ATTR_TENSOR_IS_BY_VALUE)) continue;
        if (in_device(found->second)) return false;
        (*values)[name] = *static_cast<const float *>(found->second);
      }
  return true;
}

}  // namespace

extern "C" {

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *made) {
  if (fails_now()) return CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED;
  *made = new handle_of_descriptor{std::make_shared<descriptor>()};
  of(*made)->type = type;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t d) {
  delete static_cast<handle_of_descriptor *>(d);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                       int64_t count, const void *elements) {
  if (of(d)->finished || count < 0 || (count && !elements)) return CUDNN_STATUS_BAD_PARAM;
  attribute a = {};
  a.type = type;
  a.bytes.resize(attribute_bytes(type) * static_cast<size_t>(count));
  if (count) memcpy(a.bytes.data(), elements, a.bytes.size());
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR)
    for (int64_t i = 0; i < count; i++) {
      void *part = static_cast<void *const *>(elements)[i];
      if (!part || !of(part)->finished) return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
      a.parts.push_back(static_cast<handle_of_descriptor *>(part)->d);
    }
  of(d)->values[name] = std::move(a);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t handle) {
  descriptor *d = of(handle);
  cudnnStatus_t status = CUDNN_STATUS_SUCCESS;
  if (fails_now()) return CUDNN_STATUS_INTERNAL_ERROR;
  switch (d->type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR: status = check_tensor(d); break;
    case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR: status = check_graph(d); break;
    case CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR:
    case CUDNN_BACKEND_POINTWISE_DESCRIPTOR:
    case CUDNN_BACKEND_RESAMPLE_DESCRIPTOR:
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
    case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR: break;
    default: status = check_operation(*d, false); break;
  }
  if (d->type == CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR && status == CUDNN_STATUS_SUCCESS)
    put_to_library(*d);
  d->finished = status == CUDNN_STATUS_SUCCESS;
  return status;
}

cudnnStatus_t cudnnBackendGetAttribute(const cudnnBackendDescriptor_t handle, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t, int64_t wanted, int64_t *count, void *elements) {
  const descriptor *d = of(handle);
  if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS) {
    void *const *configs = static_cast<void **>(elements);
    *count = d->number(CUDNN_ATTR_ENGINEHEUR_MODE, -1) == CUDNN_HEUR_MODE_A ? 2 : 1;
    for (int64_t i = 0; i < *count && i < wanted; i++) {
      of(configs[i])->finished = true;
      of(configs[i])->graph = d->values.at(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH).parts[0];
      of(configs[i])->tensor_cores = *count == 2 && i == 0;
    }
    return CUDNN_STATUS_SUCCESS;
  }
  if (!d->finished && name != CUDNN_ATTR_ENGINE_NUMERICAL_NOTE) return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
  if (name == CUDNN_ATTR_ENGINECFG_ENGINE) {
    descriptor *engine = of(*static_cast<void **>(elements));
    engine->finished = true;
    engine->tensor_cores = d->tensor_cores;
    *count = 1;
    return CUDNN_STATUS_SUCCESS;
  }
  if (name == CUDNN_ATTR_ENGINE_NUMERICAL_NOTE) {
    const cudnnBackendNumericalNote_t note = CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
    return give(&note, sizeof note, d->tensor_cores, wanted, count, elements);
  }
  if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE) return give(&WORKSPACE, sizeof WORKSPACE, 1, wanted, count, elements);
  fault("cuDNN: attribute %d cannot be asked for on the emulated device", static_cast<int>(name));
  return CUDNN_STATUS_NOT_SUPPORTED;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t dnn, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack) {
  if (fails_now()) return CUDNN_STATUS_EXECUTION_FAILED;
  if (!of(plan)->finished || !of(pack)->finished) return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
  const auto names = of(pack)->ints(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS), data = of(pack)->ints(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  const auto workspace = of(pack)->ints(CUDNN_ATTR_VARIANT_PACK_WORKSPACE);   /* pointers are 8 bytes too */
  if (names.size() != data.size() || workspace.size() != 1) return CUDNN_STATUS_BAD_PARAM;
  std::map<int64_t, void *> memory;
  for (size_t i = 0; i < names.size(); i++) memory[names[i]] = reinterpret_cast<void *>(data[i]);
  const auto config = of(plan)->values.at(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG).parts[0];
  const auto &operations = config->graph->values.at(CUDNN_ATTR_OPERATIONGRAPH_OPS).parts;
  numbers values;
  if (!numbers_of(operations, memory, &values)) return CUDNN_STATUS_BAD_PARAM;
  void *scratch = reinterpret_cast<void *>(workspace[0]);
  const cudaError_t error = enqueue_work(dnn->stream, "a graph of cuDNN", [=] {
    if (!allocated(scratch, WORKSPACE)) return fault("cuDNN: the workspace is not in an allocation of the device");
    note_write(scratch, WORKSPACE);
    memset(scratch, 0xee, WORKSPACE);
    return run_operations(config->graph->values.at(CUDNN_ATTR_OPERATIONGRAPH_OPS).parts, memory, values,
                          config->tensor_cores);
  });
  return error == cudaSuccess ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED;
}
}

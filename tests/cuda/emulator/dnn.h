/* What cuDNN's descriptors hold on the emulated device. */
#ifndef TARN_EMULATOR_DNN_H
#define TARN_EMULATOR_DNN_H

#include <cudnn.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "device.h"
#include "element.h"

/* Of the functions without a graph. */
struct cudnnTensorStruct {
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::vector<int> dims, strides;
};

namespace tarn_emulated {

struct descriptor;
struct attribute {
  cudnnBackendAttributeType_t type;
  std::vector<unsigned char> bytes;
  std::vector<std::shared_ptr<descriptor>> parts;
};
struct descriptor {
  cudnnBackendDescriptorType_t type;
  bool finished = false;
  std::map<cudnnBackendAttributeName_t, attribute> values;
  std::shared_ptr<descriptor> graph; /* of engine configurations */
  bool tensor_cores = false;

  std::vector<int64_t> ints(cudnnBackendAttributeName_t name) const;
  int number(cudnnBackendAttributeName_t name, int otherwise) const;
  bool flag(cudnnBackendAttributeName_t name) const;
  double real(cudnnBackendAttributeName_t name, double otherwise) const;
  const descriptor *part(cudnnBackendAttributeName_t name) const; /* NULL: there is none */
  bool has(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, size_t count) const;
};
/* Numbers that come by value, from the host, by their unique numbers; copied when the work is put
 * into a stream. */
typedef std::map<int64_t, float> numbers;

element element_of(const descriptor *tensor);
element element_of(cudnnDataType_t type);
size_t attribute_bytes(cudnnBackendAttributeType_t type);
/* Asks cuDNN itself, where TARN_EMULATED says so, whether it takes a graph (dnn_library.cpp). */
void put_to_library(const descriptor &graph);
/* Whether an operation is emulated; fused: among others. */
cudnnStatus_t check_operation(const descriptor &operation, bool fused);
/* Runs them in order; memory by the tensors' unique numbers. */
cudaError_t run_operations(const std::vector<std::shared_ptr<descriptor>> &operations,
                           const std::map<int64_t, void *> &memory, const numbers &values,
                           bool tensor_cores);

}  // namespace tarn_emulated

#endif

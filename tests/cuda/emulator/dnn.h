/* What cuDNN's descriptors hold on the emulated device. */
#ifndef TARN_EMULATOR_DNN_H
#define TARN_EMULATOR_DNN_H

#include "device.h"
#include "element.h"

#include <cudnn.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

namespace tarn_emulated {

struct descriptor;
struct attribute {
  std::vector<unsigned char> bytes;
  std::vector<std::shared_ptr<descriptor>> parts;
};
struct descriptor {
  cudnnBackendDescriptorType_t type;
  bool finished = false;
  std::map<cudnnBackendAttributeName_t, attribute> values;
  std::shared_ptr<descriptor> graph;   /* of engine configurations */
  bool tensor_cores = false;

  std::vector<int64_t> ints(cudnnBackendAttributeName_t name) const;
  int number(cudnnBackendAttributeName_t name, int otherwise) const;
  bool flag(cudnnBackendAttributeName_t name) const;
  double real(cudnnBackendAttributeName_t name, double otherwise) const;
  const descriptor *part(cudnnBackendAttributeName_t name) const;   /* NULL: there is none */
};

element element_of(const descriptor *tensor);
/* Whether an operation is emulated; fused: among others. */
cudnnStatus_t check_operation(const descriptor &operation, bool fused);
/* Runs them in order; memory by the tensors' unique numbers. */
cudaError_t run_operations(const std::vector<std::shared_ptr<descriptor>> &operations,
                           const std::map<int64_t, void *> &memory, bool tensor_cores);

}  // namespace tarn_emulated

#endif

/* What runs the operations of cuDNN's graphs: tensors at work, and each kind of operation's check
 * and loops. */
#ifndef TARN_EMULATOR_DNN_RUN_H
#define TARN_EMULATOR_DNN_RUN_H

#include "dnn.h"

namespace tarn_emulated {

enum { AXES = 5 }; /* N, C, depth, height, width; of two dimensions the depth is 1 */
typedef int64_t place[AXES];

/* A tensor at work: its elements lie on the device, or, where the graph alone holds it, here. */
struct view {
  element type;
  int64_t dims[AXES], strides[AXES];
  void *data;
  double value; /* of a number that came by value: data is NULL */

  int64_t at(const place &i) const {
    int64_t offset = 0;
    for (int d = 0; d < AXES; d++)
      offset += dims[d] == 1 ? 0 : i[d] * strides[d]; /* of length 1: broadcast */
    return offset;
  }
  double get(const place &i) const { return data ? load(type, data, at(i)) : value; }
  void put(const place &i, double v) const { store(type, data, at(i), v); }
  int64_t elements() const { return dims[0] * dims[1] * dims[2] * dims[3] * dims[4]; }
  size_t index(const place &i) const { /* as if contiguous */
    int64_t all = 0;
    for (int d = 0; d < AXES; d++) all = all * dims[d] + i[d];
    return static_cast<size_t>(all);
  }
  size_t extent() const {
    int64_t last = 0;
    for (int d = 0; d < AXES; d++) last += (dims[d] - 1) * strides[d];
    return static_cast<size_t>(last + 1) * bytes_of(type);
  }
};

/* Calls each(place) for every element. */
template <typename EACH>
void every(const int64_t *dims, EACH each) {
  place i;
  for (i[0] = 0; i[0] < dims[0]; i[0]++)
    for (i[1] = 0; i[1] < dims[1]; i[1]++)
      for (i[2] = 0; i[2] < dims[2]; i[2]++)
        for (i[3] = 0; i[3] < dims[3]; i[3]++)
          for (i[4] = 0; i[4] < dims[4]; i[4]++) each(i);
}

struct run {
  const std::map<int64_t, void *> &memory;
  const numbers &values;
  bool tensor_cores;
  std::map<int64_t, std::vector<unsigned char>> held;
  bool failed = false;

  view of(const descriptor *tensor);
};

/* Numbers along the spatial axes, the depth first; `otherwise` where there is none. */
std::vector<int64_t> spatial(const descriptor *d, cudnnBackendAttributeName_t name,
                             int64_t otherwise);

inline std::vector<int64_t> dims_of(const descriptor *t) {
  return t->ints(CUDNN_ATTR_TENSOR_DIMENSIONS);
}
/* Elements follow each other with the channels last. */
bool channels_last(const descriptor *t);

/* For each kind: whether the type is of that kind, whether it can be done, and doing it. */
bool is_convolution(cudnnBackendDescriptorType_t type);
cudnnStatus_t check_convolution(const descriptor &o, bool fused);
void run_convolution(run &r, const descriptor &o);
cudnnStatus_t check_pointwise(const descriptor &o);
void run_pointwise(run &r, const descriptor &o);
cudnnStatus_t check_resample(const descriptor &o);
void run_resample(run &r, const descriptor &o);
cudnnStatus_t check_norm(const descriptor &o);
void run_norm(run &r, const descriptor &o);

}  // namespace tarn_emulated

#endif

#include "kernels/cpu/segment/listed.h"

#include "kernels/cpu/array/elements.h"

tarn_status tarn__listed_segments(const tarn_call *call) {
  const tarn_tensor *x = call->in[0], *indices = call->in[1], *ids = call->in[2];
  int64_t before = -1;
  for (int64_t i = 0, n = tarn__tensor_elements(ids); i < n; i++) {
    const int64_t id = tarn__index_at(ids, i), at = tarn__index_at(indices, i);
    if (id < 0 || id < before || id == INT64_MAX)
      return tarn_fail(TARN_INVALID, "segment_ids[%lld] is %lld after %lld", (long long)i,
                       (long long)id, (long long)before);
    if (at < 0 || at >= x->shape.dim[0])
      return tarn_fail(TARN_INVALID, "indices[%lld] = %lld is not in [0, %lld)", (long long)i,
                       (long long)at, (long long)x->shape.dim[0]);
    before = id;
  }
  tarn_shape shape = x->shape;
  shape.dim[0] = before + 1;
  return tarn__call_allocate(call, 0, &shape);
}

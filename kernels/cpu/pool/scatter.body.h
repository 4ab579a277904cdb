/* MaxPoolGradWithArgmax in float: each dy is added where its maximum was. For AVX2 and AVX-512,
 * though one element after the other: what it saves over the reference is the sums in double and
 * the walk over windows. */
#include <string.h>

#include "kernels/fault.h"
#include "kernels/params/pool.h"

static tarn_status run(const tarn_call *call) {
  const tarn_pooling_params *params = call->problem->params;
  const tarn_tensor *argmax = call->in[2];
  const float *dy = call->in[1]->data;
  float *dx = call->out[0]->data;
  const int64_t n = tarn__tensor_elements(call->in[1]), all = tarn__tensor_elements(call->out[0]);
  memset(dx, 0, tarn__tensor_bytes(call->out[0]));
  if (n == 0) return TARN_OK;
  const int64_t parts = params->include_batch_in_index ? 1 : call->out[0]->shape.dim[0],
                room = all / parts, each = n / parts;
  const int64_t *wide = argmax->dtype == TARN_I64 ? argmax->data : NULL;
  const int32_t *narrow = argmax->data;
  for (int64_t part = 0; part < parts; part++, dx += room)
    for (int64_t i = part * each; i < (part + 1) * each; i++) {
      const int64_t index = wide ? wide[i] : narrow[i];
      if (index < 0 || index >= room)
        return tarn__fault_fail(
            &(tarn_fault){.kind = TARN_FAULT_ARGMAX, .at = i, .index = {index}, .dim = {room}});
      dx[index] += dy[i];
    }
  return TARN_OK;
}

#define ROWS {.op = "MaxPoolGradWithArgmax", .dtypes = TARN_BIT(TARN_F32), .run = run},

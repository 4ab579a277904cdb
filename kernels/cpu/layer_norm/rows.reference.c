/* _LayerNorm by definition, sums in double. */
#include <math.h>

#include "kernels/kernel.h"
#include "kernels/params/layer_norm.h"

static tarn_status run(const tarn_call *call) {
  const tarn_shape *shape = &call->problem->in_shape[0];
  const double epsilon = (double)((const tarn_layer_norm_params *)call->problem->params)->epsilon;
  const int64_t n = tarn__tensor_elements(call->out[0]), C = shape->dim[shape->rank - 1];
  const float *x = call->in[0]->data, *scale = call->in[1]->data, *offset = call->in[2]->data;
  float *y = call->out[0]->data;
  for (int64_t at = 0; at < n; at += C) {
    double mean = 0, variance = 0;
    for (int64_t c = 0; c < C; c++) mean += (double)x[at + c];
    mean /= (double)C;
    for (int64_t c = 0; c < C; c++) {
      const double d = (double)x[at + c] - mean;
      variance += d * d;
    }
    const double k = 1 / sqrt(variance / (double)C + epsilon);
    for (int64_t c = 0; c < C; c++)
      y[at + c] = (float)(((double)x[at + c] - mean) * k * (double)scale[c] + (double)offset[c]);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_layer_norm_rows_reference[] = {
    {.op = "_LayerNorm", .dtypes = TARN_BIT(TARN_F32), .run = run},
    {0},
};

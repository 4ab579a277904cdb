/* FusedBatchNorm with given statistics in f32, channels last, for AVX2 and AVX-512:
 *
 *   y = (x - mean) (scale / sqrt(variance + epsilon)) + offset
 *
 * Bound by memory: 8 bytes an element. (Where it follows a convolution a pass has folded it
 * away.) */
#include "kernels/cpu/simd/vec.h"
#include "kernels/kernel.h"
#include "kernels/params/batch_norm.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 32768 };   /* elements */

static const char *supports(const tarn_problem *p) {
  const tarn_batch_norm_params *params = p->params;
  if (params->training) return "the statistics are of the batch";
  if (params->channels_first) return "channels are not last";
  if (tarn__shape_elements(&p->in_shape[0]) == 0) return "the input is empty";
  if (p->in_dtype[1] != TARN_F32) return "statistics are not float32";
  return NULL;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)p->in_shape[1].dim[0] * sizeof(float);
}

typedef struct job {
  const float *x, *mean, *factor, *offset;
  float *y;
  int64_t rows, C, step;
} job;

static tarn_status rows(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  int64_t end = (chunk + 1) * j->step < j->rows ? (chunk + 1) * j->step : j->rows;
  for (int64_t r = chunk * j->step; r < end; r++) {
    const float *x = j->x + r * j->C;
    float *y = j->y + r * j->C;
    int64_t c = 0;
    for (; c + VF <= j->C; c += VF)
      vf_store(y + c, vf_fma(vf_sub(vf_load(x + c), vf_load(j->mean + c)), vf_load(j->factor + c),
                             vf_load(j->offset + c)));
    if (c < j->C) {
      vm m = vm_first(j->C - c);
      vf_store_m(y + c, m,
                 vf_fma(vf_sub(vf_load_m(x + c, m), vf_load_m(j->mean + c, m)),
                        vf_load_m(j->factor + c, m), vf_load_m(j->offset + c, m)));
    }
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_batch_norm_params *params = p->params;
  tarn_batch_norm g = tarn__batch_norm_of(params, &p->in_shape[0]);
  const float *scale = call->in[1]->data, *variance = call->in[4]->data;
  float *factor = call->scratch;
  for (int64_t c = 0; c < g.C; c++)
    factor[c] = (float)((double)scale[c] / sqrt((double)variance[c] + (double)params->epsilon));
  job j = {.x = call->in[0]->data,
           .mean = call->in[3]->data,
           .factor = factor,
           .offset = call->in[2]->data,
           .y = call->out[0]->data,
           .rows = g.N * g.S,
           .C = g.C,
           .step = g.C < CHUNK ? CHUNK / g.C : 1};
  /* Outputs 1 to 4 (statistics, and what gradients want of them) are the given ones. */
  for (int i = 1; i < 5 && i < p->outputs; i++)
    memcpy(call->out[i]->data, i % 2 ? call->in[3]->data : call->in[4]->data,
           (size_t)g.C * sizeof(float));
  if (call->problem->outputs > 5)
    memset(call->out[5]->data, 0, tarn__tensor_bytes(call->out[5])); /* cuDNN's reserve */
  return tarn__pool_run(j.rows * g.C < 2 * CHUNK ? NULL : call->pool,
                        (j.rows + j.step - 1) / j.step, rows, &j);
}

#define ROW(OP)                                                                                   \
  {                                                                                               \
    .op = OP, .dtypes = TARN_BIT(TARN_F32), .supports = supports, .scratch_bytes = scratch_bytes, \
    .run = run                                                                                    \
  }
#define ROWS ROW("FusedBatchNorm"), ROW("FusedBatchNormV2"), ROW("FusedBatchNormV3")

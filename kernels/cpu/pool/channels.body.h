/* Max and average pooling in f32 with channels last, for AVX2 and AVX-512.
 *
 *   for an output row, and a part of the channels where there are few rows      a chunk
 *     for an output position
 *       for four vectors of channels: 4 accumulators over the window
 *
 * Bound by L1 and L2: an input line is read once per window that covers it. */
#include "kernels/cpu/pool/under.h"
#include "kernels/cpu/simd/vec.h"
#include "kernels/kernel.h"
#include "kernels/params/pool.h"

#include <float.h>

enum { FEW_ROWS = 16, CHANNEL_PART = 256 };

typedef struct job {
  tarn_pooling g;
  const float *x;
  float *y;
  bool average;
  int64_t part, parts;           /* channels of a chunk */
} job;

static tarn_pooling geometry(const tarn_problem *p) {
  return tarn__pooling_of((const tarn_pooling_params *)p->params, &p->in_shape[0]);
}

static const char *supports(const tarn_problem *p) {
  const tarn_pooling_params *params = p->params;
  if (params->window.channels_first) return "channels are not last";
  if (params->depth_window > 1) return "the window covers channels";
  return NULL;
}

static inline vf join(vf s, vf x, bool average) { return average ? vf_add(s, x) : vf_max(x, s); }

/* `vectors` is 1 or 4; m covers the channels of the last one. */
static inline void window(const job *j, const float *x, const int64_t first[3],
                          const int64_t last[3], int vectors, vm m, vf scale, float *y) {
  const tarn_axis *a = j->g.axis;
  int64_t C = j->g.C;
  bool average = j->average;
  /* Below the least finite number nothing is counted, and no NaN, as TensorFlow does. */
  vf s0 = average ? vf_zero() : vf_set1(-FLT_MAX), s1 = s0, s2 = s0, s3 = s0;
  for (int64_t d = first[0]; d < last[0]; d++)
    for (int64_t h = first[1]; h < last[1]; h++) {
      const float *row = x + ((d * a[1].in + h) * a[2].in + first[2]) * C;
      for (int64_t w = first[2]; w < last[2]; w++, row += C) {
        if (vectors == 4) {
          s0 = join(s0, vf_load(row), average);
          s1 = join(s1, vf_load(row + VF), average);
          s2 = join(s2, vf_load(row + 2 * VF), average);
          s3 = join(s3, vf_load(row + 3 * VF), average);
        } else {
          s0 = join(s0, vf_load_m(row, m), average);
        }
      }
    }
  if (average) {
    s0 = vf_div(s0, scale);
    if (vectors == 4) s1 = vf_div(s1, scale), s2 = vf_div(s2, scale), s3 = vf_div(s3, scale);
  }
  if (vectors == 4) {
    vf_store(y, s0);
    vf_store(y + VF, s1);
    vf_store(y + 2 * VF, s2);
    vf_store(y + 3 * VF, s3);
  } else {
    vf_store_m(y, m, s0);
  }
}

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_axis *a = j->g.axis;
  int64_t row = chunk / j->parts, c0 = chunk % j->parts * j->part, C = j->g.C;
  int64_t c1 = c0 + j->part < C ? c0 + j->part : C;
  int64_t oh = row % a[1].out, od = row / a[1].out % a[0].out, n = row / (a[1].out * a[0].out);
  const float *x = j->x + n * a[0].in * a[1].in * a[2].in * C;
  float *y = j->y + row * a[2].out * C;
  int64_t first[3], last[3];
  tarn__axis_under(&a[0], od, &first[0], &last[0]);
  tarn__axis_under(&a[1], oh, &first[1], &last[1]);
  for (int64_t ow = 0; ow < a[2].out; ow++, y += C) {
    tarn__axis_under(&a[2], ow, &first[2], &last[2]);
    int64_t count = 1;
    for (int d = 0; d < 3; d++) count *= last[d] > first[d] ? last[d] - first[d] : 0;
    vf scale = vf_set1(count > 0 ? (float)count : 1.0f);
    int64_t c = c0;
    for (; c + 4 * VF <= c1; c += 4 * VF)
      window(j, x + c, first, last, 4, vm_first(VF), scale, y + c);
    for (; c < c1; c += VF)
      window(j, x + c, first, last, 1, vm_first(c1 - c < VF ? c1 - c : VF), scale, y + c);
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call, bool average) {
  job j = {.g = geometry(call->problem),
           .x = call->in[0]->data,
           .y = call->out[0]->data,
           .average = average};
  int64_t rows = j.g.N * j.g.axis[0].out * j.g.axis[1].out;
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  j.part = rows < FEW_ROWS ? CHANNEL_PART : j.g.C;
  j.parts = (j.g.C + j.part - 1) / j.part;
  bool small = tarn__tensor_elements(call->in[0]) < 32768;
  return tarn__pool_run(small ? NULL : call->pool, rows * j.parts, chunk_run, &j);
}

static tarn_status run_max(const tarn_call *call) { return run(call, false); }
static tarn_status run_average(const tarn_call *call) { return run(call, true); }

#define ROW(OP, RUN) {.op = OP, .dtypes = TARN_BIT(TARN_F32), .supports = supports, .run = RUN}
#define ROWS                                                                       \
  ROW("MaxPool", run_max), ROW("MaxPool3D", run_max), ROW("AvgPool", run_average), \
      ROW("AvgPool3D", run_average)

/* _LayerNorm in f32 for AVX2 and AVX-512. A row is read for its mean, for its variance about that,
 * and once more for the result: it stays in L1 or L2 between. */
#include <math.h>

#include "kernels/cpu/simd/vec.h"
#include "kernels/kernel.h"
#include "kernels/params/layer_norm.h"

enum { CHUNK = 8192 }; /* elements: some 3 us */

typedef struct job {
  const float *x, *scale, *offset;
  float *y, epsilon;
  int64_t rows, C, step; /* step: rows of a chunk */
} job;

static float sum(const float *x, int64_t n) {
  vf s = vf_zero(), t = vf_zero();
  int64_t i = 0;
  for (; i + 2 * VF <= n; i += 2 * VF) {
    s = vf_add(s, vf_load(x + i));
    t = vf_add(t, vf_load(x + i + VF));
  }
  for (; i < n; i += VF) s = vf_add(s, vf_load_m(x + i, vm_first(n - i < VF ? n - i : VF)));
  return vf_sum(vf_add(s, t));
}

static float squares(const float *x, int64_t n, float mean) {
  const vf m = vf_set1(mean);
  vf s = vf_zero(), t = vf_zero();
  int64_t i = 0;
  for (; i + 2 * VF <= n; i += 2 * VF) {
    const vf a = vf_sub(vf_load(x + i), m), b = vf_sub(vf_load(x + i + VF), m);
    s = vf_fma(a, a, s);
    t = vf_fma(b, b, t);
  }
  for (; i < n; i += VF) {
    const vm some = vm_first(n - i < VF ? n - i : VF);
    const vf a = vf_pick(some, vf_sub(vf_load_m(x + i, some), m), vf_zero());
    s = vf_fma(a, a, s);
  }
  return vf_sum(vf_add(s, t));
}

static void row(const job *j, const float *x, float *y) {
  const float mean = sum(x, j->C) / (float)j->C;
  const float k = 1 / sqrtf(squares(x, j->C, mean) / (float)j->C + j->epsilon);
  const vf m = vf_set1(mean), f = vf_set1(k);
  for (int64_t i = 0; i < j->C; i += VF) {
    const vm some = vm_first(j->C - i < VF ? j->C - i : VF);
    const vf c = vf_mul(vf_sub(vf_load_m(x + i, some), m), f);
    vf_store_m(y + i, some,
               vf_fma(c, vf_load_m(j->scale + i, some), vf_load_m(j->offset + i, some)));
  }
}

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const int64_t first = chunk * j->step;
  const int64_t last = j->rows - first < j->step ? j->rows : first + j->step;
  for (int64_t r = first; r < last; r++) row(j, j->x + r * j->C, j->y + r * j->C);
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const tarn_shape *shape = &call->problem->in_shape[0];
  const int64_t n = tarn__tensor_elements(call->out[0]);
  if (n == 0) return TARN_OK;
  job j = {.x = call->in[0]->data,
           .scale = call->in[1]->data,
           .offset = call->in[2]->data,
           .y = call->out[0]->data,
           .C = shape->dim[shape->rank - 1],
           .epsilon = ((const tarn_layer_norm_params *)call->problem->params)->epsilon};
  j.rows = n / j.C;
  j.step = j.C < CHUNK ? CHUNK / j.C : 1;
  return tarn__pool_run(n < 2 * CHUNK ? NULL : call->pool, (j.rows + j.step - 1) / j.step,
                        chunk_run, &j);
}

#define ROWS {.op = "_LayerNorm", .dtypes = TARN_BIT(TARN_F32), .run = run},

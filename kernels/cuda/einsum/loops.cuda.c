/* Einsum of any equation. */
#include "kernels/cuda/einsum/loops.h"

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/params/einsum.h"

_Static_assert((int)TARN_CUDA_EINSUM_AXES == (int)TARN_EINSUM_AXES, "an equation has as many axes");

static const char *supports(const tarn_problem *p) {
  return p->out_shape[0].rank < 0 ? "the shape is not known yet" : NULL;
}

static tarn_cuda_einsum work_of(const tarn_problem *p) {
  const tarn_einsum e = tarn__einsum_of(p->params, p->in_shape, &p->out_shape[0]);
  tarn_cuda_einsum w = {.axes = e.axes, .kept = e.kept, .n = 1, .terms = 1};
  for (int i = 0; i < e.axes; i++) {
    w.size[i] = e.axis[i].size;
    for (int k = 0; k < TARN_EINSUM_OPERANDS; k++) w.step[k][i] = e.axis[i].step[k];
    *(i < e.kept ? &w.n : &w.terms) *= e.axis[i].size;
  }
  return w;
}

/* Each term is two reads that meet in the cache at best. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_cuda_einsum w = work_of(p);
  return 5 + (double)w.n * (double)w.terms * (double)tarn_dtype_bytes(p->in_dtype[0]) /
                 (1e3 * m->gbytes_per_s);
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  tarn_cuda_einsum work = work_of(p);
  const size_t bytes = tarn__tensor_bytes(call->out[0]);
  if (!bytes) return TARN_OK;
  /* an output label twice fills a diagonal only; sums of nothing are 0 */
  TARN_CUDA(cudaMemsetAsync(call->out[0]->data, 0, bytes, tarn__stream(call)));
  for (int i = 0; i < p->inputs; i++)
    if (tarn__shape_elements(&p->in_shape[i]) == 0) return TARN_OK;
  work.a = call->in[0]->data;
  work.b = p->inputs > 1 ? call->in[1]->data : NULL;
  work.y = call->out[0]->data;
  TARN_LAUNCHED(tarn__cuda_einsum(tarn__stream(call), (int)p->in_dtype[0], &work));
  return TARN_OK;
}

const tarn_kernel tarn_kernels_einsum_loops_cuda[] = {
    {.op = "Einsum",
     .dtypes = EACH_FLOAT_BITS | EACH_WRAP_BITS,
     .supports = supports,
     .cost_us = cost_us,
     .run = run},
    {0},
};

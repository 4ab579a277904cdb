/* Kernels on cases: bound once, with scratch and packed weights as in a plan, then run as often as
 * wanted. */
#include "graph/case/case.h"

#include "kernels/run.h"
#include "kernels/state/resources.h"

struct tarn_case_binding {
  const tarn_allocator *allocator;
  tarn_kernel_ref kernel;
  const tarn_tensor *in[TARN_CASE_MAX_INPUTS];
  tarn_tensor *out[TARN_CASE_MAX_INPUTS];
  void *scratch, *prepared;
  size_t scratch_bytes, prepared_bytes;
  tarn_resources *resources;
  tarn_run run;
  tarn_call call;
};

static void print_nothing(void *context, const char *line) {
  (void)context;
  (void)line;
}

static tarn_status make_ready(tarn_case_binding *b, const tarn_case *made, tarn_pool *pool) {
  const tarn_problem *p = &made->problem;
  const tarn_kernel *k = b->kernel.kernel;
  for (int i = 0; i < p->outputs; i++)
    if (b->out[i]->dtype == TARN_NO_DTYPE && made->out_shape[i].rank >= 0)
      TARN_TRY(tarn__tensor_new_raw(b->allocator, p->out_dtype[i], &made->out_shape[i], b->out[i]));
  if (k->scratch_bytes) b->scratch_bytes = k->scratch_bytes(p, tarn__pool_threads(pool));
  if (b->scratch_bytes && !(b->scratch = tarn__alloc(b->allocator, b->scratch_bytes)))
    return TARN_NO_MEMORY;
  if (k->prepared_bytes) b->prepared_bytes = k->prepared_bytes(p);
  if (b->prepared_bytes) {
    b->prepared = tarn__alloc(b->allocator, b->prepared_bytes);
    if (!b->prepared) return TARN_NO_MEMORY;
    const tarn_tensor *stable[TARN_CASE_MAX_INPUTS];
    for (int i = 0; i < p->inputs; i++) stable[i] = p->stable && p->stable[i] ? b->in[i] : NULL;
    TARN_TRY(k->prepare(p, stable, b->prepared, pool));
  }
  return tarn__resources_create(b->allocator, &b->resources);
}

tarn_status tarn__case_bind(const tarn_case *made, tarn_kernel_ref kernel, tarn_pool *pool,
                            tarn_tensor *out, tarn_case_binding **binding) {
  const tarn_allocator *a = made->graph->allocator;
  tarn_case_binding *b = tarn__alloc_zero(a, sizeof *b);
  if (!b) return TARN_NO_MEMORY;
  b->allocator = a;
  b->kernel = kernel;
  for (int i = 0; i < made->problem.inputs; i++) b->in[i] = &made->in[i];
  for (int i = 0; i < made->problem.outputs; i++) b->out[i] = &out[i];
  const tarn_status status = make_ready(b, made, pool);
  if (status != TARN_OK) {
    tarn__case_unbind(b);
    return status;
  }
  b->run = (tarn_run){.allocator = a, .resources = b->resources, .print = print_nothing,
                      .deadline_ns = made->deadline_ns};
  b->call = (tarn_call){.problem = &made->problem,
                        .in = b->in,
                        .out = b->out,
                        .scratch = b->scratch,
                        .prepared = b->prepared,
                        .pool = pool,
                        .run = &b->run};
  *binding = b;
  return TARN_OK;
}

tarn_status tarn__case_binding_run(tarn_case_binding *b) {
  return tarn__kernel_run(b->kernel.kernel, &b->call);
}

void tarn__case_unbind(tarn_case_binding *b) {
  if (!b) return;
  tarn__resources_destroy(b->resources);
  tarn__free(b->allocator, b->scratch, b->scratch_bytes);
  tarn__free(b->allocator, b->prepared, b->prepared_bytes);
  tarn__free(b->allocator, b, sizeof *b);
}

tarn_status tarn__case_run(const tarn_case *made, tarn_kernel_ref kernel, tarn_pool *pool,
                           tarn_tensor *out) {
  tarn_case_binding *binding;
  TARN_TRY(tarn__case_bind(made, kernel, pool, out, &binding));
  const tarn_status status = tarn__case_binding_run(binding);
  tarn__case_unbind(binding);
  return status;
}

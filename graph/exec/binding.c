#include "graph/exec/binding.h"

#include "graph/exec/prepared.h"
#include "graph/tuning/tuning.h"

#include <string.h>

tarn_status tarn__step_infer(const tarn_step *step, const tarn_dtype *in_dtype,
                             const tarn_shape *in, const tarn_tensor *const *value,
                             tarn_shape *out) {
  const tarn_node *node = step->node;
  const int outputs = step->outputs;
  for (int i = 0; i < outputs; i++) out[i].rank = -1;
  if (step->op->infer) {
    tarn_infer t = {.op = step->op,
                    .node = step->name,
                    .attrs = step->attrs,
                    .params = step->params,
                    .inputs = step->inputs,
                    .outputs = outputs,
                    .in_dtype = in_dtype,
                    .out_dtype = node->out_dtype,
                    .in = in,
                    .value = value,
                    .out = out};
    TARN_TRY(tarn__infer(&t));
  } else {
    for (int i = 0; i < outputs; i++) {
      const bool maker =
          node->out_dtype[i] == TARN_RESOURCE && step->inputs && in_dtype[0] != TARN_RESOURCE;
      out[i] = step->inputs && !maker ? in[0] : tarn__shape_scalar();
    }
  }
  for (int i = 0; i < outputs; i++) {
    if (node->out_is_ref[i] || (node->out_dtype[i] == TARN_RESOURCE && out[i].rank < 0))
      out[i] = tarn__shape_scalar();
    if (out[i].rank >= 0) {   /* the op's own arithmetic is not trusted with the product */
      int64_t elements;
      size_t bytes;
      TARN_TRY(tarn__shape_bytes(&out[i], tarn_dtype_bytes(node->out_dtype[i]), &elements, &bytes));
    }
  }
  return TARN_OK;
}

/* The layout of a binding's one block: the struct, then the problem's arrays. */
static size_t layout(int inputs, int outputs, tarn_binding *b) {
  size_t at = sizeof(tarn_binding);
  char *base = (char *)b;
#define PLACE(field, type, n)                                \
  at = (at + 7) & ~(size_t)7;                                \
  if (b) b->problem.field = (const type *)(void *)(base + at); \
  at += (size_t)(n) * sizeof(type);
  PLACE(in_shape, tarn_shape, inputs)
  PLACE(out_shape, tarn_shape, outputs)
  PLACE(in_dtype, tarn_dtype, inputs)
  PLACE(out_dtype, tarn_dtype, outputs)
  PLACE(stable, bool, inputs)
#undef PLACE
  return at;
}

/* A binding that has its problem and no kernel yet; NULL: no memory. */
static tarn_binding *blank(const tarn_allocator *a, tarn_arena *arena, const tarn_step *step,
                           const tarn_dtype *in_dtype, const tarn_shape *in, const tarn_shape *out,
                           const bool *stable, tarn_precision precision) {
  const size_t bytes = layout(step->inputs, step->outputs, NULL);
  tarn_binding *b = a ? tarn__alloc_zero(a, bytes) : tarn__arena_alloc(arena, bytes);
  if (!b) return NULL;
  layout(step->inputs, step->outputs, b);
  tarn_problem *p = &b->problem;
  p->op = step->op->name;
  p->node = step->name;
  p->inputs = step->inputs;
  p->outputs = step->outputs;
  p->params = step->params;
  p->precision = precision;
  const size_t n_in = (size_t)step->inputs, n_out = (size_t)step->outputs;
  if (n_in) {
    memcpy((void *)(uintptr_t)p->in_shape, in, n_in * sizeof *in);
    memcpy((void *)(uintptr_t)p->in_dtype, in_dtype, n_in * sizeof *in_dtype);
    if (stable) memcpy((void *)(uintptr_t)p->stable, stable, n_in * sizeof *stable);
  }
  if (n_out) {
    memcpy((void *)(uintptr_t)p->out_shape, out, n_out * sizeof *out);
    tarn_dtype *dtype = (tarn_dtype *)(uintptr_t)p->out_dtype;
    for (size_t i = 0; i < n_out; i++)
      dtype[i] = step->node->out_is_ref[i] ? TARN_RESOURCE : step->node->out_dtype[i];
  }
  return b;
}

void tarn__binding_change(tarn_binding *b, tarn_kernel_ref kernel, int threads) {
  const tarn_kernel *k = kernel.kernel;
  b->kernel = kernel;
  b->scratch_bytes = k->scratch_bytes ? k->scratch_bytes(&b->problem, threads) : 0;
  b->prepared_bytes = k->prepared_bytes ? k->prepared_bytes(&b->problem) : 0;
}

tarn_status tarn__binding_make_for(tarn_arena *arena, const tarn_step *step,
                                   const tarn_dtype *in_dtype, const tarn_shape *in,
                                   const tarn_shape *out, const bool *stable,
                                   tarn_kernel_ref kernel, int threads, tarn_binding **binding) {
  *binding = blank(NULL, arena, step, in_dtype, in, out, stable, TARN_PRECISION_F32);
  if (!*binding) return TARN_NO_MEMORY;
  tarn__binding_change(*binding, kernel, threads);
  return TARN_OK;
}

tarn_status tarn__binding_make(const tarn_allocator *a, tarn_arena *arena, const tarn_step *step,
                               const tarn_dtype *in_dtype, const tarn_shape *in,
                               const tarn_shape *out, const bool *stable,
                               const tarn_machine *machine, tarn_target backend,
                               tarn_precision precision, const struct tarn_tuning *tuning,
                               tarn_binding **binding) {
  tarn_binding *b = blank(a, arena, step, in_dtype, in, out, stable, precision);
  if (!b) return TARN_NO_MEMORY;
  const tarn_problem *p = &b->problem;
  tarn_kernel_ref kernel;
  const bool tuned = tuning && backend == TARN_TARGETS && !machine->low_memory &&
                     tarn__tuning_find(tuning, tarn__allocator_default(), step, p, machine->threads,
                                       &kernel);
  const tarn_status status = tuned ? TARN_OK : tarn__kernel_select(p, machine, backend, &kernel);
  if (status != TARN_OK) {
    if (a) tarn__free(a, b, layout(step->inputs, step->outputs, NULL));
    return status;
  }
  tarn__binding_change(b, kernel, machine->threads);
  *binding = b;
  return TARN_OK;
}

void tarn__binding_free(const tarn_allocator *a, tarn_binding *b) {
  if (!b) return;
  tarn__prepared_release(b->prepared);
  tarn__free(a, b, layout(b->problem.inputs, b->problem.outputs, NULL));
}

bool tarn__binding_fits(const tarn_binding *b, const tarn_dtype *in_dtype, const tarn_shape *in,
                        const tarn_shape *out) {
  const tarn_problem *p = &b->problem;
  for (int i = 0; i < p->inputs; i++)
    if (p->in_dtype[i] != in_dtype[i] || !tarn__shape_equal(&p->in_shape[i], &in[i])) return false;
  for (int i = 0; i < p->outputs; i++)
    if (p->out_shape[i].rank != out[i].rank ||
        (out[i].rank >= 0 && !tarn__shape_equal(&p->out_shape[i], &out[i])))
      return false;
  return true;
}

tarn_status tarn__step_compute(const tarn_plan_context *context, const tarn_step *step,
                               const tarn_tensor *const *in, tarn_tensor *out) {
  const tarn_allocator *a = context->allocator;
  const size_t n_in = (size_t)step->inputs, n_out = (size_t)step->outputs;
  tarn_status status = TARN_OK;
  tarn_binding *binding = NULL;
  void *scratch = NULL;
  tarn_shape *shape = tarn__alloc_zero(a, (n_in + n_out + 1) * sizeof *shape);
  tarn_dtype *dtype = tarn__alloc_zero(a, (n_in + 1) * sizeof *dtype);
  tarn_tensor **pointers = tarn__alloc_zero(a, (n_out + 1) * sizeof *pointers);
  for (size_t i = 0; i < n_out; i++) out[i] = (tarn_tensor){0};
  if (!shape || !dtype || !pointers) {
    status = TARN_NO_MEMORY;
    goto done;
  }
  for (size_t i = 0; i < n_in; i++) {
    shape[i] = in[i]->shape;
    dtype[i] = in[i]->dtype;
  }
  TARN_GOTO(tarn__step_infer(step, dtype, shape, in, shape + n_in));
  tarn_machine machine = context->machine;
  machine.threads = 1;
  TARN_GOTO(tarn__binding_make(a, NULL, step, dtype, shape, shape + n_in, NULL, &machine,
                               TARN_TARGETS, TARN_PRECISION_F32, NULL, &binding));
  if (binding->scratch_bytes && !(scratch = tarn__alloc(a, binding->scratch_bytes))) {
    status = TARN_NO_MEMORY;
    goto done;
  }
  for (size_t i = 0; i < n_out; i++) {
    pointers[i] = &out[i];
    if (shape[n_in + i].rank >= 0)
      TARN_GOTO(tarn__tensor_new_raw(a, step->node->out_dtype[i], &shape[n_in + i], &out[i]));
  }
  tarn_run run = {.allocator = a};
  const tarn_call call = {
      .problem = &binding->problem, .in = in, .out = pointers, .scratch = scratch, .run = &run};
  TARN_GOTO(tarn__kernel_run(binding->kernel.kernel, &call));
done:
  if (status != TARN_OK)
    for (size_t i = 0; i < n_out; i++) tarn__tensor_clear(&out[i]);
  if (scratch) tarn__free(a, scratch, binding->scratch_bytes);
  tarn__binding_free(a, binding);
  tarn__free(a, shape, (n_in + n_out + 1) * sizeof *shape);
  tarn__free(a, dtype, (n_in + 1) * sizeof *dtype);
  tarn__free(a, pointers, (n_out + 1) * sizeof *pointers);
  return status;
}

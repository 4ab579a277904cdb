/* What a trace says of a step: made when it first runs in that trace. */
#include <stdio.h>
#include <string.h>

#include "graph/exec/exec.h"
#include "kernels/work.h"

enum { SHAPES = 8, TEXT = 1024 }; /* inputs or outputs named; more are counted */

static void add_shapes(char *text, size_t *used, const tarn_dtype *dtype, const tarn_shape *shape,
                       int n) {
  char one[TARN_SHAPE_TEXT];
  for (int i = 0; i < n && *used + TARN_SHAPE_TEXT + 16 < TEXT; i++) {
    if (i == SHAPES) {
      *used += (size_t)snprintf(text + *used, TEXT - *used, ", and %d more", n - i);
      return;
    }
    *used += (size_t)snprintf(text + *used, TEXT - *used, "%s%s%s", i ? ", " : "",
                              tarn_dtype_name(dtype[i]), tarn__shape_print(&shape[i], one));
  }
}

/* What the arena holds while a step of the root runs. */
static double planned(const tarn_block *block, int at) {
  double bytes = 0;
  if (block->parent) return -1;
  for (int v = 0; v < block->values; v++) {
    const tarn_value *value = &block->value[v];
    if (value->storage != TARN_STORE_ARENA || value->producer > at || value->last_use < at)
      continue;
    bytes += (double)tarn__shape_elements(&value->shape) * (double)tarn_dtype_bytes(value->dtype);
  }
  return bytes;
}

static int make(tarn_exec *x, const tarn_block *block, const tarn_step *step, int at,
                const tarn_binding *binding) {
  char shapes[TEXT] = "", kernel[160] = "";
  tarn_trace_label label = {.category = step->op ? step->op->name : "loop",
                            .name = step->name,
                            .detail = kernel,
                            .shapes = shapes,
                            .peak = -1,
                            .planned_bytes = planned(block, at)};
  size_t used = 0;
  if (binding) {
    const tarn_problem *p = &binding->problem;
    tarn__kernel_full_name(binding->kernel, kernel, sizeof kernel);
    add_shapes(shapes, &used, p->in_dtype, p->in_shape, p->inputs);
    used += (size_t)snprintf(shapes + used, sizeof shapes - used, " -> ");
    add_shapes(shapes, &used, p->out_dtype, p->out_shape, p->outputs);
    label.flops = tarn__problem_flops(p);
    label.bytes = tarn__problem_bytes(p);
    label.peak = (int)binding->kernel.file->target;
  }
  return tarn__trace_label(x->trace, &label);
}

int tarn__exec_label(tarn_exec *x, const tarn_block *block, const tarn_step *step, int at,
                     const tarn_binding *binding) {
  const tarn_allocator *a = x->shared->allocator;
  const size_t blocks = (size_t)x->plan->blocks, steps = (size_t)block->steps + 1;
  if (x->labels_of != tarn__trace_serial(x->trace)) {
    tarn__exec_labels_free(x);
    x->labels_of = tarn__trace_serial(x->trace);
  }
  if (!x->label && !(x->label = tarn__alloc_zero(a, blocks * sizeof *x->label))) return -1;
  int **list = &x->label[block->id];
  if (!*list && !(*list = tarn__alloc_zero(a, steps * sizeof **list))) return -1;
  if (!(*list)[at]) (*list)[at] = make(x, block, step, at, binding) + 1;
  return (*list)[at] - 1;
}

void tarn__exec_label_forget(tarn_exec *x, const tarn_block *block, int at) {
  if (x->label && x->label[block->id]) x->label[block->id][at] = 0;
}

void tarn__exec_labels_free(tarn_exec *x) {
  const tarn_allocator *a = x->shared->allocator;
  if (!x->label) return;
  for (int b = 0; b < x->plan->blocks; b++)
    if (x->label[b])
      tarn__free(a, x->label[b], ((size_t)x->plan->block[b]->steps + 1) * sizeof(int));
  tarn__free(a, x->label, (size_t)x->plan->blocks * sizeof *x->label);
  x->label = NULL;
}

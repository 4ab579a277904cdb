#include "tools/explain/placement.h"

#include "core/bytes.h"
#include "graph/exec/device.h"
#include "graph/passes/rewrite.h"
#include "kernels/state/residence.h"

#include <stdlib.h>
#include <string.h>

typedef struct sums {
  int device, host, up, down, constants;
  size_t up_bytes, down_bytes, constant_bytes;   /* of a run of the root; of what stays there */
} sums;

/* ---- variables ----------------------------------------------------------------------------------
 */

/* Those that steps of the device read or write, each once: they live there from run to run. */
typedef struct residents {
  const tarn_node **node;
  int count, room;
  size_t bytes;
  int unknown; /* whose shape the graph does not tell */
} residents;

static void reside(residents *r, const tarn_node *variable) {
  for (int i = 0; i < r->count; i++)
    if (r->node[i] == variable) return;
  if (r->count == r->room) {
    const int room = r->room ? 2 * r->room : 32;
    const tarn_node **larger = realloc(r->node, (size_t)room * sizeof *larger);
    if (!larger) return;
    r->node = larger;
    r->room = room;
  }
  r->node[r->count++] = variable;
  const tarn_attr *shape = tarn__attr_find(&variable->attrs, "shape"),
                  *dtype = tarn__attr_find(&variable->attrs, "dtype");
  const bool known = shape && shape->kind == TARN_ATTR_SHAPE && tarn__shape_known(shape->shape) &&
                     dtype && dtype->kind == TARN_ATTR_TYPE;
  r->unknown += !known;
  if (known)
    r->bytes += tarn__room_bytes((size_t)tarn__shape_elements(shape->shape) *
                                 tarn_dtype_bytes(dtype->type.dtype));
}

static void add_residents(residents *r, const tarn_plan *plan) {
  for (int b = 0; b < plan->blocks; b++)
    for (int at = 0; at < plan->block[b]->steps; at++) {
      const tarn_step *step = &plan->block[b]->step[at];
      if (step->removed || !step->on_device || !step->binding) continue;
      for (int i = 0; i < step->inputs; i++)
        if (step->binding->problem.in_dtype[i] == TARN_RESOURCE &&
            plan->block[b]->value[step->in[i]].variable)
          reside(r, plan->block[b]->value[step->in[i]].variable);
    }
}

static residents residents_of(const tarn_plan *plan) {
  residents r = {0};
  add_residents(&r, plan);
  free(r.node);
  r.node = NULL;
  return r;
}

static const char *first_refusal(const tarn_backend *backend, const tarn_problem *p) {
  tarn_kernel_ref first = {0};
  if (!tarn__backend_next(backend, p->op, &first)) return "no kernel on the device";
  const char *why = tarn__kernel_refusal(first, p);
  return why ? why : "too little to do for a copy there";
}

const char *tarn__placement_reason(const tarn_backend *backend, const tarn_step *step) {
  if (step->on_device) return NULL;
  switch (step->kind) {
    case TARN_STEP_KERNEL: break;
    case TARN_STEP_VIEW:
    case TARN_STEP_PASS:
    case TARN_STEP_GATE: return NULL;
    default: return "control flow";
  }
  if (step->part || step->join) return NULL;
  if (tarn__step_asks_for(step, "CPU")) return "its device string says so";
  if (!step->binding) return "shapes are known when it runs";
  return first_refusal(backend, &step->binding->problem);
}

static void print_block(FILE *to, const tarn_backend *backend, const tarn_block *block) {
  char name[512], op[160], kernel[160];
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    const char *reason = tarn__placement_reason(backend, step);
    if (step->removed) continue;
    const char *op_name = step->op ? step->op->name : step->node ? step->node->op_name : "loop";
    if (step->on_device || reason)
      fprintf(to, "%s (%s): %s%s, %s\n",
              tarn__printable(step->name, strlen(step->name), name, sizeof name),
              tarn__printable(op_name, strlen(op_name), op, sizeof op),
              step->on_device ? backend->info.name : "CPU",
              !step->on_device && tarn__step_asks_for(step, "GPU") ? ", though a GPU was asked for"
                                                                   : "",
              step->on_device ? tarn__kernel_full_name(step->binding->kernel, kernel, sizeof kernel)
                              : reason);
    for (int k = 0; k < step->blocks; k++)
      if (step->block[k]) print_block(to, backend, step->block[k]);
  }
}

void tarn__placement_print(FILE *to, const tarn_backend *backend, const tarn_plan *plan) {
  print_block(to, backend, plan->root);
}

static void add(sums *s, const tarn_block *block, bool root) {
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed) continue;
    for (int k = 0; k < step->blocks; k++)
      if (step->block[k]) add(s, step->block[k], false);
    if (step->kind != TARN_STEP_KERNEL || !step->binding) continue;
    if (!tarn__device_is_copy(step->binding->kernel)) {
      *(step->on_device ? &s->device : &s->host) += 1;
      continue;
    }
    const size_t bytes = tarn__device_staged(&step->binding->problem);
    const tarn_value *to = &block->value[step->out[0]];
    const bool constant = to->storage == TARN_STORE_PREPARED;
    *(constant ? &s->constants : to->on_device ? &s->up : &s->down) += 1;
    if (constant || root)
      *(constant ? &s->constant_bytes : to->on_device ? &s->up_bytes : &s->down_bytes) += bytes;
  }
}

static sums sum(const tarn_plan *plan) {
  sums s = {0};
  add(&s, plan->root, true);
  return s;
}

void tarn__placement_sum_print(FILE *to, const tarn_backend *backend, const tarn_plan *plan) {
  const sums s = sum(plan);
  const double mib = 1048576;
  fprintf(to,
          "placement: %d kernels on %s, %d on the CPU; %d copies up (%.2f MiB a run), %d down "
          "(%.2f MiB), %d constants (%.2f MiB)"
          " kept there; %d recordings; device memory %.2f MiB, lower bound %.2f MiB, scratch %.2f "
          "MiB\n",
          s.device, backend->info.name, s.host, s.up, (double)s.up_bytes / mib, s.down,
          (double)s.down_bytes / mib, s.constants, (double)s.constant_bytes / mib,
          plan->device.recordings, (double)plan->device.arena_bytes / mib,
          (double)plan->device.lower_bound_bytes / mib, (double)plan->device.scratch_bytes / mib);
  const residents r = residents_of(plan);
  if (r.count)
    fprintf(to, "variables on %s: %d, %.2f MiB beside that", backend->info.name, r.count,
            (double)r.bytes / mib);
  if (r.unknown) fprintf(to, ", without %d of a shape that is known when it runs", r.unknown);
  if (r.count) fputc('\n', to);
}

json_t *tarn__placement_sum_json(const tarn_backend *backend, const tarn_plan *plan) {
  const sums s = sum(plan);
  const residents r = residents_of(plan);
  return json_pack("{s:s, s:i, s:i, s:i, s:I, s:i, s:I, s:i, s:I, s:i, s:I, s:I, s:I, s:i, s:I}",
                   "name", backend->info.name, "kernels", s.device, "host_kernels", s.host,
                   "copies_up", s.up, "bytes_up", (json_int_t)s.up_bytes, "copies_down", s.down,
                   "bytes_down", (json_int_t)s.down_bytes, "constants", s.constants,
                   "constant_bytes", (json_int_t)s.constant_bytes, "recordings",
                   plan->device.recordings, "peak_bytes", (json_int_t)plan->device.arena_bytes,
                   "lower_bound_bytes", (json_int_t)plan->device.lower_bound_bytes, "scratch_bytes",
                   (json_int_t)plan->device.scratch_bytes, "variables", r.count, "variable_bytes",
                   (json_int_t)r.bytes);
}

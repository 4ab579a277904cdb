/* The reference kernels of ops without state, and of those that write variables, as kernels of a
 * device: a call is put into the queue, with copies of what it reads in the host's memory. An op in
 * eight stays on the host, so that plans have to copy. */
#include "device.h"

#include "core/hash.h"
#include "graph/op.h"
#include "kernels/run.h"
#include "kernels/state/resources.h"
#include "kernels/state/variable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Inputs that say how, and are the host's. */
static unsigned host_inputs(const char *op) {
  static const struct {
    const char *op;
    unsigned in;
  } rows[] = {
      {"ConcatV2", TARN_LAST_INPUT},
      {"Concat", 1},
      {"Split", 1},
      {"SplitV", 6},
      {"Slice", 6},
      {"StridedSlice", 14},
      {"Transpose", 2},
      {"Pad", 2},
      {"PadV2", 2},
      {"MirrorPad", 2},
      {"Tile", 2},
      {"Sum", 2},
      {"Mean", 2},
      {"Prod", 2},
      {"Max", 2},
      {"Min", 2},
      {"ArgMax", 2},
      {"ArgMin", 2},
      {"GatherV2", 4},
      {"OneHot", 2},
      {"TopKV2", 2},
      {"Cumsum", 2},
      {"Cumprod", 2},
      {"ReverseV2", 2},
      {"ResizeBilinear", 2},
      {"Conv2DBackpropInput", 1},
      {"Conv2DBackpropFilter", 2},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!strcmp(op, rows[i].op)) return rows[i].in;
  return 0;
}

static const tarn_kernel *reference_of(const tarn_problem *p) {
  size_t count;
  const tarn_kernel_ref *rows = tarn__kernels_of(p->op, &count);
  for (size_t i = 0; i < count; i++)
    if (rows[i].file->target == TARN_TARGET_REFERENCE && !tarn__kernel_refusal(rows[i], p))
      return rows[i].kernel;
  return NULL;
}

static const char *supports(const tarn_problem *p) {
  for (int i = 0; i < p->outputs; i++)
    if (!tarn__shape_known(&p->out_shape[i])) return "its shape is found while it runs";
  return reference_of(p) ? NULL : "the reference refuses it too";
}

/* Later than everything else: the device wins wherever it can. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  (void)p;
  (void)m;
  return 0;
}

typedef struct job {
  const tarn_problem *problem;
  const tarn_kernel *kernel;
  tarn_tensor *tensor;            /* inputs, then outputs */
  const tarn_tensor **in;
  tarn_tensor **out;
  void **mine;                    /* copies of host inputs */
  size_t scratch_bytes;
} job;

static void drop(void *argument) {
  job *j = argument;
  for (int i = 0; j->mine && i < j->problem->inputs; i++) free(j->mine[i]);
  free(j->mine);
  free(j->tensor);
  free(j->in);
  free(j->out);
  free(j);
}

/* The reference wants the handle of a variable: here it is of one in the device's memory. */
static tarn_status give_handle(tarn_resources *resources, const tarn_tensor *value, int i,
                               tarn_tensor *handle) {
  char name[16];
  tarn_variable *v;
  const tarn_shape scalar = tarn__shape_scalar();
  snprintf(name, sizeof name, "%d", i);
  TARN_TRY(tarn__variable_get(resources, name, value->dtype, &value->shape, true, &v));
  v->value = *value;   /* borrowed: written in place */
  const tarn_status status =
      tarn__tensor_new(tarn__allocator_default(), TARN_RESOURCE, &scalar, handle);
  if (status != TARN_OK) {
    tarn__object_release(v);
    return status;
  }
  tarn__object_set(handle, 0, v);
  return TARN_OK;
}

static tarn_status run_on_variables(job *j, tarn_call call, tarn_run *run) {
  const tarn_problem *p = j->problem;
  const tarn_allocator *a = tarn__allocator_default();
  tarn_tensor *handle = calloc((size_t)p->inputs + 1, sizeof *handle), out = {0};
  const tarn_tensor **in = calloc((size_t)p->inputs + 1, sizeof *in);
  tarn_tensor *outs[] = {&out};
  tarn_status status = handle && in ? tarn__resources_create(a, &run->resources) : TARN_NO_MEMORY;
  for (int i = 0; i < p->inputs && status == TARN_OK; i++) {
    in[i] = j->in[i];
    if (p->in_dtype[i] != TARN_RESOURCE) continue;
    status = give_handle(run->resources, j->in[i], i, &handle[i]);
    in[i] = &handle[i];
  }
  call.in = in;
  call.out = outs;
  if (status == TARN_OK) status = tarn__kernel_run(j->kernel, &call);
  tarn__tensor_clear(&out);
  for (int i = 0; handle && i < p->inputs; i++) tarn__tensor_clear(&handle[i]);
  tarn__resources_destroy(run->resources);
  free(handle);
  free(in);
  return status;
}

static tarn_status run_job(void *argument) {
  job *j = argument;
  void *scratch = j->scratch_bytes ? aligned_alloc(64, (j->scratch_bytes / 64 + 1) * 64) : NULL;
  if (j->scratch_bytes && !scratch) return test_fail(TARN_NO_MEMORY, "no scratch memory");
  tarn_run run = {.allocator = tarn__allocator_default()};
  const tarn_call call = {
      .problem = j->problem, .in = j->in, .out = j->out, .scratch = scratch, .run = &run};
  const bool variables = j->problem->inputs && j->problem->in_dtype[0] == TARN_RESOURCE;
  const tarn_status status =
      variables ? run_on_variables(j, call, &run) : tarn__kernel_run(j->kernel, &call);
  free(scratch);
  return status == TARN_OK ? TARN_OK : test_fail(status, NULL);
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const size_t n = (size_t)p->inputs, m = (size_t)p->outputs;
  const unsigned host = host_inputs(p->op);
  const tarn_kernel row = {.host_in = host};
  TARN_TRY(test_may_fail("a kernel"));
  job *j = calloc(1, sizeof *j);
  if (!j) return test_fail(TARN_NO_MEMORY, "no memory for a call");
  *j = (job){.problem = p,
             .kernel = reference_of(p),
             .tensor = calloc(n + m + 1, sizeof *j->tensor),
             .in = calloc(n + 1, sizeof *j->in),
             .out = calloc(m + 1, sizeof *j->out),
             .mine = calloc(n + 1, sizeof *j->mine)};
  if (!j->tensor || !j->in || !j->out || !j->mine) goto short_of_memory;
  if (j->kernel->scratch_bytes) j->scratch_bytes = j->kernel->scratch_bytes(p, 1);
  for (int i = 0; i < p->inputs; i++) {
    tarn_tensor *t = &j->tensor[i];
    const size_t bytes = tarn__tensor_bytes(call->in[i]);
    *t = (tarn_tensor){
        .dtype = call->in[i]->dtype, .shape = call->in[i]->shape, .data = call->in[i]->data};
    j->in[i] = t;
    const bool here = tarn__host_input(&row, p->inputs, i);
    if (bytes && memory_holds(t->data, bytes) == here) {
      drop(j);
      return test_fail(TARN_INVALID,
                       here ? "an input is on the device" : "an input is on the host");
    }
    if (!here) continue;
    if (!(j->mine[i] = malloc(bytes + 1))) goto short_of_memory;
    if (bytes) memcpy(j->mine[i], t->data, bytes);
    t->data = j->mine[i];
  }
  for (int k = 0; k < p->outputs; k++) {
    tarn_tensor *t = &j->tensor[p->inputs + k];
    *t = (tarn_tensor){
        .dtype = call->out[k]->dtype, .shape = call->out[k]->shape, .data = call->out[k]->data};
    j->out[k] = t;
    if (t->dtype == TARN_RESOURCE) continue;
    if (tarn__tensor_bytes(t) && !memory_holds(t->data, tarn__tensor_bytes(t))) {
      drop(j);
      return test_fail(TARN_INVALID, "an output is on the host");
    }
  }
  return queue_put(call->queue, run_job, drop, j);
short_of_memory:
  drop(j);
  return test_fail(TARN_NO_MEMORY, "no memory for a call");
}

/* Most of what writes whole variables. */
static bool writes(const char *op) {
  static const char *const not[] = {"ApplyAdagradDA", "ResourceApplyFtrl"};
  for (size_t i = 0; i < sizeof not / sizeof *not; i++)
    if (!strcmp(op, not[i])) return false;
  return !strncmp(op, "Apply", 5) || !strncmp(op, "ResourceApply", 13) ||
         !strncmp(op, "AssignAdd", 9) || !strncmp(op, "AssignSub", 9);
}

/* What only looks at shapes is the host's, and so is what has no inputs or keeps something. */
static bool taken(const char *name) {
  const tarn_op *op = tarn__op_find(name);
  if (writes(name)) return true;
  return op && op->inputs &&
         !(op->flags & (TARN_OP_STATEFUL | TARN_OP_FROM_SHAPES | TARN_OP_CONTROL | TARN_OP_VIEW)) &&
         tarn__hash(1, name, strlen(name)) % 8;
}

const tarn_kernel_file *test_kernels(void) {
  static tarn_kernel_file files[2];
  static tarn_kernel *rows;
  size_t count = 0;
  if (rows) return files;
  for (const tarn_kernel_file *file = tarn__kernel_files; file->rows; file++)
    for (const tarn_kernel *row = file->rows; row->op; row++) count++;
  if (!(rows = calloc(count + 1, sizeof *rows))) return NULL;
  count = 0;
  for (const tarn_kernel_file *file = tarn__kernel_files; file->rows; file++)
    for (const tarn_kernel *row = file->rows; file->target == TARN_TARGET_REFERENCE && row->op;
         row++) {
      bool there = !taken(row->op);
      for (size_t i = 0; i < count && !there; i++) there = !strcmp(rows[i].op, row->op);
      if (!there)
        rows[count++] = (tarn_kernel){.op = row->op,
                                      .supports = supports,
                                      .cost_us = cost_us,
                                      .run = run,
                                      .host_in = host_inputs(row->op)};
    }
  files[0] = (tarn_kernel_file){rows, "reference", TARN_TARGET_CUDA, "tests/device/kernels.c"};
  return files;
}

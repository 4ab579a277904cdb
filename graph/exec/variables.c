/* Steps that read and write variables in the device's memory (kernels/state/variable.h). */
#include "graph/exec/device.h"
#include "kernels/params/state.h"
#include "kernels/state/variable.h"

static tarn_status never(const tarn_call *call) {
  return tarn_fail(TARN_INVALID, "%s is the plan's to run", call->problem->op);
}
static const tarn_kernel read_rows[] = {{.op = "_ReadOnDevice", .run = never, .host_in = 1}, {0}};
static const tarn_kernel assign_rows[] = {
    {.op = "Assign", .run = never}, {.op = "AssignVariableOp", .run = never}, {0}};
static const tarn_kernel_file files[] = {
    {read_rows, "read", TARN_TARGET_CUDA, "kernels/cuda/variable"},
    {assign_rows, "assign", TARN_TARGET_CUDA, "kernels/cuda/variable"},
};

tarn_kernel_ref tarn__device_read_kernel(void) {
  return (tarn_kernel_ref){read_rows, &files[0]};
}
tarn_kernel_ref tarn__device_assign_kernel(void) {
  return (tarn_kernel_ref){assign_rows, &files[1]};
}

bool tarn__device_is_read(const tarn_step *step) {
  return step->on_device && step->binding && step->binding->kernel.kernel == read_rows;
}

bool tarn__device_has_variable(const tarn_step *step) {
  const tarn_binding *b = step->binding;
  return step->on_device && b && b->problem.inputs && b->problem.in_dtype[0] == TARN_RESOURCE;
}

static tarn_status variable_of(const tarn_exec *x, int i, tarn_variable **v) {
  const tarn_tensor *handle = x->in[i];
  tarn_object *object = handle->dtype == TARN_RESOURCE && tarn__tensor_elements(handle) == 1
                            ? tarn__object_get(handle, 0)
                            : NULL;
  if (!object || object->type != &tarn__variable_type)
    return tarn_fail(TARN_INVALID, "input %d is no variable", i);
  *v = (tarn_variable *)object;
  return TARN_OK;
}

/* Those of the handles, by address: all steps lock in one order. */
static tarn_status find(const tarn_exec *x, const tarn_problem *p, tarn_variable **variable,
                        int *input, int *count) {
  for (int i = 0; i < p->inputs; i++) {
    if (p->in_dtype[i] != TARN_RESOURCE) continue;
    tarn_variable *v;
    int at = *count;
    if (at == TARN_HELD_VARIABLES)
      return tarn_fail(TARN_LIMIT, "more than %d variables of one step", at);
    TARN_TRY(variable_of(x, i, &v));
    for (; at > 0 && (uintptr_t)variable[at - 1] > (uintptr_t)v; at--) {
      variable[at] = variable[at - 1];
      input[at] = input[at - 1];
    }
    if (at > 0 && variable[at - 1] == v)
      return tarn_fail(TARN_INVALID, "variable '%s' is both input %d and input %d", v->name,
                       input[at - 1], i);
    variable[at] = v;
    input[at] = i;
    ++*count;
  }
  return TARN_OK;
}

static tarn_status begin_all(tarn_exec *x, const tarn_problem *p, bool reads, tarn_held *held) {
  tarn_variable *variable[TARN_HELD_VARIABLES];
  int input[TARN_HELD_VARIABLES], count = 0;
  TARN_TRY(find(x, p, variable, input, &count));
  for (int k = 0; k < count; k++) {
    bool copies = false;
    tarn_tensor *value = &x->read[input[k]];
    if (reads) { /* what is read stays as it is while the work looks at it, whoever writes */
      x->in[input[k]] = value;
      TARN_TRY(tarn__variable_read_there(variable[k], value));
      continue;
    }
    TARN_TRY(tarn__variable_begin_there(variable[k], x->device->dry, &copies, value));
    held->variable[held->count++] = variable[k];
    x->in[input[k]] = value;
    x->device->spoilt = x->device->spoilt || copies;
  }
  return TARN_OK;
}

tarn_status tarn__exec_variables_begin(tarn_exec *x, const tarn_step *step,
                                       const tarn_binding *binding, tarn_held *held, bool *done) {
  const tarn_kernel *k = binding->kernel.kernel;
  tarn_variable *v;
  held->count = 0;
  *done = k == read_rows || k == assign_rows;
  TARN_TRY(variable_of(x, 0, &v));
  if (k == read_rows) return tarn__variable_read_there(v, x->out[0]);
  if (step->outputs && !k->reads) {
    const tarn_call call = {
        .problem = &binding->problem, .in = x->in, .out = x->out, .run = x->run};
    TARN_TRY(tarn__call_handle(&call, 0, tarn__object_retain(v)));
  }
  if (k == assign_rows) {
    const tarn_assign_params *p = binding->problem.params;
    return tarn__variable_assign_there(v, x->in[1], p->validate_shape, x->device->dry);
  }
  return begin_all(x, &binding->problem, k->reads, held);
}

void tarn__exec_variables_end(tarn_held *held) {
  while (held->count > 0) tarn__variable_end_there(held->variable[--held->count]);
}

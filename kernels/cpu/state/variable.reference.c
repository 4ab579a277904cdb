/* Variables: made on first use, kept by the session's resource table. Input 0 is the handle in both
 * kinds. */
#include "kernels/cpu/state/add.body.h"
#include "kernels/params/state.h"
#include "kernels/state/resources.h"

#include <string.h>

static tarn_status handle(const tarn_call *call, bool is_ref) {
  const tarn_variable_params *p = call->problem->params;
  char stack[512];
  const char *name = call->problem->node;
  char *copy = NULL;
  if (p->shared_name.size) {     /* not zero-terminated */
    copy = p->shared_name.size < sizeof stack
               ? stack
               : tarn__alloc(call->run->allocator, p->shared_name.size + 1);
    if (!copy) return TARN_NO_MEMORY;
    memcpy(copy, p->shared_name.data, p->shared_name.size);
    copy[p->shared_name.size] = 0;
    name = copy;
  }
  tarn_variable *v;
  const tarn_status status =
      tarn__variable_get(call->run->resources, name, p->dtype, &p->shape, is_ref, &v);
  if (copy && copy != stack) tarn__free(call->run->allocator, copy, p->shared_name.size + 1);
  TARN_TRY(status);
  return tarn__call_handle(call, 0, v);
}

static tarn_status ref_handle(const tarn_call *call) { return handle(call, true); }
static tarn_status resource_handle(const tarn_call *call) { return handle(call, false); }

static tarn_status assign(const tarn_call *call) {
  const tarn_assign_params *p = call->problem->params;
  tarn_variable *v;
  TARN_TRY(variable_of(call, &v));
  if (v->dtype != call->in[1]->dtype)
    return tarn_fail(TARN_DTYPE, "variable '%s' is %s, the value %s", v->name,
                     tarn_dtype_name(v->dtype), tarn_dtype_name(call->in[1]->dtype));
  TARN_TRY(tarn__variable_assign(v, call->in[1], p->validate_shape));
  return pass_on(call, v);
}

static tarn_status read_value(const tarn_call *call) {
  const tarn_assign_params *p = call->problem->params;
  tarn_variable *v;
  TARN_TRY(variable_of(call, &v));
  if (v->dtype != p->dtype)
    return tarn_fail(TARN_DTYPE, "variable '%s' is %s, read as %s", v->name,
                     tarn_dtype_name(v->dtype), tarn_dtype_name(p->dtype));
  tarn__tensor_clear(call->out[0]);
  return tarn__variable_read(v, call->out[0]);
}

static bool initialised(tarn_variable *v) {
  pthread_mutex_lock(&v->lock);
  const bool yes = v->value.dtype != TARN_NO_DTYPE;
  pthread_mutex_unlock(&v->lock);
  return yes;
}

static tarn_status is_initialised(const tarn_call *call) {
  tarn_variable *v;
  TARN_TRY(variable_of(call, &v));
  *(bool *)call->out[0]->data = initialised(v);
  return TARN_OK;
}

/* Whether a read shares its memory with the variable is decided at each write. */
static tarn_status accept(const tarn_call *call) {
  tarn_variable *v;
  return variable_of(call, &v);
}

static tarn_status shape(const tarn_call *call) {
  tarn_variable *v;
  tarn_shape s;
  TARN_TRY(variable_of(call, &v));
  TARN_TRY(tarn__variable_shape(v, &s));
  const tarn_shape vector = tarn__shape_vector(s.rank);
  TARN_TRY(tarn__call_allocate(call, 0, &vector));
  for (int i = 0; i < s.rank; i++) {
    if (call->problem->out_dtype[0] == TARN_I64) ((int64_t *)call->out[0]->data)[i] = s.dim[i];
    else ((int32_t *)call->out[0]->data)[i] = (int32_t)s.dim[i];
  }
  return TARN_OK;
}

static tarn_status forget(const tarn_call *call) {
  tarn_variable *v;
  TARN_TRY(variable_of(call, &v));
  tarn__variable_forget(v);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_state_variable_reference[] = {
  {.op = "VariableV2", .name = "variable", .run = ref_handle},
  {.op = "Variable", .name = "variable", .run = ref_handle},
  {.op = "VarHandleOp", .name = "variable", .run = resource_handle},
  {.op = "Assign", .name = "assign", .run = assign},
  ADD_ROWS
  {.op = "ReadVariableOp", .name = "read", .run = read_value},
  {.op = "AssignVariableOp", .name = "assign", .run = assign},
  {.op = "IsVariableInitialized", .name = "is_initialized", .run = is_initialised},
  {.op = "VarIsInitializedOp", .name = "is_initialized", .run = is_initialised},
  {.op = "DisableCopyOnRead", .name = "accept", .run = accept},
  {.op = "VariableShape", .name = "shape", .run = shape},
  {.op = "DestroyResourceOp", .name = "forget", .run = forget},
  {0},
};

/* Stacks; each run makes its own, and it lives as long as its handle. */
#include "kernels/state/arrays/stack.h"

#include "kernels/params/flow.h"
#include "kernels/run.h"

static tarn_status make(const tarn_call *call) {
  const tarn_stack_params *p = call->problem->params;
  tarn_stack *s;
  const int64_t max_size = call->problem->inputs ? tarn__tensor_int(call->in[0], 0) : p->max_size;
  TARN_TRY(tarn__stack_create(call->run->allocator, p->dtype, max_size, &s));
  return tarn__call_handle(call, 0, s);
}

static tarn_status push(const tarn_call *call) {
  void *s;
  TARN_TRY(tarn__call_object(call, 0, &tarn__stack_type, &s));
  tarn_tensor kept;   /* copied at most once: the stack and the output share it */
  TARN_TRY(tarn__tensor_own(call->run->allocator, call->in[1], &kept));
  const tarn_status status = tarn__stack_push(s, &kept);
  if (status != TARN_OK) {
    tarn__tensor_clear(&kept);
    return status;
  }
  tarn__tensor_clear(call->out[0]);
  *call->out[0] = kept;
  return TARN_OK;
}

static tarn_status pop(const tarn_call *call) {
  void *s;
  tarn_tensor value;
  TARN_TRY(tarn__call_object(call, 0, &tarn__stack_type, &s));
  TARN_TRY(tarn__stack_pop(s, &value));
  if (value.dtype != call->problem->out_dtype[0]) {
    const tarn_dtype had = value.dtype;
    tarn__tensor_clear(&value);
    return tarn_fail(TARN_DTYPE, "a stack of %s was read as %s", tarn_dtype_name(had),
                     tarn_dtype_name(call->problem->out_dtype[0]));
  }
  tarn__tensor_clear(call->out[0]);
  *call->out[0] = value;
  return TARN_OK;
}

static tarn_status close_stack(const tarn_call *call) {
  void *s;
  TARN_TRY(tarn__call_object(call, 0, &tarn__stack_type, &s));
  tarn__stack_close(s);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_flow_stack_reference[] = {
  {.op = "StackV2", .run = make},
  {.op = "StackPushV2", .name = "stack_push", .run = push},
  {.op = "StackPopV2", .name = "stack_pop", .run = pop},
  {.op = "StackCloseV2", .name = "stack_close", .run = close_stack},
  {.op = "Stack", .run = make},
  {.op = "StackPush", .name = "stack_push", .run = push},
  {.op = "StackPop", .name = "stack_pop", .run = pop},
  {.op = "StackClose", .name = "stack_close", .run = close_stack},
  {0},
};

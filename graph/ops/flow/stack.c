/* Stacks: what V1 loops keep for their gradients. */
#include "graph/op.h"
#include "kernels/params/flow.h"

static tarn_status stack_parse(const tarn_attrs *attrs, void *params) {
  tarn_stack_params *p = params;
  p->dtype = tarn__attr_type(attrs, "elem_type");
  p->max_size = -1;
  return TARN_OK;
}

static tarn_status stack_infer(tarn_infer *t) {
  if (t->inputs) TARN_TRY(tarn__infer_scalar(t, 0));
  return tarn__infer_scalars(t);
}

static tarn_status push_infer(tarn_infer *t) {
  t->out[0] = t->in[1];
  return TARN_OK;
}

#define MAKE                                                                                  \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_stack_params), .parse = stack_parse, \
  .infer = stack_infer
#define STATE .flags = TARN_OP_STATEFUL

const tarn_op tarn_ops_stack[] = {
    {.name = "StackV2",
     .inputs = "max_size: int32",
     .outputs = "handle: resource",
     .attrs = "elem_type: type; stack_name: string = ''",
     MAKE,
     .formula = "an empty stack of at most max_size tensors"},
    {.name = "StackPushV2",
     .inputs = "handle: resource, elem: T",
     .outputs = "output: T",
     .attrs = "T: type; swap_memory: bool = false",
     STATE,
     .infer = push_infer,
     .formula = "y = elem, kept on the stack"},
    {.name = "StackPopV2",
     .inputs = "handle: resource",
     .outputs = "elem: elem_type",
     .attrs = "elem_type: type",
     STATE,
     .infer = tarn__infer_unknown,
     .formula = "the last tensor, taken off the stack"},
    {.name = "StackCloseV2", .inputs = "handle: resource", STATE, .formula = "drops every tensor"},
    {.name = "Stack",
     .outputs = "handle: Ref(string)",
     .attrs = "elem_type: type; stack_name: string = ''",
     MAKE,
     .formula = "an empty stack"},
    {.name = "StackPush",
     .inputs = "handle: Ref(string), elem: T",
     .outputs = "output: T",
     .attrs = "T: type; swap_memory: bool = false",
     STATE,
     .infer = push_infer,
     .formula = "y = elem, kept on the stack"},
    {.name = "StackPop",
     .inputs = "handle: Ref(string)",
     .outputs = "elem: elem_type",
     .attrs = "elem_type: type",
     STATE,
     .infer = tarn__infer_unknown,
     .formula = "the last tensor, taken off the stack"},
    {.name = "StackClose", .inputs = "handle: Ref(string)", STATE, .formula = "drops every tensor"},
    {0},
};

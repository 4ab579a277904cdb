/* Control flow: TensorFlow 1's frames (Switch to NextIteration, with twins for variables'
 * references), and TensorFlow 2's calls of functions. The session runs them itself; see
 * graph/plan/. */
#include "graph/op.h"
#include "kernels/params/flow.h"

/* Shapes follow from what runs inside, so plans and runs find them. */
#define CONTROL .flags = TARN_OP_CONTROL, .infer = tarn__infer_unknown
#define CONTROL_STATEFUL .flags = TARN_OP_CONTROL | TARN_OP_STATEFUL, .infer = tarn__infer_unknown

#define IF_SIGNATURE                                                            \
  .inputs = "cond: Tcond, input: Tin", .outputs = "output: Tout",               \
  .attrs = "Tcond: type; Tin: list(type) >= 0; Tout: list(type) >= 0;"          \
           "then_branch: func; else_branch: func; output_shapes: list(shape) = []"
#define CASE_SIGNATURE                                                          \
  .inputs = "branch_index: int32, input: Tin", .outputs = "output: Tout",       \
  .attrs = "Tin: list(type) >= 0; Tout: list(type) >= 0;"                       \
           "branches: list(func) >= 1; output_shapes: list(shape) = []"
#define WHILE_SIGNATURE                                                         \
  .inputs = "input: T", .outputs = "output: T",                                 \
  .attrs = "T: list(type) >= 0; cond: func; body: func;"                        \
           "output_shapes: list(shape) = []; parallel_iterations: int = 10"
#define CALL_SIGNATURE                                                          \
  .inputs = "args: Tin", .outputs = "output: Tout",                             \
  .attrs = "Tin: list(type) >= 0; Tout: list(type) >= 0; f: func;"              \
           "config: string = ''; config_proto: string = ''; executor_type: string = ''"
#define ENTER_ATTRS \
  "T: type; frame_name: string; is_constant: bool = false; parallel_iterations: int = 10"

static tarn_status assert_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_print_params *)params)->summarize = tarn__attr_int(attrs, "summarize");
  return TARN_OK;
}

const tarn_op tarn_ops_control[] = {
    {.name = "Switch",
     .inputs = "data: T, pred: bool",
     .outputs = "output_false: T, output_true: T",
     .attrs = "T: type",
     CONTROL,
     .formula = "data goes to output pred; the other is dead"},
    {.name = "RefSwitch",
     .inputs = "data: Ref(T), pred: bool",
     .outputs = "output_false: Ref(T), output_true: Ref(T)",
     .attrs = "T: type",
     CONTROL,
     .formula = "data goes to output pred; the other is dead"},
    {.name = "RefSelect",
     .inputs = "index: int32, inputs: Ref(N * T)",
     .outputs = "output: Ref(T)",
     .attrs = "T: type; N: int >= 1",
     CONTROL,
     .formula = "inputs[index]"},
    {.name = "Merge",
     .inputs = "inputs: N * T",
     .outputs = "output: T, value_index: int32",
     .attrs = "T: type; N: int >= 1",
     CONTROL,
     .formula = "the input that is alive, and which it is"},
    {.name = "RefMerge",
     .inputs = "inputs: Ref(N * T)",
     .outputs = "output: Ref(T), value_index: int32",
     .attrs = "T: type; N: int >= 1",
     CONTROL,
     .formula = "the input that is alive, and which it is"},
    {.name = "Enter",
     .inputs = "data: T",
     .outputs = "output: T",
     .attrs = ENTER_ATTRS,
     CONTROL,
     .formula = "data enters the frame"},
    {.name = "RefEnter",
     .inputs = "data: Ref(T)",
     .outputs = "output: Ref(T)",
     .attrs = ENTER_ATTRS,
     CONTROL,
     .formula = "data enters the frame"},
    {.name = "Exit",
     .inputs = "data: T",
     .outputs = "output: T",
     .attrs = "T: type",
     CONTROL,
     .formula = "data leaves the frame"},
    {.name = "RefExit",
     .inputs = "data: Ref(T)",
     .outputs = "output: Ref(T)",
     .attrs = "T: type",
     CONTROL,
     .formula = "data leaves the frame"},
    {.name = "NextIteration",
     .inputs = "data: T",
     .outputs = "output: T",
     .attrs = "T: type",
     CONTROL,
     .formula = "data goes to the next iteration of the frame"},
    {.name = "RefNextIteration",
     .inputs = "data: Ref(T)",
     .outputs = "output: Ref(T)",
     .attrs = "T: type",
     CONTROL,
     .formula = "data goes to the next iteration of the frame"},
    {.name = "LoopCond",
     .inputs = "input: bool",
     .outputs = "output: bool",
     CONTROL,
     .formula = "whether the frame goes on"},
    {.name = "RefIdentity",
     .inputs = "input: Ref(T)",
     .outputs = "output: Ref(T)",
     .attrs = "T: type",
     CONTROL,
     .formula = "y = x"},
    {.name = "If",
     IF_SIGNATURE,
     CONTROL_STATEFUL,
     .formula = "cond ? then_branch(input) : else_branch(input)"},
    {.name = "StatelessIf",
     IF_SIGNATURE,
     CONTROL,
     .formula = "cond ? then_branch(input) : else_branch(input)"},
    {.name = "_If",
     IF_SIGNATURE,
     CONTROL_STATEFUL,
     .formula = "If, as TensorFlow's own passes write it"},
    {.name = "Case",
     CASE_SIGNATURE,
     CONTROL_STATEFUL,
     .formula = "branches[branch_index](input), the last one when the index is outside"},
    {.name = "StatelessCase",
     CASE_SIGNATURE,
     CONTROL,
     .formula = "branches[branch_index](input), the last one when the index is outside"},
    {.name = "While", WHILE_SIGNATURE, CONTROL_STATEFUL, .formula = "while cond(x): x = body(x)"},
    {.name = "StatelessWhile", WHILE_SIGNATURE, CONTROL, .formula = "while cond(x): x = body(x)"},
    {.name = "_While",
     WHILE_SIGNATURE,
     CONTROL_STATEFUL,
     .formula = "While, as TensorFlow's own passes write it"},
    {.name = "PartitionedCall", CALL_SIGNATURE, CONTROL, .formula = "f(args)"},
    {.name = "StatefulPartitionedCall", CALL_SIGNATURE, CONTROL_STATEFUL, .formula = "f(args)"},
    {.name = "Assert",
     .inputs = "condition: bool, data: T",
     .attrs = "T: list(type); summarize: int = 3",
     .flags = TARN_OP_STATEFUL,
     .params_bytes = sizeof(tarn_print_params),
     .parse = assert_parse,
     .infer = tarn__infer_scalars,
     .formula = "fails the run unless condition",
     .cases = {"condition=bool(true) data=f32[3]"}},
    {0},
};

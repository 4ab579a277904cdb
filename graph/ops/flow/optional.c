/* Optionals: some tensors, or none, in a variant. */
#include "graph/op.h"

#define STATE .flags = TARN_OP_NEVER_FOLD

const tarn_op tarn_ops_optional[] = {
    {.name = "OptionalFromValue",
     .inputs = "components: Toutput_types",
     .outputs = "optional: variant",
     .attrs = "Toutput_types: list(type) >= 1",
     STATE,
     .infer = tarn__infer_scalars,
     .formula = "an optional of these tensors"},
    {.name = "OptionalNone",
     .outputs = "optional: variant",
     STATE,
     .infer = tarn__infer_scalars,
     .formula = "an optional of nothing"},
    {.name = "OptionalHasValue",
     .inputs = "optional: variant",
     .outputs = "has_value: bool",
     .infer = tarn__infer_scalars,
     .formula = "is there a value?"},
    {.name = "OptionalGetValue",
     .inputs = "optional: variant",
     .outputs = "components: output_types",
     .attrs = "output_types: list(type) >= 1; output_shapes: list(shape) >= 1",
     .infer = tarn__infer_unknown,
     .formula = "the tensors of an optional that has them"},
    {0},
};

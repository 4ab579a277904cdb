/* Copies between the host's memory and a device's, and variables that live there, which plans hold
 * and no graph does: graph/plan/device/. */
#include "graph/op.h"

const tarn_op tarn_ops_device[] = {
    {.name = "_Upload",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: type",
     .flags = TARN_OP_NEVER_FOLD,
     .formula = "output = input, in the device's memory"},
    {.name = "_Download",
     .inputs = "input: T",
     .outputs = "output: T",
     .attrs = "T: type",
     .flags = TARN_OP_NEVER_FOLD,
     .formula = "output = input, in the host's memory"},
    {.name = "_ReadOnDevice",
     .inputs = "resource: resource",
     .outputs = "value: dtype",
     .attrs = "dtype: type",
     .flags = TARN_OP_STATEFUL,
     .formula = "the variable's value, where it is in the device's memory"},
    {0},
};

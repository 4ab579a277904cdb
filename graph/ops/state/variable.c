/* Variables of both kinds: ref (VariableV2) and resource (VarHandleOp), and what sets and reads
 * them. */
#include "graph/op.h"
#include "kernels/params/state.h"

static tarn_status variable_parse(const tarn_attrs *attrs, void *params) {
  tarn_variable_params *p = params;
  p->dtype = tarn__attr_type(attrs, "dtype");
  p->shape = *tarn__attr_shape(attrs, "shape");
  p->shared_name = tarn__attr_string(attrs, "shared_name");
  if (p->dtype == TARN_RESOURCE || p->dtype == TARN_VARIANT)
    return tarn_fail(TARN_DTYPE, "a variable of %s", tarn_dtype_name(p->dtype));
  return TARN_OK;
}

static tarn_status assign_parse(const tarn_attrs *attrs, void *params) {
  tarn_assign_params *p = params;
  p->dtype = tarn__attr_type(attrs, "T");
  p->validate_shape =
      tarn__attr_find(attrs, "validate_shape") ? tarn__attr_bool(attrs, "validate_shape") : true;
  return TARN_OK;
}

static tarn_status resource_parse(const tarn_attrs *attrs, void *params) {
  tarn_assign_params *p = params;
  p->dtype = tarn__attr_type(attrs, "dtype");
  p->validate_shape =
      tarn__attr_find(attrs, "validate_shape") && tarn__attr_bool(attrs, "validate_shape");
  return TARN_OK;
}

#define DECLARED "shape: shape; dtype: type; container: string = ''; shared_name: string = ''"
#define VARIABLE                                                           \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_variable_params), \
  .parse = variable_parse, .infer = tarn__infer_scalars
#define ASSIGN \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_assign_params), .parse = assign_parse
#define RESOURCE \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_assign_params), .parse = resource_parse

const tarn_op tarn_ops_variable[] = {
    {.name = "VariableV2",
     .outputs = "ref: Ref(dtype)",
     .attrs = DECLARED,
     VARIABLE,
     .formula = "the variable named shared_name, or as the node"},
    {.name = "Variable",
     .outputs = "ref: Ref(dtype)",
     .attrs = DECLARED,
     VARIABLE,
     .formula = "VariableV2 of older graphs"},
    {.name = "VarHandleOp",
     .outputs = "resource: resource",
     .attrs = "container: string = ''; shared_name: string = ''; dtype: type; shape: shape; "
              "allowed_devices: list(string) = []",
     VARIABLE,
     .formula = "a handle on the variable named shared_name, or as the node"},
    {.name = "Assign",
     .inputs = "ref: Ref(T), value: T",
     .outputs = "output_ref: Ref(T)",
     .attrs = "T: type; validate_shape: bool = true; use_locking: bool = true",
     ASSIGN,
     .formula = "ref = value"},
    {.name = "AssignAdd",
     .inputs = "ref: Ref(T), value: T",
     .outputs = "output_ref: Ref(T)",
     .attrs = "T: numbertype; use_locking: bool = false",
     ASSIGN,
     .formula = "ref += value"},
    {.name = "AssignSub",
     .inputs = "ref: Ref(T), value: T",
     .outputs = "output_ref: Ref(T)",
     .attrs = "T: numbertype; use_locking: bool = false",
     ASSIGN,
     .formula = "ref -= value"},
    {.name = "ReadVariableOp",
     .inputs = "resource: resource",
     .outputs = "value: dtype",
     .attrs = "dtype: type",
     RESOURCE,
     .infer = tarn__infer_unknown,
     .formula = "the variable's value"},
    {.name = "AssignVariableOp",
     .inputs = "resource: resource, value: dtype",
     .attrs = "dtype: type; validate_shape: bool = false",
     RESOURCE,
     .formula = "variable = value"},
    {.name = "AssignAddVariableOp",
     .inputs = "resource: resource, value: dtype",
     .attrs = "dtype: type",
     RESOURCE,
     .formula = "variable += value"},
    {.name = "AssignSubVariableOp",
     .inputs = "resource: resource, value: dtype",
     .attrs = "dtype: type",
     RESOURCE,
     .formula = "variable -= value"},
    {.name = "IsVariableInitialized",
     .inputs = "ref: Ref(dtype)",
     .outputs = "is_initialized: bool",
     .attrs = "dtype: type",
     .flags = TARN_OP_STATEFUL,
     .infer = tarn__infer_scalars,
     .formula = "has the variable a value?"},
    {.name = "VarIsInitializedOp",
     .inputs = "resource: resource",
     .outputs = "is_initialized: bool",
     .flags = TARN_OP_STATEFUL,
     .infer = tarn__infer_scalars,
     .formula = "has the variable a value?"},
    {.name = "DisableCopyOnRead",
     .inputs = "resource: resource",
     .flags = TARN_OP_STATEFUL,
     .formula = "nothing: how a variable is read follows from who else holds it"},
    {.name = "VariableShape",
     .inputs = "input: resource",
     .outputs = "output: out_type",
     .attrs = "out_type: {int32, int64} = DT_INT32",
     .flags = TARN_OP_STATEFUL,
     .infer = tarn__infer_unknown,
     .formula = "the shape of the variable's value"},
    {.name = "DestroyResourceOp",
     .inputs = "resource: resource",
     .attrs = "ignore_lookup_error: bool = true",
     .flags = TARN_OP_STATEFUL,
     .formula = "forgets the variable's value"},
    {0},
};

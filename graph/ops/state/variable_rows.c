/* Rows and elements of variables: written, combined, read by index; counters; variables of one
 * run. */
#include "graph/op.h"
#include "kernels/params/state.h"

static tarn_status temporary_end_parse(const tarn_attrs *attrs, void *params) {
  *(tarn_string *)params = tarn__attr_string(attrs, "var_name");
  return TARN_OK;
}

static tarn_status temporary_parse(const tarn_attrs *attrs, void *params) {
  tarn_variable_params *p = params;
  p->dtype = tarn__attr_type(attrs, "dtype");
  p->shape = *tarn__attr_shape(attrs, "shape");
  p->shared_name = tarn__attr_string(attrs, "var_name");
  if (p->dtype == TARN_RESOURCE || p->dtype == TARN_VARIANT)
    return tarn_fail(TARN_DTYPE, "a variable of %s", tarn_dtype_name(p->dtype));
  if (!tarn__shape_known(&p->shape) || p->shape.rank < 0)
    return tarn_fail(TARN_SHAPE, "a temporary variable needs a full shape");
  return TARN_OK;
}

static tarn_status gather_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_rows_params *)params)->batch_dims = tarn__attr_int(attrs, "batch_dims");
  return TARN_OK;
}

static tarn_status limit_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_rows_params *)params)->limit = tarn__attr_int(attrs, "limit");
  return TARN_OK;
}

#define STATE .flags = TARN_OP_STATEFUL
#define ROWS .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_rows_params)

/* KINDS: the dtypes of the operator. */
#define SCATTER(OP, KINDS, FORMULA)                                                             \
  {.name = "Scatter" OP,                                                                        \
   .inputs = "ref: Ref(T), indices: Tindices, updates: T",                                      \
   .outputs = "output_ref: Ref(T)",                                                             \
   .attrs = "T: " KINDS "; Tindices: {int32, int64}; use_locking: bool = false",                \
   STATE,                                                                                       \
   .infer = tarn__infer_scalars,                                                                \
   .formula = FORMULA},                                                                         \
  {                                                                                             \
    .name = "ResourceScatter" OP,                                                               \
    .inputs = "resource: resource, indices: Tindices, updates: dtype",                          \
    .attrs = "dtype: " KINDS "; Tindices: {int32, int64}", STATE, .infer = tarn__infer_scalars, \
    .formula = FORMULA                                                                          \
  }
#define SCATTER_ND(OP, KINDS, FORMULA)                                                        \
  {.name = "ScatterNd" OP,                                                                    \
   .inputs = "ref: Ref(T), indices: Tindices, updates: T",                                    \
   .outputs = "output_ref: Ref(T)",                                                           \
   .attrs = "T: " KINDS "; Tindices: {int32, int64}; use_locking: bool = false",              \
   STATE,                                                                                     \
   .infer = tarn__infer_scalars,                                                              \
   .formula = FORMULA},                                                                       \
  {                                                                                           \
    .name = "ResourceScatterNd" OP, .inputs = "ref: resource, indices: Tindices, updates: T", \
    .attrs = "T: " KINDS "; Tindices: {int32, int64}; use_locking: bool = true", STATE,       \
    .infer = tarn__infer_scalars, .formula = FORMULA                                          \
  }

const tarn_op tarn_ops_variable_rows[] = {
    SCATTER("Update", "type", "ref[indices[i]] = updates[i]"),
    SCATTER("Add", "numbertype", "ref[indices[i]] += updates[i]"),
    SCATTER("Sub", "numbertype", "ref[indices[i]] -= updates[i]"),
    SCATTER("Mul", "numbertype", "ref[indices[i]] *= updates[i]"),
    SCATTER("Div", "numbertype", "ref[indices[i]] /= updates[i]"),
    SCATTER("Min", "numbertype", "ref[indices[i]] = min(ref[indices[i]], updates[i])"),
    SCATTER("Max", "numbertype", "ref[indices[i]] = max(ref[indices[i]], updates[i])"),
    SCATTER_ND("Update", "type", "ref[indices[i, :]] = updates[i]"),
    SCATTER_ND("Add", "{numbertype, bool}", "ref[indices[i, :]] += updates[i]"),
    SCATTER_ND("Sub", "{numbertype, bool}", "ref[indices[i, :]] -= updates[i]"),
    SCATTER_ND("Min", "numbertype", "ref[indices[i, :]] = min(ref[indices[i, :]], updates[i])"),
    SCATTER_ND("Max", "numbertype", "ref[indices[i, :]] = max(ref[indices[i, :]], updates[i])"),
    {.name = "ResourceGather",
     .inputs = "resource: resource, indices: Tindices",
     .outputs = "output: dtype",
     .attrs = "batch_dims: int = 0; validate_indices: bool = true; dtype: type; Tindices: {int32, "
              "int64}",
     ROWS,
     .parse = gather_parse,
     .infer = tarn__infer_unknown,
     .formula = "y[i] = variable[indices[i]]"},
    {.name = "ResourceGatherNd",
     .inputs = "resource: resource, indices: Tindices",
     .outputs = "output: dtype",
     .attrs = "dtype: type; Tindices: {int32, int64}",
     STATE,
     .infer = tarn__infer_unknown,
     .formula = "y[i] = variable[indices[i, :]]"},
    {.name = "CountUpTo",
     .inputs = "ref: Ref(T)",
     .outputs = "output: T",
     .attrs = "limit: int; T: {int32, int64}",
     ROWS,
     .parse = limit_parse,
     .infer = tarn__infer_scalars,
     .formula = "ref++, refused from limit on"},
    {.name = "ResourceCountUpTo",
     .inputs = "resource: resource",
     .outputs = "output: T",
     .attrs = "limit: int; T: {int32, int64}",
     ROWS,
     .parse = limit_parse,
     .infer = tarn__infer_scalars,
     .formula = "variable++, refused from limit on"},
    {.name = "TemporaryVariable",
     .outputs = "ref: Ref(dtype)",
     .attrs = "shape: shape; dtype: type; var_name: string = ''",
     STATE,
     .params_bytes = sizeof(tarn_variable_params),
     .parse = temporary_parse,
     .infer = tarn__infer_scalars,
     .formula = "a variable for this run alone"},
    {.name = "DestroyTemporaryVariable",
     .inputs = "ref: Ref(T)",
     .outputs = "value: T",
     .attrs = "T: type; var_name: string",
     STATE,
     .params_bytes = sizeof(tarn_string),
     .parse = temporary_end_parse,
     .infer = tarn__infer_unknown,
     .formula = "the last value of a temporary variable"},
    {0},
};

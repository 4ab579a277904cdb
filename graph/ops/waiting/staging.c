/* Staging areas: tuples in their order (Stage), or by key (MapStage; OrderedMapStage, whose
 * smallest key is the first). */
#include "graph/op.h"
#include "kernels/params/waiting.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_staging_params *p = params;
  const tarn_attr *types = tarn__attr_list(attrs, "dtypes");
  p->shared_name = tarn__attr_string(attrs, "shared_name");
  p->capacity = tarn__attr_int(attrs, "capacity");
  p->memory_limit = tarn__attr_int(attrs, "memory_limit");
  p->components = (int)types->list.count;
  p->dtypes = types->list.type;
  return TARN_OK;
}

static tarn_status first_scalar_infer(tarn_infer *t) { return tarn__infer_scalar(t, 0); }

static tarn_status any_infer(tarn_infer *t) {
  t->out[0] = tarn__shape_scalar();
  return TARN_OK;
}

#define BOUNDS "capacity: int >= 0 = 0; memory_limit: int >= 0 = 0; "
#define NAMES "; container: string = ''; shared_name: string = ''"
#define ATTRS BOUNDS "dtypes: list(type) >= 1" NAMES
#define LOOSE BOUNDS "dtypes: list(type)" NAMES
#define STATE .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_staging_params), .parse = parse

#define MAP_OPS(M, which)                                                                 \
  {.name = M "Stage",                                                                     \
   .inputs = "key: int64, indices: int32, values: fake_dtypes",                           \
   .attrs = LOOSE "; fake_dtypes: list(type) >= 1",                                       \
   STATE,                                                                                 \
   .infer = first_scalar_infer,                                                           \
   .formula = "the components that indices name, of the tuple of a key; waits for room"}, \
      {.name = M "Unstage",                                                               \
       .inputs = "key: int64, indices: int32",                                            \
       .outputs = "values: dtypes",                                                       \
       .attrs = ATTRS,                                                                    \
       STATE,                                                                             \
       .infer = first_scalar_infer,                                                       \
       .formula = "takes components of a key's tuple; waits for it"},                     \
      {.name = M "UnstageNoKey",                                                          \
       .inputs = "indices: int32",                                                        \
       .outputs = "key: int64, values: dtypes",                                           \
       .attrs = ATTRS,                                                                    \
       STATE,                                                                             \
       .infer = any_infer,                                                                \
       .formula = "takes components of " which "; waits for one"},                        \
      {.name = M "Peek",                                                                  \
       .inputs = "key: int64, indices: int32",                                            \
       .outputs = "values: dtypes",                                                       \
       .attrs = ATTRS,                                                                    \
       STATE,                                                                             \
       .infer = first_scalar_infer,                                                       \
       .formula = "components of a key's tuple, which stays; waits for it"},              \
      {.name = M "Size",                                                                  \
       .outputs = "size: int32",                                                          \
       .attrs = LOOSE,                                                                    \
       STATE,                                                                             \
       .infer = tarn__infer_scalars,                                                      \
       .formula = "how many whole tuples there are"},                                     \
      {.name = M "IncompleteSize",                                                        \
       .outputs = "size: int32",                                                          \
       .attrs = LOOSE,                                                                    \
       STATE,                                                                             \
       .infer = tarn__infer_scalars,                                                      \
       .formula = "how many tuples there are in part"},                                   \
  {                                                                                       \
    .name = M "Clear", .attrs = LOOSE, STATE, .formula = "removes all tuples"             \
  }

const tarn_op tarn_ops_staging[] = {
    {.name = "Stage",
     .inputs = "values: dtypes",
     .attrs = ATTRS,
     STATE,
     .formula = "one more tuple; waits for room"},
    {.name = "Unstage",
     .outputs = "values: dtypes",
     .attrs = ATTRS,
     STATE,
     .infer = tarn__infer_unknown,
     .formula = "takes the first tuple; waits for one"},
    {.name = "StagePeek",
     .inputs = "index: int32",
     .outputs = "values: dtypes",
     .attrs = ATTRS,
     STATE,
     .infer = first_scalar_infer,
     .formula = "the tuple at that place, which stays; waits for it"},
    {.name = "StageSize",
     .outputs = "size: int32",
     .attrs = LOOSE,
     STATE,
     .infer = tarn__infer_scalars,
     .formula = "how many tuples there are"},
    {.name = "StageClear", .attrs = LOOSE, STATE, .formula = "removes all tuples"},
    MAP_OPS("Map", "any tuple"),
    MAP_OPS("OrderedMap", "the tuple of the smallest key"),
    {0},
};

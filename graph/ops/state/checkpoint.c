/* Saving and restoring from inside a graph, as TensorFlow's Saver writes it. Files are reached only
 * where the session allows it. */
#include "graph/op.h"
#include "kernels/params/state.h"

static tarn_status restore_list_parse(const tarn_attrs *attrs, void *params) {
  tarn_restore_params *p = params;
  const tarn_attr *dtypes = tarn__attr_list(attrs, "dtypes");
  p->count = (int)dtypes->list.count;
  p->dtypes = dtypes->list.type;
  return TARN_OK;
}

/* Restore and RestoreSlice give one tensor: the attribute itself is the list of one. */
static tarn_status restore_one_parse(const tarn_attrs *attrs, void *params) {
  tarn_restore_params *p = params;
  p->count = 1;
  p->dtypes = &tarn__attr_find(attrs, "dt")->type.dtype;
  return TARN_OK;
}

static tarn_status restore_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 0));
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_same(t, 1, 2));
  if (t->in[1].dim[0] != t->outputs)
    return tarn_fail(TARN_SHAPE, "%lld names for %d outputs", (long long)t->in[1].dim[0],
                     t->outputs);
  return TARN_OK;
}

static tarn_status restore_one_infer(tarn_infer *t) {
  for (int i = 0; i < t->inputs; i++)
    if (tarn__shape_elements(&t->in[i]) != 1)
      return tarn_fail(TARN_SHAPE, "input %d must be one string", i);
  return TARN_OK;
}

static tarn_status save_infer(tarn_infer *t) {
  const bool slices = t->op->name[4] != 0;   /* SaveV2, SaveSlices; Save has none */
  const int first = slices ? 3 : 2;
  TARN_TRY(tarn__infer_scalar(t, 0));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (slices) TARN_TRY(tarn__infer_same(t, 1, 2));
  if (t->in[1].dim[0] != t->inputs - first)
    return tarn_fail(TARN_SHAPE, "%lld names for %d tensors", (long long)t->in[1].dim[0],
                     t->inputs - first);
  return TARN_OK;
}

static tarn_status merge_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  return tarn__infer_scalar(t, 1);
}

static tarn_status sharded_infer(tarn_infer *t) {
  for (int i = 0; i < t->inputs; i++) TARN_TRY(tarn__infer_scalar(t, i));
  t->out[0] = tarn__shape_scalar();
  return TARN_OK;
}

static tarn_status merge_parse(const tarn_attrs *attrs, void *params) {
  *(bool *)params = tarn__attr_bool(attrs, "delete_old_dirs");
  return TARN_OK;
}

#define STATE .flags = TARN_OP_STATEFUL
#define RESTORED .params_bytes = sizeof(tarn_restore_params)

const tarn_op tarn_ops_checkpoint[] = {
    {.name = "RestoreV2",
     .inputs = "prefix: string, tensor_names: string, shape_and_slices: string",
     .outputs = "tensors: dtypes",
     .attrs = "dtypes: list(type) >= 1",
     STATE,
     RESTORED,
     .parse = restore_list_parse,
     .infer = restore_infer,
     .formula = "tensors of a checkpoint"},
    {.name = "Restore",
     .inputs = "file_pattern: string, tensor_name: string",
     .outputs = "tensor: dt",
     .attrs = "dt: type; preferred_shard: int = -1",
     STATE,
     RESTORED,
     .parse = restore_one_parse,
     .infer = restore_one_infer,
     .formula = "a tensor of a checkpoint"},
    {.name = "RestoreSlice",
     .inputs = "file_pattern: string, tensor_name: string, shape_and_slice: string",
     .outputs = "tensor: dt",
     .attrs = "dt: type; preferred_shard: int = -1",
     STATE,
     RESTORED,
     .parse = restore_one_parse,
     .infer = restore_one_infer,
     .formula = "a slice of a tensor of a checkpoint"},
    {.name = "SaveV2",
     .inputs = "prefix: string, tensor_names: string, shape_and_slices: string, tensors: dtypes",
     .attrs = "dtypes: list(type) >= 1",
     STATE,
     .infer = save_infer,
     .formula = "writes a V2 checkpoint"},
    {.name = "Save",
     .inputs = "filename: string, tensor_names: string, data: T",
     .attrs = "T: list(type) >= 1",
     STATE,
     .infer = save_infer,
     .formula = "writes a V1 checkpoint"},
    {.name = "SaveSlices",
     .inputs = "filename: string, tensor_names: string, shapes_and_slices: string, data: T",
     .attrs = "T: list(type) >= 1",
     STATE,
     .infer = save_infer,
     .formula = "writes slices to a V1 checkpoint"},
    {.name = "MergeV2Checkpoints",
     .inputs = "checkpoint_prefixes: string, destination_prefix: string",
     .attrs = "delete_old_dirs: bool = true; allow_missing_files: bool = false",
     STATE,
     .params_bytes = sizeof(bool),
     .parse = merge_parse,
     .infer = merge_infer,
     .formula = "joins the shards of a V2 checkpoint"},
    {.name = "ShardedFilename",
     .inputs = "basename: string, shard: int32, num_shards: int32",
     .outputs = "filename: string",
     .infer = sharded_infer,
     .formula = "basename-SSSSS-of-NNNNN"},
    {.name = "ShardedFilespec",
     .inputs = "basename: string, num_shards: int32",
     .outputs = "filename: string",
     .infer = sharded_infer,
     .formula = "basename-\?\?\?\?\?-of-NNNNN"},
    {0},
};

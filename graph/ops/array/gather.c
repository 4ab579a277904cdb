/* Rows picked by index. */
#include "graph/op.h"
#include "kernels/params/array.h"

static tarn_status gather_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_gather_params *)params)->batch_dims = tarn__attr_int(attrs, "batch_dims");
  return TARN_OK;
}

static tarn_status gather_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  int64_t dims[2 * TARN_MAX_RANK];
  int rank = t->in[1].rank;
  for (int d = 0; d < rank; d++) dims[d] = t->in[1].dim[d];
  for (int d = 1; d < t->in[0].rank; d++) dims[rank++] = t->in[0].dim[d];
  return tarn__shape_make(rank, dims, &t->out[0]);
}

static tarn_status gather_v2_infer(tarn_infer *t) {
  const tarn_gather_params *p = t->params;
  const tarn_shape *x = &t->in[0], *indices = &t->in[1];
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_scalar(t, 2));
  if (p->batch_dims < -indices->rank || p->batch_dims > indices->rank)
    return tarn_fail(TARN_INVALID, "batch_dims %lld for indices of rank %d",
                     (long long)p->batch_dims, indices->rank);
  if (!t->value[2]) return TARN_OK;
  int axis, rank = 0,
            batch = (int)(p->batch_dims < 0 ? p->batch_dims + indices->rank : p->batch_dims);
  TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 2, 0), x->rank, &axis));
  if (batch >= x->rank || batch > axis)
    return tarn_fail(TARN_INVALID, "batch_dims %d, axis %d and rank %d do not fit", batch, axis,
                     x->rank);
  int64_t dims[2 * TARN_MAX_RANK];
  for (int d = 0; d < batch; d++)
    if (x->dim[d] != indices->dim[d])
      return tarn_fail(TARN_SHAPE, "dim %d of params and indices differs: %lld and %lld", d,
                       (long long)x->dim[d], (long long)indices->dim[d]);
  for (int d = 0; d < axis; d++) dims[rank++] = x->dim[d];
  for (int d = batch; d < indices->rank; d++) dims[rank++] = indices->dim[d];
  for (int d = axis + 1; d < x->rank; d++) dims[rank++] = x->dim[d];
  return tarn__shape_make(rank, dims, &t->out[0]);
}

static tarn_status bad_indices_parse(const tarn_attrs *attrs, void *params) {
  tarn_string policy = tarn__attr_string(attrs, "bad_indices_policy");
  ((tarn_bad_indices_params *)params)->ignore =
      tarn__attr_is(attrs, "bad_indices_policy", "IGNORE");
  if (policy.size && !tarn__attr_is(attrs, "bad_indices_policy", "DEFAULT") &&
      !tarn__attr_is(attrs, "bad_indices_policy", "ERROR") &&
      !((tarn_bad_indices_params *)params)->ignore)
    return tarn_fail(TARN_INVALID, "bad_indices_policy must be '', 'DEFAULT', 'ERROR' or 'IGNORE'");
  return TARN_OK;
}

static tarn_status gather_nd_infer(tarn_infer *t) {
  const tarn_shape *x = &t->in[0], *indices = &t->in[1];
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 1));
  int64_t depth = indices->dim[indices->rank - 1], dims[2 * TARN_MAX_RANK];
  if (depth > x->rank)
    return tarn_fail(TARN_SHAPE, "indices of %lld numbers into a tensor of rank %d",
                     (long long)depth, x->rank);
  int64_t tuples = 1;
  for (int d = 0; d < indices->rank - 1; d++) tuples *= indices->dim[d] > 0; /* is there any? */
  if (tuples && tarn__shape_elements(x) == 0)
    return tarn_fail(TARN_SHAPE, "indices into params, which are empty");
  int rank = 0;
  for (int d = 0; d < indices->rank - 1; d++) dims[rank++] = indices->dim[d];
  for (int d = (int)depth; d < x->rank; d++) dims[rank++] = x->dim[d];
  return tarn__shape_make(rank, dims, &t->out[0]);
}

/* [steps, batch, beams] twice, a length for each batch entry, and a scalar. */
static tarn_status tree_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 3));
  TARN_TRY(tarn__infer_same(t, 0, 1));
  TARN_TRY(tarn__infer_vector(t, 2));
  TARN_TRY(tarn__infer_scalar(t, 3));
  t->out[0] = t->in[0];
  if (t->in[2].dim[0] == t->in[0].dim[1]) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "max_sequence_lengths has %lld numbers for a batch of %lld",
                   (long long)t->in[2].dim[0], (long long)t->in[0].dim[1]);
}

#define TREE                                                                         \
  .inputs = "step_ids: T, parent_ids: T, max_sequence_lengths: int32, end_token: T", \
  .outputs = "beams: T", .attrs = "T: {int32}", .infer = tree_infer,                 \
  .formula =                                                                         \
      "beams from their last step back through parent_ids; end_token behind the "    \
      "first one"

const tarn_op tarn_ops_gather[] = {
    {.name = "Gather",
     .inputs = "params: Tparams, indices: Tindices",
     .outputs = "output: Tparams",
     .attrs = "validate_indices: bool = true; Tparams: type; Tindices: {int32, int64}",
     .infer = gather_infer,
     .formula = "output[i.., ..] = params[indices[i..], ..]",
     .cases = {"params=T[7x3] indices=i32[5]:0..6", "params=T[7] indices=i64[2x3]:0..6",
               "params=T[7x3] indices=i32[0]", "params=T[5000x200] indices=i32[64]:0..4999"}},
    {.name = "GatherV2",
     .inputs = "params: Tparams, indices: Tindices, axis: Taxis",
     .outputs = "output: Tparams",
     .attrs = "batch_dims: int = 0; Tparams: type; Tindices: {int16, int32, int64}; Taxis: {int32, "
              "int64}",
     .params_bytes = sizeof(tarn_gather_params),
     .parse = gather_parse,
     .infer = gather_v2_infer,
     .formula = "output[a.., i.., b..] = params[a.., indices[i..], b..] along the axis, per batch",
     .cases = {"params=T[7x3] indices=i32[5]:0..6 axis=i32(0)",
               "params=T[2x7x3] indices=i64[2x3]:0..6 axis=i32(1)",
               "params=T[2x7x3] indices=i32[2x3]:0..6 axis=i32(1) batch_dims=1",
               "params=T[7x3] indices=i32[]:0..2 axis=i32(-1)",
               "params=T[2x5x3] indices=i32[2x4]:0..2 axis=i32(2) batch_dims=-1",
               "params=T[0x3] indices=i32[0] axis=i32(0)",
               "params=T[5000x200] indices=i32[64]:0..4999 axis=i32(0)"}},
    {.name = "GatherNd",
     .inputs = "params: Tparams, indices: Tindices",
     .outputs = "output: Tparams",
     .attrs = "Tparams: type; Tindices: {int16, int32, int64}; bad_indices_policy: string = ''",
     .params_bytes = sizeof(tarn_bad_indices_params),
     .parse = bad_indices_parse,
     .infer = gather_nd_infer,
     .formula = "output[i.., ..] = params[indices[i.., 0], .., indices[i.., K-1], ..]",
     .cases = {"params=T[5x4x3] indices=i32[7x2]:0..3", "params=T[5x4] indices=i64[2x3x2]:0..3",
               "params=T[5] indices=i32[4x0]", "params=T[5x4] indices=i32[0x1]"}},
    /* tf.contrib.seq2seq's, and of TensorFlow Addons: what beam search ends in. */
    {.name = "GatherTree",
     TREE,
     .cases = {"step_ids=i32[3x2x4]:1..9 parent_ids=i32[3x2x4]:0..3 "
               "max_sequence_lengths=i32{3,2} end_token=i32(2)",
               "step_ids=i32[0x2x4] parent_ids=i32[0x2x4] max_sequence_lengths=i32{1,0} "
               "end_token=i32(2)"}},
    {.name = "Addons>GatherTree", TREE},
    {0},
};

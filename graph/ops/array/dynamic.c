/* Rows sent where indices say, and counts of indices. */
#include "graph/op.h"
#include "kernels/params/array.h"

/* Inputs are n indices, then n data. The number of rows is 1 + the largest index: the kernel finds
 * it. */
static tarn_status stitch_infer(tarn_infer *t) {
  int n = t->inputs / 2;
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  for (int i = 0; i < n; i++) {
    const tarn_shape *index = &t->in[i], *data = &t->in[n + i];
    bool fits =
        data->rank >= index->rank && data->rank - index->rank == t->in[n].rank - t->in[0].rank;
    for (int d = 0; fits && d < data->rank; d++)
      fits = data->dim[d] ==
             (d < index->rank ? index->dim[d] : t->in[n].dim[d - index->rank + t->in[0].rank]);
    if (!fits)
      return tarn_fail(TARN_SHAPE, "indices %s and data %s at %d do not fit, or not those at 0",
                       tarn__shape_print(index, a), tarn__shape_print(data, b), i);
  }
  return TARN_OK;
}

static tarn_status partition_infer(tarn_infer *t) {
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  bool fits = t->in[1].rank <= t->in[0].rank;
  for (int d = 0; fits && d < t->in[1].rank; d++) fits = t->in[1].dim[d] == t->in[0].dim[d];
  if (!fits)
    return tarn_fail(TARN_SHAPE, "partitions %s are no prefix of data %s",
                     tarn__shape_print(&t->in[1], a), tarn__shape_print(&t->in[0], b));
  return TARN_OK;
}

static tarn_status bincount_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 1));
  bool dense = t->params != NULL;
  if (dense && t->in[0].rank > 2) return tarn_fail(TARN_SHAPE, "input must have rank 2 or less");
  const int64_t weights = tarn__shape_elements(&t->in[2]);
  const bool fits =
      dense ? tarn__shape_equal(&t->in[0], &t->in[2]) : weights == tarn__shape_elements(&t->in[0]);
  if (!fits && weights != 0)
    return tarn_fail(TARN_SHAPE, "weights must be as many as indices, or none");
  if (!t->value[1]) return TARN_OK;
  int64_t size = tarn__infer_int(t, 1, 0);
  if (size < 0) return tarn_fail(TARN_INVALID, "size is %lld", (long long)size);
  if (dense && t->in[0].rank == 2)
    return tarn__shape_make(2, (const int64_t[2]){t->in[0].dim[0], size}, &t->out[0]);
  return tarn__shape_make(1, &size, &t->out[0]);
}

static tarn_status dense_bincount_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_bincount_params *)params)->binary = tarn__attr_bool(attrs, "binary_output");
  return TARN_OK;
}

#define STITCH                                                                                  \
  .inputs = "indices: N * int32, data: N * T", .outputs = "merged: T",                          \
  .attrs = "N: int >= 1; T: type", .infer = stitch_infer,                                       \
  .formula = "merged[indices_n[i..], ..] = data_n[i.., ..]; later ones win",                    \
  .cases = {"indices=i32{0,2} indices=i32{3,1,2} data=T[2x3] data=T[3x3]",                      \
            "indices=i32(1) indices=i32{0} data=T[5] data=T[1x5]", "indices=i32{} data=T[0x2]", \
            "indices=i32{4,1} data=T[2]"}

const tarn_op tarn_ops_dynamic[] = {
    {.name = "DynamicStitch", STITCH},
    {.name = "ParallelDynamicStitch", STITCH},
    {.name = "DynamicPartition",
     .inputs = "data: T, partitions: int32",
     .outputs = "outputs: num_partitions * T",
     .attrs = "num_partitions: int >= 1; T: type",
     .infer = partition_infer,
     .formula = "outputs_p = the data[i.., ..] with partitions[i..] = p, in order",
     .cases = {"data=T[7x3] partitions=i32[7]:0..2 num_partitions=3",
               "data=T[2x3] partitions=i32[2x3]:0..1 num_partitions=2",
               "data=T[0] partitions=i32[0] num_partitions=2"}},
    {.name = "Bincount",
     .inputs = "arr: int32, size: int32, weights: T",
     .outputs = "bins: T",
     .attrs = "T: {int32, int64, float, double}",
     .infer = bincount_infer,
     .formula =
         "bins[j] = sum of weights[i] (or 1) where arr[i] = j; indices past the end are left out",
     .cases = {"arr=i32[17]:0..6 size=i32(5) weights=f32[0]",
               "arr=i32[3x5]:0..4 size=i32(7) weights=f64[3x5]",
               "arr=i32[0] size=i32(0) weights=i32[0]"}},
    {.name = "DenseBincount",
     .inputs = "input: Tidx, size: Tidx, weights: T",
     .outputs = "output: T",
     .attrs = "Tidx: {int32, int64}; T: {int32, int64, float, double}; binary_output: bool = false",
     .params_bytes = sizeof(tarn_bincount_params),
     .parse = dense_bincount_parse,
     .infer = bincount_infer,
     .formula = "output[.., j] = sum of weights[.., i] (or 1) where input[.., i] = j; binary: "
                "whether there is one",
     .cases = {"input=i64[17]:0..6 size=i64(5) weights=i32[0]",
               "input=i32[3x5]:0..4 size=i32(4) weights=f32[3x5]",
               "input=i32[3x5]:0..4 size=i32(4) weights=f32[0] binary_output=true"}},
    {0},
};

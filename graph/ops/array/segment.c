/* Sums and other reductions of rows by segment. */
#include "graph/ops/array/last_segment.h"

static tarn_status segment_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[0].dim[0] != t->in[1].dim[0])
    return tarn_fail(TARN_SHAPE, "%lld segment ids for %lld rows", (long long)t->in[1].dim[0],
                     (long long)t->in[0].dim[0]);
  return tarn__infer_last_segment(t, 1);
}

static tarn_status unsorted_infer(tarn_infer *t) {
  const tarn_shape *x = &t->in[0], *ids = &t->in[1];
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__infer_scalar(t, 2));
  bool fits = ids->rank <= x->rank;
  for (int d = 0; fits && d < ids->rank; d++) fits = ids->dim[d] == x->dim[d];
  if (!fits)
    return tarn_fail(TARN_SHAPE, "segment ids %s are no prefix of data %s",
                     tarn__shape_print(ids, a), tarn__shape_print(x, b));
  if (!t->value[2]) return TARN_OK;
  int64_t dims[TARN_MAX_RANK + 1] = {tarn__infer_int(t, 2, 0)};
  if (dims[0] < 0) return tarn_fail(TARN_INVALID, "num_segments is %lld", (long long)dims[0]);
  for (int d = ids->rank; d < x->rank; d++) dims[1 + d - ids->rank] = x->dim[d];
  return tarn__shape_make(1 + x->rank - ids->rank, dims, &t->out[0]);
}

#define SORTED(TYPES)                                                                     \
  .inputs = "data: T, segment_ids: Tindices", .outputs = "output: T",                     \
  .attrs = "T: " TYPES "; Tindices: {int32, int64}", .infer = segment_infer,              \
  .cases = {"data=T[5x3] segment_ids=i32{0,0,1,3,3}", "data=T[3] segment_ids=i64{0,1,2}", \
            "data=T[0x2] segment_ids=i32{}"}
#define UNSORTED(TYPES)                                                                           \
  .inputs = "data: T, segment_ids: Tindices, num_segments: Tnumsegments", .outputs = "output: T", \
  .attrs = "T: " TYPES "; Tindices: {int16, int32, int64}; Tnumsegments: {int32, int64} = int32", \
  .infer = unsorted_infer,                                                                        \
  .cases = {"data=T[7x3] segment_ids=i32{3,0,-1,0,1,1,3} num_segments=i32(4)",                    \
            "data=T[2x3] segment_ids=i64[2x3]:-1..2 num_segments=i64(3)",                         \
            "data=T[0x2] segment_ids=i32{} num_segments=i32(2)"}

const tarn_op tarn_ops_segment[] = {
    {.name = "SegmentSum",
     SORTED("numbertype"),
     .formula = "output[s] = sum of data[i] with segment_ids[i] = s"},
    {.name = "SegmentMean",
     SORTED("numbertype"),
     .formula = "output[s] = mean of data[i] with segment_ids[i] = s, or 0"},
    {.name = "SegmentProd",
     SORTED("numbertype"),
     .formula = "output[s] = product of data[i] with segment_ids[i] = s"},
    {.name = "SegmentMin",
     SORTED("realnumbertype"),
     .formula = "output[s] = min of data[i] with segment_ids[i] = s, or 0"},
    {.name = "SegmentMax",
     SORTED("realnumbertype"),
     .formula = "output[s] = max of data[i] with segment_ids[i] = s, or 0"},
    {.name = "UnsortedSegmentSum",
     UNSORTED("numbertype"),
     .formula =
         "output[s] = sum of data[i..] with segment_ids[i..] = s; negative ids are left out"},
    {.name = "UnsortedSegmentProd",
     UNSORTED("numbertype"),
     .formula =
         "output[s] = product of data[i..] with segment_ids[i..] = s; negative ids are left out"},
    {.name = "UnsortedSegmentMin",
     UNSORTED("realnumbertype"),
     .formula = "output[s] = min of data[i..] with segment_ids[i..] = s, or the largest number"},
    {.name = "UnsortedSegmentMax",
     UNSORTED("realnumbertype"),
     .formula = "output[s] = max of data[i..] with segment_ids[i..] = s, or the smallest number"},
    {0},
};

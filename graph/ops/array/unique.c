/* Distinct elements. How many there are only the kernels find out. */
#include "graph/op.h"

static tarn_status unique_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  t->out[1] = t->in[0];
  return TARN_OK;
}

static tarn_status padded_infer(tarn_infer *t) {
  t->out[0] = t->in[0];
  return unique_infer(t);
}

static tarn_status unique_v2_infer(tarn_infer *t) {
  if (t->in[1].rank > 1) return tarn__infer_vector(t, 1);
  int64_t axes = tarn__shape_elements(&t->in[1]);
  if (axes > 1)
    return tarn_fail(TARN_SHAPE, "expected one axis or none, got %lld", (long long)axes);
  if (axes == 0) return unique_infer(t);
  if (!t->value[1]) return TARN_OK;
  int axis;
  TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 1, 0), t->in[0].rank, &axis));
  t->out[1] = tarn__shape_vector(t->in[0].dim[axis]);
  return TARN_OK;
}

static tarn_status list_diff_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  return tarn__infer_vector(t, 1);
}

#define INDEX "out_idx: {int32, int64} = int32"
#define PLACES "y = the distinct elements of x as they first occur; x[i] = y[idx[i]]"

const tarn_op tarn_ops_unique[] = {
    {.name = "Unique",
     .inputs = "x: T",
     .outputs = "y: T, idx: out_idx",
     .attrs = "T: type; " INDEX,
     .infer = unique_infer,
     .formula = PLACES,
     .cases = {"x=i32{3,1,3,7,1}", "x=T[0]", "x=i64[101]:0..20", "x=T[7]"}},
    {.name = "_UniquePadded", /* what Unique becomes where a device wants a known shape
                                 (passes/pad_unique.c) */
     .inputs = "x: T",
     .outputs = "y: T, idx: out_idx",
     .attrs = "T: {int32, int64}; " INDEX,
     .infer = padded_infer,
     .formula = PLACES ", then the least number of T",
     .cases = {"x=i32{3,1,3,7,1}", "x=T[0]", "x=i64[101]:0..20"}},
    {.name = "UniqueV2",
     .inputs = "x: T, axis: Taxis",
     .outputs = "y: T, idx: out_idx",
     .attrs = "T: type; Taxis: {int32, int64} = int64; " INDEX,
     .infer = unique_v2_infer,
     .formula = PLACES " along the axis",
     .cases = {"x=i32[17x2]:0..2 axis=i64{0}", "x=i32[2x17]:0..1 axis=i32{-1}",
               "x=T[7] axis=i64{}"}},
    {.name = "UniqueWithCounts",
     .inputs = "x: T",
     .outputs = "y: T, idx: out_idx, count: out_idx",
     .attrs = "T: type; " INDEX,
     .infer = unique_infer,
     .formula = PLACES ", and how often each occurs",
     .cases = {"x=i32{3,1,3,7,1}", "x=T[0]"}},
    {.name = "UniqueWithCountsV2",
     .inputs = "x: T, axis: Taxis",
     .outputs = "y: T, idx: out_idx, count: out_idx",
     .attrs = "T: type; Taxis: {int32, int64} = int64; " INDEX,
     .infer = unique_v2_infer,
     .formula = PLACES " along the axis, and how often each occurs",
     .cases = {"x=i32[17x2]:0..2 axis=i64{0}"}},
    {.name = "ListDiff",
     .inputs = "x: T, y: T",
     .outputs = "out: T, idx: out_idx",
     .attrs = "T: type; " INDEX,
     .infer = list_diff_infer,
     .formula = "the elements of x that are not in y, and where they are",
     .cases = {"x=i32{1,2,3,1,5} y=i32{2,5}", "x=T[5] y=T[0]", "x=T[0] y=T[3]"}},
    {0},
};

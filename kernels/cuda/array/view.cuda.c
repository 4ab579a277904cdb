/* Ops that are one strided copy: slices, transposes, repeats, reversals. */
#include "kernels/cuda/array/copy.h"

#include "kernels/cpu/array/views/repeat.body.h"
#include "kernels/cpu/array/views/reverse.body.h"
#include "kernels/cpu/array/views/slice.body.h"
#include "kernels/cpu/array/views/transpose.body.h"

static tarn_status reverse_v1(const tarn_call *call) {
  return reverse(call, call->in[1]->data);
}

static const char *refuse_long(const tarn_problem *p) {
  return 2 * p->in_shape[0].rank > TARN_VIEW_AXES ? "a rank above 6" : NULL;
}

#define ROW(OP, HOST, RUN) \
  { .op = OP, .dtypes = TARN_PLAIN, .host_in = HOST, .run = RUN }
const tarn_kernel tarn_kernels_array_view_cuda[] = {
    ROW("Slice", 6, slice),
    ROW("StridedSlice", 14, strided_slice),
    ROW("Transpose", 2, transpose),
    {.op = "StridedSliceGrad",
     .dtypes = TARN_PLAIN,
     .keyed = 4,
     .host_in = 15,
     .run = strided_slice_grad},
    {.op = "ConjugateTranspose",
     .dtypes = TARN_REALS | TARN_BIT(TARN_BOOL),
     .host_in = 2,
     .run = transpose},
    {.op = "Tile", .dtypes = TARN_PLAIN, .host_in = 2, .supports = refuse_long, .run = tile},
    ROW("BroadcastTo", 2, broadcast_to),
    ROW("ReverseV2", 2, reverse_v2),
    ROW("Reverse", 2, reverse_v1),
    {0},
};

/* Repeats are strided copies from a view with strides of 0. */
#include "kernels/cpu/array/views/repeat.body.h"
#include "kernels/cpu/array/views/view_copy.h"

/* Dim i, counted from the last, of a shape in a tensor; shapes continue with ones on the left. */
static int64_t dim_from_end(const tarn_tensor *shape, int64_t i) {
  int64_t rank = tarn__tensor_elements(shape);
  return i < rank ? tarn__index_at(shape, rank - 1 - i) : 1;
}

static tarn_status check(const tarn_tensor *s0, const tarn_tensor *s1, int64_t rank) {
  for (int64_t i = 0; i < rank; i++) {
    int64_t a = dim_from_end(s0, i), b = dim_from_end(s1, i);
    if (a != b && a != 1 && b != 1)
      return tarn_fail(TARN_SHAPE, "dims %lld and %lld do not broadcast", (long long)a,
                       (long long)b);
  }
  return TARN_OK;
}

static int64_t longer(const tarn_call *call) {
  int64_t a = tarn__tensor_elements(call->in[0]), b = tarn__tensor_elements(call->in[1]);
  return a > b ? a : b;
}

static tarn_status broadcast_args(const tarn_call *call) {
  int64_t rank = longer(call);
  TARN_TRY(check(call->in[0], call->in[1], rank));
  for (int64_t i = 0; i < rank; i++) {
    int64_t a = dim_from_end(call->in[0], i);
    tarn__index_put(call->out[0], rank - 1 - i, a == 1 ? dim_from_end(call->in[1], i) : a);
  }
  return TARN_OK;
}

/* Equal shapes have nothing to sum; else every dim of 1 is summed over, also where both have 1, as
 * in TensorFlow. */
static tarn_status broadcast_gradient_args(const tarn_call *call) {
  int64_t rank = longer(call);
  bool same = tarn__shape_equal(&call->in[0]->shape, &call->in[1]->shape);
  TARN_TRY(check(call->in[0], call->in[1], rank));
  for (int64_t i = 0; i < rank; i++)
    same = same && dim_from_end(call->in[0], i) == dim_from_end(call->in[1], i);
  for (int o = 0; o < 2; o++) {
    int64_t n = 0;
    for (int64_t i = 0; i < rank; i++) n += !same && dim_from_end(call->in[o], i) == 1;
    tarn_shape shape = tarn__shape_vector(n);
    TARN_TRY(tarn__call_allocate(call, o, &shape));
    for (int64_t i = 0; i < rank; i++)
      if (!same && dim_from_end(call->in[o], i) == 1)
        tarn__index_put(call->out[o], --n, rank - 1 - i);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_views_broadcast_reference[] = {
  {.op = "Tile", .run = tile},
  {.op = "BroadcastTo", .run = broadcast_to},
  {.op = "BroadcastArgs", .run = broadcast_args},
  {.op = "BroadcastGradientArgs", .run = broadcast_gradient_args},
  {0},
};

/* Slices are strided copies, out of a tensor or into one. */
#include "kernels/params/strided_slice.h"
#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/state/variable.h"
#include "kernels/cpu/array/views/slice.body.h"

/* Input 4 is read as if it had the shape of the slice: strides of 0 along the dims that it has not,
 * or has only one of. */
static tarn_status broadcast(const tarn_call *call, const tarn_shape *whole, tarn_view_copy *c) {
  const tarn_shape *value = &call->in[4]->shape;
  int64_t stride[TARN_MAX_RANK];
  tarn_strided_slice s;
  TARN_TRY(tarn__strided_slice_make(call->problem->params, whole, call->in[1], call->in[2],
                                    call->in[3], &s));
  TARN_TRY(tarn__strided_slice_takes(&s, value));
  tarn__strides(value, stride);
  for (int d = 0; d < s.rank; d++) {
    const int at = s.at[d] - (s.out.rank - value->rank);
    c->from_stride[d] = s.at[d] < 0 || at < 0 || value->dim[at] == 1 ? 0 : stride[at];
  }
  return TARN_OK;
}

static tarn_status strided_slice_update(const tarn_call *call) {
  tarn_view_copy c;
  tarn_tensor *y = call->out[0];
  TARN_TRY(view(call, &y->shape, true, &c));
  TARN_TRY(broadcast(call, &y->shape, &c));
  if (y->data != call->in[0]->data)
    TARN_TRY(tarn__move(y, 0, call->in[0], 0, tarn__tensor_elements(y)));
  return tarn__view_copy_run(&c, y, call->in[4], call->pool);
}

/* Into a variable, whose current shape counts. */
static tarn_status assign_part(const tarn_call *call, const tarn_variable *v, tarn_tensor *whole) {
  const tarn_tensor *part = call->in[4];
  tarn_view_copy c;
  if (whole->dtype != part->dtype)
    return tarn_fail(TARN_DTYPE, "variable '%s' is %s, the value %s", v->name,
                     tarn_dtype_name(whole->dtype), tarn_dtype_name(part->dtype));
  TARN_TRY(view(call, &whole->shape, true, &c));
  TARN_TRY(broadcast(call, &whole->shape, &c));
  return tarn__view_copy_run(&c, whole, part, call->pool);
}

static tarn_status strided_slice_assign(const tarn_call *call) {
  void *object;
  tarn_tensor *whole;
  TARN_TRY(tarn__call_object(call, 0, &tarn__variable_type, &object));
  tarn_variable *v = object;
  TARN_TRY(tarn__variable_begin(v, &whole));
  tarn_status status = assign_part(call, v, whole);
  tarn__variable_end(v);
  TARN_TRY(status);
  return call->problem->outputs ? tarn__call_handle(call, 0, tarn__object_retain(v)) : TARN_OK;
}

const tarn_kernel tarn_kernels_views_slice_reference[] = {
  {.op = "Slice", .run = slice},
  {.op = "StridedSlice", .run = strided_slice},
  {.op = "StridedSliceGrad", .run = strided_slice_grad},
  {.op = "TensorStridedSliceUpdate", .run = strided_slice_update},
  {.op = "StridedSliceAssign", .run = strided_slice_assign},
  {.op = "ResourceStridedSliceAssign", .run = strided_slice_assign},
  {0},
};

/* Optionals: a counted object with the tensors, or without. */
#include "kernels/data/optional.h"

static tarn_status from_value(const tarn_call *call) {
  const int n = call->problem->inputs;
  const size_t bytes = ((size_t)n + 1) * sizeof(tarn_tensor);
  tarn_tensor *values = tarn__alloc_zero(call->run->allocator, bytes);   /* borrowed */
  if (!values) return TARN_NO_MEMORY;
  for (int i = 0; i < n; i++) values[i] = *call->in[i];
  const tarn_status status = tarn__optional_give(call, 0, n, values);
  tarn__free(call->run->allocator, values, bytes);
  return status;
}

static tarn_status none(const tarn_call *call) { return tarn__optional_give(call, 0, 0, NULL); }

static tarn_status has_value(const tarn_call *call) {
  void *o;
  TARN_TRY(tarn__call_object(call, 0, &tarn__optional_type, &o));
  *(bool *)call->out[0]->data = ((tarn_optional *)o)->has_value;
  return TARN_OK;
}

static tarn_status get_value(const tarn_call *call) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__optional_type, &object));
  const tarn_optional *o = object;
  if (!o->has_value) return tarn_fail(TARN_INVALID, "The given optional does not have a value.");
  if (o->count != call->problem->outputs)
    return tarn_fail(TARN_INVALID, "an optional of %d tensors, expected %d", o->count,
                     call->problem->outputs);
  for (int i = 0; i < o->count; i++)
    if (o->value[i].dtype != call->problem->out_dtype[i])
      return tarn_fail(TARN_DTYPE, "component %d of an optional is %s, expected %s", i,
                       tarn_dtype_name(o->value[i].dtype),
                       tarn_dtype_name(call->problem->out_dtype[i]));
  for (int i = 0; i < o->count; i++) {
    tarn__tensor_clear(call->out[i]);
    tarn__tensor_share(&o->value[i], call->out[i]);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_flow_optional_reference[] = {
  {.op = "OptionalFromValue", .name = "optional_make", .run = from_value},
  {.op = "OptionalNone", .name = "optional_make", .run = none},
  {.op = "OptionalHasValue", .name = "optional_has", .run = has_value},
  {.op = "OptionalGetValue", .name = "optional_get", .run = get_value},
  {0},
};

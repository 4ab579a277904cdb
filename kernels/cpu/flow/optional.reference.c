/* Optionals: a counted object with the tensors, or without. */
#include "kernels/run.h"

typedef struct optional {
  tarn_object object;
  const tarn_allocator *allocator;
  bool has_value;
  int count;
  tarn_tensor value[];
} optional;

static size_t bytes_of(int count) { return sizeof(optional) + (size_t)count * sizeof(tarn_tensor); }

static void destroy(void *object) {
  optional *o = object;
  for (int i = 0; i < o->count; i++) tarn__tensor_clear(&o->value[i]);
  tarn__free(o->allocator, o, bytes_of(o->count));
}

static const tarn_object_type optional_type = {.name = "Optional", .destroy = destroy};

static tarn_status make(const tarn_call *call, bool has_value) {
  const int count = call->problem->inputs;
  optional *o = tarn__alloc_zero(call->run->allocator, bytes_of(count));
  if (!o) return TARN_NO_MEMORY;
  tarn__object_init(&o->object, &optional_type);
  o->allocator = call->run->allocator;
  o->has_value = has_value;
  o->count = count;
  for (int i = 0; i < count; i++) {
    const tarn_status status = tarn__tensor_own(o->allocator, call->in[i], &o->value[i]);
    if (status == TARN_OK) continue;
    tarn__object_release(o);
    return status;
  }
  return tarn__call_handle(call, 0, o);
}

static tarn_status from_value(const tarn_call *call) { return make(call, true); }
static tarn_status none(const tarn_call *call) { return make(call, false); }

static tarn_status has_value(const tarn_call *call) {
  void *o;
  TARN_TRY(tarn__call_object(call, 0, &optional_type, &o));
  *(bool *)call->out[0]->data = ((optional *)o)->has_value;
  return TARN_OK;
}

static tarn_status get_value(const tarn_call *call) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &optional_type, &object));
  const optional *o = object;
  if (!o->has_value) return tarn_fail(TARN_INVALID, "The given optional does not have a value.");
  if (o->count != call->problem->outputs)
    return tarn_fail(TARN_INVALID, "an optional of %d tensors, expected %d", o->count, call->problem->outputs);
  for (int i = 0; i < o->count; i++)
    if (o->value[i].dtype != call->problem->out_dtype[i])
      return tarn_fail(TARN_DTYPE, "component %d of an optional is %s, expected %s", i, tarn_dtype_name(o->value[i].dtype),
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

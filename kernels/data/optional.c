#include "kernels/data/optional.h"

static size_t bytes_of(int count) {
  return sizeof(tarn_optional) + (size_t)count * sizeof(tarn_tensor);
}

static void destroy(void *object) {
  tarn_optional *o = object;
  for (int i = 0; i < o->count; i++) tarn__tensor_clear(&o->value[i]);
  tarn__free(o->allocator, o, bytes_of(o->count));
}

const tarn_object_type tarn__optional_type = {.name = "Optional", .destroy = destroy};

tarn_status tarn__optional_create(const tarn_allocator *a, int n, const tarn_tensor *values,
                                  void **made) {
  tarn_optional *o = tarn__alloc_zero(a, bytes_of(n));
  if (!o) return TARN_NO_MEMORY;
  tarn__object_init(&o->object, &tarn__optional_type);
  o->allocator = a;
  o->has_value = values != NULL;
  o->count = n;
  for (int k = 0; k < n && values; k++) {
    const tarn_status status = tarn__tensor_own(a, &values[k], &o->value[k]);
    if (status == TARN_OK) continue;
    tarn__object_release(o);
    return status;
  }
  *made = o;
  return TARN_OK;
}

tarn_status tarn__optional_give(const tarn_call *call, int i, int n, const tarn_tensor *values) {
  void *o;
  TARN_TRY(tarn__optional_create(call->run->allocator, n, values, &o));
  return tarn__call_handle(call, i, o);
}

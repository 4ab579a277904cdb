#include "kernels/state/counter.h"

static void destroy(void *object) {
  tarn_counter *c = object;
  tarn__free(c->allocator, c, sizeof *c);
}

const tarn_object_type tarn__counter_type = {.name = "Counter", .destroy = destroy};

static tarn_status create(const tarn_allocator *a, const void *argument, void **object) {
  (void)argument;
  tarn_counter *c = tarn__alloc_zero(a, sizeof *c);
  if (!c) return TARN_NO_MEMORY;
  tarn__object_init(&c->object, &tarn__counter_type);
  c->allocator = a;
  *object = c;
  return TARN_OK;
}

tarn_status tarn__counter_get(tarn_resources *resources, const char *name, tarn_counter **counter) {
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__counter_type, name, create, NULL, &object));
  *counter = object;
  return TARN_OK;
}

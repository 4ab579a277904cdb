#include "kernels/state/arrays/tensor_list.h"

struct tarn_list_cell {
  atomic_int references;
  const tarn_allocator *allocator;
  tarn_tensor value;
};

static void release(tarn_list_cell *c) {
  if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1) return;
  tarn__tensor_clear(&c->value);
  tarn__free(c->allocator, c, sizeof *c);
}

static void destroy(void *object) {
  tarn_tensor_list *l = object;
  for (int64_t i = 0; i < l->size; i++) release(l->cell[i]);
  tarn__free(l->allocator, l->cell, (size_t)l->capacity * sizeof *l->cell);
  tarn__free(l->allocator, l, sizeof *l);
}

const tarn_object_type tarn__tensor_list_type = {.name = "TensorList", .destroy = destroy};

tarn_status tarn__tensor_list_create(const tarn_allocator *a, tarn_dtype dtype,
                                     const tarn_shape *element_shape, int64_t max_elements,
                                     int64_t size, tarn_tensor_list **list) {
  if (size < 0) return tarn_fail(TARN_INVALID, "a list of %lld elements", (long long)size);
  if (size > TARN_LIST_MAX_SIZE)
    return tarn_fail(TARN_LIMIT, "a list of %lld elements: at most %d", (long long)size,
                     TARN_LIST_MAX_SIZE);
  tarn_tensor_list *l = tarn__alloc_zero(a, sizeof *l);
  if (!l) return TARN_NO_MEMORY;
  tarn__object_init(&l->object, &tarn__tensor_list_type);
  l->allocator = a;
  l->dtype = dtype;
  l->element_shape = *element_shape;
  l->max_elements = max_elements;
  if (size) {
    l->cell = tarn__alloc_zero(a, (size_t)size * sizeof *l->cell);
    if (!l->cell) {
      tarn__object_release(l);
      return TARN_NO_MEMORY;
    }
    l->size = l->capacity = size;
  }
  *list = l;
  return TARN_OK;
}

tarn_status tarn__tensor_list_copy(const tarn_tensor_list *from, int64_t size,
                                   tarn_tensor_list **list) {
  tarn_tensor_list *l;
  TARN_TRY(tarn__tensor_list_create(from->allocator, from->dtype, &from->element_shape,
                                    from->max_elements, size, &l));
  for (int64_t i = 0; i < size && i < from->size; i++) {
    l->cell[i] = from->cell[i];
    if (l->cell[i]) atomic_fetch_add_explicit(&l->cell[i]->references, 1, memory_order_relaxed);
  }
  *list = l;
  return TARN_OK;
}

tarn_status tarn__tensor_list_grow(tarn_tensor_list *list, int64_t size) {
  if (size <= list->size) return TARN_OK;
  if (size > TARN_LIST_MAX_SIZE)
    return tarn_fail(TARN_LIMIT, "a list of %lld elements: at most %d", (long long)size,
                     TARN_LIST_MAX_SIZE);
  if (size > list->capacity) {
    const int64_t twice = 2 * list->capacity, wanted = twice > size ? twice : size + 4;
    tarn_list_cell **larger = tarn__alloc_zero(list->allocator, (size_t)wanted * sizeof *larger);
    if (!larger) return TARN_NO_MEMORY;
    for (int64_t i = 0; i < list->size; i++) larger[i] = list->cell[i];
    tarn__free(list->allocator, list->cell, (size_t)list->capacity * sizeof *list->cell);
    list->cell = larger;
    list->capacity = wanted;
  }
  list->size = size;
  return TARN_OK;
}

void tarn__tensor_list_drop_last(tarn_tensor_list *list) {
  release(list->cell[--list->size]);
  list->cell[list->size] = NULL;
}

tarn_status tarn__tensor_list_set(tarn_tensor_list *list, int64_t index, const tarn_tensor *value) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  if (value->dtype != list->dtype)
    return tarn_fail(TARN_INVALID, "Invalid data types; list elements %s but tried to set %s",
                     tarn_dtype_name(list->dtype), tarn_dtype_name(value->dtype));
  if (!tarn__shape_compatible(&list->element_shape, &value->shape))
    return tarn_fail(
        TARN_INVALID,
        "Tried to set a tensor with incompatible shape at index %lld: list shape %s, item shape %s",
        (long long)index, tarn__shape_print(&list->element_shape, had),
        tarn__shape_print(&value->shape, got));
  tarn_list_cell *c = tarn__alloc_zero(list->allocator, sizeof *c);
  if (!c) return TARN_NO_MEMORY;
  const tarn_status status = tarn__tensor_own(list->allocator, value, &c->value);
  if (status != TARN_OK) {
    tarn__free(list->allocator, c, sizeof *c);
    return status;
  }
  atomic_init(&c->references, 1);
  c->allocator = list->allocator;
  release(list->cell[index]);
  list->cell[index] = c;
  return TARN_OK;
}

const tarn_tensor *tarn__tensor_list_get(const tarn_tensor_list *list, int64_t index) {
  return list->cell[index] ? &list->cell[index]->value : NULL;
}

#include "kernels/data/elements.h"

#include "kernels/cpu/flow/pieces.h"

static size_t each(const tarn_elements *e) {
  return (size_t)e->components * sizeof(tarn_tensor);
}

tarn_status tarn__elements_room(tarn_elements *e, tarn_tensor **slot) {
  if (e->count == e->capacity) {
    const int64_t wanted = e->capacity ? 2 * e->capacity : 16;
    if (wanted > INT32_MAX / e->components)
      return tarn_fail(TARN_LIMIT, "more than %lld elements are gathered", (long long)e->count);
    tarn_tensor *larger = tarn__alloc_zero(e->allocator, (size_t)wanted * each(e));
    if (!larger) return TARN_NO_MEMORY;
    tarn__element_move(e->tensor, larger, (int)e->count * e->components);
    tarn__free(e->allocator, e->tensor, (size_t)e->capacity * each(e));
    e->tensor = larger;
    e->capacity = wanted;
  }
  *slot = tarn__elements_at(e, e->count);
  return TARN_OK;
}

void tarn__elements_drop(tarn_elements *e, int64_t n) {
  if (n > e->count) n = e->count;
  tarn__element_clear(e->tensor, (int)n * e->components);
  tarn__element_move(tarn__elements_at(e, n), e->tensor, (int)(e->count - n) * e->components);
  e->count -= n;
}

void tarn__elements_clear(tarn_elements *e) {
  tarn__element_clear(e->tensor, (int)e->capacity * e->components);
  tarn__free(e->allocator, e->tensor, (size_t)e->capacity * each(e));
  e->tensor = NULL;
  e->count = e->capacity = 0;
}

tarn_status tarn__elements_gather(tarn_elements *e, tarn_cursor *from, const tarn_run *run,
                                  int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    tarn_tensor *slot;
    TARN_TRY(tarn__elements_room(e, &slot));
    TARN_TRY(tarn__cursor_next(from, run, slot));
    e->count++;
  }
  return TARN_OK;
}

static tarn_status stack(const tarn_elements *e, int k, tarn_tensor *out) {
  const tarn_tensor *first = &e->tensor[k];
  char one[TARN_SHAPE_TEXT], other[TARN_SHAPE_TEXT];
  tarn_shape shape;
  for (int64_t i = 1; i < e->count; i++) {
    const tarn_tensor *t = tarn__elements_at(e, i) + k;
    if (t->dtype != first->dtype)
      return tarn_fail(TARN_INVALID, "Cannot batch tensors of %s and %s in component %d",
                       tarn_dtype_name(first->dtype), tarn_dtype_name(t->dtype), k);
    if (!tarn__shape_equal(&t->shape, &first->shape))
      return tarn_fail(TARN_INVALID,
                       "Cannot batch tensors with different shapes in component %d. First element "
                       "had shape %s and element %lld had "
                       "shape %s.",
                       k, tarn__shape_print(&first->shape, one), (long long)i,
                       tarn__shape_print(&t->shape, other));
  }
  TARN_TRY(tarn__piece_stacked(&first->shape, e->count, &shape));
  TARN_TRY(tarn__tensor_new_raw(e->allocator, first->dtype, &shape, out));
  const int64_t n = tarn__tensor_elements(first);
  for (int64_t i = 0; i < e->count; i++)
    TARN_TRY(tarn__tensor_copy_elements(out, i * n, tarn__elements_at(e, i) + k, 0, n));
  return TARN_OK;
}

tarn_status tarn__elements_stack(const tarn_elements *e, tarn_tensor *out) {
  for (int k = 0; k < e->components; k++) {
    const tarn_status status = stack(e, k, &out[k]);
    if (status == TARN_OK) continue;
    tarn__element_clear(out, k + 1);
    return status;
  }
  return TARN_OK;
}

/* ---- as a dataset ---------------------------------------------------------------------------- */

typedef struct cursor {
  tarn_cursor base;
  int at;
} cursor;

static tarn_status next(tarn_cursor *c, const tarn_run *run, tarn_tensor *out) {
  (void)run;
  cursor *self = (cursor *)c;
  const tarn_dataset *d = c->dataset;
  if (self->at >= d->values) return TARN_END;
  tarn__element_share(d->value + self->at, out, d->components);
  self->at += d->components;
  return TARN_OK;
}

static int64_t count(const tarn_dataset *d) {
  return d->values / d->components;
}

static const tarn_dataset_kind kind = {
    .name = "gathered elements", .bytes = sizeof(cursor), .next = next, .cardinality = count};

tarn_status tarn__elements_dataset(const tarn_elements *e, int64_t first, int64_t stride, int64_t n,
                                   int at, int components, tarn_dataset **dataset) {
  const int64_t values = n * components; /* no more than the list has */
  const size_t bytes = ((size_t)values + 1) * sizeof(tarn_tensor *);
  const tarn_tensor **value = tarn__alloc(e->allocator, bytes);
  if (!value) return TARN_NO_MEMORY;
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < components; k++)
      value[i * components + k] = tarn__elements_at(e, first + i * stride) + at + k;
  const tarn_status status = tarn__dataset_create(e->allocator, &kind, NULL, components, 0, NULL,
                                                  (int)values, value, dataset);
  tarn__free(e->allocator, value, bytes);
  return status;
}

#include "kernels/state/arrays/tensor_array.h"

#include "kernels/state/combine.h"

typedef struct tarn_array_cell {
  tarn_tensor value;
  tarn_shape shape;    /* of what was written, also after it was cleared; rank -1: not known */
  bool written, read, cleared;
  bool own;            /* value is a sum in a buffer of this cell alone */
} cell;

typedef struct tarn_array_gradient {
  struct tarn_array_gradient *next;
  tarn_tensor_array *array;
  size_t bytes;
  char source[];
} gradient;

static void drop_cells(tarn_tensor_array *t) {
  for (int64_t i = 0; i < t->size; i++) {
    if (!t->cell[i]) continue;
    tarn__tensor_clear(&t->cell[i]->value);
    tarn__free(t->allocator, t->cell[i], sizeof(cell));
  }
  tarn__free(t->allocator, t->cell, (size_t)t->capacity * sizeof(cell *));
  t->cell = NULL;
  t->size = t->capacity = 0;
}

static void destroy(void *object) {
  tarn_tensor_array *t = object;
  drop_cells(t);
  for (gradient *g = t->gradients, *next; g; g = next) {
    next = g->next;
    tarn__object_release(g->array);
    tarn__free(t->allocator, g, sizeof *g + g->bytes);
  }
  pthread_mutex_destroy(&t->lock);
  tarn__free(t->allocator, t, sizeof *t);
}

const tarn_object_type tarn__tensor_array_type = {.name = "TensorArray", .destroy = destroy};

/* To `size` cells; the caller has checked that it may grow. */
static tarn_status resize(tarn_tensor_array *t, int64_t size) {
  if (size > TARN_ARRAY_MAX_SIZE)
    return tarn_fail(TARN_LIMIT, "a TensorArray of %lld elements: at most %d", (long long)size,
                     TARN_ARRAY_MAX_SIZE);
  if (size > t->capacity) {
    int64_t capacity = size > 2 * t->capacity ? size : 2 * t->capacity;
    cell **grown = tarn__alloc_zero(t->allocator, (size_t)capacity * sizeof *grown);
    if (!grown) return TARN_NO_MEMORY;
    if (t->size) memcpy(grown, t->cell, (size_t)t->size * sizeof *grown);
    tarn__free(t->allocator, t->cell, (size_t)t->capacity * sizeof *grown);
    t->cell = grown;
    t->capacity = capacity;
  }
  if (size > t->size) t->size = size;
  return TARN_OK;
}

tarn_status tarn__tensor_array_create(const tarn_allocator *a, const tarn_tensor_array *like,
                                      int64_t size, tarn_tensor_array **array) {
  if (size < 0) return tarn_fail(TARN_INVALID, "Size should be >= 0, got %lld", (long long)size);
  tarn_tensor_array *t = tarn__alloc_zero(a, sizeof *t);
  if (!t) return TARN_NO_MEMORY;
  if (pthread_mutex_init(&t->lock, NULL) != 0) {
    tarn__free(a, t, sizeof *t);
    return tarn_fail(TARN_NO_MEMORY, "no mutex for a TensorArray");
  }
  tarn__object_init(&t->object, &tarn__tensor_array_type);
  t->allocator = a;
  t->dtype = like->dtype;
  t->element_shape = like->element_shape;
  t->dynamic_size = like->dynamic_size;
  t->clear_after_read = like->clear_after_read;
  t->identical_shapes = like->identical_shapes;
  const tarn_status status = resize(t, size);
  if (status != TARN_OK) {
    tarn__object_release(t);
    return status;
  }
  *array = t;
  return TARN_OK;
}

int64_t tarn__tensor_array_size(tarn_tensor_array *array) {
  pthread_mutex_lock(&array->lock);
  const int64_t size = array->size;
  pthread_mutex_unlock(&array->lock);
  return size;
}

static tarn_status closed(void) {
  return tarn_fail(TARN_INVALID, "TensorArray has already been closed.");
}

static tarn_status grow(tarn_tensor_array *t, int64_t size) {
  if (t->closed) return closed();
  if (size <= t->size) return TARN_OK;
  if (!t->dynamic_size)
    return tarn_fail(TARN_INVALID,
                     "Tried to write to index %lld but array is not resizeable and size is: %lld",
                     (long long)size - 1, (long long)t->size);
  return resize(t, size);
}

tarn_status tarn__tensor_array_grow(tarn_tensor_array *array, int64_t size) {
  pthread_mutex_lock(&array->lock);
  const tarn_status status = grow(array, size);
  pthread_mutex_unlock(&array->lock);
  return status;
}

static tarn_status cell_of(tarn_tensor_array *t, int64_t index, cell **c) {
  if (!t->cell[index]) {
    cell *made = tarn__alloc_zero(t->allocator, sizeof *made);
    if (!made) return TARN_NO_MEMORY;
    made->shape.rank = -1;
    t->cell[index] = made;
  }
  *c = t->cell[index];
  return TARN_OK;
}

/* A second write of a gradient array. The first one's buffer may be somebody else's, so the sum
 * moves to one of its own. */
static tarn_status add(tarn_tensor_array *t, int64_t index, cell *c, const tarn_tensor *value) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  if (!tarn__shape_equal(&c->value.shape, &value->shape))
    return tarn_fail(TARN_INVALID,
                     "Could not aggregate to TensorArray index %lld because the existing shape is "
                     "%s but the new input shape is %s.",
                     (long long)index, tarn__shape_print(&c->value.shape, had),
                     tarn__shape_print(&value->shape, got));
  if (!c->own) {
    tarn_tensor copy;
    TARN_TRY(tarn__tensor_copy(t->allocator, &c->value, &copy));
    tarn__tensor_clear(&c->value);
    c->value = copy;
    c->own = true;
  }
  return tarn__combine(TARN_COMBINE_ADD, &c->value, 0, value, 0, 1, tarn__tensor_elements(value));
}

static tarn_status write(tarn_tensor_array *t, int64_t index, const tarn_tensor *value) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  cell *c;
  if (index < 0)
    return tarn_fail(TARN_INVALID, "Tried to write to index %lld of a TensorArray",
                     (long long)index);
  if (value->dtype != t->dtype)
    return tarn_fail(TARN_DTYPE, "a TensorArray of %s was given %s", tarn_dtype_name(t->dtype),
                     tarn_dtype_name(value->dtype));
  TARN_TRY(grow(t, index + 1));
  if (!tarn__shape_compatible(&t->element_shape, &value->shape))
    return tarn_fail(TARN_INVALID,
                     "Could not write to TensorArray index %lld because the value shape is %s "
                     "which is incompatible with the "
                     "TensorArray's inferred element shape: %s",
                     (long long)index, tarn__shape_print(&value->shape, got),
                     tarn__shape_print(&t->element_shape, had));
  TARN_TRY(cell_of(t, index, &c));
  if (c->read)
    return tarn_fail(TARN_INVALID,
                     "Could not write to TensorArray index %lld because it has already been read.",
                     (long long)index);
  if (c->written && !t->sums)
    return tarn_fail(
        TARN_INVALID,
        "Could not write to TensorArray index %lld because it has already been written to.",
        (long long)index);
  if (c->written) return add(t, index, c, value);
  TARN_TRY(tarn__tensor_own(t->allocator, value, &c->value));
  c->shape = value->shape;
  c->written = true;
  if (t->identical_shapes) t->element_shape = value->shape;
  return TARN_OK;
}

tarn_status tarn__tensor_array_write(tarn_tensor_array *array, int64_t index,
                                     const tarn_tensor *value) {
  pthread_mutex_lock(&array->lock);
  const tarn_status status = array->closed ? closed() : write(array, index, value);
  pthread_mutex_unlock(&array->lock);
  return status;
}

/* What was never written: zeros, where the shape is known from the array or from the forward
 * array's element. */
static tarn_status zeros(tarn_tensor_array *t, int64_t index, cell *c) {
  char text[TARN_SHAPE_TEXT];
  const tarn_shape *shape =
      tarn__shape_known(&c->shape) && c->shape.rank >= 0 ? &c->shape : &t->element_shape;
  if (shape->rank < 0 || !tarn__shape_known(shape))
    return tarn_fail(TARN_INVALID,
                     "Could not read from TensorArray index %lld.  Furthermore, the element shape "
                     "is not fully defined: %s.",
                     (long long)index, tarn__shape_print(shape, text));
  TARN_TRY(tarn__tensor_new(t->allocator, t->dtype, shape, &c->value));
  c->shape = *shape;
  c->written = true;
  return TARN_OK;
}

static tarn_status read(tarn_tensor_array *t, int64_t index, tarn_tensor *out) {
  cell *c;
  if (index < 0 || index >= t->size)
    return tarn_fail(TARN_INVALID, "Tried to read from index %lld but array size is: %lld",
                     (long long)index, (long long)t->size);
  TARN_TRY(cell_of(t, index, &c));
  if (c->cleared)
    return tarn_fail(TARN_INVALID,
                     "Could not read index %lld twice because it was cleared after a previous read "
                     "(perhaps try setting "
                     "clear_after_read = false?).",
                     (long long)index);
  if (!c->written) TARN_TRY(zeros(t, index, c));
  tarn__tensor_share(&c->value, out);
  c->read = true;
  if (!t->clear_after_read) return TARN_OK;
  tarn__tensor_clear(&c->value);
  c->cleared = true;
  return TARN_OK;
}

tarn_status tarn__tensor_array_read(tarn_tensor_array *array, int64_t index, tarn_tensor *out) {
  pthread_mutex_lock(&array->lock);
  const tarn_status status = array->closed ? closed() : read(array, index, out);
  pthread_mutex_unlock(&array->lock);
  return status;
}

static tarn_status prepended(const tarn_shape *prepend, const tarn_shape *shape, tarn_shape *out) {
  *out = *shape;
  if (shape->rank < 0 || prepend->rank <= 0) return TARN_OK;
  if (shape->rank + prepend->rank > TARN_MAX_RANK)
    return tarn_fail(TARN_LIMIT, "a gradient of rank %d", shape->rank + prepend->rank);
  out->rank = shape->rank + prepend->rank;
  for (int i = 0; i < out->rank; i++)
    out->dim[i] = i < prepend->rank ? prepend->dim[i] : shape->dim[i - prepend->rank];
  return TARN_OK;
}

static tarn_status make_gradient(tarn_tensor_array *t, const tarn_string *source,
                                 const tarn_shape *prepend, gradient **made) {
  tarn_tensor_array like = {
      .dtype = t->dtype, .clear_after_read = true, .identical_shapes = t->identical_shapes};
  TARN_TRY(prepended(prepend, &t->element_shape, &like.element_shape));
  gradient *g = tarn__alloc(t->allocator, sizeof *g + source->size);
  if (!g) return TARN_NO_MEMORY;
  g->bytes = source->size;
  if (source->size) memcpy(g->source, source->data, source->size);
  tarn_status status = tarn__tensor_array_create(t->allocator, &like, t->size, &g->array);
  for (int64_t i = 0; i < t->size && status == TARN_OK; i++) {
    cell *c;
    if (!t->cell[i] || !t->cell[i]->written) continue;
    status = cell_of(g->array, i, &c);
    if (status == TARN_OK) status = prepended(prepend, &t->cell[i]->shape, &c->shape);
    if (status != TARN_OK) tarn__object_release(g->array);
  }
  if (status != TARN_OK) {
    tarn__free(t->allocator, g, sizeof *g + source->size);
    return status;
  }
  g->array->sums = true;
  t->dynamic_size = false;
  g->next = t->gradients;
  t->gradients = g;
  *made = g;
  return TARN_OK;
}

tarn_status tarn__tensor_array_gradient(tarn_tensor_array *array, const tarn_string *source,
                                        const tarn_shape *prepend, tarn_tensor_array **found) {
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&array->lock);
  gradient *g = array->gradients;
  while (g && !(g->bytes == source->size && memcmp(g->source, source->data, g->bytes) == 0))
    g = g->next;
  if (array->closed) status = closed();
  else if (!g) status = make_gradient(array, source, prepend, &g);
  if (status == TARN_OK) *found = tarn__object_retain(g->array);
  pthread_mutex_unlock(&array->lock);
  return status;
}

void tarn__tensor_array_close(tarn_tensor_array *array) {
  pthread_mutex_lock(&array->lock);
  drop_cells(array);
  array->closed = true;
  pthread_mutex_unlock(&array->lock);
}

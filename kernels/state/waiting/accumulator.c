/* Accumulators: see accumulator.h. */
#include "kernels/state/waiting/accumulator.h"

#include "core/memory.h"
#include "kernels/state/combine.h"
#include "kernels/state/waiting/wait.h"

#include <string.h>

struct tarn_accumulator {
  tarn_object object;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  tarn_accumulator_spec spec;
  int64_t step, count;
  tarn_tensor values, indices;   /* the sum so far, while count is not 0 */
  tarn_tensor times;             /* sparse: how many gradients had the row, int64[n] */
  char *name;
  size_t name_bytes;
};

static void forget(tarn_accumulator *a) {
  tarn__tensor_clear(&a->values);
  tarn__tensor_clear(&a->indices);
  tarn__tensor_clear(&a->times);
  a->count = 0;
}

static void destroy(void *object) {
  tarn_accumulator *a = object;
  forget(a);
  pthread_cond_destroy(&a->changed);
  pthread_mutex_destroy(&a->lock);
  tarn__free(a->allocator, a->name, a->name_bytes);
  tarn__free(a->allocator, a, sizeof *a);
}

const tarn_object_type tarn__accumulator_type = {.name = "Accumulator", .destroy = destroy};

typedef struct request {
  const char *name;
  const tarn_accumulator_spec *spec;
} request;

static tarn_status create(const tarn_allocator *allocator, const void *argument, void **object) {
  const request *r = argument;
  const size_t bytes = strlen(r->name) + 1;
  tarn_accumulator *a = tarn__alloc_zero(allocator, sizeof *a);
  char *name = a ? tarn__alloc(allocator, bytes) : NULL;
  if (!name) {
    tarn__free(allocator, a, sizeof *a);
    return TARN_NO_MEMORY;
  }
  if (pthread_mutex_init(&a->lock, NULL) != 0) goto no_lock;
  if (pthread_cond_init(&a->changed, NULL) != 0) {
    pthread_mutex_destroy(&a->lock);
    goto no_lock;
  }
  tarn__object_init(&a->object, &tarn__accumulator_type);
  a->allocator = allocator;
  a->spec = *r->spec;
  a->name = memcpy(name, r->name, bytes);
  a->name_bytes = bytes;
  *object = a;
  return TARN_OK;
no_lock:
  tarn__free(allocator, name, bytes);
  tarn__free(allocator, a, sizeof *a);
  return tarn_fail(TARN_NO_MEMORY, "no lock for accumulator '%s'", r->name);
}

tarn_status tarn__accumulator_get(tarn_resources *resources, const char *name,
                                  const tarn_accumulator_spec *spec,
                                  tarn_accumulator **accumulator) {
  const request r = {name, spec};
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__accumulator_type, name, create, &r, &object));
  tarn_accumulator *a = object;
  if (a->spec.dtype == spec->dtype && a->spec.sparse == spec->sparse && a->spec.sum == spec->sum &&
      tarn__shape_equal(&a->spec.shape, &spec->shape)) {
    *accumulator = a;
    return TARN_OK;
  }
  tarn__object_release(a);
  return tarn_fail(TARN_INVALID, "shared accumulator '%s' has another type, shape or reduction",
                   name);
}

/* ---- checks --------------------------------------------------------------------------------- */

static tarn_status check_dense(const tarn_accumulator *a, const tarn_tensor *g) {
  char had[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  const tarn_shape *expected = a->count ? &a->values.shape : &a->spec.shape;
  if (expected->rank < 0 || tarn__shape_compatible(expected, &g->shape)) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "Shape mismatch: expected %s, got %s",
                   tarn__shape_print(expected, wanted), tarn__shape_print(&g->shape, had));
}

static tarn_status check_rows(const tarn_accumulator *a, const tarn_gradient *g) {
  const tarn_shape *declared = &a->spec.shape, *had = a->count ? &a->values.shape : declared,
                   *rows = &g->values.shape;
  const int64_t n = tarn__tensor_elements(&g->indices);
  if (g->indices.shape.rank != 1)
    return tarn_fail(TARN_SHAPE, "indices must be a vector, got rank %d", g->indices.shape.rank);
  if (rows->rank < 1 || rows->dim[0] != n)
    return tarn_fail(TARN_SHAPE, "expected %lld rows of values", (long long)n);
  if (g->shape.dtype != TARN_NO_DTYPE) {
    const int64_t dims = tarn__tensor_elements(&g->shape);
    if (declared->rank > dims)
      return tarn_fail(TARN_SHAPE, "expected shape rank at least %d, got %lld", declared->rank,
                       (long long)dims);
    for (int d = 0; d < declared->rank; d++)
      if (declared->dim[d] >= 0 && declared->dim[d] != tarn__tensor_int(&g->shape, d))
        return tarn_fail(TARN_SHAPE, "expected shape dim %d to be %lld, got %lld", d,
                         (long long)declared->dim[d], (long long)tarn__tensor_int(&g->shape, d));
  }
  for (int64_t i = 0; i < n && declared->rank > 0 && declared->dim[0] >= 0; i++)
    if (tarn__tensor_int(&g->indices, i) >= declared->dim[0])
      return tarn_fail(TARN_SHAPE, "index %lld exceeds the limit of %lld rows",
                       (long long)tarn__tensor_int(&g->indices, i), (long long)declared->dim[0]);
  if (a->count ? had->rank != rows->rank : had->rank > rows->rank)
    return tarn_fail(TARN_SHAPE, "expected values of rank %d, got %d", had->rank, rows->rank);
  for (int d = 1; d < had->rank; d++)
    if (had->dim[d] >= 0 && had->dim[d] != rows->dim[d])
      return tarn_fail(TARN_SHAPE, "expected values dim %d to be %lld, got %lld", d,
                       (long long)had->dim[d], (long long)rows->dim[d]);
  return TARN_OK;
}

/* ---- sums ----------------------------------------------------------------------------------- */

static tarn_status begin(tarn_accumulator *a, const tarn_gradient *g) {
  TARN_TRY(tarn__tensor_copy(a->allocator, &g->values, &a->values));
  if (!a->spec.sparse) return TARN_OK;
  const tarn_shape n = tarn__shape_vector(tarn__tensor_elements(&g->indices));
  TARN_TRY(tarn__tensor_copy(a->allocator, &g->indices, &a->indices));
  TARN_TRY(tarn__tensor_new(a->allocator, TARN_I64, &n, &a->times));
  for (int64_t i = 0; i < n.dim[0]; i++) ((int64_t *)a->times.data)[i] = 1;
  return TARN_OK;
}

/* One step of a merge: which of the two lists of indices the next row comes from; both: 3. */
static int next_source(const int64_t *x, int64_t i, int64_t n, const int64_t *y, int64_t j,
                       int64_t m) {
  if (i == n) return 2;
  if (j == m) return 1;
  return x[i] < y[j] ? 1 : x[i] > y[j] ? 2 : 3;
}

/* Rows of both, merged by their indices; rows of one index are added. */
static tarn_status merge(const tarn_accumulator *a, const tarn_gradient *g, tarn_tensor *values,
                         tarn_tensor *indices, tarn_tensor *times) {
  const int64_t n = tarn__tensor_elements(&a->indices), m = tarn__tensor_elements(&g->indices);
  const int64_t *x = a->indices.data, *y = g->indices.data;
  int64_t row = 1, rows = 0;
  for (int d = 1; d < g->values.shape.rank; d++)
    row *= g->values.shape.dim[d]; /* of a tensor that is there */
  for (int64_t i = 0, j = 0; i < n || j < m; rows++) {
    const int from = next_source(x, i, n, y, j, m);
    i += from & 1;
    j += from >> 1;
  }
  tarn_shape shape = g->values.shape, list = tarn__shape_vector(rows);
  shape.dim[0] = rows;
  TARN_TRY(tarn__tensor_new(a->allocator, a->spec.dtype, &shape, values));
  TARN_TRY(tarn__tensor_new(a->allocator, TARN_I64, &list, indices));
  TARN_TRY(tarn__tensor_new(a->allocator, TARN_I64, &list, times));
  for (int64_t i = 0, j = 0, k = 0; k < rows; k++) {
    const int from = next_source(x, i, n, y, j, m);
    ((int64_t *)indices->data)[k] = from & 1 ? x[i] : y[j];
    ((int64_t *)times->data)[k] =
        (from & 1 ? ((const int64_t *)a->times.data)[i] : 0) + (from >> 1);
    if (row && from & 1)
      TARN_TRY(tarn__tensor_copy_elements(values, k * row, &a->values, i * row, row));
    if (row && from == 2)
      TARN_TRY(tarn__tensor_copy_elements(values, k * row, &g->values, j * row, row));
    if (row && from == 3)
      TARN_TRY(tarn__combine(TARN_COMBINE_ADD, values, k * row, &g->values, j * row, 1, row));
    i += from & 1;
    j += from >> 1;
  }
  return TARN_OK;
}

static tarn_status add(tarn_accumulator *a, const tarn_gradient *g) {
  if (a->count == 0) {
    const tarn_status status = begin(a, g);
    if (status != TARN_OK) forget(a);
    return status;
  }
  if (!a->spec.sparse)
    return tarn__combine(TARN_COMBINE_ADD, &a->values, 0, &g->values, 0, 1,
                         tarn__tensor_elements(&a->values));
  tarn_tensor merged[3] = {
      {.dtype = TARN_NO_DTYPE}, {.dtype = TARN_NO_DTYPE}, {.dtype = TARN_NO_DTYPE}};
  const tarn_status status = merge(a, g, &merged[0], &merged[1], &merged[2]);
  if (status == TARN_OK) {
    const int64_t count = a->count;
    forget(a);
    a->count = count;
    a->values = merged[0];
    a->indices = merged[1];
    a->times = merged[2];
    return TARN_OK;
  }
  for (int k = 0; k < 3; k++) tarn__tensor_clear(&merged[k]);
  return status;
}

tarn_status tarn__accumulator_apply(tarn_accumulator *a, int64_t local_step,
                                    const tarn_gradient *g) {
  if (g->values.dtype != a->spec.dtype)
    return tarn_fail(TARN_DTYPE, "a gradient of %s for an accumulator of %s",
                     tarn_dtype_name(g->values.dtype), tarn_dtype_name(a->spec.dtype));
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&a->lock);
  if (local_step >= a->step) {
    status = a->spec.sparse ? check_rows(a, g) : check_dense(a, &g->values);
    if (status == TARN_OK) status = add(a, g);
    if (status == TARN_OK) a->count++;
    pthread_cond_broadcast(&a->changed);
  }
  pthread_mutex_unlock(&a->lock);
  return status;
}

/* ---- taking --------------------------------------------------------------------------------- */

/* n elements from `at` on, divided by a count in their own dtype. */
static tarn_status divide(tarn_accumulator *a, int64_t at, int64_t n, int64_t by) {
  const tarn_shape scalar = tarn__shape_scalar();
  tarn_tensor count;
  if (!n || by == 1) return TARN_OK;
  TARN_TRY(tarn__tensor_new(a->allocator, a->spec.dtype, &scalar, &count));
  switch ((int)a->spec.dtype) {
    case TARN_F32: *(float *)count.data = (float)by; break;
    case TARN_F64: *(double *)count.data = (double)by; break;
    default: *(uint16_t *)count.data = tarn__f32_to_f16((float)by); break;
  }
  const tarn_status status = tarn__combine(TARN_COMBINE_DIV, &a->values, at, &count, 0, 0, n);
  tarn__tensor_clear(&count);
  return status;
}

static tarn_status average(tarn_accumulator *a) {
  if (a->spec.sum) return TARN_OK;
  if (!a->spec.sparse) return divide(a, 0, tarn__tensor_elements(&a->values), a->count);
  const int64_t n = tarn__tensor_elements(&a->times),
                row = n ? tarn__tensor_elements(&a->values) / n : 0;
  for (int64_t i = 0; i < n; i++)
    TARN_TRY(divide(a, i * row, row, ((const int64_t *)a->times.data)[i]));
  return TARN_OK;
}

static tarn_status hand_over(tarn_accumulator *a, tarn_gradient *taken) {
  const tarn_shape *rows = &a->values.shape, list = tarn__shape_vector(rows->rank);
  *taken = (tarn_gradient){.values = {.dtype = TARN_NO_DTYPE}};
  if (a->spec.sparse) TARN_TRY(tarn__tensor_new(a->allocator, TARN_I64, &list, &taken->shape));
  const tarn_status status = average(a);
  if (status != TARN_OK) {
    tarn__tensor_clear(&taken->shape);
    return status;
  }
  for (int d = 0; d < rows->rank && a->spec.sparse; d++)
    ((int64_t *)taken->shape.data)[d] = d > 0                    ? rows->dim[d]
                                        : a->spec.shape.rank > 0 ? a->spec.shape.dim[0]
                                                                 : -1;
  taken->values = a->values;
  taken->indices = a->indices;
  a->values = a->indices = (tarn_tensor){.dtype = TARN_NO_DTYPE};
  forget(a);
  a->step++;
  return TARN_OK;
}

tarn_status tarn__accumulator_take(tarn_accumulator *a, const tarn_run *run, int64_t required,
                                   tarn_dtype dtype, tarn_gradient *taken) {
  tarn_waiting w = tarn__waiting(run);
  tarn_status status = TARN_OK;
  if (required <= 0)
    return tarn_fail(TARN_INVALID, "num_required must be positive, got %lld", (long long)required);
  if (dtype != a->spec.dtype)
    return tarn_fail(TARN_DTYPE, "a gradient of %s from an accumulator of %s",
                     tarn_dtype_name(dtype), tarn_dtype_name(a->spec.dtype));
  pthread_mutex_lock(&a->lock);
  while (status == TARN_OK && a->count < required)
    status = tarn__wait(&w, &a->changed, &a->lock, "gradients of accumulator", a->name);
  tarn__wait_end(&w);
  if (status == TARN_OK) status = hand_over(a, taken);
  pthread_mutex_unlock(&a->lock);
  return status;
}

int64_t tarn__accumulator_count(tarn_accumulator *a) {
  pthread_mutex_lock(&a->lock);
  const int64_t count = a->count;
  pthread_mutex_unlock(&a->lock);
  return count;
}

void tarn__accumulator_set_step(tarn_accumulator *a, int64_t step) {
  pthread_mutex_lock(&a->lock);
  a->step = step;
  pthread_mutex_unlock(&a->lock);
}

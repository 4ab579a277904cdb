/* Features of Examples, found once, counted, and read into dense, sparse and ragged tensors: see
 * features.h. */
#include "kernels/cpu/input/features.h"

#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/input/example.h"

#include "core/bytes.h"
#include "kernels/params/example.h"
#include "kernels/run.h"

/* One op's work. Features are numbered sparse, dense, ragged; example b's are at found[b *
 * keys]. */
typedef struct job {
  const tarn_call *call;
  const tarn_example_params *p;
  bool single;                     /* one Example and no batch dim */
  int64_t batch;
  int keys;
  tarn_feature *found;
  int64_t *counts;                 /* [batch], of the feature at hand */
} job;

/* The text of the key of feature k, wherever the op has it. */
static const tarn_string *key_of(const job *j, int k) {
  const tarn_example_params *p = j->p;
  if (p->form == TARN_EXAMPLE_ATTRS)
    return k < p->sparse ? &p->sparse_keys[k] : &p->dense_keys[k - p->sparse];
  if (p->form == TARN_EXAMPLE_SCALARS) return j->call->in[2 + k]->data;
  if (k < p->sparse) return (const tarn_string *)j->call->in[2]->data + k;
  k -= p->sparse;
  if (k < p->dense) return (const tarn_string *)j->call->in[3]->data + k;
  return (const tarn_string *)j->call->in[4]->data + (k - p->dense);
}

static const tarn_tensor *default_of(const job *j, int d) {
  static const int first[] = {
      [TARN_EXAMPLE_SCALARS] = 2, [TARN_EXAMPLE_VECTORS] = 5, [TARN_EXAMPLE_ATTRS] = 1};
  const int keys = j->p->form == TARN_EXAMPLE_SCALARS ? j->keys : 0;
  return j->call->in[j->p->defaults ? j->p->defaults + d : first[j->p->form] + keys + d];
}

static const char *shown(const tarn_string *key, char text[64]) {
  return tarn__printable(key->size ? key->data : "", key->size, text, 64);
}

/* Counts feature k in every example and checks its type. */
static tarn_status count(job *j, int k, tarn_dtype dtype, int64_t *total, int64_t *most) {
  char text[64];
  *total = *most = 0;
  for (int64_t b = 0; b < j->batch; b++) {
    const tarn_feature *f = &j->found[b * j->keys + k];
    if (f->dtype != TARN_NO_DTYPE && f->dtype != dtype)
      return tarn_fail(TARN_INVALID, "example %lld, key %s: expected %s values, found %s",
                       (long long)b, shown(key_of(j, k), text), tarn_dtype_name(dtype),
                       tarn_dtype_name(f->dtype));
    TARN_TRY_IN(tarn__feature_count(f, &j->counts[b]), "parsing example %lld, key %s", (long long)b,
                shown(key_of(j, k), text));
    *total += j->counts[b];   /* of at most as many as there are bytes */
    if (j->counts[b] > *most) *most = j->counts[b];
  }
  return TARN_OK;
}

static tarn_status sparse(job *j, int k) {
  const int n = j->p->sparse;
  const tarn_call *call = j->call;
  int64_t total, most, at = 0;
  TARN_TRY(count(j, k, j->p->sparse_types[k], &total, &most));
  const int width = j->single ? 1 : 2;
  const tarn_shape pairs = {.rank = 2, .dim = {total, width}}, values = tarn__shape_vector(total),
                   dims = tarn__shape_vector(width);
  TARN_TRY(tarn__call_allocate(call, k, &pairs));
  TARN_TRY(tarn__call_allocate(call, n + k, &values));
  TARN_TRY(tarn__call_allocate(call, 2 * n + k, &dims));
  int64_t *index = call->out[k]->data, *shape = call->out[2 * n + k]->data;
  for (int64_t b = 0; b < j->batch; b++) {
    TARN_TRY(tarn__feature_read(&j->found[b * j->keys + k], call->out[n + k], at));
    for (int64_t i = 0; i < j->counts[b]; i++) {
      if (!j->single) *index++ = b;
      *index++ = i;
    }
    at += j->counts[b];
  }
  if (!j->single) *shape++ = j->batch;
  *shape = most;
  return TARN_OK;
}

static tarn_status ragged(job *j, int r) {
  const tarn_example_params *p = j->p;
  const tarn_call *call = j->call;
  const int k = p->sparse + p->dense + r, o = 3 * p->sparse + p->dense + r;
  int64_t total, most, at = 0;
  TARN_TRY(count(j, k, p->ragged_types[r], &total, &most));
  if (p->split_types[r] == TARN_I32 && total > INT32_MAX)
    return tarn_fail(TARN_LIMIT, "%lld values with int32 splits", (long long)total);
  const tarn_shape values = tarn__shape_vector(total);
  const tarn_shape splits = p->scalar_splits && j->single
                                ? tarn__shape_scalar()
                                : tarn__shape_vector(j->single ? 0 : j->batch + 1);
  TARN_TRY(tarn__call_allocate(call, o, &values));
  TARN_TRY(tarn__call_allocate(call, o + p->ragged, &splits));
  if (splits.rank == 0) tarn__index_put(call->out[o + p->ragged], 0, 0);
  for (int64_t b = 0; b <= j->batch; b++) {
    if (!j->single && p->split_types[r] == TARN_I32)
      ((int32_t *)call->out[o + p->ragged]->data)[b] = (int32_t)at;
    if (!j->single && p->split_types[r] == TARN_I64)
      ((int64_t *)call->out[o + p->ragged]->data)[b] = at;
    if (b == j->batch) break;
    TARN_TRY(tarn__feature_read(&j->found[b * j->keys + k], call->out[o], at));
    at += j->counts[b];
  }
  return TARN_OK;
}

static tarn_status dense(job *j, int d) {
  const tarn_example_params *p = j->p;
  const tarn_call *call = j->call;
  const tarn_tensor *fallback = default_of(j, d);
  const int k = p->sparse + d, o = 3 * p->sparse + d;
  const int64_t given = tarn__tensor_elements(fallback);
  tarn_shape row = p->dense_shapes[d], y = {.rank = 0};
  const bool grows = row.rank > 0 && row.dim[0] < 0;
  int64_t total, most, step;
  char text[64], wanted[TARN_SHAPE_TEXT], found[TARN_SHAPE_TEXT];
  size_t bytes;
  if (grows) row.dim[0] = 1;
  TARN_TRY(tarn__shape_bytes(&row, tarn_dtype_bytes(p->dense_types[d]), &step, &bytes));
  if (grows && step == 0)
    return tarn_fail(TARN_SHAPE, "dense_shapes[%d] has rows of no elements", d);
  if (grows && given != 1)
    return tarn_fail(TARN_INVALID, "key %s: the default pads, so it must be one element, got %lld",
                     shown(key_of(j, k), text), (long long)given);
  if (!grows && given > 0 && !tarn__shape_equal(&fallback->shape, &row))
    return tarn_fail(TARN_SHAPE, "key %s: a default of shape %s for values of shape %s",
                     shown(key_of(j, k), text), tarn__shape_print(&fallback->shape, found),
                     tarn__shape_print(&row, wanted));
  TARN_TRY(count(j, k, p->dense_types[d], &total, &most));
  for (int64_t b = 0; b < j->batch; b++) {
    if (grows ? j->counts[b] % step == 0 : j->counts[b] == step) continue;
    const bool absent = j->found[b * j->keys + k].dtype == TARN_NO_DTYPE;
    if (absent && given > 0) continue;
    if (absent)
      return tarn_fail(TARN_INVALID, "example %lld: feature %s is required but could not be found",
                       (long long)b, shown(key_of(j, k), text));
    return tarn_fail(TARN_INVALID, "example %lld, key %s: %lld values do not make shape %s",
                     (long long)b, shown(key_of(j, k), text), (long long)j->counts[b],
                     tarn__shape_print(&p->dense_shapes[d], wanted));
  }
  if (grows) row.dim[0] = most / step;
  if (!j->single) y.dim[y.rank++] = j->batch;
  for (int i = 0; i < row.rank; i++) y.dim[y.rank++] = row.dim[i];
  TARN_TRY(tarn__call_allocate(call, o, &y));
  const int64_t each = grows ? most : step;
  for (int64_t b = 0; b < j->batch; b++) {
    const tarn_feature *f = &j->found[b * j->keys + k];
    if (f->dtype != TARN_NO_DTYPE) TARN_TRY(tarn__feature_read(f, call->out[o], b * each));
    else if (!grows)
      TARN_TRY(tarn__tensor_copy_elements(call->out[o], b * each, fallback, 0, step));
    for (int64_t i = j->counts[b]; grows && i < each; i++)
      TARN_TRY(tarn__tensor_copy_elements(call->out[o], b * each + i, fallback, 0, 1));
  }
  return TARN_OK;
}

static tarn_status find(job *j, tarn_string *keys) {
  for (int k = 0; k < j->keys; k++) keys[k] = *key_of(j, k);
  for (int64_t b = 0; b < j->batch; b++)
    TARN_TRY_IN(tarn__example_find((const tarn_string *)j->call->in[0]->data + b, (size_t)j->keys,
                                   keys, j->found + b * j->keys),
                "parsing example %lld", (long long)b);
  return TARN_OK;
}

tarn_status tarn__features_parse(const tarn_call *call, const tarn_example_params *p) {
  const tarn_allocator *a = call->run->allocator;
  job j = {.call = call,
           .p = p,
           .single = call->in[0]->shape.rank == 0,
           .batch = tarn__tensor_elements(call->in[0]),
           .keys = p->sparse + p->dense + p->ragged};
  const size_t key_bytes = ((size_t)j.keys + 1) * sizeof(tarn_string);
  size_t found_bytes, count_bytes;
  if (tarn__mul_overflow((size_t)j.batch, ((size_t)j.keys + 1) * sizeof *j.found, &found_bytes))
    return tarn_fail(TARN_LIMIT, "%lld examples of %d features", (long long)j.batch, j.keys);
  if (tarn__add_overflow(found_bytes, sizeof *j.found, &found_bytes))
    return tarn_fail(TARN_LIMIT, "too many examples");
  count_bytes = ((size_t)j.batch + 1) * sizeof *j.counts;
  tarn_string *keys = tarn__alloc(a, key_bytes);
  j.found = tarn__alloc(a, found_bytes);
  j.counts = tarn__alloc(a, count_bytes);
  tarn_status status = keys && j.found && j.counts ? find(&j, keys) : TARN_NO_MEMORY;
  for (int k = 0; k < p->sparse && status == TARN_OK; k++) status = sparse(&j, k);
  for (int d = 0; d < p->dense && status == TARN_OK; d++) status = dense(&j, d);
  for (int r = 0; r < p->ragged && status == TARN_OK; r++) status = ragged(&j, r);
  if (j.counts) tarn__free(a, j.counts, count_bytes);
  if (j.found) tarn__free(a, j.found, found_bytes);
  if (keys) tarn__free(a, keys, key_bytes);
  return status;
}

/* ParseSequenceExample and kin: the context as ParseExample has it, and lists with a feature for
 * each step. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/input/example.h"
#include "kernels/cpu/input/features.h"

#include "core/bytes.h"
#include "core/memory.h"

#include <string.h>

/* One list's work over the batch; first it is counted, then read. */
typedef struct job {
  const tarn_call *call;
  const tarn_sequence_params *p;
  int64_t batch;
  bool batched;                    /* outputs have a batch dim */
  tarn_feature_list *found; /* [batch][lists]: the sparse ones, then the dense, then the ragged */
  const tarn_string *key;          /* of the list at hand, for messages */
  tarn_dtype dtype;
  int64_t each;                    /* values a step of a dense list; -1: any */
  int64_t b, values, steps;        /* where the walk is */
  int64_t most_steps, most_values; /* of an example; of a step */
  tarn_tensor *to;                 /* NULL while counting */
  int64_t *index;                  /* of a sparse list */
  tarn_tensor *splits; /* of a ragged list: where each step ends, in values, behind a 0 */
  int64_t all_steps;               /* of the walk so far */
} job;

static int lists_of(const tarn_sequence_params *p) { return p->sparse + p->dense + p->ragged; }

static tarn_status step(void *context, int64_t t, const tarn_feature *f) {
  job *j = context;
  char text[64];
  int64_t n;
  if (f->dtype != TARN_NO_DTYPE && f->dtype != j->dtype)
    return tarn_fail(TARN_INVALID, "key %s, step %lld: expected %s values, found %s",
                     tarn__printable(j->key->data, j->key->size, text, sizeof text), (long long)t,
                     tarn_dtype_name(j->dtype), tarn_dtype_name(f->dtype));
  TARN_TRY(tarn__feature_count(f, &n));
  if (j->each >= 0 && (n != j->each || f->dtype == TARN_NO_DTYPE))
    return tarn_fail(TARN_INVALID, "key %s, step %lld: %lld values, expected %lld",
                     tarn__printable(j->key->data, j->key->size, text, sizeof text), (long long)t,
                     (long long)n, (long long)j->each);
  if (j->to) TARN_TRY(tarn__feature_read(f, j->to, j->values));
  for (int64_t i = 0; i < n && j->index; i++) {
    if (j->batched) *j->index++ = j->b;
    *j->index++ = t;
    *j->index++ = i;
  }
  j->values += n;
  j->steps++;
  j->all_steps++;
  if (j->splits) tarn__index_put(j->splits, j->all_steps, j->values);
  if (n > j->most_values) j->most_values = n;
  return TARN_OK;
}

/* List k of all examples, one after another. */
static tarn_status walk(job *j, int k) {
  const int lists = lists_of(j->p);
  j->values = j->most_steps = j->most_values = j->all_steps = 0;
  for (j->b = 0; j->b < j->batch; j->b++) {
    j->steps = 0;
    TARN_TRY_IN(tarn__feature_list_walk(&j->found[j->b * lists + k], step, j),
                "parsing sequence %lld", (long long)j->b);
    if (j->steps > j->most_steps) j->most_steps = j->steps;
  }
  return TARN_OK;
}

static tarn_status sparse(job *j, int k, int first) {
  const tarn_call *call = j->call;
  const int n = j->p->sparse, width = j->batched ? 3 : 2;
  const int o = first + k;
  j->dtype = j->p->sparse_types[k];
  j->each = -1;
  j->to = NULL;
  j->index = NULL;
  TARN_TRY(walk(j, k));
  const tarn_shape indices = {.rank = 2, .dim = {j->values, width}},
                   values = tarn__shape_vector(j->values), dims = tarn__shape_vector(width);
  TARN_TRY(tarn__call_allocate(call, o, &indices));
  TARN_TRY(tarn__call_allocate(call, o + n, &values));
  TARN_TRY(tarn__call_allocate(call, o + 2 * n, &dims));
  j->to = call->out[o + n];
  j->index = call->out[o]->data;
  TARN_TRY(walk(j, k));
  int64_t *shape = call->out[o + 2 * n]->data;
  if (j->batched) *shape++ = j->batch;
  shape[0] = j->most_steps;
  shape[1] = j->most_values;
  return TARN_OK;
}

/* Dense list d may be absent, and is empty then. */
static bool may_lack(const job *j, int d) {
  const tarn_example_form form = j->p->context.form;
  if (form == TARN_EXAMPLE_VECTORS) return ((const bool *)j->call->in[8]->data)[d];
  const bool listed = form == TARN_EXAMPLE_ATTRS;
  const tarn_string *list = listed ? j->p->may_lack : j->call->in[1]->data;
  const int64_t n = listed ? j->p->may_lacks : tarn__tensor_elements(j->call->in[1]);
  for (int64_t i = 0; i < n; i++)
    if (list[i].size == j->key->size &&
        (!list[i].size || !memcmp(list[i].data, j->key->data, list[i].size)))
      return true;
  return false;
}

/* A batch is padded with zeros up to its longest sequence. */
static tarn_status dense(job *j, int d, int first) {
  const tarn_call *call = j->call;
  const int lists = lists_of(j->p), k = j->p->sparse + d, o = first + d;
  const tarn_shape *row = &j->p->dense_shapes[d];
  char text[64];
  tarn_shape shape = {.rank = 0};
  for (int64_t b = 0; b < j->batch; b++)
    if (!j->found[b * lists + k].present && !may_lack(j, d))
      return tarn_fail(
          TARN_INVALID, "sequence %lld: the list %s is required but could not be found",
          (long long)b, tarn__printable(j->key->data, j->key->size, text, sizeof text));
  j->dtype = j->p->dense_types[d];
  j->each = tarn__shape_elements(row);
  j->to = NULL;
  j->index = NULL;
  TARN_TRY(walk(j, k));
  if (j->batched) shape.dim[shape.rank++] = j->batch;
  shape.dim[shape.rank++] = j->most_steps;
  for (int i = 0; i < row->rank; i++) shape.dim[shape.rank++] = row->dim[i];
  TARN_TRY(tarn__call_allocate(call, o, &shape));
  j->to = call->out[o];
  if (j->to->dtype != TARN_STRING && tarn__tensor_bytes(j->to))
    memset(j->to->data, 0, tarn__tensor_bytes(j->to));
  const bool counted = j->p->context.form != TARN_EXAMPLE_SCALARS;   /* the op gives lengths */
  if (counted) {
    const tarn_shape lengths = j->batched ? tarn__shape_vector(j->batch) : tarn__shape_scalar();
    TARN_TRY(tarn__call_allocate(call, o + j->p->dense, &lengths));
  }
  const int64_t all = j->most_steps * j->each;   /* of a tensor that is there */
  for (int64_t b = 0; b < j->batch; b++) {
    j->b = b;
    j->values = b * all;
    j->steps = 0;
    TARN_TRY(tarn__feature_list_walk(&j->found[b * lists + k], step, j));
    if (counted) ((int64_t *)call->out[o + j->p->dense]->data)[b] = j->steps;
  }
  return TARN_OK;
}

/* Values, where each sequence ends in steps, and where each step ends in values. */
static tarn_status ragged(job *j, int r, int first) {
  const tarn_call *call = j->call;
  const int k = j->p->sparse + j->p->dense + r, n = j->p->ragged, o = first + r;
  j->dtype = j->p->ragged_types[r];
  j->each = -1;
  j->to = NULL;
  j->index = NULL;
  TARN_TRY(walk(j, k));
  if (j->p->split_types[r] == TARN_I32 && (j->values > INT32_MAX || j->all_steps > INT32_MAX))
    return tarn_fail(TARN_LIMIT, "%lld values with int32 splits", (long long)j->values);
  const tarn_shape values = tarn__shape_vector(j->values),
                   inner = tarn__shape_vector(j->all_steps + 1);
  const tarn_shape outer = j->batched ? tarn__shape_vector(j->batch + 1) : tarn__shape_scalar();
  TARN_TRY(tarn__call_allocate(call, o, &values));
  TARN_TRY(tarn__call_allocate(call, o + n, &outer));
  TARN_TRY(tarn__call_allocate(call, o + 2 * n, &inner));
  tarn__index_put(call->out[o + n], 0, 0);
  tarn__index_put(call->out[o + 2 * n], 0, 0);
  j->to = call->out[o];
  j->splits = call->out[o + 2 * n];
  j->values = j->all_steps = 0;
  for (j->b = 0; j->b < j->batch; j->b++) {
    j->steps = 0;
    TARN_TRY(tarn__feature_list_walk(&j->found[j->b * lists_of(j->p) + k], step, j));
    if (j->batched) tarn__index_put(call->out[o + n], j->b + 1, j->all_steps);
  }
  j->splits = NULL;
  return TARN_OK;
}

static void keys_of(const tarn_call *call, const tarn_sequence_params *p, tarn_string *keys) {
  const int before = 2 + p->context.sparse + p->context.dense,
            counts[] = {p->sparse, p->dense, p->ragged};
  if (p->context.form == TARN_EXAMPLE_VECTORS) {
    for (int sort = 0; sort < 3; sort++)
      for (int k = 0; k < counts[sort]; k++)
        *keys++ = ((const tarn_string *)call->in[5 + sort]->data)[k];
    return;
  }
  for (int k = 0; k < p->sparse + p->dense; k++)
    keys[k] = p->context.form == TARN_EXAMPLE_SCALARS
                  ? *(const tarn_string *)call->in[before + k]->data
              : k < p->sparse ? p->sparse_keys[k]
                              : p->dense_keys[k - p->sparse];
}

static tarn_status lists(job *j, tarn_string *keys) {
  const tarn_example_params *c = &j->p->context;
  const int n = lists_of(j->p), first = 3 * c->sparse + c->dense + 2 * c->ragged;
  keys_of(j->call, j->p, keys);
  for (int64_t b = 0; b < j->batch; b++)
    TARN_TRY_IN(tarn__example_find_lists((const tarn_string *)j->call->in[0]->data + b, (size_t)n,
                                         keys, j->found + b * n),
                "parsing sequence %lld", (long long)b);
  for (int k = 0; k < j->p->sparse; k++) {
    j->key = &keys[k];
    TARN_TRY(sparse(j, k, first));
  }
  for (int d = 0; d < j->p->dense; d++) {
    j->key = &keys[j->p->sparse + d];
    TARN_TRY(dense(j, d, first + 3 * j->p->sparse));
  }
  for (int r = 0; r < j->p->ragged; r++) {
    j->key = &keys[j->p->sparse + j->p->dense + r];
    TARN_TRY(ragged(j, r, first + 3 * j->p->sparse + 2 * j->p->dense));
  }
  return TARN_OK;
}

/* TensorFlow's fast parser wants a required feature of an empty batch, too. */
static tarn_status check_empty(const tarn_call *call, const tarn_example_params *c) {
  for (int d = 0; d < c->dense; d++)
    if (!tarn__tensor_elements(call->in[c->defaults + d]) &&
        tarn__shape_elements(&c->dense_shapes[d]) > 0)
      return tarn_fail(TARN_INVALID, "context feature %d is required, and there is no example", d);
  return TARN_OK;
}

static tarn_status parse(const tarn_call *call) {
  const tarn_sequence_params *p = call->problem->params;
  const tarn_allocator *a = call->run->allocator;
  const size_t n = (size_t)lists_of(p) + 1, key_bytes = n * sizeof(tarn_string);
  size_t bytes;
  job j = {.call = call,
           .p = p,
           .batch = tarn__tensor_elements(call->in[0]),
           .batched = call->in[0]->shape.rank > 0};
  if (!j.batch) TARN_TRY(check_empty(call, &p->context));
  TARN_TRY(tarn__features_parse(call, &p->context));
  if (tarn__mul_overflow((size_t)j.batch + 1, n * sizeof *j.found, &bytes))
    return tarn_fail(TARN_LIMIT, "%lld sequences", (long long)j.batch);
  tarn_string *keys = tarn__alloc(a, key_bytes);
  j.found = tarn__alloc(a, bytes);
  const tarn_status status = keys && j.found ? lists(&j, keys) : TARN_NO_MEMORY;
  if (j.found) tarn__free(a, j.found, bytes);
  if (keys) tarn__free(a, keys, key_bytes);
  return status;
}

const tarn_kernel tarn_kernels_input_sequence_reference[] = {
  {.op = "ParseSequenceExample", .name = "sequence", .run = parse},
  {.op = "ParseSequenceExampleV2", .name = "sequence", .run = parse},
  {.op = "ParseSingleSequenceExample", .name = "sequence", .run = parse},
  {0},
};

/* SparseCross and kin. Rows are walked once to count their crosses and once to write them; the
 * features of a row are those that follow where the row before it ended, so entries that are not in
 * row order hide what stands behind them, as in TensorFlow. */
#include "core/bytes.h"
#include "core/memory.h"
#include "kernels/cpu/text/hash.h"
#include "kernels/params/sparse.h"
#include "kernels/run.h"

typedef struct column {
  const tarn_tensor *values;
  const int64_t *index;      /* [n,2] of a sparse column; NULL: dense, values are [rows, each] */
  int64_t n, at, count; /* entries, and the features of the row at hand: values[at, at + count) */
  int64_t row;               /* of the last entry that was left behind, or the row at hand */
  int64_t chosen;
} column;

typedef enum form { JOINED, HASHED, KEYED } form;   /* KEYED: SparseCrossHashed */

typedef struct job {
  const tarn_call *call;
  column *columns;
  int count;
  int64_t rows;
  form form;
  tarn_string separator;
  uint64_t buckets, key, salt[2];
  bool strong;
  tarn_bytes text;           /* of a joined cross */
} job;

static void start(job *j) {
  for (int k = 0; k < j->count; k++) {
    column *c = &j->columns[k];
    if (c->index) c->at = c->count = c->row = 0;
  }
}

/* Leaves behind what a column has before `row`; false: it has nothing from there on, or nothing
 * that a walk would come to. */
static bool reach(column *c, int64_t row) {
  c->at += c->count;
  c->count = 0;
  for (; c->at < c->n; c->at++) {
    const int64_t here = c->index[2 * c->at];
    if (here < c->row) return false;
    if (here >= row) return true;
    c->row = here;
  }
  return false;
}

/* The next row, from `row` on, where every sparse column has features; j->rows: there is none. */
static int64_t next_row(job *j, int64_t row) {
  for (int k = 0, agreed = 0; k < j->count && agreed < j->count; agreed++, k = (k + 1) % j->count) {
    column *c = &j->columns[k];
    if (!c->index) continue;
    if (row >= j->rows || !reach(c, row)) return j->rows;
    if (c->index[2 * c->at] == row) continue;
    row = c->index[2 * c->at];
    agreed = 0;
  }
  return row;
}

/* Puts the columns on `row`, which next_row gave, and counts its crosses. */
static tarn_status enter(job *j, int64_t row, int64_t *crosses) {
  *crosses = j->count > 0;
  for (int k = 0; k < j->count; k++) {
    column *c = &j->columns[k];
    if (!c->index) c->at = row * c->count;
    else while (c->at + c->count < c->n && c->index[2 * (c->at + c->count)] == row) c->count++;
    if (c->index) c->row = row;
    c->chosen = 0;
    if (tarn__mul_overflow(*crosses, c->count, crosses))
      return tarn_fail(TARN_LIMIT, "too many crosses in row %lld", (long long)row);
  }
  return TARN_OK;
}

static uint64_t hash(const job *j, const column *c) {
  const int64_t at = c->at + c->chosen;
  if (c->values->dtype == TARN_STRING) {
    const tarn_string *s = (const tarn_string *)c->values->data + at;
    return j->strong ? tarn__siphash(j->salt, s->data, s->size)
                     : tarn__fingerprint(s->data, s->size);
  }
  const int64_t value = ((const int64_t *)c->values->data)[at];
  /* TensorFlow hashes four bytes of an int64, the size of what names its dtype. */
  if (j->strong) return tarn__siphash(j->salt, (const char *)&value, 4);
  return j->form == KEYED && c->index ? tarn__fingerprint((const char *)&value, 4)
                                      : (uint64_t)value;
}

static void put_hash(job *j, int64_t to) {
  uint64_t all = j->form == KEYED ? hash(j, &j->columns[0]) : j->key;
  for (int k = j->form == KEYED; k < j->count; k++)
    all = tarn__fingerprint_join(all, hash(j, &j->columns[k]));
  ((int64_t *)j->call->out[1]->data)[to] = (int64_t)(all % j->buckets);
}

static tarn_status put_text(job *j, int64_t to) {
  j->text.size = 0;
  for (int k = 0; k < j->count; k++) {
    const column *c = &j->columns[k];
    const int64_t at = c->at + c->chosen;
    if (k && j->separator.size)
      TARN_TRY(tarn__bytes_add(&j->text, j->separator.data, j->separator.size));
    if (c->values->dtype == TARN_STRING) {
      const tarn_string *s = (const tarn_string *)c->values->data + at;
      if (s->size) TARN_TRY(tarn__bytes_add(&j->text, s->data, s->size));
    } else {
      TARN_TRY(
          tarn__bytes_printf(&j->text, "%lld", (long long)((const int64_t *)c->values->data)[at]));
    }
  }
  return tarn__string_set(j->call->out[1], to, j->text.size ? j->text.data : "", j->text.size);
}

/* The last column's choice changes fastest. */
static void choose_next(job *j) {
  for (int k = j->count - 1; k >= 0; k--) {
    if (++j->columns[k].chosen < j->columns[k].count) return;
    j->columns[k].chosen = 0;
  }
}

static tarn_status write(job *j) {
  int64_t *index = j->call->out[0]->data, to = 0, crosses;
  start(j);
  for (int64_t row = next_row(j, 0); row < j->rows; row = next_row(j, row + 1)) {
    TARN_TRY(enter(j, row, &crosses));
    TARN_TRY(tarn__run_check(j->call->run));
    for (int64_t i = 0; i < crosses; i++, to++) {
      index[2 * to] = row;
      index[2 * to + 1] = i;
      if (j->form == JOINED) TARN_TRY(put_text(j, to));
      else put_hash(j, to);
      choose_next(j);
    }
  }
  return TARN_OK;
}

static tarn_status cross(job *j) {
  int64_t all = 0, most = 0, crosses;
  start(j);
  for (int64_t row = next_row(j, 0); row < j->rows; row = next_row(j, row + 1)) {
    TARN_TRY(enter(j, row, &crosses));
    TARN_TRY(tarn__run_check(j->call->run));
    if (crosses > most) most = crosses;
    if (tarn__add_overflow(all, crosses, &all)) return tarn_fail(TARN_LIMIT, "too many crosses");
  }
  const tarn_shape indices = {.rank = 2, .dim = {all, 2}}, values = tarn__shape_vector(all),
                   two = tarn__shape_vector(2);
  TARN_TRY(tarn__call_allocate(j->call, 0, &indices));
  TARN_TRY(tarn__call_allocate(j->call, 1, &values));
  TARN_TRY(tarn__call_allocate(j->call, 2, &two));
  ((int64_t *)j->call->out[2]->data)[0] = j->rows;
  ((int64_t *)j->call->out[2]->data)[1] = most;
  return write(j);
}

static tarn_status columns_of(job *j, int sparse) {
  const tarn_tensor *const *in = j->call->in;
  if (j->count) j->rows = sparse ? tarn__tensor_int(in[2 * sparse], 0) : in[0]->shape.dim[0];
  if (j->rows < 0) return tarn_fail(TARN_INVALID, "a batch of %lld", (long long)j->rows);
  for (int k = 0; k < j->count; k++) {
    const bool dense = k >= sparse;
    column *c = &j->columns[k];
    *c = (column){.values = in[dense ? 2 * sparse + k : sparse + k]};
    const int64_t rows = dense ? c->values->shape.dim[0] : tarn__tensor_int(in[2 * sparse + k], 0);
    if (rows != j->rows)
      return tarn_fail(TARN_INVALID, "expected batch size %lld, got %lld in column %d",
                       (long long)j->rows, (long long)rows, k);
    c->n = tarn__tensor_elements(c->values);
    if (dense) c->count = c->values->shape.dim[1];
    else c->index = in[k]->data;
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call, job *j) {
  const tarn_sparse_cross_params *p = call->problem->params;
  const tarn_allocator *a = tarn__call_allocator(call);
  j->call = call;
  j->count = p->sparse + p->dense;
  const size_t bytes = ((size_t)j->count + 1) * sizeof *j->columns;
  j->columns = tarn__alloc(a, bytes);
  if (!j->columns) return TARN_NO_MEMORY;
  tarn__bytes_init(&j->text, a);
  tarn_status status = columns_of(j, p->sparse);
  if (status == TARN_OK) status = cross(j);
  tarn__bytes_clear(&j->text);
  tarn__free(a, j->columns, bytes);
  return status;
}

/* Without buckets hashes stay below 2^63 - 1, so that none is negative. */
static uint64_t buckets(int64_t n) { return n > 0 ? (uint64_t)n : INT64_MAX; }

static tarn_status first(const tarn_call *call) {
  const tarn_sparse_cross_params *p = call->problem->params;
  job j = {.form = call->problem->out_dtype[1] == TARN_STRING ? JOINED : HASHED,
           .separator = {"_X_", 3},
           .buckets = buckets(p->buckets),
           .key = p->key};
  return run(call, &j);
}

static tarn_status joined(const tarn_call *call) {
  job j = {.form = JOINED,
           .separator = *(const tarn_string *)call->in[call->problem->inputs - 1]->data};
  return run(call, &j);
}

static tarn_status hashed(const tarn_call *call) {
  const tarn_tensor *const *last =
      call->in + call->problem->inputs - 3; /* num_buckets, strong_hash, salt */
  job j = {.form = KEYED,
           .buckets = buckets(tarn__tensor_int(last[0], 0)),
           .strong = *(const bool *)last[1]->data};
  for (int i = 0; i < 2; i++) j.salt[i] = (uint64_t)tarn__tensor_int(last[2], i);
  return run(call, &j);
}

const tarn_kernel tarn_kernels_sparse_cross_reference[] = {
  {.op = "SparseCross", .name = "cross", .run = first},
  {.op = "SparseCrossV2", .name = "cross", .run = joined},
  {.op = "SparseCrossHashed", .name = "cross", .run = hashed},
  {0},
};

/* InitializeTableFromTextFile: a pair from each line of a file, made of its fields, its text or its
 * number. */
#include "core/bytes.h"
#include "kernels/cpu/text/number.h"
#include "kernels/files.h"
#include "kernels/params/table.h"
#include "kernels/run.h"
#include "kernels/state/table/table.h"

#include <string.h>

/* A walk over the lines; carriage returns are no part of them. */
typedef struct reading {
  const tarn_vocabulary_params *p;
  const char *path;              /* for messages */
  const tarn_string *file;
  size_t at;
  int64_t number;                /* of the line that is read next */
  tarn_bytes line;
} reading;

static tarn_status next_line(reading *r) {
  r->line.size = 0;
  const size_t from = r->at;
  while (r->at < r->file->size && r->file->data[r->at] != '\n') r->at++;
  for (size_t i = from; i < r->at; i++)
    if (r->file->data[i] != '\r') TARN_TRY(tarn__bytes_add(&r->line, r->file->data + i, 1));
  r->at++;
  if (!r->line.size)
    return tarn_fail(TARN_INVALID, "Invalid content in %s: empty line found at position %zu.",
                     r->path, r->at);
  return TARN_OK;
}

/* Field k of the line, or TARN_INVALID. */
static tarn_status field(const reading *r, int64_t k, tarn_string *text) {
  const char *data = r->line.data;
  size_t from = 0;
  int64_t fields = 1;
  for (size_t i = 0;; i++) {
    if (i < r->line.size && data[i] != r->p->delimiter) continue;
    if (fields == k + 1) {
      *text = (tarn_string){data + from, i - from};
      return TARN_OK;
    }
    if (i == r->line.size) break;
    from = i + 1;
    fields++;
  }
  const int64_t wanted = (r->p->key > r->p->value ? r->p->key : r->p->value) + 1;
  return tarn_fail(TARN_INVALID,
                   "Invalid number of columns in %s line %lld: expected at least %lld got %lld",
                   r->path, (long long)r->number, (long long)wanted, (long long)fields);
}

static tarn_status put(const reading *r, int64_t which, tarn_tensor *column, int64_t i) {
  char shown[64];
  tarn_string text = {r->line.data, r->line.size};
  if (which == TARN_VOCABULARY_NUMBER) {
    ((int64_t *)column->data)[i] = (int64_t)((uint64_t)r->number + (uint64_t)r->p->offset);
    return TARN_OK;
  }
  if (which >= 0) TARN_TRY(field(r, which, &text));
  if (column->dtype == TARN_STRING) return tarn__string_set(column, i, text.data, text.size);
  if (tarn__number_read(&text, column, i) == TARN_OK) return TARN_OK;
  return tarn_fail(TARN_INVALID, "Field %s in line %lld is not a valid %s.",
                   tarn__printable(text.data, text.size, shown, sizeof shown), (long long)r->number,
                   tarn_dtype_name(column->dtype));
}

/* The number of lines, at most `most`. */
static int64_t count_lines(const tarn_string *file, int64_t most) {
  int64_t n = 0;
  for (size_t at = 0; at < file->size && (most < 0 || n < most); n++) {
    const char *end = memchr(file->data + at, '\n', file->size - at);
    at = end ? (size_t)(end - file->data) + 1 : file->size;
  }
  return n;
}

static tarn_status read_pairs(reading *r, const tarn_allocator *a, const tarn_run *run,
                              tarn_lookup *t) {
  const int64_t n = count_lines(r->file, r->p->lines);
  const tarn_shape shape = tarn__shape_vector(n);
  tarn_tensor keys, values = {.dtype = TARN_NO_DTYPE};
  if (r->p->lines > n)
    return tarn_fail(TARN_INVALID, "Invalid vocab_size in %s: expected %lld but got %lld", r->path,
                     (long long)r->p->lines, (long long)n);
  if (n == 0)
    return tarn_fail(r->p->lines == 0 ? TARN_END : TARN_INVALID, "%s has no lines to read",
                     r->path);
  TARN_TRY(tarn__tensor_new(a, t->key_dtype, &shape, &keys));
  tarn_status status = tarn__tensor_new(a, t->value_dtype, &shape, &values);
  for (; r->number < n && status == TARN_OK; r->number++) {
    if (r->number % 4096 == 0) status = tarn__run_check(run);
    if (status == TARN_OK) status = next_line(r);
    if (status == TARN_OK) status = put(r, r->p->key, &keys, r->number);
    if (status == TARN_OK) status = put(r, r->p->value, &values, r->number);
  }
  if (status == TARN_OK) status = tarn__lookup_initialize(t, &keys, &values);
  tarn__tensor_clear(&keys);
  tarn__tensor_clear(&values);
  return status;
}

static bool readable(tarn_dtype dtype) {
  return dtype == TARN_STRING || dtype == TARN_I64 || dtype == TARN_I32 || dtype == TARN_F32 ||
         dtype == TARN_F64;
}

static tarn_status check_column(int64_t which, tarn_dtype dtype, const char *what) {
  if (which == TARN_VOCABULARY_NUMBER && dtype != TARN_I64)
    return tarn_fail(TARN_DTYPE,
                     "%s index for line number requires table %s dtype of int64, got %s", what,
                     what, tarn_dtype_name(dtype));
  if (!readable(dtype))
    return tarn_fail(TARN_DTYPE, "a %s of %s cannot be read from text", what,
                     tarn_dtype_name(dtype));
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const tarn_vocabulary_params *p = call->problem->params;
  const tarn_allocator *a = call->run->allocator;
  const tarn_files *files = call->run->files;
  const tarn_string *path = call->in[1]->data;
  const tarn_shape scalar = tarn__shape_scalar();
  char shown[256];
  void *object;
  tarn_tensor file;
  TARN_TRY(tarn__call_object(call, 0, &tarn__lookup_type, &object));
  tarn_lookup *t = object;
  if (t->kind != TARN_TABLE_HASH)
    return tarn_fail(TARN_INVALID, "only a HashTable is initialized from a file");
  TARN_TRY(check_column(p->key, t->key_dtype, "key"));
  TARN_TRY(check_column(p->value, t->value_dtype, "value"));
  if (!files || !files->read)
    return tarn_fail(TARN_REFUSED,
                     "a table is filled from a file, which the session does not allow");
  TARN_TRY(tarn__tensor_new(a, TARN_STRING, &scalar, &file));
  tarn_status status = files->read(files, path->size ? path->data : "", path->size, &file, 0);
  if (status == TARN_OK) {
    reading r = {
        .p = p,
        .file = file.data,
        .path = tarn__printable(path->size ? path->data : "", path->size, shown, sizeof shown)};
    tarn__bytes_init(&r.line, a);
    status = read_pairs(&r, a, call->run, t);
    tarn__bytes_clear(&r.line);
  }
  tarn__tensor_clear(&file);
  return status;
}

const tarn_kernel tarn_kernels_table_vocabulary_reference[] = {
  {.op = "InitializeTableFromTextFileV2", .name = "vocabulary", .run = run},
  {.op = "InitializeTableFromTextFile", .name = "vocabulary", .run = run},
  {0},
};

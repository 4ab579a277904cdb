/* Files as strings, through the session's door to them, and strings as numbers. */
#include "kernels/files.h"
#include "kernels/cpu/input/inflate.h"
#include "kernels/params/input.h"
#include "kernels/run.h"

#include <stdlib.h>
#include <string.h>

static tarn_status refused(const tarn_call *call) {
  return tarn_fail(TARN_REFUSED, "op %s reaches for files, which the session does not allow",
                   call->problem->op);
}

static const char *bytes_of(const tarn_string *s) { return s->size ? s->data : ""; }

static tarn_status read(const tarn_call *call) {
  const tarn_files *files = call->run->files;
  const tarn_string *path = call->in[0]->data;
  if (!files || !files->read) return refused(call);
  return files->read(files, bytes_of(path), path->size, call->out[0], 0);
}

static tarn_status write(const tarn_call *call) {
  const tarn_files *files = call->run->files;
  const tarn_string *path = call->in[0]->data, *contents = call->in[1]->data;
  if (!files || !files->write) return refused(call);
  return files->write(files, call->run->allocator, bytes_of(path), path->size, bytes_of(contents),
                      contents->size);
}

/* Turns each group of `bytes` round, for numbers that were written the other way. A complex number
 * is two. */
static void swap_bytes(char *data, size_t total, size_t bytes) {
  for (size_t at = 0; at + bytes <= total; at += bytes)
    for (size_t i = 0; i < bytes / 2; i++) {
      const char kept = data[at + i];
      data[at + i] = data[at + bytes - 1 - i];
      data[at + bytes - 1 - i] = kept;
    }
}

static tarn_status decode_raw(const tarn_call *call) {
  const tarn_decode_params *p = call->problem->params;
  const tarn_string *s = call->in[0]->data;
  const int64_t n = tarn__tensor_elements(call->in[0]);
  const size_t each = tarn_dtype_bytes(p->dtype), length = n ? s[0].size : 0;
  tarn_shape shape = call->in[0]->shape;
  for (int64_t i = 0; i < n; i++)
    if (s[i].size != length)
      return tarn_fail(TARN_INVALID,
                       "DecodeRaw requires input strings to all be the same size, but element %lld "
                       "has size %zu != %zu",
                       (long long)i, s[i].size, length);
  if (length % each)
    return tarn_fail(
        TARN_INVALID,
        "Input to DecodeRaw has length %zu that is not a multiple of %zu, the size of %s", length,
        each, tarn_dtype_name(p->dtype));
  if (shape.rank == TARN_MAX_RANK) return tarn_fail(TARN_LIMIT, "strings in %d dims", shape.rank);
  shape.dim[shape.rank++] = (int64_t)(length / each);
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  char *y = call->out[0]->data;
  for (int64_t i = 0; i < n && length; i++) memcpy(y + (size_t)i * length, s[i].data, length);
  if (!p->little_endian)
    swap_bytes(y, (size_t)n * length, tarn__dtype_in(p->dtype, TARN_COMPLEX) ? each / 2 : each);
  return TARN_OK;
}

/* ---- names of files -------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
  const tarn_string *x = a, *y = b;
  const size_t n = x->size < y->size ? x->size : y->size;
  const int order = n ? memcmp(x->data, y->data, n) : 0;
  return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* The names of all lists, as one sorted vector. */
static tarn_status sorted(const tarn_call *call, const tarn_tensor *lists, int64_t n) {
  int64_t total = 0, at = 0;
  for (int64_t i = 0; i < n; i++) total += tarn__tensor_elements(&lists[i]);
  const tarn_shape shape = tarn__shape_vector(total);
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  for (int64_t i = 0; i < n; i++) {
    const int64_t count = tarn__tensor_elements(&lists[i]);
    if (count) TARN_TRY(tarn__tensor_copy_elements(call->out[0], at, &lists[i], 0, count));
    at += count;
  }
  if (total) qsort(call->out[0]->data, (size_t)total, sizeof(tarn_string), by_name);
  return TARN_OK;
}

static tarn_status matching(const tarn_call *call) {
  const tarn_files *files = call->run->files;
  const tarn_string *patterns = call->in[0]->data;
  const int64_t n = tarn__tensor_elements(call->in[0]);
  const size_t bytes = ((size_t)n + 1) * sizeof(tarn_tensor);
  if (!files || !files->match) return refused(call);
  tarn_tensor *lists = tarn__alloc_zero(call->run->allocator, bytes);
  if (!lists) return TARN_NO_MEMORY;
  tarn_status status = TARN_OK;
  int64_t done = 0;
  for (; done < n && status == TARN_OK; done++) {
    status = tarn__run_check(call->run);
    if (status == TARN_OK)
      status = files->match(files, call->run->allocator, bytes_of(&patterns[done]),
                            patterns[done].size, &lists[done]);
  }
  if (status == TARN_OK) status = sorted(call, lists, n);
  for (int64_t i = 0; i < done; i++) tarn__tensor_clear(&lists[i]);
  tarn__free(call->run->allocator, lists, bytes);
  return status;
}

/* ---- bytes as they are ----------------------------------------------------------------------- */

static tarn_status region(const tarn_call *call) {
  const tarn_region_params *p = call->problem->params;
  const tarn_files *files = call->run->files;
  const tarn_shape scalar = tarn__shape_scalar();
  const size_t bytes = tarn__tensor_bytes(call->out[0]);
  tarn_tensor file;
  if (!files || !files->read) return refused(call);
  TARN_TRY(tarn__tensor_new(call->run->allocator, TARN_STRING, &scalar, &file));
  tarn_status status = files->read(files, bytes_of(&p->name), p->name.size, &file, 0);
  if (status == TARN_OK) {
    const tarn_string *s = file.data;
    if (s->size < bytes)
      status =
          tarn_fail(TARN_CORRUPT, "the file has %zu bytes, the constant takes %zu", s->size, bytes);
    else if (bytes) memcpy(call->out[0]->data, s->data, bytes);
  }
  tarn__tensor_clear(&file);
  return status;
}

static tarn_status decode_padded(const tarn_call *call) {
  const tarn_decode_params *p = call->problem->params;
  const tarn_string *s = call->in[0]->data;
  const int64_t n = tarn__tensor_elements(call->in[0]);
  const size_t length = (size_t)tarn__tensor_int(call->in[1], 0);
  char *y = call->out[0]->data;
  for (int64_t i = 0; i < n; i++) {
    const size_t given = s[i].size < length ? s[i].size : length;
    if (given) memcpy(y + (size_t)i * length, s[i].data, given);
    memset(y + (size_t)i * length + given, 0, length - given);
  }
  if (!p->little_endian) swap_bytes(y, (size_t)n * length, tarn_dtype_bytes(p->dtype));
  return TARN_OK;
}

static tarn_status decode_packed(const tarn_call *call) {
  const tarn_compression *compression = call->problem->params;
  const tarn_string *s = call->in[0]->data;
  const int64_t n = tarn__tensor_elements(call->in[0]);
  tarn_status status = TARN_OK;
  tarn_bytes whole;
  tarn__bytes_init(&whole, call->run ? call->run->allocator : tarn__allocator_default());
  for (int64_t i = 0; i < n && status == TARN_OK; i++) {
    whole.size = 0;
    status = tarn__inflate(call->run, *compression, &s[i], &whole);
    if (status == TARN_OK)
      status = tarn__string_set(call->out[0], i, whole.size ? whole.data : "", whole.size);
  }
  tarn__bytes_clear(&whole);
  return status;
}

const tarn_kernel tarn_kernels_input_file_reference[] = {
  {.op = "ReadFile", .name = "read_file", .run = read},
  {.op = "WriteFile", .name = "write_file", .run = write},
  {.op = "MatchingFiles", .name = "matching", .run = matching},
  {.op = "ImmutableConst", .name = "region", .run = region},
  {.op = "DecodeCompressed", .name = "decode_packed", .run = decode_packed},
  {.op = "DecodePaddedRaw", .name = "decode_padded", .run = decode_padded},
  {.op = "DecodeRaw", .name = "decode_raw", .run = decode_raw},
  {0},
};

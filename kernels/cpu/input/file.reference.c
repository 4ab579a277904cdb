/* Files as strings, through the session's door to them, and strings as numbers. */
#include "kernels/files.h"
#include "kernels/params/input.h"
#include "kernels/run.h"

#include <string.h>

static tarn_status refused(const tarn_call *call) {
  return tarn_fail(TARN_REFUSED, "op %s reaches for files, which the session does not allow", call->problem->op);
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
  return files->write(files, call->run->allocator, bytes_of(path), path->size, bytes_of(contents), contents->size);
}

/* Turns each group of `bytes` round, for numbers that were written the other way. A complex number is two. */
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
      return tarn_fail(TARN_INVALID, "DecodeRaw requires input strings to all be the same size, but element %lld has size %zu != %zu",
                       (long long)i, s[i].size, length);
  if (length % each)
    return tarn_fail(TARN_INVALID, "Input to DecodeRaw has length %zu that is not a multiple of %zu, the size of %s", length, each,
                     tarn_dtype_name(p->dtype));
  if (shape.rank == TARN_MAX_RANK) return tarn_fail(TARN_LIMIT, "strings in %d dims", shape.rank);
  shape.dim[shape.rank++] = (int64_t)(length / each);
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  char *y = call->out[0]->data;
  for (int64_t i = 0; i < n && length; i++) memcpy(y + (size_t)i * length, s[i].data, length);
  if (!p->little_endian) swap_bytes(y, (size_t)n * length, tarn__dtype_in(p->dtype, TARN_COMPLEX) ? each / 2 : each);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_input_file_reference[] = {
  {.op = "ReadFile", .name = "read_file", .run = read},
  {.op = "WriteFile", .name = "write_file", .run = write},
  {.op = "DecodeRaw", .name = "decode_raw", .run = decode_raw},
  {0},
};

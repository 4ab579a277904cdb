/* Readers: see reader.h. A file is held whole while it is read: the session's door gives files as
 * strings. */
#include "kernels/state/reader.h"

#include "core/crc32c.h"
#include "core/wire/wire.h"
#include "kernels/files.h"

#include <pthread.h>

struct tarn_reader {
  tarn_object object;
  const tarn_allocator *allocator;
  tarn_reader_params params;
  pthread_mutex_t lock;
  tarn_tensor name, file;        /* of the file at hand; TARN_NO_DTYPE: none */
  size_t at;
  int64_t number, produced, started, completed;
  tarn_bytes last;               /* the name that was read last */
};

static void drop_file(tarn_reader *r) {
  tarn__tensor_clear(&r->name);
  tarn__tensor_clear(&r->file);
  r->at = 0;
  r->number = 0;
}

static void destroy(void *object) {
  tarn_reader *r = object;
  drop_file(r);
  tarn__bytes_clear(&r->last);
  pthread_mutex_destroy(&r->lock);
  tarn__free(r->allocator, r, sizeof *r);
}

const tarn_object_type tarn__reader_type = {"Reader", destroy};

static tarn_status create(const tarn_allocator *a, const void *argument, void **object) {
  tarn_reader *r = tarn__alloc_zero(a, sizeof *r);
  if (!r) return TARN_NO_MEMORY;
  tarn__object_init(&r->object, &tarn__reader_type);
  r->allocator = a;
  r->params = *(const tarn_reader_params *)argument;
  tarn__bytes_init(&r->last, a);
  pthread_mutex_init(&r->lock, NULL);
  *object = r;
  return TARN_OK;
}

tarn_status tarn__reader_get(tarn_resources *resources, const char *name,
                             const tarn_reader_params *params, tarn_reader **reader) {
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__reader_type, name, create, params, &object));
  *reader = object;
  return TARN_OK;
}

/* ---- records -------------------------------------------------------------------------------- */

/* length (8 bytes), masked crc of it, the bytes, masked crc of them */
static tarn_status next_tfrecord(const tarn_string *file, size_t *at, tarn_string *record) {
  const unsigned char *p = (const unsigned char *)file->data + *at;
  const size_t left = file->size - *at;
  if (left < 12)
    return tarn_fail(TARN_CORRUPT, "byte %zu: a record's header of 12 bytes, found %zu", *at, left);
  const uint64_t length = tarn__le64(p);
  if (tarn__crc32c_unmask(tarn__le32(p + 8)) != tarn__crc32c(0, p, 8))
    return tarn_fail(TARN_CORRUPT, "byte %zu: the checksum of a record's length does not fit", *at);
  if (left - 12 < 4 || length > left - 16)
    return tarn_fail(TARN_CORRUPT, "byte %zu: a record claims %llu bytes, %zu are left", *at,
                     (unsigned long long)length, left - 12);
  if (tarn__crc32c_unmask(tarn__le32(p + 12 + length)) != tarn__crc32c(0, p + 12, (size_t)length))
    return tarn_fail(TARN_CORRUPT, "byte %zu: the checksum of a record does not fit", *at);
  *record = (tarn_string){file->data + *at + 12, (size_t)length};
  *at += 16 + (size_t)length;
  return TARN_OK;
}

/* Up to the next line feed; carriage returns are dropped. */
static tarn_status next_line(const tarn_string *file, size_t *at, tarn_bytes *text,
                             tarn_string *record) {
  text->size = 0;
  for (; *at < file->size && file->data[*at] != '\n'; ++*at)
    if (file->data[*at] != '\r') TARN_TRY(tarn__bytes_add(text, file->data + *at, 1));
  ++*at;
  *record = (tarn_string){text->size ? text->data : "", text->size};
  return TARN_OK;
}

static tarn_status next_fixed(const tarn_reader_params *p, const tarn_string *file, size_t *at,
                              tarn_string *record) {
  const size_t around = (size_t)p->header_bytes + (size_t)p->footer_bytes,
               bytes = (size_t)p->record_bytes;
  if (file->size < around || *at > file->size - around || bytes > file->size - around - *at)
    return TARN_END;
  *record = (tarn_string){file->data + p->header_bytes + *at, bytes};
  if (tarn__add_overflow(*at, p->hop_bytes ? (size_t)p->hop_bytes : bytes, at)) *at = SIZE_MAX;
  return TARN_OK;
}

tarn_status tarn__record_next(const tarn_reader_params *p, const tarn_string *file, size_t *at,
                              int64_t *number, int64_t *key, tarn_bytes *text,
                              tarn_string *record) {
  switch (p->kind) {
    case TARN_READER_TFRECORD:
      if (*at >= file->size) return TARN_END;
      *key = (int64_t)*at;
      return next_tfrecord(file, at, record);
    case TARN_READER_TEXT:
      do {
        if (*at >= file->size) return TARN_END;
        TARN_TRY(next_line(file, at, text, record));
        *key = ++*number;
      } while (*number <= p->skip_lines);
      return TARN_OK;
    case TARN_READER_FIXED:
      *key = (*number)++;
      return next_fixed(p, file, at, record);
    case TARN_READER_WHOLE:
    case TARN_READER_IDENTITY:
      if (*at) return TARN_END;
      *at = 1;
      *key = -1;
      *record = (tarn_string){file->size ? file->data : "", file->size};
      return TARN_OK;
  }
  return TARN_END;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* The file's bytes give way to what they hold. */
static tarn_status unpack(tarn_reader *r, const tarn_run *run) {
  tarn_bytes whole;
  tarn__bytes_init(&whole, r->allocator);
  tarn_status status = tarn__inflate(run, r->params.compression, r->file.data, &whole);
  if (status == TARN_OK)
    status = tarn__string_set(&r->file, 0, whole.size ? whole.data : "", whole.size);
  tarn__bytes_clear(&whole);
  return status;
}

static tarn_status open_next(tarn_reader *r, const tarn_run *run, tarn_queue *queue) {
  const tarn_shape scalar = tarn__shape_scalar();
  int64_t taken = 0;
  if (tarn__queue_components(queue) != 1)
    return tarn_fail(TARN_INVALID, "a reader's queue has tuples of one string");
  TARN_TRY(tarn__queue_take(queue, run, 1, false, &r->name, &taken));
  if (r->name.dtype != TARN_STRING || tarn__tensor_elements(&r->name) != 1) {
    drop_file(r);
    return tarn_fail(TARN_DTYPE, "a reader's queue has tuples of one string");
  }
  const tarn_string *path = r->name.data;
  tarn_status status = tarn__tensor_new(r->allocator, TARN_STRING, &scalar, &r->file);
  if (status == TARN_OK && r->params.kind == TARN_READER_IDENTITY)
    status = tarn__string_set(&r->file, 0, path->size ? path->data : "", path->size);
  else if (status == TARN_OK && (!run->files || !run->files->read))
    status =
        tarn_fail(TARN_REFUSED, "a reader reaches for files, which the session does not allow");
  else if (status == TARN_OK)
    status = run->files->read(run->files, path->size ? path->data : "", path->size, &r->file, 0);
  if (status == TARN_OK && r->params.compression != TARN_COMPRESSION_NONE) status = unpack(r, run);
  if (status == TARN_OK) {
    r->last.size = 0;
    status = tarn__bytes_add(&r->last, path->size ? path->data : "", path->size);
  }
  if (status != TARN_OK) drop_file(r);
  else r->started++;
  return status;
}

static tarn_status put_key(const tarn_reader *r, int64_t number, tarn_bytes *b, tarn_tensor *keys,
                           int64_t i) {
  const tarn_string *path = r->name.data;
  b->size = 0;
  if (path->size) TARN_TRY(tarn__bytes_add(b, path->data, path->size));
  if (number >= 0) TARN_TRY(tarn__bytes_printf(b, ":%lld", (long long)number));
  return tarn__string_set(keys, i, b->size ? b->data : "", b->size);
}

static tarn_status read_locked(tarn_reader *r, const tarn_run *run, tarn_queue *queue, int64_t n,
                               tarn_tensor *keys, tarn_tensor *values, tarn_bytes *text,
                               int64_t *count) {
  while (*count == 0) {
    if (r->file.dtype == TARN_NO_DTYPE) TARN_TRY(open_next(r, run, queue));
    while (*count < n) {
      int64_t key;
      tarn_string record;
      const tarn_status status =
          tarn__record_next(&r->params, r->file.data, &r->at, &r->number, &key, text, &record);
      if (status == TARN_END) {
        drop_file(r);
        r->completed++;
        break;
      }
      TARN_TRY(status);
      TARN_TRY(tarn__string_set(values, *count, record.data, record.size));
      TARN_TRY(put_key(r, key, text, keys, *count));
      ++*count;
      r->produced++;
      if (r->params.kind == TARN_READER_WHOLE ||
          r->params.kind == TARN_READER_IDENTITY) { /* there is no more */
        drop_file(r);
        r->completed++;
        break;
      }
    }
  }
  return TARN_OK;
}

tarn_status tarn__reader_read(tarn_reader *r, const tarn_run *run, tarn_queue *queue, int64_t n,
                              tarn_tensor *keys, tarn_tensor *values, int64_t *count) {
  tarn_bytes text;
  *count = 0;
  tarn__bytes_init(&text, r->allocator);
  pthread_mutex_lock(&r->lock);
  const tarn_status status = read_locked(r, run, queue, n, keys, values, &text, count);
  pthread_mutex_unlock(&r->lock);
  tarn__bytes_clear(&text);
  return status;
}

static int64_t peek(tarn_reader *r, const int64_t *count) {
  pthread_mutex_lock(&r->lock);
  const int64_t value = *count;
  pthread_mutex_unlock(&r->lock);
  return value;
}
int64_t tarn__reader_produced(tarn_reader *r) { return peek(r, &r->produced); }
int64_t tarn__reader_completed(tarn_reader *r) { return peek(r, &r->completed); }

void tarn__reader_reset(tarn_reader *r) {
  pthread_mutex_lock(&r->lock);
  drop_file(r);
  r->produced = r->started = r->completed = 0;
  r->last.size = 0;
  pthread_mutex_unlock(&r->lock);
}

/* ---- where a reader is ---------------------------------------------------------------------- */

static tarn_status has_state(const tarn_reader *r) {
  if (r->params.kind == TARN_READER_WHOLE || r->params.kind == TARN_READER_IDENTITY) return TARN_OK;
  return tarn_fail(TARN_FAILED,
                   "a reader that stops inside of files has no state to keep or restore");
}

/* ReaderBaseState{1: work started, 2: work finished, 3: records produced, 4: the last work}; zeros
 * are left out. */
static tarn_status write_state(const tarn_reader *r, tarn_bytes *b) {
  const int64_t numbers[] = {r->started, r->completed, r->produced};
  for (int k = 0; k < 3; k++)
    if (numbers[k]) TARN_TRY(tarn__wire_add_int(b, (uint32_t)k + 1, (uint64_t)numbers[k]));
  return r->last.size ? tarn__wire_add_bytes(b, 4, r->last.data, r->last.size) : TARN_OK;
}

tarn_status tarn__reader_serialize(tarn_reader *r, tarn_tensor *state) {
  tarn_bytes b;
  TARN_TRY(has_state(r));
  tarn__bytes_init(&b, r->allocator);
  pthread_mutex_lock(&r->lock);
  tarn_status status = write_state(r, &b);
  pthread_mutex_unlock(&r->lock);
  if (status == TARN_OK) status = tarn__string_set(state, 0, b.size ? b.data : "", b.size);
  tarn__bytes_clear(&b);
  return status;
}

static tarn_status read_state(const tarn_string *state, int64_t numbers[3], const char **last,
                              size_t *bytes) {
  tarn_wire w = tarn__wire(state->size ? state->data : "", state->size, 0, "ReaderBaseState");
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number <= 3) TARN_TRY(tarn__wire_int64(&f, &numbers[f.number - 1]));
    if (f.number == 4) TARN_TRY(tarn__wire_text(&f, last, bytes));
  }
}

tarn_status tarn__reader_restore(tarn_reader *r, const tarn_string *state) {
  int64_t numbers[3] = {0};
  const char *last = "";
  size_t bytes = 0;
  TARN_TRY(has_state(r));
  TARN_TRY_IN(read_state(state, numbers, &last, &bytes), "restoring the state of a reader");
  if (numbers[0] < 0 || numbers[1] < 0 || numbers[2] < 0)
    return tarn_fail(TARN_INVALID, "Unexpected negative value when restoring a reader");
  if (numbers[0] > numbers[1])
    return tarn_fail(TARN_INVALID,
                     "Inconsistent work started vs. finished when restoring a reader: %lld, %lld",
                     (long long)numbers[0], (long long)numbers[1]);
  pthread_mutex_lock(&r->lock);
  drop_file(r);
  r->started = numbers[0];
  r->completed = numbers[1];
  r->produced = numbers[2];
  r->last.size = 0;
  const tarn_status status = tarn__bytes_add(&r->last, last, bytes);
  pthread_mutex_unlock(&r->lock);
  return status;
}

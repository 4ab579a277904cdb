#include "loader/compiled/writer.h"

#include "core/crc32c.h"
#include "core/hash.h"
#include "core/tensor/contents.h"
#include "core/thread/cpu.h"
#include "core/wire/tensor_message.h"
#include "loader/compiled/format.h"
#include "loader/compiled/reader.h"

static tarn_status put(compiled_writer *w, const void *data, size_t bytes) {
  TARN_TRY(tarn__output_write(w->output, data, bytes));
  w->at += bytes;
  return TARN_OK;
}

static tarn_status pad(compiled_writer *w, size_t to) {
  static const char zeros[COMPILED_PAGE];
  const size_t over = (size_t)(w->at % to);
  return over ? put(w, zeros, to - over) : TARN_OK;
}

static tarn_status text(tarn_bytes *b, uint32_t field, const char *words) {
  return tarn__wire_add_bytes(b, field, words, strlen(words));
}

tarn_status tarn__compiled_writer_open(compiled_writer *w, const tarn_allocator *a,
                                       const char *path) {
  unsigned char head[COMPILED_HEAD] = {0};
  *w = (compiled_writer){0};
  tarn__bytes_init(&w->description, a);
  TARN_TRY(tarn__output_open(a, path, &w->output));
  memcpy(head, COMPILED_MAGIC, COMPILED_MAGIC_BYTES);
  tarn__put_le32(head + COMPILED_MAGIC_BYTES, COMPILED_VERSION);
  TARN_TRY(put(w, head, sizeof head));
  TARN_TRY(text(&w->description, FIELD_TARN, tarn_version()));
  TARN_TRY(text(&w->description, FIELD_KERNELS, tarn__kernels_fingerprint));
  return text(&w->description, FIELD_MACHINE, tarn__cpu()->name);
}

static uint64_t name_of(const tarn_tensor *t) {
  const uint64_t contents = tarn__tensor_contents(t);
  if (tarn__contents_last(contents)) return contents;
  const uint64_t shape =
      tarn__hash((uint64_t)t->dtype, t->shape.dim, (size_t)t->shape.rank * sizeof t->shape.dim[0]);
  return tarn__hash(shape, t->data, tarn__tensor_bytes(t)) | 3ull << 62;
}

tarn_status tarn__compiled_writer_weight(compiled_writer *w, const char *variable,
                                         const tarn_tensor *t, bool packed) {
  size_t mark;
  const size_t bytes = tarn__tensor_bytes(t);
  tarn_bytes *b = &w->description;
  TARN_TRY(pad(w, COMPILED_ALIGN));
  TARN_TRY(tarn__wire_begin(b, FIELD_WEIGHT, &mark));
  if (variable) TARN_TRY(text(b, WEIGHT_VARIABLE, variable));
  TARN_TRY(tarn__wire_add_int(b, WEIGHT_DTYPE, (uint64_t)t->dtype));
  TARN_TRY(tarn__shape_message_write(&t->shape, WEIGHT_SHAPE, b));
  TARN_TRY(tarn__wire_add_fixed64(b, WEIGHT_OFFSET, w->at));
  TARN_TRY(tarn__wire_add_fixed64(b, WEIGHT_CONTENTS, name_of(t)));
  TARN_TRY(tarn__wire_add_fixed32(b, WEIGHT_CRC, tarn__crc32c(0, t->data, bytes)));
  if (packed) TARN_TRY(tarn__wire_add_int(b, WEIGHT_PACKED, 1));
  TARN_TRY(tarn__wire_end(b, mark));
  return put(w, t->data, bytes);
}

tarn_status tarn__compiled_writer_form(compiled_writer *w, const tarn_packed_key *key,
                                       const void *form) {
  char name[256];
  size_t mark;
  tarn_bytes *b = &w->description;
  TARN_TRY(pad(w, COMPILED_PAGE));
  TARN_TRY(tarn__wire_begin(b, FIELD_FORM, &mark));
  TARN_TRY(text(b, FORM_KERNEL, tarn__compiled_kernel(key->kernel, name, sizeof name)));
  TARN_TRY(tarn__wire_add_fixed64(b, FORM_KEY, key->form));
  TARN_TRY(tarn__wire_add_int(b, FORM_BYTES, key->bytes));
  for (int i = 0; i < TARN_PACKED_INPUTS && key->contents[i]; i++)
    TARN_TRY(tarn__wire_add_fixed64(b, FORM_CONTENTS, key->contents[i]));
  TARN_TRY(tarn__wire_add_fixed64(b, FORM_OFFSET, w->at));
  TARN_TRY(tarn__wire_add_fixed32(b, FORM_CRC, tarn__crc32c(0, form, key->bytes)));
  TARN_TRY(tarn__wire_end(b, mark));
  return put(w, form, key->bytes);
}

static tarn_status finish(compiled_writer *w, const tarn_bytes *meta) {
  unsigned char foot[COMPILED_FOOT];
  TARN_TRY(pad(w, COMPILED_ALIGN));
  TARN_TRY(tarn__wire_add_bytes(&w->description, FIELD_META, meta->data, meta->size));
  const uint64_t at = w->at;
  TARN_TRY(put(w, w->description.data, w->description.size));
  tarn__put_le64(foot, at);
  tarn__put_le64(foot + 8, w->description.size);
  tarn__put_le64(foot + 16, w->at + sizeof foot);
  tarn__put_le32(foot + 24, tarn__crc32c(0, w->description.data, w->description.size));
  tarn__put_le32(foot + 28, tarn__crc32c(0, foot, 28));
  memcpy(foot + 32, COMPILED_END, COMPILED_MAGIC_BYTES);
  return put(w, foot, sizeof foot);
}

tarn_status tarn__compiled_writer_commit(compiled_writer *w, const tarn_bytes *meta) {
  tarn_status status = finish(w, meta);
  if (status == TARN_OK) {
    tarn_output *output = w->output;
    w->output = NULL;
    status = tarn__output_commit(output);
  }
  tarn__compiled_writer_discard(w);
  return status;
}

void tarn__compiled_writer_discard(compiled_writer *w) {
  tarn__output_discard(w->output);
  w->output = NULL;
  tarn__bytes_clear(&w->description);
}

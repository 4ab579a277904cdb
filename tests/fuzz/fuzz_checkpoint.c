/* Entries of an index, and V1 records: the input is the value of one record in a table that is
 * right. Its first byte picks which; the data file of the bundle is the input too. */
#include "loader/checkpoint/checkpoint.h"
#include "loader/checkpoint/table.h"
#include "tests/fuzz/image.h"

static char folder[64];

static void clean(void) {
  char path[128];
  static const char *const names[] = {"c.index", "c.data-00000-of-00001", "v"};
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    unlink(path);
  }
  rmdir(folder);
}

static void table_put(const char *name, const char *second, size_t second_bytes, const void *head,
                      size_t head_bytes, const void *value, size_t bytes) {
  char path[128];
  tarn_output *output;
  tarn_table_writer w;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (tarn__output_open(tarn__allocator_default(), path, &output) != TARN_OK) abort();
  tarn__table_writer_init(&w, tarn__allocator_default(), output);
  if (tarn__table_writer_add(&w, "", 0, head, head_bytes) != TARN_OK ||
      tarn__table_writer_add(&w, second, second_bytes, value, bytes) != TARN_OK ||
      tarn__table_writer_finish(&w) != TARN_OK || tarn__output_commit(output) != TARN_OK)
    abort();
  tarn__table_writer_clear(&w);
}

static void verify(const char *name) {
  char path[128];
  tarn_checkpoint *c;
  tarn_checkpoint_summary s;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (tarn__checkpoint_open(tarn__allocator_default(), path, &c) != TARN_OK) return;
  if (tarn__checkpoint_verify(c, tarn__allocator_default(), &s) != TARN_OK) s.tensors = 0;
  tarn_checkpoint_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  if (bytes < 1) return 0;
  if (!folder[0]) {
    snprintf(folder, sizeof folder, "/dev/shm/fuzz_checkpoint.XXXXXX");
    if (!mkdtemp(folder)) abort();
    atexit(clean);
  }
  static const char header[] = "\x08\x01\x1a\x02\x08\x01";
  /* meta: x, float [2], one whole slice */
  static const char meta[] =
      "\x0a\x15\x0a\x0f\x0a\x01x\x12\x04\x12\x02\x08\x02\x18\x01\x22\x02\x0a\x00\x12\x02\x08\x01";
  switch (data[0] % 4) {
    case 0:
      table_put("c.index", "x", 1, header, sizeof header - 1, data + 1, bytes - 1);
      break;
    case 1:
      table_put("c.index", "x", 1, data + 1, bytes - 1, "\x08\x01", 2);
      break;
    case 2:
      table_put("v", "\0x\0\1\1\1\x80\x7f", 8, meta, sizeof meta - 1, data + 1, bytes - 1);
      break;
    default:
      table_put("v", "\0x\0\1\1\1\x80\x7f", 8, data + 1, bytes - 1, "", 0);
      break;
  }
  if (data[0] % 4 >= 2) {
    verify("v");
    return 0;
  }
  char path[128];
  snprintf(path, sizeof path, "%s/c.data-00000-of-00001", folder);
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(data, 1, bytes, f) != bytes || fclose(f) != 0) abort();
  verify("c");
  return 0;
}

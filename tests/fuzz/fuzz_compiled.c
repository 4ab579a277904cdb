/* Compiled files: the input is the description, whose crc would stop nearly every input, so the
 * file round it is made here. */
#include "core/crc32c.h"
#include "core/wire/wire.h"
#include "graph/graph.h"
#include "loader/compiled/compiled.h"
#include "loader/compiled/format.h"
#include "loader/graphdef/metagraph.h"
#include "tests/fuzz/image.h"

enum { DATA = 8192 }; /* weights and forms may lie here */

static void add(tarn_bytes *b, const void *data, size_t bytes) {
  if (tarn__bytes_add(b, data, bytes) != TARN_OK) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  const tarn_allocator *a = tarn__allocator_default();
  static const unsigned char zeros[DATA];
  unsigned char version[4], foot[COMPILED_FOOT];
  tarn_bytes b;
  tarn__bytes_init(&b, a);
  tarn__put_le32(version, COMPILED_VERSION);
  add(&b, COMPILED_MAGIC, COMPILED_MAGIC_BYTES);
  add(&b, version, sizeof version);
  add(&b, zeros, COMPILED_HEAD - b.size);
  add(&b, zeros, DATA);
  tarn__put_le64(foot, b.size);
  add(&b, data, bytes);
  tarn__put_le64(foot + 8, bytes);
  tarn__put_le64(foot + 16, b.size + sizeof foot);
  tarn__put_le32(foot + 24, tarn__crc32c(0, data, bytes));
  tarn__put_le32(foot + 28, tarn__crc32c(0, foot, 28));
  memcpy(foot + 32, COMPILED_END, COMPILED_MAGIC_BYTES);
  add(&b, foot, sizeof foot);
  tarn_source *source;
  tarn_compiled *c;
  tarn_graph *graph;
  tarn_metagraph meta;
  if (tarn__source_take(a, &b, &source) != TARN_OK) abort();
  if (tarn__compiled_open(a, source, &c) == TARN_OK) {
    if (tarn__graph_create(a, &graph) != TARN_OK) abort();
    if (tarn__metagraph_read(tarn__compiled_meta(c), source, graph, &meta) != TARN_OK)
      meta.n_tags = 0;
    source->beside = NULL;
    tarn__graph_destroy(graph);
    tarn__compiled_release(c);
  }
  tarn__source_release(source);
  return 0;
}

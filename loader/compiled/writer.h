/* Writing a compiled file from front to back: weights and forms as they come, the description
 * behind them. */
#ifndef TARN_LOADER_COMPILED_WRITER_H
#define TARN_LOADER_COMPILED_WRITER_H

#include "core/bytes.h"
#include "core/file.h"
#include "graph/exec/packed.h"

typedef struct compiled_writer {
  tarn_output *output;
  uint64_t at;            /* bytes so far */
  tarn_bytes description; /* all but the MetaGraphDef */
} compiled_writer;

/* The file appears at commit, whole or not at all. discard after anything that failed; NULL output
 * passes. */
tarn_status tarn__compiled_writer_open(compiled_writer *w, const tarn_allocator *a,
                                       const char *path);
tarn_status tarn__compiled_writer_weight(compiled_writer *w, const char *variable,
                                         const tarn_tensor *t, bool packed);
tarn_status tarn__compiled_writer_form(compiled_writer *w, const tarn_packed_key *key,
                                       const void *form);
/* Ends the writer, also on failure. */
tarn_status tarn__compiled_writer_commit(compiled_writer *w, const tarn_bytes *meta);
void tarn__compiled_writer_discard(compiled_writer *w);

#endif

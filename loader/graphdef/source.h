/* The bytes a model is read from: a mapped file, or the binary form of a text file.
 *
 * Counted, because constants are not copied: a tensor whose elements lie suitably aligned in a
 * mapped file points into it and holds a reference, so the mapping lives as long as the last of
 * them. Thread-safe. */
#ifndef TARN_LOADER_GRAPHDEF_SOURCE_H
#define TARN_LOADER_GRAPHDEF_SOURCE_H

#include "core/bytes.h"
#include "core/file.h"
#include "core/tensor/tensor.h"

#include <stdatomic.h>

typedef struct tarn_source {
  const unsigned char *data;
  size_t size;
  const tarn_allocator *allocator;
  tarn_file file;      /* the mapping, */
  tarn_bytes bytes;    /* or the bytes */
  atomic_int references;
  /* Of files that keep constants beside the message: tensor `number`, which must be of that dtype
   * and shape. NULL: none. */
  tarn_status (*beside)(void *context, uint64_t number, tarn_dtype dtype, const tarn_shape *shape,
                        tarn_tensor *out);
  void *beside_context;
} tarn_source;

/* One reference. Errors: those of tarn__file_map, TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__source_map(const tarn_allocator *a, const char *path,
                                             tarn_source **source);
/* Takes the bytes (also on failure). */
TARN_MUST_CHECK tarn_status tarn__source_take(const tarn_allocator *a, tarn_bytes *bytes,
                                              tarn_source **source);
tarn_source *tarn__source_retain(tarn_source *source);
void tarn__source_release(void *source); /* NULL passes; of the type that tarn__tensor_wrap calls */

#endif

/* .safetensors files: the length of a header (8 bytes, little-endian), the header, then raw
 * row-major elements.
 *
 * The header is a JSON object of {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0,
 * 24]}}, offsets counted from its end, and an optional "__metadata__" of strings. The elements fill
 * the rest of the file without holes or overlaps, which is checked, as the format asks. */
#ifndef TARN_LOADER_SAFETENSORS_SAFETENSORS_H
#define TARN_LOADER_SAFETENSORS_SAFETENSORS_H

#include "core/tensor/tensor.h"

typedef struct tarn_safetensors tarn_safetensors;

typedef struct tarn_safetensors_entry {
  const char *name; /* valid while open */
  tarn_dtype dtype; /* TARN_NO_DTYPE: one that we have no type for (8-bit floats): it lists, but
                       does not read */
  tarn_shape shape;
} tarn_safetensors_entry;

/* Maps the file and checks the header. Errors: TARN_IO, TARN_CORRUPT, TARN_LIMIT (rank),
 * TARN_NO_MEMORY. An open file may be used from many threads. */
TARN_MUST_CHECK tarn_status tarn__safetensors_open(const tarn_allocator *a, const char *path,
                                                   tarn_safetensors **file);
void tarn__safetensors_close(tarn_safetensors *file);
size_t tarn__safetensors_count(const tarn_safetensors *file);
/* Entry i, in name order. */
const tarn_safetensors_entry *tarn__safetensors_entry_at(const tarn_safetensors *file, size_t i);
TARN_MUST_CHECK tarn_status tarn__safetensors_read(const tarn_safetensors *file,
                                                   const tarn_allocator *a, size_t i,
                                                   tarn_tensor *out);

/* Whether the format can hold it: numbers and booleans, not strings, complex128 or the like.
 * Quantised types take the integers behind them. */
bool tarn__safetensors_holds(tarn_dtype dtype);
/* The header comes first, so all entries are named at once (TARN_DTYPE for what it cannot hold);
 * then their tensors are added in the same order; the file appears at commit. */
typedef struct tarn_safetensors_writer tarn_safetensors_writer;
TARN_MUST_CHECK tarn_status tarn__safetensors_writer_create(const tarn_allocator *a,
                                                            const char *path, size_t n,
                                                            const tarn_safetensors_entry *entries,
                                                            tarn_safetensors_writer **writer);
TARN_MUST_CHECK tarn_status tarn__safetensors_writer_add(tarn_safetensors_writer *w,
                                                         const tarn_tensor *tensor);
/* TARN_INVALID when tensors are missing. Ends the writer, also on failure. */
TARN_MUST_CHECK tarn_status tarn__safetensors_writer_commit(tarn_safetensors_writer *w);
void tarn__safetensors_writer_discard(tarn_safetensors_writer *w); /* NULL passes */

#endif

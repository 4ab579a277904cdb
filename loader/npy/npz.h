/* .npz files: a zip of .npy members, each named after its array. What numpy.load reads and
 * numpy.savez writes. */
#ifndef TARN_LOADER_NPY_NPZ_H
#define TARN_LOADER_NPY_NPZ_H

#include "core/tensor/tensor.h"

typedef struct tarn_npz tarn_npz;

/* Reads and checks the directory (zip.h) and that every member is called *.npy. Errors: TARN_IO,
 * TARN_CORRUPT, TARN_UNSUPPORTED, TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__npz_open(const tarn_allocator *a, const char *path,
                                           tarn_npz **npz);
void tarn__npz_close(tarn_npz *npz);
size_t tarn__npz_count(const tarn_npz *npz);
/* The member's name without ".npy", valid while open. */
const char *tarn__npz_name(const tarn_npz *npz, size_t i);
/* Array i, its crc checked. Thread-safe. */
TARN_MUST_CHECK tarn_status tarn__npz_read(const tarn_npz *npz, const tarn_allocator *a, size_t i,
                                           tarn_tensor *out);

/* Writes members as numpy.savez does (stored); the file appears at commit. */
typedef struct tarn_npz_writer tarn_npz_writer;
TARN_MUST_CHECK tarn_status tarn__npz_writer_create(const tarn_allocator *a, const char *path,
                                                    tarn_npz_writer **writer);
/* Names must differ (the caller's duty); TARN_DTYPE as tarn__npy_header. */
TARN_MUST_CHECK tarn_status tarn__npz_writer_add(tarn_npz_writer *w, const char *name,
                                                 const tarn_tensor *tensor);
TARN_MUST_CHECK tarn_status
tarn__npz_writer_commit(tarn_npz_writer *w);       /* ends the writer, also on failure */
void tarn__npz_writer_discard(tarn_npz_writer *w); /* NULL passes */

#endif

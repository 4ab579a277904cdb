/* The door through which kernels reach files: filled in by the loader, absent where a session does
 * not allow files.
 *
 * Every function takes the table itself first, so that a door may be narrower than the whole file
 * system: restoring a model opens one for its own checkpoint only, whatever else the graph would
 * like to read. A function that is NULL is not allowed: kernels answer TARN_REFUSED. */
#ifndef TARN_KERNELS_FILES_H
#define TARN_KERNELS_FILES_H

#include "core/tensor/tensor.h"

typedef struct tarn_files tarn_files; /* as in kernels/run.h */
struct tarn_files {
  /* Restores n tensors of a V1 or V2 checkpoint, which is opened once; slices[i] is RestoreV2's
   * shape_and_slice text ("" for all). dtypes[i] is what the graph expects: TARN_DTYPE when the
   * file has another. On failure no out[i] is set. */
  tarn_status (*restore)(const tarn_files *files, const tarn_allocator *a, const char *prefix,
                         size_t prefix_bytes, size_t n, const tarn_string *names,
                         const tarn_string *slices, const tarn_dtype *dtypes, tarn_tensor *out);
  /* Writes a checkpoint of n tensors; slices[i] as above. v1: a V1 tensor-slice file. Whole or not
   * at all. */
  tarn_status (*save)(const tarn_files *files, const tarn_allocator *a, const char *prefix,
                      size_t prefix_bytes, bool v1, size_t n, const tarn_string *names,
                      const tarn_string *slices, const tarn_tensor *const *tensors);
  /* MergeV2Checkpoints. */
  tarn_status (*merge)(const tarn_files *files, const tarn_allocator *a, size_t n,
                       const tarn_string *prefixes, const char *to, size_t to_bytes,
                       bool delete_old);
  /* A whole file as one string element of `out` (element i). */
  tarn_status (*read)(const tarn_files *files, const char *path, size_t path_bytes,
                      tarn_tensor *out, int64_t i);
  /* The files that a pattern names (*, ?, [...] within a name), in no order: a string vector. None:
   * no elements. A pattern that begins with a wildcard gives names that begin with "./". */
  tarn_status (*match)(const tarn_files *files, const tarn_allocator *a, const char *pattern,
                       size_t pattern_bytes, tarn_tensor *names);
  tarn_status (*write)(const tarn_files *files, const tarn_allocator *a, const char *path,
                       size_t path_bytes, const char *data, size_t bytes);
};

#endif

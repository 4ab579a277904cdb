/* SaveV2 and MergeV2Checkpoints for the table of files.c; the arguments are those of
 * kernels/files.h. */
#ifndef TARN_LOADER_MODEL_SAVE_OPS_H
#define TARN_LOADER_MODEL_SAVE_OPS_H

#include "kernels/files.h"

tarn_status tarn__files_save(const tarn_files *files, const tarn_allocator *a, const char *prefix,
                             size_t prefix_bytes, bool v1, size_t n, const tarn_string *names,
                             const tarn_string *slices, const tarn_tensor *const *tensors);
tarn_status tarn__files_merge(const tarn_files *files, const tarn_allocator *a, size_t n,
                              const tarn_string *prefixes, const char *to, size_t to_bytes,
                              bool delete_old);
/* A path from a string element: TARN_INVALID when it is empty or has a zero byte. Freed with bytes
 * + 1. */
TARN_MUST_CHECK tarn_status tarn__path_copy(const tarn_allocator *a, const char *path, size_t bytes,
                                            char **copy);

#endif

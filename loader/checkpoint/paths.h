/* What lies where a path points: the questions that opening a checkpoint asks of the file system.
 */
#ifndef TARN_LOADER_CHECKPOINT_PATHS_H
#define TARN_LOADER_CHECKPOINT_PATHS_H

#include "core/memory.h"

bool tarn__path_exists(const char *path); /* anything at all: what it is decides the reader */
bool tarn__path_is_folder(const char *path);
/* The shards PREFIX-00000-of-0000N of a V1 checkpoint, in order; none: *count 0. All N must be
 * there, and no second set with another N: TARN_IO. */
TARN_MUST_CHECK tarn_status tarn__path_shards(tarn_arena *arena, const char *prefix, char ***paths,
                                              size_t *count);
/* How many bytes of `path` lie before ".index", ".meta" or ".data-ddddd-of-ddddd"; 0: it ends in
 * none of them. */
size_t tarn__path_prefix_bytes(const char *path);
/* How many bytes of `path` are its folder with the last slash; 0: none. */
size_t tarn__path_folder_bytes(const char *path);

#endif

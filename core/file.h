/* Files: a whole file mapped read-only, and writing that appears whole or not at all. */
#ifndef TARN_CORE_FILE_H
#define TARN_CORE_FILE_H

#include "core/memory.h"

/* A regular file mapped read-only (a FIFO, a folder or a device is refused: TARN_IO). Empty files
 * map as size 0. */
typedef struct tarn_file {
  const unsigned char *data;
  size_t size;
} tarn_file;
tarn_status tarn__file_map(const char *path, tarn_file *file);
void tarn__file_unmap(tarn_file *file);

/* These bytes are not needed again soon: their pages leave the process's memory, and come back from
 * the file when they are touched all the same. Large files that are copied out piece by piece do
 * not count twice then. */
void tarn__file_forget(const tarn_file *file, size_t offset, size_t bytes);
/* The same for any memory that is mapped from a file for reading alone. */
void tarn__pages_forget(const void *data, size_t bytes);
/* Memory mapped from a file that will all be read now: fetches its pages at once, which costs less
 * than a fault for each. */
void tarn__pages_soon(const void *data, size_t bytes);
/* Memory that will be filled soon and kept: where the system can, in large pages, which cost fewer
 * faults and fewer address translations. Does nothing to small blocks. */
void tarn__pages_large(void *memory, size_t bytes);
/* The system gives the pages now, all at once, which later costs a fault each. Not where it
 * cannot. */
void tarn__pages_now(void *memory, size_t bytes);
/* Puts "'path': " before this thread's message, safely printable, and returns `status`, so that the
 * one line of a failure names its file: `return tarn__in_file(status, path)`. TARN_OK passes
 * untouched. */
tarn_status tarn__in_file(tarn_status status, const char *path);

/* Writes `path` under a temporary name beside it, then renames: readers see the old file or the
 * whole new one. Discarding (or never committing) leaves nothing behind. */
typedef struct tarn_output tarn_output;
tarn_status tarn__output_open(const tarn_allocator *a, const char *path, tarn_output **output);
tarn_status tarn__output_write(tarn_output *output, const void *data, size_t bytes);
/* Hands everything so far to the system, so that a full disk is noticed before any of several files
 * gets its name. */
tarn_status tarn__output_flush(tarn_output *output);
tarn_status tarn__output_commit(tarn_output *output); /* ends the handle, also on failure */
void tarn__output_discard(tarn_output *output);       /* NULL passes */
/* The three in one: a file of just these bytes. */
tarn_status tarn__output_file(const tarn_allocator *a, const char *path, const void *data,
                              size_t bytes);

#endif

/* Zip archives as .npz files use them (PKWARE's APPNOTE): members stored or deflated, with zip64
 * for more than 4 GB.
 *
 *   [local header, data]...  [central directory]  [zip64 end, its locator]  [end record]
 *
 * The directory is what counts; local headers only say where a member's data begin. Hostile
 * archives are refused: sizes outside the file, members that overlap, names given twice, absolute
 * names and those that climb out ("../"). */
#ifndef TARN_LOADER_NPY_ZIP_H
#define TARN_LOADER_NPY_ZIP_H

#include "core/bytes.h"
#include "core/file.h"

typedef struct zip_member {
  const char *name; /* zero-terminated copy */
  size_t name_bytes;
  bool deflated;
  uint32_t crc;
  uint64_t packed_bytes, bytes;
  uint64_t header; /* offset of its local header */
  uint64_t data;   /* offset of its data */
} zip_member;

typedef struct zip_reader zip_reader;

/* Errors: TARN_IO, TARN_CORRUPT (with the byte), TARN_UNSUPPORTED (encryption, another method,
 * several disks), TARN_NO_MEMORY. An open reader may be used from many threads. */
TARN_MUST_CHECK tarn_status tarn__zip_open(const tarn_allocator *a, const char *path,
                                           zip_reader **out);
void tarn__zip_close(zip_reader *zip);
size_t tarn__zip_count(const zip_reader *zip);
const zip_member *tarn__zip_member(const zip_reader *zip, size_t i);
/* The bytes of member i, crc checked: in the mapping (*owned NULL) or unpacked memory of
 * member->bytes bytes, which the caller frees with `a`. */
TARN_MUST_CHECK tarn_status tarn__zip_read(const zip_reader *zip, const tarn_allocator *a, size_t i,
                                           const unsigned char **data, unsigned char **owned);

/* Member i is not needed again soon (core/file.h). */
void tarn__zip_forget(const zip_reader *zip, size_t i);

typedef struct zip_writer {
  const tarn_allocator *allocator;
  tarn_output *output; /* borrowed */
  uint64_t written, members;
  tarn_bytes directory;
} zip_writer;

void tarn__zip_writer_init(zip_writer *w, const tarn_allocator *a, tarn_output *output);
void tarn__zip_writer_clear(zip_writer *w);
/* A stored member of two runs of bytes, one after the other. TARN_INVALID for a name above 65,535
 * bytes. */
TARN_MUST_CHECK tarn_status tarn__zip_writer_add(zip_writer *w, const char *name, const void *head,
                                                 size_t head_bytes, const void *body,
                                                 size_t body_bytes);
TARN_MUST_CHECK tarn_status tarn__zip_writer_finish(zip_writer *w);

#endif

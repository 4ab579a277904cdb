/* Writing zip archives: see zip.h. Members are stored; times are the format's zero (1980), so equal
 * contents give equal files. */
#include <string.h>
#include <zlib.h>

#include "loader/npy/zip.h"

void tarn__zip_writer_init(zip_writer *w, const tarn_allocator *a, tarn_output *output) {
  *w = (zip_writer){.allocator = a, .output = output};
  tarn__bytes_init(&w->directory, a);
}

void tarn__zip_writer_clear(zip_writer *w) {
  tarn__bytes_clear(&w->directory);
}

/* A record under construction: none is longer than these bytes. */
typedef struct record {
  unsigned char byte[64];
  size_t size;
} record;

static void put(record *r, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) r->byte[r->size++] = (unsigned char)(value >> 8 * i);
}

static uint64_t clamp32(uint64_t value) {
  return value < UINT32_MAX ? value : UINT32_MAX;
}

/* The fields that local header and directory entry share, from the version needed to the name's
 * length. */
static void put_common(record *r, bool big, bool utf8, uint32_t crc, uint64_t bytes, size_t name) {
  put(r, big ? 45 : 20, 2);       /* version needed */
  put(r, utf8 ? 1u << 11 : 0, 2); /* flags: the name is UTF-8 */
  put(r, 0, 2);                   /* stored */
  put(r, 0, 2);                   /* time: midnight */
  put(r, 0x21, 2);                /* date: 1980-01-01 */
  put(r, crc, 4);
  put(r, clamp32(bytes), 4);
  put(r, clamp32(bytes), 4);
  put(r, name, 2);
}

static tarn_status write_out(zip_writer *w, const void *data, size_t bytes) {
  if (bytes == 0) return TARN_OK;
  TARN_TRY(tarn__output_write(w->output, data, bytes));
  w->written += bytes;
  return TARN_OK;
}

static uLong crc_more(uLong crc, const unsigned char *data, size_t bytes) {
  while (bytes > 0) {
    uInt n = bytes > (1u << 30) ? 1u << 30 : (uInt)bytes;
    crc = crc32(crc, data, n);
    data += n;
    bytes -= n;
  }
  return crc;
}

tarn_status tarn__zip_writer_add(zip_writer *w, const char *name, const void *head,
                                 size_t head_bytes, const void *body, size_t body_bytes) {
  size_t n = strlen(name);
  if (n > UINT16_MAX)
    return tarn_fail(TARN_INVALID, "a zip member's name of %zu bytes, at most 65535", n);
  bool utf8 = false;
  for (size_t i = 0; i < n; i++) utf8 |= (unsigned char)name[i] >= 0x80;
  uint64_t bytes = (uint64_t)head_bytes + body_bytes, at = w->written;
  bool big = bytes >= UINT32_MAX, far = at >= UINT32_MAX;
  uint32_t crc =
      (uint32_t)crc_more(crc_more(crc32(0, NULL, 0), head, head_bytes), body, body_bytes);

  record local = {0}, local64 = {0};
  put(&local, 0x04034b50, 4);
  put_common(&local, big, utf8, crc, bytes, n);
  if (big) {
    put(&local64, 1, 2);
    put(&local64, 16, 2);
    put(&local64, bytes, 8);
    put(&local64, bytes, 8);
  }
  put(&local, local64.size, 2);
  TARN_TRY(write_out(w, local.byte, local.size));
  TARN_TRY(write_out(w, name, n));
  TARN_TRY(write_out(w, local64.byte, local64.size));
  TARN_TRY(write_out(w, head, head_bytes));
  TARN_TRY(write_out(w, body, body_bytes));

  record entry = {0}, entry64 = {0};
  put(&entry, 0x02014b50, 4);
  put(&entry, big || far ? 45 : 20, 2); /* made by */
  put_common(&entry, big || far, utf8, crc, bytes, n);
  if (big || far) {
    put(&entry64, 1, 2);
    put(&entry64, (big ? 16u : 0u) + (far ? 8u : 0u), 2);
    if (big) put(&entry64, bytes, 8);
    if (big) put(&entry64, bytes, 8);
    if (far) put(&entry64, at, 8);
  }
  put(&entry, entry64.size, 2);
  put(&entry, 0, 2); /* comment */
  put(&entry, 0, 2); /* disk */
  put(&entry, 0, 2); /* internal attributes */
  put(&entry, 0, 4); /* external attributes */
  put(&entry, clamp32(at), 4);
  TARN_TRY(tarn__bytes_add(&w->directory, entry.byte, entry.size));
  TARN_TRY(tarn__bytes_add(&w->directory, name, n));
  if (entry64.size > 0) TARN_TRY(tarn__bytes_add(&w->directory, entry64.byte, entry64.size));
  w->members++;
  return TARN_OK;
}

tarn_status tarn__zip_writer_finish(zip_writer *w) {
  uint64_t at = w->written, bytes = w->directory.size, end = at + bytes;
  bool big = at >= UINT32_MAX || bytes >= UINT32_MAX || w->members >= UINT16_MAX;
  TARN_TRY(write_out(w, w->directory.data, w->directory.size));
  if (big) {
    record end64 = {0}, locator = {0};
    put(&end64, 0x06064b50, 4);
    put(&end64, 44, 8); /* what follows of this record */
    put(&end64, 45, 2);
    put(&end64, 45, 2);
    put(&end64, 0, 8); /* disks */
    put(&end64, w->members, 8);
    put(&end64, w->members, 8);
    put(&end64, bytes, 8);
    put(&end64, at, 8);
    put(&locator, 0x07064b50, 4);
    put(&locator, 0, 4);
    put(&locator, end, 8);
    put(&locator, 1, 4);
    TARN_TRY(write_out(w, end64.byte, end64.size));
    TARN_TRY(write_out(w, locator.byte, locator.size));
  }
  record last = {0};
  uint64_t members = w->members < UINT16_MAX ? w->members : UINT16_MAX;
  put(&last, 0x06054b50, 4);
  put(&last, 0, 4); /* disks */
  put(&last, members, 2);
  put(&last, members, 2);
  put(&last, clamp32(bytes), 4);
  put(&last, clamp32(at), 4);
  put(&last, 0, 2); /* comment */
  return write_out(w, last.byte, last.size);
}

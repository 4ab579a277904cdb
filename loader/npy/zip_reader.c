/* Reading zip archives: see zip.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/map.h"
#include "loader/npy/zip.h"

struct zip_reader {
  const tarn_allocator *allocator;
  tarn_arena *arena;
  char *path;
  tarn_file file;
  size_t count;
  zip_member *member;
};

enum {
  END_BYTES = 22,
  LOCATOR_BYTES = 20,
  END64_BYTES = 56,
  ENTRY_BYTES = 46,
  LOCAL_BYTES = 30,
  COMMENT_MAX = 65535
};

static uint32_t le16(const unsigned char *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}
static uint32_t le32(const unsigned char *p) {
  return le16(p) | le16(p + 2) << 16;
}
static uint64_t le64(const unsigned char *p) {
  return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}
static bool mark(const unsigned char *p, unsigned char a, unsigned char b) {
  return p[0] == 'P' && p[1] == 'K' && p[2] == a && p[3] == b;
}

typedef struct directory {
  uint64_t offset, bytes, entries;
} directory;

/* The end record lies before a comment of unknown length: the last one that fits the file exactly.
 */
static const unsigned char *end_record(const tarn_file *f) {
  if (f->size < END_BYTES) return NULL;
  size_t most = f->size - END_BYTES < COMMENT_MAX ? f->size - END_BYTES : COMMENT_MAX;
  for (size_t comment = 0; comment <= most; comment++) {
    const unsigned char *p = f->data + f->size - END_BYTES - comment;
    if (mark(p, 5, 6) && le16(p + 20) == comment) return p;
  }
  return NULL;
}

static tarn_status directory_find(const tarn_file *f, directory *d) {
  const unsigned char *end = end_record(f);
  if (!end) return tarn_fail(TARN_CORRUPT, "a zip without its end record: cut short, or no zip");
  uint64_t at = (uint64_t)(end - f->data);
  uint32_t disk = le16(end + 4), first_disk = le16(end + 6);
  *d = (directory){.entries = le16(end + 10), .bytes = le32(end + 12), .offset = le32(end + 16)};
  if (at >= LOCATOR_BYTES && mark(end - LOCATOR_BYTES, 6, 7)) {
    uint64_t at64 = le64(end - LOCATOR_BYTES + 8), limit = at - LOCATOR_BYTES;
    if (at64 > limit || limit - at64 < END64_BYTES || !mark(f->data + at64, 6, 6))
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64
                       ": the zip64 end record is not where the locator says, at %" PRIu64,
                       limit, at64);
    const unsigned char *p = f->data + at64;
    disk = le32(p + 16);
    first_disk = le32(p + 20);
    *d = (directory){.entries = le64(p + 32), .bytes = le64(p + 40), .offset = le64(p + 48)};
    at = at64;
  }
  if (disk != 0 || first_disk != 0) return tarn_fail(TARN_UNSUPPORTED, "a zip of several disks");
  if (d->offset > at || d->bytes > at - d->offset)
    return tarn_fail(TARN_CORRUPT,
                     "a zip directory of %" PRIu64 " bytes at offset %" PRIu64
                     ", expected it before its end record at %" PRIu64,
                     d->bytes, d->offset, at);
  if (d->entries > d->bytes / ENTRY_BYTES)
    return tarn_fail(TARN_CORRUPT, "a zip directory of %" PRIu64 " bytes for %" PRIu64 " members",
                     d->bytes, d->entries);
  return TARN_OK;
}

/* Extra field 1 holds the numbers that did not fit 32 bits, in this order, and only those. */
static tarn_status zip64_extra(const unsigned char *extra, size_t bytes, uint64_t offset,
                               zip_member *m) {
  uint64_t *wanted[3];
  int n = 0;
  if (m->bytes == UINT32_MAX) wanted[n++] = &m->bytes;
  if (m->packed_bytes == UINT32_MAX) wanted[n++] = &m->packed_bytes;
  if (m->header == UINT32_MAX) wanted[n++] = &m->header;
  if (n == 0) return TARN_OK;
  while (bytes >= 4) {
    size_t size = le16(extra + 2);
    if (size > bytes - 4) break;
    if (le16(extra) == 1 && size >= 8 * (size_t)n) {
      for (int i = 0; i < n; i++) *wanted[i] = le64(extra + 4 + 8 * i);
      return TARN_OK;
    }
    extra += 4 + size;
    bytes -= 4 + size;
  }
  return tarn_fail(TARN_CORRUPT,
                   "offset %" PRIu64 ": a member of more than 4 GB without its zip64 sizes",
                   offset);
}

static bool climbs(const char *name) {
  if (*name == '/' || *name == '\\') return true;
  for (const char *p = name; *p;) {
    size_t n = strcspn(p, "/\\");
    if (n == 2 && p[0] == '.' && p[1] == '.') return true;
    p += n;
    if (*p) p++;
  }
  return false;
}

/* Where the data begin, by the local header. */
static tarn_status locate(const tarn_file *f, const directory *d, zip_member *m,
                          const char *shown) {
  if (m->header > d->offset || d->offset - m->header < LOCAL_BYTES ||
      !mark(f->data + m->header, 3, 4))
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": no local header for the member '%s'",
                     m->header, shown);
  const unsigned char *p = f->data + m->header;
  m->data = m->header + LOCAL_BYTES + le16(p + 26) + le16(p + 28);
  if (m->data > d->offset || m->packed_bytes > d->offset - m->data)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": the member '%s' of %" PRIu64
                     " bytes reaches into the directory",
                     m->header, shown, m->packed_bytes);
  return TARN_OK;
}

static tarn_status member_check(const zip_member *m, uint32_t flags, uint32_t method,
                                uint64_t offset, const char *shown) {
  if (flags & 1)
    return tarn_fail(TARN_UNSUPPORTED, "offset %" PRIu64 ": the member '%s' is encrypted", offset,
                     shown);
  if (method != 0 && method != 8)
    return tarn_fail(TARN_UNSUPPORTED,
                     "offset %" PRIu64 ": the member '%s' has compression %" PRIu32
                     ", expected 0 (stored) or 8 (deflated)",
                     offset, shown, method);
  if (!m->deflated && m->bytes != m->packed_bytes)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": the stored member '%s' has two sizes, %" PRIu64
                     " and %" PRIu64,
                     offset, shown, m->packed_bytes, m->bytes);
  /* Deflate makes at most 1032 bytes of one. */
  if (m->deflated && m->bytes / 1032 > m->packed_bytes)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": the member '%s' of %" PRIu64
                     " bytes claims to hold %" PRIu64,
                     offset, shown, m->packed_bytes, m->bytes);
  if (climbs(m->name) || strlen(m->name) != m->name_bytes)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": the member's name '%s' leaves the archive",
                     offset, shown);
  return TARN_OK;
}

static tarn_status member_read(zip_reader *zip, const directory *d, uint64_t *at, zip_member *m) {
  const tarn_file *f = &zip->file;
  uint64_t end = d->offset + d->bytes, offset = *at;
  if (end - offset < ENTRY_BYTES || !mark(f->data + offset, 1, 2))
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": no entry of the zip directory here",
                     offset);
  const unsigned char *p = f->data + offset;
  size_t name = le16(p + 28), extra = le16(p + 30), comment = le16(p + 32);
  if (name + extra + comment > end - offset - ENTRY_BYTES)
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": an entry of the zip directory leaves it",
                     offset);
  uint32_t flags = le16(p + 8), method = le16(p + 10);
  *m = (zip_member){.name_bytes = name,
                    .deflated = method == 8,
                    .crc = le32(p + 16),
                    .packed_bytes = le32(p + 20),
                    .bytes = le32(p + 24),
                    .header = le32(p + 42)};
  m->name = tarn__arena_strndup(zip->arena, (const char *)p + ENTRY_BYTES, name);
  if (!m->name) return TARN_NO_MEMORY;
  char shown[256];
  tarn__printable(m->name, name, shown, sizeof shown);
  TARN_TRY(zip64_extra(p + ENTRY_BYTES + name, extra, offset, m));
  TARN_TRY(member_check(m, flags, method, offset, shown));
  TARN_TRY(locate(f, d, m, shown));
  *at = offset + ENTRY_BYTES + name + extra + comment;
  return TARN_OK;
}

static int by_header(const void *a, const void *b) {
  const zip_member *x = *(zip_member *const *)a, *y = *(zip_member *const *)b;
  return (x->header > y->header) - (x->header < y->header);
}

/* No two members share bytes or a name: archives that reuse one run of bytes for many members
 * unpack to far more than they hold. */
static tarn_status members_check(zip_reader *zip) {
  zip_member **order = tarn__arena_array(zip->arena, zip->count, sizeof(zip_member *));
  if (!order) return TARN_NO_MEMORY;
  tarn_map names;
  tarn__map_init(&names, zip->allocator);
  tarn_status status = TARN_OK;
  for (size_t i = 0; i < zip->count && status == TARN_OK; i++) {
    zip_member *m = order[i] = &zip->member[i];
    char shown[256];
    if (tarn__map_get(&names, m->name, m->name_bytes))
      status = tarn_fail(TARN_CORRUPT, "two members are called '%s'",
                         tarn__printable(m->name, m->name_bytes, shown, sizeof shown));
    else
      status = tarn__map_put(&names, m->name, m->name_bytes, m);
  }
  tarn__map_clear(&names);
  if (status != TARN_OK) return status;
  qsort(order, zip->count, sizeof(zip_member *), by_header);
  for (size_t i = 1; i < zip->count; i++)
    if (order[i]->header < order[i - 1]->data + order[i - 1]->packed_bytes)
      return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": two members of the zip overlap",
                       order[i]->header);
  return TARN_OK;
}

static tarn_status load(zip_reader *zip) {
  directory d = {0};
  TARN_TRY(directory_find(&zip->file, &d));
  zip->count = (size_t)d.entries;
  zip->member = tarn__arena_array(zip->arena, zip->count, sizeof *zip->member);
  if (!zip->member) return TARN_NO_MEMORY;
  uint64_t at = d.offset;
  for (size_t i = 0; i < zip->count; i++) TARN_TRY(member_read(zip, &d, &at, &zip->member[i]));
  return members_check(zip);
}

tarn_status tarn__zip_open(const tarn_allocator *a, const char *path, zip_reader **out) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  zip_reader *zip = tarn__arena_alloc(arena, sizeof *zip);
  if (!zip) {
    tarn__arena_destroy(arena);
    return TARN_NO_MEMORY;
  }
  zip->allocator = a;
  zip->arena = arena;
  zip->path = tarn__arena_strndup(arena, path, strlen(path));
  tarn_status status = zip->path ? tarn__file_map(path, &zip->file) : TARN_NO_MEMORY;
  if (status == TARN_OK) status = tarn__in_file(load(zip), path);
  if (status != TARN_OK)
    tarn__zip_close(zip);
  else
    *out = zip;
  return status;
}

void tarn__zip_close(zip_reader *zip) {
  if (!zip) return;
  tarn__file_unmap(&zip->file);
  tarn__arena_destroy(zip->arena);
}

size_t tarn__zip_count(const zip_reader *zip) {
  return zip->count;
}
const zip_member *tarn__zip_member(const zip_reader *zip, size_t i) {
  return &zip->member[i];
}

/* zlib's memory comes from our allocator, which wants sizes back: they go in front of each block.
 */
static void *zlib_alloc(void *opaque, unsigned items, unsigned size) {
  size_t bytes;
  if (tarn__mul_overflow((size_t)items, (size_t)size, &bytes)) return NULL;
  char *memory = tarn__alloc(opaque, bytes + TARN_ALIGN);
  if (!memory) return NULL;
  memcpy(memory, &bytes, sizeof bytes);
  return memory + TARN_ALIGN;
}

static void zlib_free(void *opaque, void *address) {
  char *memory = (char *)address - TARN_ALIGN;
  size_t bytes;
  memcpy(&bytes, memory, sizeof bytes);
  tarn__free(opaque, memory, bytes + TARN_ALIGN);
}

static uInt piece(uint64_t left) {
  return left > (1u << 30) ? 1u << 30 : (uInt)left;
}

static tarn_status inflate_member(const tarn_allocator *a, const zip_member *m,
                                  const unsigned char *packed, unsigned char *to) {
  z_stream s = {.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = (void *)(uintptr_t)a};
  if (inflateInit2(&s, -MAX_WBITS) != Z_OK)
    return tarn_fail(TARN_NO_MEMORY, "no memory to unpack a zip member");
  uint64_t in = 0, out = 0;
  int code = Z_OK;
  while (code == Z_OK) {
    s.next_in = (Bytef *)(uintptr_t)(packed + in);
    s.avail_in = piece(m->packed_bytes - in);
    s.next_out = to + out;
    s.avail_out = piece(m->bytes - out);
    uInt had_in = s.avail_in, had_out = s.avail_out;
    code = inflate(&s, Z_NO_FLUSH);
    in += had_in - s.avail_in;
    out += had_out - s.avail_out;
    if (code == Z_OK && had_in == s.avail_in && had_out == s.avail_out) code = Z_BUF_ERROR;
  }
  inflateEnd(&s);
  if (code == Z_MEM_ERROR) return tarn_fail(TARN_NO_MEMORY, "no memory to unpack a zip member");
  if (code != Z_STREAM_END || in != m->packed_bytes || out != m->bytes)
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": deflated data that do not unpack to their %" PRIu64
                     " bytes",
                     m->data, m->bytes);
  return TARN_OK;
}

static uint32_t crc_of(const unsigned char *data, uint64_t bytes) {
  uLong crc = crc32(0, NULL, 0);
  for (uint64_t at = 0; at < bytes;) {
    uInt n = piece(bytes - at);
    crc = crc32(crc, data + at, n);
    at += n;
  }
  return (uint32_t)crc;
}

tarn_status tarn__zip_read(const zip_reader *zip, const tarn_allocator *a, size_t i,
                           const unsigned char **data, unsigned char **owned) {
  const zip_member *m = &zip->member[i];
  const unsigned char *bytes = zip->file.data + m->data;
  unsigned char *memory = NULL;
  tarn_status status = TARN_OK;
  if (m->deflated) {
    memory = tarn__alloc(a, (size_t)m->bytes);
    if (!memory) return TARN_NO_MEMORY;
    status = inflate_member(a, m, bytes, memory);
    bytes = memory;
  }
  if (status == TARN_OK) {
    uint32_t found = crc_of(bytes, m->bytes);
    if (found != m->crc)
      status = tarn_fail(TARN_CORRUPT,
                         "offset %" PRIu64 ": crc 0x%08" PRIx32
                         " of a zip member, expected 0x%08" PRIx32,
                         m->data, found, m->crc);
  }
  if (status != TARN_OK) {
    tarn__free(a, memory, (size_t)m->bytes);
    return tarn__in_file(status, zip->path);
  }
  *data = bytes;
  *owned = memory;
  return TARN_OK;
}

void tarn__zip_forget(const zip_reader *zip, size_t i) {
  tarn__file_forget(&zip->file, (size_t)zip->member[i].data, (size_t)zip->member[i].packed_bytes);
}

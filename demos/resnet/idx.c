/* The idx format: two zero bytes, 8 (unsigned bytes), the rank, the dims as big-endian 32-bit
 * numbers, the data. zlib reads plain files as they are and unpacks gzipped ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/status.h"
#include "demos/resnet/pictures.h"

#define MAX_BYTES (1u << 30)

tarn_status tarn__idx_read(const char *path, int rank, tarn_idx *idx) {
  tarn_status status = TARN_OK;
  unsigned char head[4 + 4 * 3], *data = NULL;
  const unsigned header = 4 + 4 * (unsigned)rank;
  gzFile f = gzopen(path, "rb");
  if (!f) return tarn_fail(TARN_IO, "%s: %s", path, strerror(errno));
  if (gzread(f, head, header) != (int)header || head[0] || head[1] || head[2] != 8 ||
      head[3] != rank) {
    status =
        tarn_fail(TARN_CORRUPT, "%s: expected an idx file of bytes with %d dimensions", path, rank);
    goto done;
  }
  tarn_idx read = {.rank = rank, .bytes = 1};
  for (int i = 0; i < rank; i++) {
    const unsigned char *b = head + 4 + 4 * i;
    read.dims[i] = (int64_t)b[0] << 24 | (int64_t)b[1] << 16 | (int64_t)b[2] << 8 | (int64_t)b[3];
    if (__builtin_mul_overflow(read.bytes, (size_t)read.dims[i], &read.bytes) ||
        read.bytes > MAX_BYTES) {
      status = tarn_fail(TARN_CORRUPT, "%s: its dimensions say more than 1 GiB", path);
      goto done;
    }
  }
  data = malloc(read.bytes ? read.bytes : 1);
  if (!data) {
    status = tarn_fail(TARN_NO_MEMORY, "%s: %zu bytes", path, read.bytes);
    goto done;
  }
  const int got = gzread(f, data, (unsigned)read.bytes);
  if (got < 0 || (size_t)got != read.bytes) {
    status = tarn_fail(TARN_CORRUPT, "%s: expected %zu bytes after the header, got %d", path,
                       read.bytes, got);
    goto done;
  }
  unsigned char beyond;
  if (gzread(f, &beyond, 1) != 0) {
    status = tarn_fail(TARN_CORRUPT, "%s: goes on after the %zu bytes that its header tells of",
                       path, read.bytes);
    goto done;
  }
  *idx = read;
  idx->data = data;
  data = NULL;
done:
  free(data);
  gzclose(f);
  return status;
}

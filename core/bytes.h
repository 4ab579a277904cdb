/* A growable run of bytes: building files, messages and text. */
#ifndef TARN_CORE_BYTES_H
#define TARN_CORE_BYTES_H

#include "core/memory.h"

typedef struct tarn_bytes {
  const tarn_allocator *allocator;
  char *data;              /* always zero-terminated once something was added */
  size_t size, capacity;
} tarn_bytes;

void tarn__bytes_init(tarn_bytes *b, const tarn_allocator *a);
void tarn__bytes_clear(tarn_bytes *b);
tarn_status tarn__bytes_add(tarn_bytes *b, const void *data, size_t bytes);
tarn_status tarn__bytes_printf(tarn_bytes *b, const char *format, ...) TARN_PRINTF(2, 3);

/* Text with control bytes and bytes that are not UTF-8 as \xNN, so that names from files print
 * safely. At most `bytes` are written, zero-terminated; returns text. */
const char *tarn__printable(const char *from, size_t from_bytes, char *text, size_t bytes);

#endif

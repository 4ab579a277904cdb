/* A growable run of bytes, and the safe printing of bytes from files. */
#include "core/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tarn__bytes_init(tarn_bytes *b, const tarn_allocator *a) {
  *b = (tarn_bytes){.allocator = a};
}

void tarn__bytes_clear(tarn_bytes *b) {
  tarn__free(b->allocator, b->data, b->capacity);
  b->data = NULL;
  b->size = b->capacity = 0;
}

/* Room for `more` bytes and the zero behind them. */
static tarn_status reserve(tarn_bytes *b, size_t more) {
  size_t need;
  if (tarn__add_overflow(b->size, more, &need) || need >= (size_t)PTRDIFF_MAX)
    return tarn_fail(TARN_NO_MEMORY, "no memory for %zu bytes", more);
  if (++need <= b->capacity) return TARN_OK;
  size_t capacity = b->capacity ? b->capacity : 64;
  while (capacity < need) capacity *= 2;
  char *data = tarn__alloc(b->allocator, capacity);
  if (!data) return TARN_NO_MEMORY;
  if (b->size) memcpy(data, b->data, b->size);
  tarn__free(b->allocator, b->data, b->capacity);
  b->data = data;
  b->capacity = capacity;
  return TARN_OK;
}

tarn_status tarn__bytes_add(tarn_bytes *b, const void *data, size_t bytes) {
  TARN_TRY(reserve(b, bytes));
  if (bytes) memcpy(b->data + b->size, data, bytes);
  b->size += bytes;
  b->data[b->size] = '\0';
  return TARN_OK;
}

tarn_status tarn__bytes_printf(tarn_bytes *b, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int wanted = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  tarn_status status = wanted < 0
                           ? tarn_fail(TARN_INVALID, "text of '%s' cannot be formatted", format)
                           : reserve(b, (size_t)wanted);
  if (status == TARN_OK) {
    (void)vsnprintf(b->data + b->size, (size_t)wanted + 1, format, again);
    b->size += (size_t)wanted;
  }
  va_end(again);
  return status;
}

/* Bytes of the well-formed UTF-8 character at p (Unicode 15, table 3-7), 0 when there is none. */
static size_t utf8_length(const unsigned char *p, size_t left) {
  if (p[0] < 0x80) return 1;
  size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
  if (p[0] < 0xc2 || p[0] > 0xf4 || length > left) return 0;
  for (size_t i = 1; i < length; i++)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if (p[0] == 0xe0 && p[1] < 0xa0) return 0; /* longer than needed */
  if (p[0] == 0xed && p[1] > 0x9f) return 0; /* surrogates */
  if (p[0] == 0xf0 && p[1] < 0x90) return 0; /* longer than needed */
  if (p[0] == 0xf4 && p[1] > 0x8f) return 0; /* above U+10FFFF */
  return length;
}

const char *tarn__printable(const char *from, size_t from_bytes, char *text, size_t bytes) {
  static const char hex[] = "0123456789abcdef";
  const unsigned char *p = (const unsigned char *)from;
  size_t used = 0;
  if (bytes == 0) return "";
  for (size_t at = 0; at < from_bytes;) {
    size_t length = utf8_length(p + at, from_bytes - at);
    /* C0, DEL and C1 (U+0080 to U+009F) can drive a terminal. */
    bool control = (length == 1 && (p[at] < 0x20 || p[at] == 0x7f)) ||
                   (length == 2 && p[at] == 0xc2 && p[at + 1] < 0xa0);
    if (length == 0 || control) {
      if (used + 4 > bytes - 1) break;
      text[used++] = '\\';
      text[used++] = 'x';
      text[used++] = hex[p[at] >> 4];
      text[used++] = hex[p[at] & 15];
      at++;
    } else {
      if (used + length > bytes - 1) break;
      memcpy(text + used, p + at, length);
      used += length;
      at += length;
    }
  }
  text[used] = '\0';
  return text;
}

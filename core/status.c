/* The message of the last failure on each thread, in fixed storage: nothing to allocate, nothing to
 * free. */
#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[TARN_ERROR_BYTES];

static const char context_start[] = "\n  while ";

const char *tarn_status_text(tarn_status status) {
  switch (status) {
#define X(name, text) \
  case name:          \
    return text;
    TARN_STATUS_MAP(X)
#undef X
  }
  return "unknown status";
}

const char *tarn_error(void) {
  return message;
}

tarn_status tarn__fail(tarn_status status, const char *file, int line, const char *format, ...) {
  char where[128];
  int where_bytes = file ? snprintf(where, sizeof where, " [%s:%d]", file, line) : 0;
  if (where_bytes < 0 || (size_t)where_bytes >= sizeof where) where_bytes = 0;
  where[where_bytes] = '\0';

  /* Formatted aside, because an argument may be the present message; the position always fits. */
  char text[TARN_ERROR_BYTES];
  size_t room = sizeof text - (size_t)where_bytes;
  va_list arguments;
  va_start(arguments, format);
  int wanted = vsnprintf(text, room, format, arguments);
  va_end(arguments);
  size_t used = wanted < 0 ? 0 : (size_t)wanted;
  if (used >= room) {
    used = room - 1;
    memcpy(text + used - 3, "...", 3);
  }
  memcpy(text + used, where, (size_t)where_bytes + 1);
  memcpy(message, text, used + (size_t)where_bytes + 1);
  return status;
}

void tarn__context(const char *format, ...) {
  char text[TARN_ERROR_BYTES];
  va_list arguments;
  va_start(arguments, format);
  int wanted = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (wanted < 0) return;
  size_t used = strlen(message), start = sizeof context_start - 1, add = (size_t)wanted;
  if (add > sizeof message - 1 || used + start + add > sizeof message - 1) return;
  memcpy(message + used, context_start, start);
  memcpy(message + used + start, text, add + 1);
}

void tarn__error_save(char *text, size_t bytes) {
  if (bytes == 0) return;
  size_t size = strlen(message);
  if (size > bytes - 1) size = bytes - 1;
  memcpy(text, message, size);
  text[size] = '\0';
}

void tarn__error_restore(const char *text) {
  size_t size = strlen(text);
  if (size > sizeof message - 1) size = sizeof message - 1;
  memmove(message, text, size);
  message[size] = '\0';
}

void tarn__error_brief(char *text, size_t bytes) {
  if (bytes == 0) return;
  const char *end = strstr(message, context_start);
  size_t size = end ? (size_t)(end - message) : strlen(message);
  if (size > 0 && message[size - 1] == ']') {
    size_t open = size - 1;
    while (open > 0 && message[open] != '[') open--;
    if (open > 0 && message[open - 1] == ' ') size = open - 1;
  }
  if (size > bytes - 1) size = bytes - 1;
  memmove(text, message, size);
  text[size] = '\0';
}

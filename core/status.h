/* Status codes with a context chain.
 *
 * A failing function calls tarn_fail once, where it knows what was found and what was expected;
 * callers add where it happened with TARN_TRY_IN. The text lives in thread-local fixed storage, so
 * it works when memory is gone. A pool thread that fails hands code and text to the thread that
 * waits (threads.h). */
#ifndef TARN_CORE_STATUS_H
#define TARN_CORE_STATUS_H

#include "tarn.h"

/* Sets this thread's message ("what [file.c:12]") and returns `status`. Replaces an earlier
 * message. file NULL: no source position, for lists whose lines the command prints as they are. */
tarn_status tarn__fail(tarn_status status, const char *file, int line, const char *format, ...)
    TARN_PRINTF(4, 5);
#define tarn_fail(status, ...) tarn__fail((status), __FILE__, __LINE__, __VA_ARGS__)

/* Appends "  while <context>" on a line of its own; does nothing once the storage is full. */
void tarn__context(const char *format, ...) TARN_PRINTF(1, 2);

/* Copies this thread's message (at most `bytes`, zero-terminated), and puts one back on another
 * thread. */
void tarn__error_save(char *text, size_t bytes);
void tarn__error_restore(const char *text);

/* The message without its context lines and source position, for a caller that adds its own. */
void tarn__error_brief(char *text, size_t bytes);

/* Room for the longest message with its context lines. */
#define TARN_ERROR_BYTES 4096

#define TARN_TRY(call)                            \
  do {                                            \
    tarn_status status_ = (call);                 \
    if (status_ != TARN_OK) return status_;       \
  } while (0)

#define TARN_TRY_IN(call, ...)                    \
  do {                                            \
    tarn_status status_ = (call);                 \
    if (status_ != TARN_OK) {                     \
      tarn__context(__VA_ARGS__);                 \
      return status_;                             \
    }                                             \
  } while (0)

/* For functions with one `done:` ladder and a `tarn_status status` variable. */
#define TARN_GOTO(call)                           \
  do {                                            \
    status = (call);                              \
    if (status != TARN_OK) goto done;             \
  } while (0)

#endif

/* The environment, read once. No other file calls getenv. */
#include "core/knobs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_BYTES 4096 /* a longer value counts as not set */

static const tarn_knob_row rows[] = {
#define X(field, name_, initial_, help_) {.name = name_, .initial = initial_, .help = help_},
    TARN_KNOB_MAP(X)
#undef X
};

/* Copies: the program may change its environment later. */
static tarn_knobs knobs;
static char values[sizeof rows / sizeof *rows][VALUE_BYTES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *value_of(size_t row) {
  const char *found = getenv(rows[row].name);
  size_t length = found ? strlen(found) : 0;
  if (length == 0 || length >= VALUE_BYTES) return rows[row].initial;
  memcpy(values[row], found, length + 1);
  return values[row];
}

static void read_environment(void) {
  size_t row = 0;
#define X(field, name, initial, help) knobs.field = value_of(row++);
  TARN_KNOB_MAP(X)
#undef X
}

const tarn_knobs *tarn__knobs(void) {
  (void)pthread_once(&once, read_environment);
  return &knobs;
}

const tarn_knob_row *tarn__knob_rows(size_t *count) {
  *count = sizeof rows / sizeof *rows;
  return rows;
}

/* Events behind a mutex: the lock is short, and nothing of it is reached when tracing is off.
 * Written in Chrome's trace event format: complete events ("X") and counters ("C"), times in
 * microseconds. */
#include "core/trace.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"

#define NO_TEXT SIZE_MAX

typedef struct event {
  size_t category, name, detail; /* where they start in the strings; NO_TEXT: none */
  uint64_t start_ns, end_ns;
  double value; /* of a counter */
  pid_t thread;
  bool counter;
} event;

struct tarn_trace {
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_bytes events;  /* event after event */
  tarn_bytes strings; /* zero-terminated */
  uint64_t start_ns;
  size_t dropped;
};

uint64_t tarn__now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

tarn_status tarn__trace_create(const tarn_allocator *a, tarn_trace **trace) {
  tarn_trace *t = tarn__alloc_zero(a, sizeof *t);
  if (!t) return TARN_NO_MEMORY;
  t->allocator = a;
  (void)pthread_mutex_init(&t->lock, NULL);
  tarn__bytes_init(&t->events, a);
  tarn__bytes_init(&t->strings, a);
  t->start_ns = tarn__now_ns();
  *trace = t;
  return TARN_OK;
}

void tarn__trace_destroy(tarn_trace *trace) {
  if (!trace) return;
  tarn__bytes_clear(&trace->events);
  tarn__bytes_clear(&trace->strings);
  (void)pthread_mutex_destroy(&trace->lock);
  tarn__free(trace->allocator, trace, sizeof *trace);
}

static tarn_status keep(tarn_trace *trace, const char *text, size_t *at) {
  *at = NO_TEXT;
  if (!text) return TARN_OK;
  size_t start = trace->strings.size;
  TARN_TRY(tarn__bytes_add(&trace->strings, text, strlen(text) + 1));
  *at = start;
  return TARN_OK;
}

static void record(tarn_trace *trace, const char *category, const char *name, const char *detail,
                   event e) {
  /* A dropped event is no failure of the caller's: his message stays. */
  char message[TARN_ERROR_BYTES];
  (void)pthread_mutex_lock(&trace->lock);
  size_t strings = trace->strings.size;
  bool full = false;
  tarn__error_save(message, sizeof message);
  e.thread = gettid();
  if (keep(trace, category, &e.category) != TARN_OK || keep(trace, name, &e.name) != TARN_OK ||
      keep(trace, detail, &e.detail) != TARN_OK ||
      tarn__bytes_add(&trace->events, &e, sizeof e) != TARN_OK) {
    full = true;
    trace->strings.size = strings;
    trace->dropped++;
  }
  (void)pthread_mutex_unlock(&trace->lock);
  if (full) tarn__error_restore(message);
}

void tarn__trace_span(tarn_trace *trace, const char *category, const char *name, const char *detail,
                      uint64_t start_ns, uint64_t end_ns) {
  if (trace) record(trace, category, name, detail, (event){.start_ns = start_ns, .end_ns = end_ns});
}

void tarn__trace_counter(tarn_trace *trace, const char *name, double value) {
  if (trace)
    record(trace, NULL, name, NULL,
           (event){.counter = true, .value = value, .start_ns = tarn__now_ns()});
}

/* The text as a JSON string. Control bytes and what is not UTF-8 become visible \xNN. */
static tarn_status add_string(tarn_bytes *json, const tarn_trace *trace, size_t at) {
  const char *text = at == NO_TEXT ? "" : trace->strings.data + at;
  TARN_TRY(tarn__bytes_add(json, "\"", 1));
  /* In pieces that end where a character does, so that any length passes through a small buffer. */
  for (size_t left = strlen(text); left;) {
    char shown[4 * 64 + 1];
    size_t piece = left < 64 ? left : 64;
    if (piece < left)
      for (int back = 0; back < 3 && ((unsigned char)text[piece] & 0xc0) == 0x80; back++) piece--;
    tarn__printable(text, piece, shown, sizeof shown);
    for (const char *c = shown; *c; c++) {
      if (*c == '"' || *c == '\\') TARN_TRY(tarn__bytes_add(json, "\\", 1));
      TARN_TRY(tarn__bytes_add(json, c, 1));
    }
    text += piece;
    left -= piece;
  }
  return tarn__bytes_add(json, "\"", 1);
}

static double microseconds(const tarn_trace *trace, uint64_t ns) {
  return ns < trace->start_ns ? 0.0 : (double)(ns - trace->start_ns) / 1e3;
}

static tarn_status add_event(tarn_bytes *json, const tarn_trace *trace, const event *e) {
  TARN_TRY(tarn__bytes_printf(
      json, "{\"ph\":\"%s\",\"pid\":%ld,\"tid\":%ld,\"ts\":%.3f,\"name\":", e->counter ? "C" : "X",
      (long)getpid(), (long)e->thread, microseconds(trace, e->start_ns)));
  TARN_TRY(add_string(json, trace, e->name));
  if (e->counter) /* JSON has no infinity and no NaN */
    return tarn__bytes_printf(json, ",\"args\":{\"value\":%.17g}}",
                              isfinite(e->value) ? e->value : 0.0);
  uint64_t span = e->end_ns > e->start_ns ? e->end_ns - e->start_ns : 0;
  TARN_TRY(tarn__bytes_printf(json, ",\"dur\":%.3f,\"cat\":", (double)span / 1e3));
  TARN_TRY(add_string(json, trace, e->category));
  if (e->detail != NO_TEXT) {
    TARN_TRY(tarn__bytes_printf(json, ",\"args\":{\"detail\":"));
    TARN_TRY(add_string(json, trace, e->detail));
    TARN_TRY(tarn__bytes_add(json, "}", 1));
  }
  return tarn__bytes_add(json, "}", 1);
}

static tarn_status add_all(tarn_bytes *json, const tarn_trace *trace) {
  TARN_TRY(tarn__bytes_printf(
      json, "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"dropped\":%zu},\"traceEvents\":[",
      trace->dropped));
  size_t count = trace->events.size / sizeof(event);
  for (size_t i = 0; i < count; i++) {
    event e;
    memcpy(&e, trace->events.data + i * sizeof e, sizeof e);
    if (i) TARN_TRY(tarn__bytes_add(json, ",\n", 2));
    TARN_TRY(add_event(json, trace, &e));
  }
  return tarn__bytes_add(json, "]}\n", 3);
}

tarn_status tarn__trace_json(const tarn_trace *trace, char **text, size_t *bytes) {
  tarn_bytes json;
  tarn__bytes_init(&json, trace->allocator);
  pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&trace->lock;
  (void)pthread_mutex_lock(lock);
  tarn_status status = add_all(&json, trace);
  (void)pthread_mutex_unlock(lock);
  /* The caller frees size + 1 bytes: the block is cut to that. */
  char *exact = NULL;
  if (status == TARN_OK) {
    exact = tarn__alloc(trace->allocator, json.size + 1);
    if (!exact) status = TARN_NO_MEMORY;
  }
  if (status == TARN_OK) {
    memcpy(exact, json.data, json.size + 1);
    *text = exact;
    *bytes = json.size;
  }
  tarn__bytes_clear(&json);
  return status;
}

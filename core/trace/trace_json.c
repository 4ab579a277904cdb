/* A trace as text in Chrome's trace event format: complete events ("X"), counters ("C"), names of
 * threads ("M"), times in microseconds. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/trace/trace_parts.h"

/* The text as a JSON string. Control bytes and what is not UTF-8 become visible \xNN. */
static tarn_status add_string(tarn_bytes *json, const tarn_trace *trace, size_t at) {
  const char *text = at == TARN_TRACE_NO_TEXT ? "" : trace->strings.data + at;
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

static tarn_status add_event(tarn_bytes *json, const tarn_trace *trace, const tarn_trace_event *e) {
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
  if (e->detail != TARN_TRACE_NO_TEXT) {
    TARN_TRY(tarn__bytes_printf(json, ",\"args\":{\"detail\":"));
    TARN_TRY(add_string(json, trace, e->detail));
    TARN_TRY(tarn__bytes_add(json, "}", 1));
  }
  return tarn__bytes_add(json, "}", 1);
}

/* What an element says beyond its time: kernel, shapes, rate, share of the peak. */
static tarn_status add_tick(tarn_bytes *json, const tarn_trace *trace, const tarn_trace_row *row,
                            const tarn_trace_tick_kept *t) {
  tarn_trace_kept k;
  memcpy(&k, trace->labels.data + t->label * sizeof k, sizeof k);
  const double us = t->end_ns > t->start_ns ? (double)(t->end_ns - t->start_ns) / 1e3 : 0;
  TARN_TRY(tarn__bytes_printf(
      json, "{\"ph\":\"X\",\"pid\":%ld,\"tid\":%ld,\"ts\":%.3f,\"dur\":%.3f,\"name\":",
      (long)getpid(), (long)row->thread, microseconds(trace, t->start_ns), us));
  TARN_TRY(add_string(json, trace, k.name));
  TARN_TRY(tarn__bytes_printf(json, ",\"cat\":"));
  TARN_TRY(add_string(json, trace, k.category));
  TARN_TRY(tarn__bytes_printf(json, ",\"args\":{\"kernel\":"));
  TARN_TRY(add_string(json, trace, k.detail));
  if (k.shapes != TARN_TRACE_NO_TEXT) {
    TARN_TRY(tarn__bytes_printf(json, ",\"shapes\":"));
    TARN_TRY(add_string(json, trace, k.shapes));
  }
  if (us > 0 && !t->helps) {
    const bool counts = k.flops > 0;
    const double rate = (counts ? k.flops : k.bytes) / us / 1e3;
    const double peak = counts && k.peak >= 0 && k.peak < TARN_TRACE_PEAKS
                            ? trace->peaks.gflops[k.peak]
                        : counts ? 0
                                 : trace->peaks.gbytes;
    if (rate > 0)
      TARN_TRY(tarn__bytes_printf(json, ",\"%s\":%.4g", counts ? "GFLOP/s" : "GB/s", rate));
    if (rate > 0 && peak > 0)
      TARN_TRY(tarn__bytes_printf(json, ",\"%% of peak\":%.3g", 100 * rate / peak));
  }
  return tarn__bytes_printf(json, "}}");
}

/* The plan's memory while a step runs, where it is another than before. */
static tarn_status add_planned(tarn_bytes *json, const tarn_trace *trace,
                               const tarn_trace_tick_kept *t, double *last) {
  tarn_trace_kept k;
  memcpy(&k, trace->labels.data + t->label * sizeof k, sizeof k);
  if (!(k.planned_bytes >= 0) || t->helps || k.planned_bytes == *last) return TARN_OK;
  *last = k.planned_bytes;
  return tarn__bytes_printf(json,
                            ",\n{\"ph\":\"C\",\"pid\":%ld,\"ts\":%.3f,\"name\":\"planned "
                            "memory\",\"args\":{\"bytes\":%.0f}}",
                            (long)getpid(), microseconds(trace, t->start_ns), k.planned_bytes);
}

static tarn_status add_row(tarn_bytes *json, const tarn_trace *trace, const tarn_trace_row *row) {
  double planned = -1;
  for (const tarn_trace_chunk *c = row->first; c; c = c->next)
    for (size_t i = 0; i < c->count; i++) {
      TARN_TRY(tarn__bytes_add(json, ",\n", 2));
      TARN_TRY(add_tick(json, trace, row, &c->tick[i]));
      TARN_TRY(add_planned(json, trace, &c->tick[i], &planned));
    }
  return TARN_OK;
}

static tarn_status add_row_name(tarn_bytes *json, const tarn_trace_row *row) {
  char shown[4 * sizeof row->name + 1];
  TARN_TRY(tarn__bytes_printf(
      json,
      ",\n{\"ph\":\"M\",\"pid\":%ld,\"tid\":%ld,\"name\":\"thread_name\",\"args\":{\"name\":\"",
      (long)getpid(), (long)row->thread));
  for (const char *c = tarn__printable(row->name, strlen(row->name), shown, sizeof shown); *c; c++)
    TARN_TRY(tarn__bytes_printf(json, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c));
  return tarn__bytes_printf(json, "\"}}");
}

static tarn_status add_all(tarn_bytes *json, const tarn_trace *trace) {
  size_t dropped = trace->dropped;
  for (const tarn_trace_row *row = trace->rows; row; row = row->next) dropped += row->dropped;
  TARN_TRY(tarn__bytes_printf(
      json,
      "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"dropped\":%zu},\"traceEvents\":[\n"
      "{\"ph\":\"M\",\"pid\":%ld,\"name\":\"process_name\",\"args\":{\"name\":\"tarn\"}}",
      dropped, (long)getpid()));
  const size_t count = trace->events.size / sizeof(tarn_trace_event);
  for (size_t i = 0; i < count; i++) {
    tarn_trace_event e;
    memcpy(&e, trace->events.data + i * sizeof e, sizeof e);
    TARN_TRY(tarn__bytes_add(json, ",\n", 2));
    TARN_TRY(add_event(json, trace, &e));
  }
  for (const tarn_trace_row *row = trace->rows; row; row = row->next) {
    TARN_TRY(add_row_name(json, row));
    TARN_TRY(add_row(json, trace, row));
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

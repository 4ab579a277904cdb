/* Spans and counters behind a mutex; ticks in chunks that belong to the thread that fills them,
 * found through a thread-local pointer. Nothing of it is reached when tracing is off. The JSON of
 * both is in trace_json.c. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/trace/trace_parts.h"

#define NO_TEXT TARN_TRACE_NO_TEXT

typedef tarn_trace_event event;

static atomic_uint_fast64_t serials;

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
  tarn__bytes_init(&t->labels, a);
  t->serial = atomic_fetch_add(&serials, 1) + 1;
  t->start_ns = tarn__now_ns();
  *trace = t;
  return TARN_OK;
}

void tarn__trace_destroy(tarn_trace *trace) {
  if (!trace) return;
  tarn__bytes_clear(&trace->events);
  tarn__bytes_clear(&trace->strings);
  tarn__bytes_clear(&trace->labels);
  for (tarn_trace_row *row = trace->rows, *next; row; row = next) {
    next = row->next;
    for (tarn_trace_chunk *c = row->first, *after; c; c = after) {
      after = c->next;
      tarn__free(trace->allocator, c, sizeof *c);
    }
    tarn__free(trace->allocator, row, sizeof *row);
  }
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

/* ---- ticks --------------------------------------------------------------------------------- */

uint64_t tarn__trace_serial(const tarn_trace *trace) {
  return trace->serial;
}

void tarn__trace_set_peaks(tarn_trace *trace, const tarn_trace_peaks *peaks) {
  if (trace) trace->peaks = *peaks;
}

static tarn_status keep_label(tarn_trace *trace, const tarn_trace_label *label) {
  tarn_trace_kept kept = {.flops = label->flops,
                          .bytes = label->bytes,
                          .planned_bytes = label->planned_bytes,
                          .peak = label->peak};
  TARN_TRY(keep(trace, label->category, &kept.category));
  TARN_TRY(keep(trace, label->name, &kept.name));
  TARN_TRY(keep(trace, label->detail, &kept.detail));
  TARN_TRY(keep(trace, label->shapes, &kept.shapes));
  return tarn__bytes_add(&trace->labels, &kept, sizeof kept);
}

int tarn__trace_label(tarn_trace *trace, const tarn_trace_label *label) {
  char message[TARN_ERROR_BYTES];
  (void)pthread_mutex_lock(&trace->lock);
  const size_t strings = trace->strings.size, number = trace->labels.size / sizeof(tarn_trace_kept);
  tarn__error_save(message, sizeof message);
  const bool kept = number < INT32_MAX && keep_label(trace, label) == TARN_OK;
  if (!kept) {
    trace->strings.size = strings;
    tarn__error_restore(message);
  }
  (void)pthread_mutex_unlock(&trace->lock);
  return kept ? (int)number : -1;
}

/* Rows that are no threads are numbered from here on: Linux gives no thread such a number. */
enum { NO_THREAD = 1 << 23 };

/* The calling thread's row in the trace that it recorded in last. */
static _Thread_local struct {
  uint64_t serial;
  tarn_trace_row *row;
} mine;

static tarn_trace_row *find_row(tarn_trace *trace) {
  const pid_t thread = gettid();
  (void)pthread_mutex_lock(&trace->lock);
  tarn_trace_row *row = trace->rows;
  while (row && row->thread != thread) row = row->next;
  if (!row && (row = tarn__alloc_zero(trace->allocator, sizeof *row))) {
    row->thread = thread;
    (void)pthread_getname_np(pthread_self(), row->name, sizeof row->name);
    row->next = trace->rows;
    trace->rows = row;
  }
  if (!row) trace->dropped++;
  (void)pthread_mutex_unlock(&trace->lock);
  return row;
}

/* Room for one more; NULL: no memory, and the event is counted as dropped. */
static tarn_trace_chunk *grow_row(tarn_trace *trace, tarn_trace_row *row) {
  tarn_trace_chunk *chunk = tarn__alloc(trace->allocator, sizeof *chunk);
  if (!chunk) {
    row->dropped++;
    return NULL;
  }
  chunk->next = NULL;
  chunk->count = 0;
  if (row->last)
    row->last->next = chunk;
  else
    row->first = chunk;
  row->last = chunk;
  return chunk;
}

static void append(tarn_trace *trace, tarn_trace_row *row, int label, bool helps,
                   uint64_t start_ns, uint64_t end_ns) {
  tarn_trace_chunk *chunk = row->last;
  if (label < 0) {
    row->dropped++;
    return;
  }
  if (!chunk || chunk->count == TARN_TRACE_CHUNK) {
    char message[TARN_ERROR_BYTES];
    tarn__error_save(message, sizeof message);
    chunk = grow_row(trace, row);
    if (!chunk) {
      tarn__error_restore(message);
      return;
    }
  }
  chunk->tick[chunk->count++] = (tarn_trace_tick_kept){
      .label = (uint32_t)label, .helps = helps, .start_ns = start_ns, .end_ns = end_ns};
}

void tarn__trace_tick(tarn_trace *trace, int label, bool helps, uint64_t start_ns,
                      uint64_t end_ns) {
  if (mine.serial != trace->serial || !mine.row) {
    char message[TARN_ERROR_BYTES];
    tarn__error_save(message, sizeof message);
    mine.row = find_row(trace);
    mine.serial = trace->serial;
    if (!mine.row) {
      tarn__error_restore(message);
      return;
    }
  }
  append(trace, mine.row, label, helps, start_ns, end_ns);
}

tarn_trace_row *tarn__trace_row_add(tarn_trace *trace, const char *name) {
  tarn_trace_row *row = tarn__alloc_zero(trace->allocator, sizeof *row);
  if (!row) return NULL;
  snprintf(row->name, sizeof row->name, "%s", name);
  pthread_mutex_lock(&trace->lock);
  row->thread = NO_THREAD;
  for (const tarn_trace_row *r = trace->rows; r; r = r->next)
    if (r->thread >= row->thread) row->thread = r->thread + 1;
  row->next = trace->rows;
  trace->rows = row;
  pthread_mutex_unlock(&trace->lock);
  return row;
}

void tarn__trace_row_tick(tarn_trace *trace, tarn_trace_row *row, int label, uint64_t start_ns,
                          uint64_t end_ns) {
  append(trace, row, label, false, start_ns, end_ns);
}

static _Thread_local tarn_trace_here here;

void tarn__trace_enter(tarn_trace *trace, int label) {
  here = (tarn_trace_here){trace, label};
}
tarn_trace_here tarn__trace_where(void) {
  return here;
}

/* ---- totals -------------------------------------------------------------------------------- */

static const char *text_at(const tarn_trace *trace, size_t at) {
  return at == NO_TEXT ? NULL : trace->strings.data + at;
}

tarn_status tarn__trace_totals(const tarn_trace *trace, tarn_trace_total **totals, size_t *count) {
  const size_t n = trace->labels.size / sizeof(tarn_trace_kept);
  tarn_trace_total *all = tarn__alloc_zero(trace->allocator, n * sizeof *all);
  if (!all) return TARN_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    tarn_trace_kept k;
    memcpy(&k, trace->labels.data + i * sizeof k, sizeof k);
    all[i].label = (tarn_trace_label){.category = text_at(trace, k.category),
                                      .name = text_at(trace, k.name),
                                      .detail = text_at(trace, k.detail),
                                      .shapes = text_at(trace, k.shapes),
                                      .flops = k.flops,
                                      .bytes = k.bytes,
                                      .peak = k.peak,
                                      .planned_bytes = k.planned_bytes};
  }
  for (const tarn_trace_row *row = trace->rows; row; row = row->next)
    for (const tarn_trace_chunk *c = row->first; c; c = c->next)
      for (size_t i = 0; i < c->count; i++) {
        const tarn_trace_tick_kept *t = &c->tick[i];
        const uint64_t took = t->end_ns > t->start_ns ? t->end_ns - t->start_ns : 0;
        tarn_trace_total *sum = &all[t->label];
        if (t->helps) {
          sum->helped_ns += took;
          continue;
        }
        sum->least_ns = sum->ticks && sum->least_ns < took ? sum->least_ns : took;
        sum->total_ns += took;
        sum->ticks++;
      }
  *totals = all;
  *count = n;
  return TARN_OK;
}

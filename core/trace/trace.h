/* A recorder of timed events, written as a Chrome trace. Off (NULL) it costs one test of a pointer.
 *
 * Two ways in. Spans and counters carry their strings: for what happens a few times. Ticks are for
 * what happens again and again (a step of a plan): their strings are kept once, as a label, and a
 * tick is its label's number and two times in memory of its thread's own, some ten nanoseconds. */
#ifndef TARN_CORE_TRACE_TRACE_H
#define TARN_CORE_TRACE_TRACE_H

#include "core/memory.h"

typedef struct tarn_trace tarn_trace;

tarn_status tarn__trace_create(const tarn_allocator *a, tarn_trace **trace);
/* Nobody may record any more. */
void tarn__trace_destroy(tarn_trace *trace);
uint64_t tarn__now_ns(void); /* a monotonic clock */
/* One finished span on the calling thread's row. Strings are copied; `detail` may be NULL.
 * Thread-safe. When memory is short the event is dropped and counted. */
void tarn__trace_span(tarn_trace *trace, const char *category, const char *name, const char *detail,
                      uint64_t start_ns, uint64_t end_ns);
void tarn__trace_counter(tarn_trace *trace, const char *name, double value);

/* ---- labels and ticks ---------------------------------------------------------------------- */

/* What ticks say. Strings may be NULL. */
typedef struct tarn_trace_label {
  const char *category, *name; /* the op and the node */
  const char *detail;          /* the kernel */
  const char *shapes;
  double flops, bytes;  /* of one tick; 0: not counted */
  int peak;             /* which of tarn_trace_peaks.gflops bounds it */
  double planned_bytes; /* memory that is planned to be in use meanwhile; negative: not known */
} tarn_trace_label;

/* The label's number, to be used with this trace alone; -1 when memory is short. Thread-safe. */
int tarn__trace_label(tarn_trace *trace, const tarn_trace_label *label);
/* A number that no other trace of the process has, nor 0: who keeps labels knows by it whose they
 * are. */
uint64_t tarn__trace_serial(const tarn_trace *trace);
/* label -1: dropped and counted. helps: the thread took a part of what another thread's tick is
 * about. */
void tarn__trace_tick(tarn_trace *trace, int label, bool helps, uint64_t start_ns, uint64_t end_ns);

/* A row of its own, for what no thread of this process does (a device's queue). One thread at a
 * time writes into it. NULL: memory is short. Belongs to the trace. */
typedef struct tarn_trace_row tarn_trace_row;
tarn_trace_row *tarn__trace_row_add(tarn_trace *trace, const char *name);
void tarn__trace_row_tick(tarn_trace *trace, tarn_trace_row *row, int label, uint64_t start_ns,
                          uint64_t end_ns);

/* What the calling thread is at: pool threads that help it record ticks of that label. */
typedef struct tarn_trace_here {
  tarn_trace *trace; /* NULL: nothing is recorded */
  int label;
} tarn_trace_here;
void tarn__trace_enter(tarn_trace *trace, int label);
tarn_trace_here tarn__trace_where(void);

/* ---- reading back; nobody may be recording -------------------------------------------------- */

enum { TARN_TRACE_PEAKS = 16 };
/* What the machine can do at best with the threads at work; 0: not known. */
typedef struct tarn_trace_peaks {
  double gflops[TARN_TRACE_PEAKS];
  double gbytes;
} tarn_trace_peaks;
/* From then on the JSON tells the share of the peak for what has flops or bytes. */
void tarn__trace_set_peaks(tarn_trace *trace, const tarn_trace_peaks *peaks);
/* The whole trace as JSON text (Chrome trace event format), zero-terminated; the caller frees it
 * with tarn__free(a, text, *bytes + 1). */
tarn_status tarn__trace_json(const tarn_trace *trace, char **text, size_t *bytes);

/* A label with what its ticks add up to. */
typedef struct tarn_trace_total {
  tarn_trace_label label; /* its strings live as long as the trace */
  size_t ticks;
  uint64_t total_ns, least_ns; /* of one tick */
  uint64_t helped_ns;          /* by other threads */
} tarn_trace_total;
/* By label number; `count` of them. The caller frees tarn__free(a, *totals, *count * sizeof
 * **totals). */
tarn_status tarn__trace_totals(const tarn_trace *trace, tarn_trace_total **totals, size_t *count);

#endif

/* What a trace holds: between trace.c, which records, and trace_json.c, which writes. */
#ifndef TARN_CORE_TRACE_TRACE_PARTS_H
#define TARN_CORE_TRACE_TRACE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "core/bytes.h"
#include "core/trace/trace.h"

#define TARN_TRACE_NO_TEXT SIZE_MAX
enum { TARN_TRACE_CHUNK = 4096 };

/* Texts are where they start in the strings; TARN_TRACE_NO_TEXT: none. */
typedef struct tarn_trace_event {
  size_t category, name, detail;
  uint64_t start_ns, end_ns;
  double value; /* of a counter */
  pid_t thread;
  bool counter;
} tarn_trace_event;

typedef struct tarn_trace_kept {
  size_t category, name, detail, shapes;
  double flops, bytes, planned_bytes;
  int peak;
} tarn_trace_kept;

typedef struct tarn_trace_tick_kept {
  uint32_t label;
  bool helps;
  uint64_t start_ns, end_ns;
} tarn_trace_tick_kept;

typedef struct tarn_trace_chunk {
  struct tarn_trace_chunk *next;
  size_t count;
  tarn_trace_tick_kept tick[TARN_TRACE_CHUNK];
} tarn_trace_chunk;

/* A thread's ticks: it alone writes them. */
struct tarn_trace_row {
  struct tarn_trace_row *next;
  pid_t thread;
  char name[32];
  tarn_trace_chunk *first, *last;
  size_t dropped;
};

struct tarn_trace {
  const tarn_allocator *allocator;
  pthread_mutex_t lock; /* all but the ticks in the rows */
  tarn_bytes events;    /* tarn_trace_event after tarn_trace_event */
  tarn_bytes strings;   /* zero-terminated */
  tarn_bytes labels;    /* tarn_trace_kept after tarn_trace_kept */
  tarn_trace_row *rows;
  tarn_trace_peaks peaks;
  uint64_t start_ns, serial;
  size_t dropped;
};

#endif

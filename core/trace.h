/* A recorder of timed events, written as a Chrome trace. Off (NULL) it costs one test of a pointer. */
#ifndef TARN_CORE_TRACE_H
#define TARN_CORE_TRACE_H

#include "core/memory.h"

typedef struct tarn_trace tarn_trace;

tarn_status tarn__trace_create(const tarn_allocator *a, tarn_trace **trace);
void tarn__trace_destroy(tarn_trace *trace);
uint64_t tarn__now_ns(void);   /* a monotonic clock */
/* One finished span on the calling thread's row. Strings are copied; `detail` may be NULL. Thread-safe.
 * When memory is short the event is dropped and counted. */
void tarn__trace_span(tarn_trace *trace, const char *category, const char *name, const char *detail,
                      uint64_t start_ns, uint64_t end_ns);
void tarn__trace_counter(tarn_trace *trace, const char *name, double value);
/* The whole trace as JSON text (Chrome trace event format), zero-terminated; the caller frees it with
 * tarn__free(a, text, *bytes + 1). */
tarn_status tarn__trace_json(const tarn_trace *trace, char **text, size_t *bytes);

#endif

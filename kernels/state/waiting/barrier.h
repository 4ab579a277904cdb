/* Barriers: tuples that are put together by key, a component at a time, and taken once they are
 * whole, first those whose key came first. Waits end as wait.h says. Thread-safe. */
#ifndef TARN_KERNELS_STATE_WAITING_BARRIER_H
#define TARN_KERNELS_STATE_WAITING_BARRIER_H

#include "kernels/run.h"
#include "kernels/state/resources.h"

typedef struct tarn_barrier tarn_barrier;

extern const tarn_object_type tarn__barrier_type;

typedef struct tarn_barrier_spec {
  int components;
  const tarn_dtype *dtypes;
  const tarn_shape *shapes;      /* of one value each, known */
} tarn_barrier_spec;

tarn_status tarn__barrier_get(tarn_resources *resources, const char *name,
                              const tarn_barrier_spec *spec, tarn_barrier **barrier);
int tarn__barrier_components(const tarn_barrier *barrier);
tarn_dtype tarn__barrier_dtype(const tarn_barrier *barrier, int k);
const tarn_shape *tarn__barrier_shape(const tarn_barrier *barrier, int k);
/* Row i of values (owning its buffer) becomes component `component` of key i. Those before one that
 * fails stay. TARN_INVALID: the key has that component already; TARN_CANCELLED: closed, and the key
 * is new. */
tarn_status tarn__barrier_insert(tarn_barrier *barrier, const tarn_tensor *keys, int component,
                                 const tarn_tensor *values);
/* Takes n whole tuples into tuples[n][2 + components]: the number of the insertion that began them,
 * the key, the components. The caller clears them; *taken is n, or for a closed barrier with
 * `fewer` what there is. TARN_END: a closed barrier has not enough. */
tarn_status tarn__barrier_take(tarn_barrier *barrier, const tarn_run *run, int64_t n, bool fewer,
                               tarn_tensor *tuples, int64_t *taken);
/* No new keys; `cancel`: what is not whole is dropped. TARN_CANCELLED when it is closed so
 * already. */
tarn_status tarn__barrier_close(tarn_barrier *barrier, bool cancel);
int64_t tarn__barrier_ready(tarn_barrier *barrier);
int64_t tarn__barrier_incomplete(tarn_barrier *barrier);

#endif

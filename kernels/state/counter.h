/* A named number of the session: how often a Print printed, where a TemporaryVariable stands.
 * Atomic. */
#ifndef TARN_KERNELS_STATE_COUNTER_H
#define TARN_KERNELS_STATE_COUNTER_H

#include "kernels/state/resources.h"

typedef struct tarn_counter {
  tarn_object object;
  const tarn_allocator *allocator;
  _Atomic int64_t value;
} tarn_counter;

extern const tarn_object_type tarn__counter_type;

/* The counter of that name, made at 0; retained for the caller. */
tarn_status tarn__counter_get(tarn_resources *resources, const char *name, tarn_counter **counter);

#endif

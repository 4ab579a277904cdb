/* Staging areas: tuples of tensors put by one part of a graph for another, in their order or by
 * key. A tuple with a key may come in parts, and is there once it is whole. Waits end as wait.h
 * says. Thread-safe. */
#ifndef TARN_KERNELS_STATE_WAITING_STAGING_H
#define TARN_KERNELS_STATE_WAITING_STAGING_H

#include "kernels/run.h"
#include "kernels/state/resources.h"

typedef struct tarn_staging tarn_staging;

extern const tarn_object_type tarn__staging_type;

typedef struct tarn_staging_spec {
  int components;                /* of a whole tuple */
  const tarn_dtype *dtypes;
  int64_t capacity, memory_limit;/* whole tuples, and bytes in them; 0: no bound */
} tarn_staging_spec;

/* Which tuple is meant: of this key, or (key NULL) the one at `place`, counted from the first
 * on. */
typedef struct tarn_staging_place {
  const int64_t *key;
  int64_t place;
} tarn_staging_place;

/* The area of that name; made by whoever names it first. Retained for the caller. */
tarn_status tarn__staging_get(tarn_resources *resources, const char *name,
                              const tarn_staging_spec *spec, tarn_staging **staging);
/* Waits for room and puts values as the components of `indices` (ascending; NULL: all). key NULL:
 * behind all others. A key whose tuple is there already keeps that one. TARN_LIMIT: more bytes than
 * would ever find room. */
tarn_status tarn__staging_put(tarn_staging *staging, const tarn_run *run, const int64_t *key,
                              const tarn_tensor *indices, const tarn_tensor *const *values, int n);
/* Waits for the tuple and gives the components of `indices` (NULL: all) into values[n], which the
 * caller clears. Unless `stay`, they are gone then. key: gets the tuple's (may be NULL). */
tarn_status tarn__staging_take(tarn_staging *staging, const tarn_run *run, tarn_staging_place place,
                               const tarn_tensor *indices, bool stay, const tarn_dtype *dtypes,
                               tarn_tensor *values, int n, int64_t *key);
int64_t tarn__staging_size(tarn_staging *staging);
int64_t tarn__staging_incomplete(tarn_staging *staging);
void tarn__staging_clear(tarn_staging *staging);

#endif

/* Accumulators: gradients of many workers summed up, until somebody takes their mean. A gradient
 * that was computed before the step at hand is stale and dropped. Waits end as wait.h says; of
 * several takers, any may be served first. Thread-safe. */
#ifndef TARN_KERNELS_STATE_WAITING_ACCUMULATOR_H
#define TARN_KERNELS_STATE_WAITING_ACCUMULATOR_H

#include "kernels/run.h"
#include "kernels/state/resources.h"

typedef struct tarn_accumulator tarn_accumulator;

extern const tarn_object_type tarn__accumulator_type;

typedef struct tarn_accumulator_spec {
  tarn_dtype dtype;              /* half, float or double */
  tarn_shape shape;              /* of gradients; unknown in places, or -1 */
  bool sparse;                   /* gradients are rows and their indices */
  bool sum; /* what is taken is the sum, not the mean (of sparse ones: each row's own) */
} tarn_accumulator_spec;

/* What is applied and taken. Of a dense accumulator: values alone. */
typedef struct tarn_gradient {
  tarn_tensor values;            /* sparse: [n, ...] */
  tarn_tensor indices; /* int64[n], in ascending order for sums that put equal rows together */
  tarn_tensor shape;             /* int64[rank] of the whole; TARN_NO_DTYPE: not known */
} tarn_gradient;

tarn_status tarn__accumulator_get(tarn_resources *resources, const char *name,
                                  const tarn_accumulator_spec *spec,
                                  tarn_accumulator **accumulator);
/* Adds a gradient, unless local_step is before the step at hand. Borrows it. TARN_SHAPE,
 * TARN_DTYPE. */
tarn_status tarn__accumulator_apply(tarn_accumulator *accumulator, int64_t local_step,
                                    const tarn_gradient *gradient);
/* Waits until `required` gradients have been applied, gives their mean or sum, forgets them, and
 * goes one step on. The caller clears the tensors. */
tarn_status tarn__accumulator_take(tarn_accumulator *accumulator, const tarn_run *run,
                                   int64_t required, tarn_dtype dtype, tarn_gradient *taken);
int64_t tarn__accumulator_count(tarn_accumulator *accumulator);
void tarn__accumulator_set_step(tarn_accumulator *accumulator, int64_t step);

#endif

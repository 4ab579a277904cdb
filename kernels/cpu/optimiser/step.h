/* One step of an optimiser on a run of elements: what every rule in rules.body.h sees. */
#ifndef TARN_KERNELS_CPU_OPTIMISER_STEP_H
#define TARN_KERNELS_CPU_OPTIMISER_STEP_H

#include "core/tensor/dtype.h"
#include "kernels/params/optimiser.h"

#include <complex.h>
#undef I

enum { TARN_STEP_SLOTS = 4, TARN_STEP_RATES = 8 };

typedef struct tarn_step_data {
  void *slot[TARN_STEP_SLOTS]; /* the variable first, then what the optimiser keeps beside it */
  const void *grad;
  double _Complex rate[TARN_STEP_RATES]; /* scalar inputs in the op's order, without the gradient */
  const tarn_optimiser_params *flags;
} tarn_step_data;

/* Elements [at, at + n) of the slots by elements [from, from + n) of the gradient. */
typedef void (*tarn_step_rule)(const tarn_step_data *d, int64_t at, int64_t from, int64_t n);

#endif

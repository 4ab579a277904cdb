/* Reductions over any axes. x is seen as groups of axes that are kept or reduced in turn;
 * accumulators hold a block of outputs while the reduced groups are walked. The order of summation
 * follows from the shape alone, never from the number of threads. */
#ifndef TARN_KERNELS_CPU_REDUCE_REDUCE_H
#define TARN_KERNELS_CPU_REDUCE_REDUCE_H

#include "kernels/kernel.h"

#define TARN_REDUCE_BLOCK 256   /* accumulators at most */
#define TARN_REDUCE_BYTES 16    /* of an accumulator at most */

/* What a reduction does, for one dtype. */
typedef struct tarn_reducer {
  size_t accumulator_bytes;
  void (*start)(void *acc, int64_t n);
  void (*add_run)(void *acc, const void *x, int64_t n);  /* n neighbours into one accumulator */
  void (*add_row)(void *acc, const void *x, int64_t n);  /* n neighbours into n accumulators */
  /* n runs, one behind the other, each into its own accumulator; NULL: by add_run. */
  void (*add_runs)(void *acc, const void *x, int64_t n, int64_t run);
  void (*finish)(const void *acc, void *y, int64_t n, int64_t terms); /* terms: reduced into each */
  /* `rows` rows, `step` elements apart, as add_row one by one; NULL: so. */
  void (*add_rows)(void *acc, const void *x, int64_t n, int64_t rows, int64_t step);
} tarn_reducer;

/* Reduces input 0 over the axes in input 1 into output 0. The axes were checked when the shape was
 * inferred. */
tarn_status tarn__reduce(const tarn_call *call, const tarn_reducer *reducer);

#endif

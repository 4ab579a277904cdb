/* What this machine can do at best, measured: multiply-adds of float32 by instruction set, and reads by memory level. */
#ifndef TARN_BENCH_CEILING_H
#define TARN_BENCH_CEILING_H

#include "kernels/kernel.h"

typedef enum tarn_level { TARN_LEVEL_L1, TARN_LEVEL_L2, TARN_LEVEL_DRAM, TARN_LEVELS } tarn_level;

typedef struct tarn_ceiling {
  int threads;
  double gflops[TARN_TARGETS], gflops_all[TARN_TARGETS];   /* of reference, avx2 and avx512: one thread, all of them; 0: not here */
  double gbytes[TARN_LEVELS], gbytes_all[TARN_LEVELS];     /* a second, reading */
  size_t bytes[TARN_LEVELS];                               /* of one thread's buffer */
} tarn_ceiling;

/* Takes about a second. The pool says how many threads "all" is. */
TARN_MUST_CHECK tarn_status tarn__ceiling_measure(tarn_pool *pool, tarn_ceiling *ceiling);
/* The level that holds so many bytes. */
tarn_level tarn__ceiling_level(size_t bytes);
/* The highest rate of float32 multiply-adds among the instruction sets; one thread or all. */
double tarn__ceiling_best(const tarn_ceiling *ceiling, bool all);

/* One instruction set's loops: ceiling.<target>.c, built with the flags of that target's kernels. */
typedef struct tarn_ceiling_loops {
  double (*multiply_add)(long rounds, double *flops);   /* gives a sum so that nothing is left out; flops done */
  double (*read)(const float *data, size_t n);          /* n: a multiple of 256 */
} tarn_ceiling_loops;
extern const tarn_ceiling_loops tarn__ceiling_reference, tarn__ceiling_avx2, tarn__ceiling_avx512;

#endif

/* Which input elements lie under a pooling window. Static inline, so that files of any target may
 * have it. */
#ifndef TARN_KERNELS_CPU_POOL_UNDER_H
#define TARN_KERNELS_CPU_POOL_UNDER_H

#include "kernels/params/window.h"

/* The part inside of the input, [first, last), of the window of output position o along one
 * axis. */
static inline void tarn__axis_under(const tarn_axis *a, int64_t o, int64_t *first, int64_t *last) {
  const int64_t begin = o * a->stride - a->before, end = begin + a->window;
  *first = begin < 0 ? 0 : begin;
  *last = end > a->in ? a->in : end;
}

/* How many elements three such parts hold. */
static inline int64_t tarn__size_under(const int64_t first[TARN_AXES],
                                       const int64_t last[TARN_AXES]) {
  int64_t count = 1;
  for (int d = 0; d < TARN_AXES; d++) count *= last[d] > first[d] ? last[d] - first[d] : 0;
  return count;
}

#endif

/* Comparing two results of one case. */
#ifndef TARN_TESTS_CONFORM_COMPARE_H
#define TARN_TESTS_CONFORM_COMPARE_H

#include "tolerance.h"

/* The element that is worst off. */
typedef struct worst {
  int64_t at;
  double wanted, got, ulp;   /* ulp: distance in units of the dtype at the wanted value */
  char why[240];             /* "" when all is within the tolerance */
} worst;

/* Shapes, dtypes and elements; NaN equals NaN, an infinity itself. */
worst compare_results(const tarn_tensor *wanted, const tarn_tensor *got, const tolerance *t);
/* The same bits (strings: the same bytes). */
bool same_bits(const tarn_tensor *a, const tarn_tensor *b);

#endif

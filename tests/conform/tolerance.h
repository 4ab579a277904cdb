/* How far a kernel's results may lie from the reference's. */
#ifndef TARN_TESTS_CONFORM_TOLERANCE_H
#define TARN_TESTS_CONFORM_TOLERANCE_H

#include "graph/case/case.h"

typedef struct tolerance {
  double relative;   /* of the output's largest magnitude */
  double absolute;
  bool nan;          /* whether NaN and infinite inputs are tried */
  bool threads;      /* whether results must be the same bits with any number of threads */
} tolerance;

/* For output o of a case: by dtype, by how much is summed, and by the exceptions in tolerance.c. */
tolerance tolerance_of(const tarn_case *made, int o);

#endif

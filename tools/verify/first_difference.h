/* Which node is the first whose value a session computes otherwise than `reference` kernels without
 * passes do. */
#ifndef TARN_TOOLS_VERIFY_FIRST_DIFFERENCE_H
#define TARN_TOOLS_VERIFY_FIRST_DIFFERENCE_H

#include "tools/run/model_run.h"
#include "tools/verify/difference.h"

/* Elements of floats and complex numbers may be off by absolute + share * the largest magnitude of
 * the tensor they are compared with; all other numbers by `absolute`. */
typedef struct tarn_tolerance {
  double share, absolute;
} tarn_tolerance;

/* As tarn__difference_of; *scale: the magnitude. */
void tarn__difference_within(const tarn_tensor *got, const tarn_tensor *wanted,
                             const tarn_tolerance *tolerance, tarn_difference *d, double *scale);

typedef struct tarn_first_difference {
  const char *tensor; /* "conv/Conv2D:0", in r's arena; NULL: none differs */
  const char *op;
  char kernel[160]; /* that made it; "" where it is not known */
  tarn_difference difference;
  double scale;
  bool alone;      /* only when the values in front of it are not fetched too */
  size_t compared; /* values that were looked at */
} tarn_first_difference;

/* Runs the steps up to and including `step` in sessions of their own, with the values that every
 * run of it computes and that can be fetched: not those inside of loops, branches and functions. */
tarn_status tarn__first_difference(const tarn_model_run *r, size_t step,
                                   const tarn_tolerance *tolerance, tarn_first_difference *found);

#endif

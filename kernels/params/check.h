/* Parsed attributes of ops that look at values. */
#ifndef TARN_KERNELS_PARAMS_CHECK_H
#define TARN_KERNELS_PARAMS_CHECK_H

#include "tarn.h"

/* CheckNumerics. */
typedef struct tarn_check_numerics_params {
  tarn_string message; /* lives as long as the graph */
  bool signs;          /* whether a failure tells the infinities apart (V2) */
} tarn_check_numerics_params;

/* Bucketize. */
typedef struct tarn_bucketize_params {
  const float *boundaries; /* rising; live as long as the graph */
  int64_t count;
} tarn_bucketize_params;

#endif

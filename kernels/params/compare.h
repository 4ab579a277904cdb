/* Parsed attributes of comparisons. */
#ifndef TARN_KERNELS_PARAMS_COMPARE_H
#define TARN_KERNELS_PARAMS_COMPARE_H

#include <stdbool.h>

/* Equal, NotEqual. */
typedef struct tarn_equal_params {
  bool incompatible_is_unequal; /* shapes that do not broadcast make one answer, not an error */
} tarn_equal_params;

/* ApproximateEqual. */
typedef struct tarn_near_params {
  float tolerance;
} tarn_near_params;

#endif

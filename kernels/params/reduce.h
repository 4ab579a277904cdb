/* Parsed attributes of reductions. */
#ifndef TARN_KERNELS_PARAMS_REDUCE_H
#define TARN_KERNELS_PARAMS_REDUCE_H

#include <stdbool.h>

/* Sum, Mean and their kin: input 0 over the axes in input 1. */
typedef struct tarn_reduce_params {
  bool keep_dims; /* reduced axes stay, with dim 1 */
} tarn_reduce_params;

#endif

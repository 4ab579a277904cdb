/* Indices that are none: what _UniquePadded fills up with (graph/passes/pad_unique.c), and what its
 * users leave out. For device code too. */
#ifndef TARN_KERNELS_PARAMS_PADDING_H
#define TARN_KERNELS_PARAMS_PADDING_H

#include <stdbool.h>
#include <stdint.h>

/* The least number of int64 (`wide`) or int32. */
#define TARN_PADDING(wide) ((wide) ? INT64_MIN : (int64_t)INT32_MIN)

/* Of Scatter*, which have no attributes of their own; else NULL. */
typedef struct tarn_padded_params {
  bool padded; /* padding among the indices, behind all others, is left out */
} tarn_padded_params;

#endif

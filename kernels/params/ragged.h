/* Ragged tensors: parsed attributes. */
#ifndef TARN_KERNELS_PARAMS_RAGGED_H
#define TARN_KERNELS_PARAMS_RAGGED_H

#include <stdbool.h>
#include <stdint.h>

/* RaggedTensorToTensor: what its partitions are. */
typedef struct tarn_ragged_params {
  bool first_dim_size; /* partition 0 is the number of rows; the others are row ids, else splits */
  bool row_ids;
} tarn_ragged_params;

/* RaggedTensorToVariant and RaggedTensorFromVariant. */
typedef struct tarn_ragged_variant_params {
  bool batched;       /* a variant for each row, else one for all */
  int64_t input_rank; /* ragged rank of the elements; -1: what the outputs leave */
} tarn_ragged_variant_params;

#endif

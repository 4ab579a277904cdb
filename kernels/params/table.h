/* Attributes of hash tables. */
#ifndef TARN_KERNELS_PARAMS_TABLE_H
#define TARN_KERNELS_PARAMS_TABLE_H

#include "core/dtype.h"
#include "core/tensor.h"

typedef struct tarn_table_params {
  tarn_dtype keys, values;
  tarn_string shared_name;       /* empty: the node's own name */
} tarn_table_params;

#endif

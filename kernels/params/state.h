/* Attributes of ops that hold state: variables, checkpoints. */
#ifndef TARN_KERNELS_PARAMS_STATE_H
#define TARN_KERNELS_PARAMS_STATE_H

#include "core/tensor/tensor.h"

typedef struct tarn_variable_params {
  tarn_dtype dtype;
  tarn_shape shape;              /* declared; unknown in places */
  tarn_string shared_name;       /* empty: the node's own name */
} tarn_variable_params;

typedef struct tarn_assign_params {
  tarn_dtype dtype;
  bool validate_shape;           /* the value must have the variable's shape */
} tarn_assign_params;

typedef struct tarn_rows_params {
  int64_t batch_dims;            /* ResourceGather */
  int64_t limit;                 /* CountUpTo */
} tarn_rows_params;

typedef struct tarn_restore_params {
  int count;
  const tarn_dtype *dtypes;      /* [count]; the node's */
} tarn_restore_params;

#endif

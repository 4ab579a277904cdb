/* Attributes of state that runs wait at: accumulators, staging areas, barriers. */
#ifndef TARN_KERNELS_PARAMS_WAITING_H
#define TARN_KERNELS_PARAMS_WAITING_H

#include "core/tensor/dtype.h"
#include "core/tensor/tensor.h"

typedef struct tarn_accumulator_params {
  tarn_string shared_name;       /* empty: the node's own name */
  tarn_dtype dtype;
  tarn_shape shape;              /* of gradients; unknown in places, or -1 */
  bool sparse, sum;
} tarn_accumulator_params;

typedef struct tarn_staging_params {
  tarn_string shared_name;       /* empty: the node's own name */
  int64_t capacity, memory_limit;/* 0: no bound */
  int components;                /* of dtypes, the node's: what a whole tuple has */
  const tarn_dtype *dtypes;
} tarn_staging_params;

typedef struct tarn_barrier_params {
  tarn_string shared_name;       /* empty: the node's own name */
  int components;
  const tarn_dtype *dtypes;      /* the node's */
  const tarn_shape *shapes;      /* the node's, of one value */
  int64_t component;             /* BarrierInsertMany */
  bool cancel_pending;           /* BarrierClose */
  bool small_batch;              /* BarrierTakeMany */
} tarn_barrier_params;

#endif

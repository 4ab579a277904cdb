/* Ops on sparse tensors: parsed attributes. */
#ifndef TARN_KERNELS_PARAMS_SPARSE_H
#define TARN_KERNELS_PARAMS_SPARSE_H

#include "core/tensor/tensor.h"

/* SparseConcat: as the attribute has it, may be negative. */
typedef struct tarn_sparse_concat_params {
  int64_t axis;
} tarn_sparse_concat_params;

/* SparseReduceSum and kin. */
typedef struct tarn_sparse_reduce_params {
  bool keep_dims;
} tarn_sparse_reduce_params;

/* AddSparseToTensorsMap and kin. */
typedef struct tarn_sparse_map_params {
  tarn_string shared_name; /* empty: the node's own name */
} tarn_sparse_map_params;

/* SparseMatMul: dense matrices that are mostly zeros. */
typedef struct tarn_sparse_product_params {
  bool transpose_a, transpose_b;
} tarn_sparse_product_params;

/* SparseCross and kin: columns of a cross, the sparse ones before the dense. */
typedef struct tarn_sparse_cross_params {
  int sparse, dense;    /* columns */
  int64_t buckets;      /* SparseCross, hashed: 0 or less for none */
  uint64_t key;         /* SparseCross, hashed: what the first column's fingerprint is joined to */
} tarn_sparse_cross_params;

/* DenseCountSparseOutput, SparseBincount and kin. */
typedef struct tarn_count_params {
  bool binary;                /* 1 where there is anything */
  int64_t least, most; /* columns of a sparse result: at least so many; exactly `most` where it is
                          not negative */
} tarn_count_params;

#endif

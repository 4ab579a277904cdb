/* Parsed attributes of the array ops that have some. */
#ifndef TARN_KERNELS_PARAMS_ARRAY_H
#define TARN_KERNELS_PARAMS_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

/* OneHot, Pack, Unpack: where the dim goes, as the attribute has it (may be negative). */
typedef struct tarn_axis_params {
  int64_t axis;
} tarn_axis_params;

/* StridedSlice and its family. */
typedef struct tarn_strided_slice_params {
  int64_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask;
} tarn_strided_slice_params;

/* GatherV2. Gather leaves 0. */
typedef struct tarn_gather_params {
  int64_t batch_dims;
} tarn_gather_params;

/* GatherNd, ScatterNd, TensorScatter*: what an index outside does. */
typedef struct tarn_bad_indices_params {
  bool ignore; /* skip it (GatherNd: zeros); else an error */
} tarn_bad_indices_params;

typedef struct tarn_reverse_sequence_params {
  int64_t seq_dim, batch_dim; /* within the rank */
} tarn_reverse_sequence_params;

typedef struct tarn_mirror_pad_params {
  bool symmetric; /* the edge itself is repeated */
} tarn_mirror_pad_params;

/* SpaceToBatch, BatchToSpace, SpaceToDepth, DepthToSpace. */
typedef struct tarn_block_params {
  int64_t block_size;
  bool nchw;
} tarn_block_params;

/* Cumsum, Cumprod. */
typedef struct tarn_scan_params {
  bool exclusive, reverse;
} tarn_scan_params;

typedef struct tarn_top_k_params {
  int64_t k; /* -1: an input */
  bool sorted;
} tarn_top_k_params;

typedef struct tarn_nth_element_params {
  bool reverse;
} tarn_nth_element_params;

typedef struct tarn_cast_params {
  bool truncate;
} tarn_cast_params;

/* SparseToDense. */
typedef struct tarn_sparse_to_dense_params {
  bool validate_indices;
} tarn_sparse_to_dense_params;

typedef struct tarn_sparse_matmul_params {
  bool adjoint_a, adjoint_b;
} tarn_sparse_matmul_params;

typedef struct tarn_bincount_params {
  bool binary;
} tarn_bincount_params;

/* MatrixDiag, MatrixDiagPart, MatrixSetDiag: which end of a short diagonal is next to its
 * padding. */
typedef struct tarn_matrix_diag_params {
  bool left_super, left_sub; /* super- and subdiagonals are left-aligned */
} tarn_matrix_diag_params;

/* DataFormatDimMap, DataFormatVecPermute. */
typedef struct tarn_layout_params {
  int rank;        /* letters of both formats: 4 or 5 */
  int order[5];    /* where letter i of dst_format stands in src_format */
  bool spatial[5]; /* letter i of dst_format is neither N nor C */
} tarn_layout_params;

#endif

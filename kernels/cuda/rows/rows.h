/* Launches over rows, each giving cudaGetLastError's code. There are rows and columns. */
#ifndef TARN_KERNELS_CUDA_ROWS_ROWS_H
#define TARN_KERNELS_CUDA_ROWS_ROWS_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

/* Steps in elements, 0 where an operand is broadcast: those of tarn_cross_entropy
 * (kernels/params/softmax.h). */
typedef struct tarn_cuda_rows {
  int64_t rows, cols;
  int64_t logits_row, logits_col, labels_row, labels_col;
} tarn_cuda_rows;

#ifdef __cplusplus
extern "C" {
#endif
int tarn__cuda_softmax(cudaStream_t stream, int dtype, bool logarithm, const void *x, void *y,
                       int64_t rows, int64_t cols);
int tarn__cuda_cross_entropy(cudaStream_t stream, int dtype, const tarn_cuda_rows *g,
                             const void *logits, const void *labels, void *loss, void *dx);
/* Labels of int32 or int64 (`wide`). A label outside of the columns gives NaN for its row, as
 * TensorFlow's GPU kernel does. */
int tarn__cuda_sparse_cross_entropy(cudaStream_t stream, int dtype, int64_t rows, int64_t cols,
                                    const void *logits, const void *labels, bool wide, void *loss,
                                    void *dx);
/* y[r,c] = (x[r,c] - mean) / sqrt(variance + epsilon) * scale[c] + offset[c]; y may be x. */
int tarn__cuda_layer_norm(cudaStream_t stream, int64_t rows, int64_t cols, float epsilon,
                          const float *x, const float *scale, const float *offset, float *y);
#ifdef __cplusplus
}
#endif
#endif

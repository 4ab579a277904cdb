/* Layer normalization: a block of 256 threads a row, which walks it three times: for the mean, for
 * the variance around it, for the result. Rows stay in L1 between the walks: 8 bytes an element. */
#include "kernels/cuda/each/block.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/rows/rows.h"

enum { THREADS = 256 };

/* No __restrict__: y may be x. */
__global__ void layer_norm(int64_t rows, int64_t cols, float epsilon, const float *x,
                           const float *scale, const float *offset, float *y) {
  __shared__ float room[THREADS];
  for (int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    const float *from = x + r * cols;
    float sum = 0, squares = 0;
    for (int64_t c = threadIdx.x; c < cols; c += THREADS) sum += from[c];
    const float mean = block_join<THREADS>(sum, room, join_sum()) / (float)cols;
    for (int64_t c = threadIdx.x; c < cols; c += THREADS)
      squares += (from[c] - mean) * (from[c] - mean);
    const float variance = block_join<THREADS>(squares, room, join_sum()) / (float)cols;
    const float k = 1 / sqrtf(variance + epsilon);
    for (int64_t c = threadIdx.x; c < cols; c += THREADS)
      y[r * cols + c] = (from[c] - mean) * k * scale[c] + offset[c];
  }
}

extern "C" int tarn__cuda_layer_norm(cudaStream_t stream, int64_t rows, int64_t cols, float epsilon,
                                     const float *x, const float *scale, const float *offset,
                                     float *y) {
  TARN_LAUNCH(layer_norm, each_blocks_of(rows, 1), THREADS, 0, stream, rows, cols, epsilon, x,
              scale, offset, y);
  return tarn_launched();
}

/* What cuDNN wants otherwise than TensorFlow has it: filters transposed, paddings alike on both
 * sides. */
#include "kernels/cuda/conv2d/direct.h"
#include "kernels/cuda/each/index.cuh"

enum { TILE = 32, ROWS = 8 };

/* 32 x 32 elements through shared memory, so that reads and writes both go along rows; a column
 * more keeps its banks apart. */
template <class W>
__global__ void transpose(const W *x, W *y, int64_t rows, int64_t cols) {
  __shared__ W tile[TILE][TILE + 1];
  const int64_t across = (cols + TILE - 1) / TILE, tiles = across * ((rows + TILE - 1) / TILE);
  const int column = (int)threadIdx.x % TILE, row = (int)threadIdx.x / TILE;
  for (int64_t t = blockIdx.x; t < tiles; t += gridDim.x) {
    const int64_t top = t / across * TILE, left = t % across * TILE;
    for (int r = row; r < TILE; r += ROWS)
      if (top + r < rows && left + column < cols)
        tile[r][column] = x[(top + r) * cols + left + column];
    __syncthreads();
    for (int r = row; r < TILE; r += ROWS)
      if (left + r < cols && top + column < rows)
        y[(left + r) * rows + top + column] = tile[column][r];
    __syncthreads();
  }
}

template <class W>
static int transpose_launch(cudaStream_t stream, const void *x, void *y, int64_t rows,
                            int64_t cols) {
  const int64_t tiles = ((rows + TILE - 1) / TILE) * ((cols + TILE - 1) / TILE);
  TARN_LAUNCH((transpose<W>), each_blocks_of(tiles, 1), TILE * ROWS, 0, stream, (const W *)x,
              (W *)y, rows, cols);
  return tarn_launched();
}

extern "C" int tarn__cuda_matrix_transpose(cudaStream_t stream, int bytes, const void *x, void *y,
                                           int64_t rows, int64_t cols) {
  switch (bytes) {
    case 2:
      return transpose_launch<uint16_t>(stream, x, y, rows, cols);
    case 4:
      return transpose_launch<uint32_t>(stream, x, y, rows, cols);
    default:
      return transpose_launch<uint64_t>(stream, x, y, rows, cols);
  }
}

template <class W, bool ADD>
__global__ void border(tarn_cuda_border b, const W *from, W *to) {
  int64_t whole[3], size[3];
  for (int a = 0; a < 3; a++) {
    whole[a] = b.in[a] + b.before[a] + b.after[a];
    size[a] = ADD ? whole[a] : b.in[a];
  }
  const int64_t n = b.N * size[0] * size[1] * size[2] * b.C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    int64_t rest = i / b.C, at[3];
    for (int a = 2; a >= 0; a--) at[a] = rest % size[a], rest /= size[a];
    int64_t other = rest;
    bool inside = true;
    for (int a = 0; a < 3; a++) {
      const int64_t p = ADD ? at[a] - b.before[a] : at[a] + b.before[a];
      inside = inside && p >= 0 && p < (ADD ? b.in[a] : whole[a]);
      other = other * (ADD ? b.in[a] : whole[a]) + p;
    }
    to[i] = inside ? from[other * b.C + i % b.C] : (W)0;
  }
}

template <bool ADD>
static int border_launch(cudaStream_t stream, int bytes, const tarn_cuda_border *b,
                         const void *from, void *to) {
  int64_t n = b->N * b->C;
  for (int a = 0; a < 3; a++) n *= b->in[a] + (ADD ? b->before[a] + b->after[a] : 0);
  switch (bytes) {
    case 2:
      EACH_LAUNCH((border<uint16_t, ADD>), n, stream, *b, (const uint16_t *)from, (uint16_t *)to);
      break;
    case 4:
      EACH_LAUNCH((border<uint32_t, ADD>), n, stream, *b, (const uint32_t *)from, (uint32_t *)to);
      break;
    default:
      EACH_LAUNCH((border<uint64_t, ADD>), n, stream, *b, (const uint64_t *)from, (uint64_t *)to);
      break;
  }
  return tarn_launched();
}

extern "C" int tarn__cuda_border_add(cudaStream_t stream, int bytes, const tarn_cuda_border *b,
                                     const void *x, void *y) {
  return border_launch<true>(stream, bytes, b, x, y);
}
extern "C" int tarn__cuda_border_remove(cudaStream_t stream, int bytes, const tarn_cuda_border *b,
                                        const void *y, void *x) {
  return border_launch<false>(stream, bytes, b, y, x);
}

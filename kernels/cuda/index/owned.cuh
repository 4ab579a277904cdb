/* Rows that meet: work on row r of something for each i of 0..n that names it, in the order of i,
 * without atomics, so that results are those of a plain loop, whatever is computed.
 *
 * A row belongs to one warp of the grid. Each block walks all the indices, a chunk of as many as it
 * has threads at a time; where one of the chunk is its own, its warps vote which of them are
 * theirs, and take them one after another, a lane for each column. So a thread changes an element
 * after itself alone, and needs no barrier for it. The walk is n reads a block, which stay in the
 * cache: right for some hundred thousand indices. */
#ifndef TARN_KERNELS_CUDA_INDEX_OWNED_CUH
#define TARN_KERNELS_CUDA_INDEX_OWNED_CUH

#include "kernels/cuda/index/number.cuh"
#include "kernels/cuda/launch.h"

enum { OWNED_THREADS = 256, OWNED_WARPS = OWNED_THREADS / 32, OWNED_BLOCKS = 256, OWNED_EACH = 8 };

/* Which of so many owners a row has. */
__device__ inline unsigned owner_of(int64_t row, unsigned owners) {
  return ((unsigned)row ^ (unsigned)(row >> 32)) % owners;
}

/* row_of(i): the row that i names, or -1; step(row, i, column) for each column of 0..columns. Of
 * all threads of a launch by OWNED_LAUNCH. */
template <class ROW, class STEP>
__device__ inline void each_owned(int64_t n, int64_t columns, ROW row_of, STEP step) {
  __shared__ int64_t named[OWNED_THREADS];
  const unsigned owners = gridDim.x * OWNED_WARPS, warp = threadIdx.x / 32, lane = threadIdx.x % 32,
                 mine = blockIdx.x * OWNED_WARPS + warp;
  for (int64_t chunk = 0; chunk < n; chunk += OWNED_THREADS) {
    const int64_t i = chunk + threadIdx.x;
    int64_t row = i < n ? row_of(i) : -1;
    if (row >= 0 && owner_of(row, owners) / OWNED_WARPS != blockIdx.x) row = -1;
    if (!__syncthreads_or(row >= 0)) continue;
    named[threadIdx.x] = row;
    __syncthreads();
    for (unsigned part = 0; part < OWNED_THREADS; part += 32) {
      const int64_t r = named[part + lane];
      unsigned owned = __ballot_sync(0xffffffffu, r >= 0 && owner_of(r, owners) == mine);
      for (unsigned k = 0; owned; k++, owned >>= 1) {
        if (!(owned & 1u)) continue;
        const int64_t own = named[part + k];
        for (int64_t c = (int64_t)blockIdx.y * 32 + lane; c < columns; c += (int64_t)gridDim.y * 32)
          step(own, chunk + part + k, c);
      }
    }
    __syncthreads();
  }
}

static inline unsigned owned_along(int64_t n, int each, int64_t most) {
  const int64_t wanted = (n + each - 1) / each;
  return (unsigned)(wanted < 1 ? 1 : wanted > most ? most : wanted);
}

/* Blocks along x for the rows, along y for the columns. */
static inline dim3 owned_blocks(int64_t n, int64_t columns) {
  const unsigned x = owned_along(n, OWNED_EACH, OWNED_BLOCKS);
  return dim3(x, owned_along(columns, 32 * OWNED_EACH, 8 * OWNED_BLOCKS / x));
}

#define OWNED_LAUNCH(KERNEL, N, COLUMNS, STREAM, ...) \
  TARN_LAUNCH(KERNEL, owned_blocks(N, COLUMNS), OWNED_THREADS, 0, STREAM, __VA_ARGS__)

#endif

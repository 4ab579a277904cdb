/* Sums and extremes over a block's threads, in a fixed order: results do not vary from run to run.
 */
#ifndef TARN_KERNELS_CUDA_EACH_BLOCK_CUH
#define TARN_KERNELS_CUDA_EACH_BLOCK_CUH

#include <string.h>

#include "kernels/cuda/launch.h"

/* What the lane whose number differs in the bit `by` has. All lanes of the warp ask. */
template <class A>
__device__ inline A warp_other(A value, int by) {
  if constexpr (sizeof(A) < 4) return (A)__shfl_xor_sync(0xffffffffu, (int)value, by);
  unsigned words[(sizeof(A) + 3) / 4] = {};
  memcpy(words, &value, sizeof value);
#pragma unroll
  for (size_t i = 0; i < sizeof words / 4; i++)
    words[i] = __shfl_xor_sync(0xffffffffu, words[i], by);
  memcpy(&value, words, sizeof value);
  return value;
}

/* Joins the values of all THREADS threads (whole warps), pair by pair within each warp and then the
 * warps' from the first on, and gives every thread the result. `room` is shared memory of a value a
 * warp, free again afterwards. */
template <int THREADS, class A, class JOIN>
__device__ inline A block_join(A value, A *room, JOIN join) {
  const int t = (int)threadIdx.x;
  for (int by = 16; by > 0; by /= 2) value = join(value, warp_other(value, by));
  if (t % 32 == 0) room[t / 32] = value;
  __syncthreads();
  A all = room[0];
#pragma unroll
  for (int k = 1; k < THREADS / 32; k++) all = join(all, room[k]);
  __syncthreads();
  return all;
}

/* Whether this block is the last of so many that come here with a counter, which is 0 before and
 * afterwards. What any of their threads wrote before, the last block's threads see (read it as
 * volatile). */
__device__ inline bool block_is_last(unsigned *counter, unsigned blocks) {
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(counter, 1u) == blocks - 1;
    if (last) *counter = 0;
  }
  __syncthreads();
  const bool mine = last;
  __threadfence();
  __syncthreads();
  return mine;
}

struct join_sum {
  template <class A>
  __device__ A operator()(A a, A b) const {
    return a + b;
  }
};
/* The larger; a NaN is never larger, as in a loop that starts with the first element. */
struct join_larger {
  template <class A>
  __device__ A operator()(A a, A b) const {
    return b > a ? b : a;
  }
};

#endif

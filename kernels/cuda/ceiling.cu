/* Multiply-adds of f32 and nothing else: what the device's f32 units do at best. */
#include "kernels/cuda/ceiling.h"

#include "kernels/cuda/launch.h"

/* Chains that do not wait for one another, enough to hide the latency of a multiply-add. */
__global__ void multiply_adds(float *unlikely, int64_t rounds) {
  float chain[TARN_CEILING_CHAINS];
  const float x = 1 + 1e-7f * (float)threadIdx.x, y = 1e-7f * (float)blockIdx.x;
#pragma unroll
  for (int k = 0; k < TARN_CEILING_CHAINS; k++) chain[k] = (float)k;
  for (int64_t r = 0; r < rounds; r++) {
#pragma unroll
    for (int k = 0; k < TARN_CEILING_CHAINS; k++) chain[k] = __fmaf_rn(chain[k], x, y);
  }
  float sum = 0;
#pragma unroll
  for (int k = 0; k < TARN_CEILING_CHAINS; k++) sum += chain[k];
  if (sum == -1) *unlikely = sum; /* or the compiler would leave everything out */
}

extern "C" int tarn__cuda_multiply_adds_launch(cudaStream_t stream, unsigned blocks,
                                               float *unlikely, int64_t rounds) {
  TARN_LAUNCH(multiply_adds, blocks, TARN_CEILING_THREADS, 0, stream, unlikely, rounds);
  return tarn_launched();
}

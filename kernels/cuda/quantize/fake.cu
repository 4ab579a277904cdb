/* Fake quantization, an element a thread; the formulas are in graph/ops/nn/fake_quant.c. Every step
 * is rounded (no fused multiply-add), as on the CPU: the rounding decides which step is next. */
#include "kernels/cuda/each/block.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/quantize/fake.h"

enum { THREADS = 256 };

/* What can be represented, nudged so that 0 is. empty: a range of 0 alone. */
struct grid {
  float low, high, step;
  bool empty;
};
__device__ inline grid grid_of(const tarn_cuda_fake &w, int64_t c) {
  const float min = w.mins ? w.mins[c] : w.min, max = w.maxs ? w.maxs[c] : w.max;
  if (min == 0 && max == 0) return {0, 0, 0, true};
  const float step = (max - min) / (w.last - w.first), from_min = w.first - min / step;
  const float zero = from_min < w.first ? w.first : from_min > w.last ? w.last : roundf(from_min);
  return {__fmul_rn(w.first - zero, step), __fmul_rn(w.last - zero, step), step, false};
}

/* NaN stays. */
__global__ void snap(tarn_cuda_fake w, float *y) {
  for (int64_t e = EACH_FIRST; e < w.n; e += EACH_STEP) {
    const grid g = grid_of(w, e % w.C);
    const float x = w.x[e], below = g.high < x ? g.high : x, inside = below < g.low ? g.low : below;
    const float steps =
        w.invert ? __fmul_rn(inside - g.low, 1 / g.step) : (inside - g.low) / g.step;
    y[e] = g.empty ? 0.0f : __fmul_rn(floorf(steps + 0.5f), g.step) + g.low;
  }
}

/* Products with 0 and 1, so that an infinite dy makes NaN as in TensorFlow. */
__global__ void gradient(tarn_cuda_fake w, const float *dy, float *dx) {
  for (int64_t e = EACH_FIRST; e < w.n; e += EACH_STEP) {
    const grid g = grid_of(w, e % w.C);
    const float x = w.x[e];
    dx[e] = g.empty ? dy[e] : dy[e] * (float)(x >= g.low && x <= g.high);
  }
}

/* Block (part, c): the sums of every parts-th piece of channel c. */
__global__ void sum_parts(tarn_cuda_fake w, int64_t parts, const float *dy, float *below,
                          float *above) {
  __shared__ float room[THREADS];
  for (int64_t at = blockIdx.x; at < w.C * parts; at += gridDim.x) {
    const int64_t c = at / parts, part = at % parts, rows = w.n / w.C;
    const grid g = grid_of(w, c);
    float under = 0, over = 0;
    for (int64_t r = part * THREADS + threadIdx.x; r < rows && !g.empty; r += parts * THREADS) {
      const float d = dy[r * w.C + c], x = w.x[r * w.C + c];
      under += d * (float)(x < g.low);
      over += d * (float)(x > g.high);
    }
    under = block_join<THREADS>(under, room, join_sum());
    over = block_join<THREADS>(over, room, join_sum());
    if (threadIdx.x) continue;
    below[at] = under;
    above[at] = over;
  }
}
__global__ void sum_channels(int64_t C, int64_t parts, const float *below, const float *above,
                             float *dmin, float *dmax) {
  for (int64_t c = EACH_FIRST; c < C; c += EACH_STEP) {
    float under = 0, over = 0;
    for (int64_t k = 0; k < parts; k++) {
      under += below[c * parts + k];
      over += above[c * parts + k];
    }
    dmin[c] = under;
    dmax[c] = over;
  }
}

extern "C" int tarn__cuda_fake(cudaStream_t stream, const tarn_cuda_fake *work, float *y) {
  EACH_LAUNCH(snap, work->n, stream, *work, y);
  return tarn_launched();
}
extern "C" int tarn__cuda_fake_gradient(cudaStream_t stream, const tarn_cuda_fake *work,
                                        const float *dy, float *dx) {
  EACH_LAUNCH(gradient, work->n, stream, *work, dy, dx);
  return tarn_launched();
}
extern "C" int tarn__cuda_fake_sums(cudaStream_t stream, const tarn_cuda_fake *work,
                                    const float *dy, float *room, float *dmin, float *dmax) {
  const int64_t parts = tarn__fake_parts(work->C);
  float *above = room + work->C * parts;
  TARN_LAUNCH(sum_parts, each_blocks_of(work->C * parts, 1), THREADS, 0, stream, *work, parts, dy,
              room, above);
  EACH_LAUNCH(sum_channels, work->C, stream, work->C, parts, (const float *)room,
              (const float *)above, dmin, dmax);
  return tarn_launched();
}

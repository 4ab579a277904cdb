/* Softmax, its logarithm and the cross-entropies: a block of 256 threads a row, or a warp for a
 * short row of softmax.
 *
 * Each thread walks its columns three times: for the greatest, for the sum of exp(x - greatest),
 * for the result. Rows of up to some thousand columns stay in L1 between the walks, so memory sees
 * one read and one write: 8 bytes an element of f32. */
#include "kernels/cuda/each/block.cuh"
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/rows/rows.h"

enum { THREADS = 256 };

template <class S, class A>
__device__ inline A greatest(const S *x, int64_t step, int64_t cols, A *room) {
  const A first = get<A>(x[0]);
  A m = first;
  for (int64_t c = threadIdx.x; c < cols; c += THREADS) m = join_larger()(m, get<A>(x[c * step]));
  return block_join<THREADS>(m, room, join_larger());
}
template <class S, class A>
__device__ inline A sum_exp(const S *x, int64_t step, int64_t cols, A m, A *room) {
  A sum = 0;
  for (int64_t c = threadIdx.x; c < cols; c += THREADS) sum += exp(get<A>(x[c * step]) - m);
  return block_join<THREADS>(sum, room, join_sum());
}

template <class S, class A>
__global__ void softmax(bool logarithm, const S *x, S *y, int64_t rows, int64_t cols) {
  __shared__ A room[THREADS / 32];
  for (int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    const S *from = x + r * cols;
    const A m = greatest<S, A>(from, 1, cols, room), sum = sum_exp<S, A>(from, 1, cols, m, room),
            log_sum = log(sum);
    for (int64_t c = threadIdx.x; c < cols; c += THREADS) {
      const A shifted = get<A>(from[c]) - m;
      put(logarithm ? shifted - log_sum : exp(shifted) / sum, &y[r * cols + c]);
    }
  }
}

/* Rows of up to 32 K columns: a warp each, K elements a lane, which are read once, all at a time.
 */
template <class S, class A, int K>
__global__ void __launch_bounds__(THREADS)
    short_softmax(bool logarithm, const S *x, S *y, int64_t rows, int cols) {
  const int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
  constexpr int64_t WARPS = THREADS / 32;
  for (int64_t r = blockIdx.x * WARPS + warp; r < rows; r += gridDim.x * WARPS) {
    const S *from = x + r * cols;
    A value[K], m = get<A>(from[0]), sum = 0;
#pragma unroll
    for (int k = 0; k < K; k++) value[k] = lane + 32 * k < cols ? get<A>(from[lane + 32 * k]) : m;
#pragma unroll
    for (int k = 0; k < K; k++) m = join_larger()(m, value[k]);
    for (int by = 16; by > 0; by /= 2) m = join_larger()(m, warp_other(m, by));
#pragma unroll
    for (int k = 0; k < K; k++) {
      value[k] -= m;
      if (lane + 32 * k < cols) sum += exp(value[k]);
    }
    for (int by = 16; by > 0; by /= 2) sum += warp_other(sum, by);
    const A log_sum = logarithm ? log(sum) : (A)0;
    __syncwarp(); /* y may be x, of which all lanes have read the first */
#pragma unroll
    for (int k = 0; k < K; k++)
      if (lane + 32 * k < cols)
        put(logarithm ? value[k] - log_sum : exp(value[k]) / sum, &y[r * cols + lane + 32 * k]);
  }
}

template <class S, class A>
__global__ void cross_entropy(tarn_cuda_rows g, const S *logits, const S *labels, S *loss, S *dx) {
  __shared__ A room[THREADS / 32];
  for (int64_t r = blockIdx.x; r < g.rows; r += gridDim.x) {
    const S *x = logits + r * g.logits_row, *t = labels + r * g.labels_row;
    const A m = greatest<S, A>(x, g.logits_col, g.cols, room),
            sum = sum_exp<S, A>(x, g.logits_col, g.cols, m, room);
    const A log_sum = log(sum);
    A total = 0;
    for (int64_t c = threadIdx.x; c < g.cols; c += THREADS) {
      const A shifted = get<A>(x[c * g.logits_col]) - m, label = get<A>(t[c * g.labels_col]);
      total += label * (log_sum - shifted);
      put(exp(shifted) / sum - label, &dx[r * g.cols + c]);
    }
    total = block_join<THREADS>(total, room, join_sum());
    if (threadIdx.x == 0) put(total, &loss[r]);
  }
}

template <class S, class A, class L>
__global__ void sparse_cross_entropy(int64_t rows, int64_t cols, const S *logits, const L *labels,
                                     S *loss, S *dx) {
  __shared__ A room[THREADS / 32];
  for (int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    const S *x = logits + r * cols;
    const int64_t label = (int64_t)labels[r];
    const bool fits = label >= 0 && label < cols;
    const A m = greatest<S, A>(x, 1, cols, room), sum = sum_exp<S, A>(x, 1, cols, m, room);
    for (int64_t c = threadIdx.x; c < cols; c += THREADS)
      put(fits ? exp(get<A>(x[c]) - m) / sum - (A)(c == label) : (A)NAN, &dx[r * cols + c]);
    if (threadIdx.x == 0) put(fits ? log(sum) - (get<A>(x[label]) - m) : (A)NAN, &loss[r]);
  }
}

template <class S, class A>
static void softmax_launch(cudaStream_t stream, bool logarithm, const S *x, S *y, int64_t rows,
                           int64_t cols) {
  constexpr int FEW = 8, MANY = 24; /* elements a lane: more do not fit its registers */
  const unsigned blocks = each_blocks_of(rows, THREADS / 32);
  if (cols <= 32 * FEW)
    TARN_LAUNCH((short_softmax<S, A, FEW>), blocks, THREADS, 0, stream, logarithm, x, y, rows,
                (int)cols);
  else if (cols <= 32 * MANY)
    TARN_LAUNCH((short_softmax<S, A, MANY>), blocks, THREADS, 0, stream, logarithm, x, y, rows,
                (int)cols);
  else
    TARN_LAUNCH((softmax<S, A>), each_blocks_of(rows, 1), THREADS, 0, stream, logarithm, x, y, rows,
                cols);
}

#define SOFTMAX(NAME, E, DT, S, A)                                             \
  case DT:                                                                     \
    softmax_launch<S, A>(stream, logarithm, (const S *)x, (S *)y, rows, cols); \
    break;
extern "C" int tarn__cuda_softmax(cudaStream_t stream, int dtype, bool logarithm, const void *x,
                                  void *y, int64_t rows, int64_t cols) {
  switch (dtype) { EACH_FLOAT(SOFTMAX, , ) default : break; }
  return tarn_launched();
}

#define CROSS(NAME, E, DT, S, A)                                                           \
  case DT:                                                                                 \
    TARN_LAUNCH((cross_entropy<S, A>), each_blocks_of(g->rows, 1), THREADS, 0, stream, *g, \
                (const S *)logits, (const S *)labels, (S *)loss, (S *)dx);                 \
    break;
extern "C" int tarn__cuda_cross_entropy(cudaStream_t stream, int dtype, const tarn_cuda_rows *g,
                                        const void *logits, const void *labels, void *loss,
                                        void *dx) {
  switch (dtype) { EACH_FLOAT(CROSS, , ) default : break; }
  return tarn_launched();
}

#define SPARSE(NAME, E, DT, S, A)                                                             \
  case DT:                                                                                    \
    if (wide)                                                                                 \
      TARN_LAUNCH((sparse_cross_entropy<S, A, int64_t>), each_blocks_of(rows, 1), THREADS, 0, \
                  stream, rows, cols, (const S *)logits, (const int64_t *)labels, (S *)loss,  \
                  (S *)dx);                                                                   \
    else                                                                                      \
      TARN_LAUNCH((sparse_cross_entropy<S, A, int32_t>), each_blocks_of(rows, 1), THREADS, 0, \
                  stream, rows, cols, (const S *)logits, (const int32_t *)labels, (S *)loss,  \
                  (S *)dx);                                                                   \
    break;
extern "C" int tarn__cuda_sparse_cross_entropy(cudaStream_t stream, int dtype, int64_t rows,
                                               int64_t cols, const void *logits, const void *labels,
                                               bool wide, void *loss, void *dx) {
  switch (dtype) { EACH_FLOAT(SPARSE, , ) default : break; }
  return tarn_launched();
}

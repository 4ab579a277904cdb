/* The greatest and least along an axis, and running sums and products.
 *
 * NaN is never better than what is there, the search starts with the worst finite value at index 0,
 * and of equal elements the first wins: what kernels/cpu/array/order.reference.c says, so the
 * indices are the same. */
#include "kernels/cuda/index/index.h"

#include "kernels/cuda/each/block.cuh"
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/index/put.cuh"

enum { THREADS = 128 };

template <class S>
struct worst {
  static __device__ float low() { return -3.402823466e38f; }
  static __device__ float high() { return 3.402823466e38f; }
};
template <>
struct worst<double> {
  static __device__ double low() { return -1.7976931348623157e308; }
  static __device__ double high() { return 1.7976931348623157e308; }
};
template <>
struct worst<element_f16> {
  static __device__ float low() { return -65504.0f; }
  static __device__ float high() { return 65504.0f; }
};
template <>
struct worst<element_bf16> {
  static __device__ float low() { return -3.3895313892515355e38f; }
  static __device__ float high() { return 3.3895313892515355e38f; }
};
template <>
struct worst<int32_t> {
  static __device__ int32_t low() { return INT32_MIN; }
  static __device__ int32_t high() { return INT32_MAX; }
};
template <>
struct worst<int64_t> {
  static __device__ int64_t low() { return INT64_MIN; }
  static __device__ int64_t high() { return INT64_MAX; }
};
template <>
struct worst<uint8_t> {
  static __device__ uint8_t low() { return 0; }
  static __device__ uint8_t high() { return UINT8_MAX; }
};

template <class A>
struct found {
  A value;
  int64_t at;
};
template <class A, bool LEAST>
struct join_better {
  __device__ found<A> operator()(found<A> a, found<A> b) const {
    const bool better = LEAST ? b.value < a.value : b.value > a.value, same = b.value == a.value;
    return better || (same && b.at < a.at) ? b : a;
  }
};

/* Elements first, first + step, .. of one output's row. */
template <class S, class A, bool LEAST>
__device__ inline found<A> search(const tarn_cuda_arg &g, int64_t output, int64_t first,
                                  int64_t step) {
  const S *row = (const S *)g.x + output / g.inner * g.dim * g.inner + output % g.inner;
  found<A> best = {LEAST ? (A)worst<S>::high() : (A)worst<S>::low(), 0};
  for (int64_t j = first; j < g.dim; j += step) {
    const A v = get<A>(row[j * g.inner]);
    if (LEAST ? v < best.value : v > best.value) best = {v, j};
  }
  return best;
}

/* A thread an output, whose neighbours are neighbours in memory; or a block, where rows lie side by
 * side and are long. */
template <class S, class A, bool LEAST>
__global__ void arg_thread(tarn_cuda_arg g) {
  for (int64_t o = EACH_FIRST; o < g.outer * g.inner; o += EACH_STEP)
    index_put(g.y, g.y_bytes, o, search<S, A, LEAST>(g, o, 0, 1).at);
}
template <class S, class A, bool LEAST>
__global__ void arg_block(tarn_cuda_arg g) {
  __shared__ found<A> room[THREADS / 32];
  for (int64_t o = blockIdx.x; o < g.outer * g.inner; o += gridDim.x) {
    const found<A> best = block_join<THREADS>(search<S, A, LEAST>(g, o, threadIdx.x, THREADS), room,
                                              join_better<A, LEAST>());
    if (threadIdx.x == 0) index_put(g.y, g.y_bytes, o, best.at);
  }
}

template <class S, class A, bool LEAST>
static void arg_launch(cudaStream_t stream, const tarn_cuda_arg &g) {
  if (g.inner < 32 && g.dim >= THREADS)
    TARN_LAUNCH((arg_block<S, A, LEAST>), each_blocks_of(g.outer * g.inner, 1), THREADS, 0, stream,
                g);
  else
    EACH_LAUNCH((arg_thread<S, A, LEAST>), g.outer * g.inner, stream, g);
}

#define ARG(NAME, E, DT, S, A)                \
  case DT:                                    \
    if (work->least)                          \
      arg_launch<S, A, true>(stream, *work);  \
    else                                      \
      arg_launch<S, A, false>(stream, *work); \
    break;
extern "C" int tarn__cuda_arg(cudaStream_t stream, int dtype, const tarn_cuda_arg *work) {
  switch (dtype) { EACH_ORDERED(ARG, , ) default : break; }
  return tarn_launched();
}

/* A thread a row of the axis, one element after the other, rounded at each: TensorFlow's order to
 * the bit. */
template <class S, class A>
__global__ void scan(tarn_cuda_scan g) {
  for (int64_t r = EACH_FIRST; r < g.outer * g.inner; r += EACH_STEP) {
    const int64_t base = r / g.inner * g.dim * g.inner + r % g.inner;
    const S *x = (const S *)g.x + base;
    S *y = (S *)g.y + base, sum;
    put((A)(g.product ? 1 : 0), &sum);
    for (int64_t k = 0; k < g.dim; k++) {
      const int64_t at = (g.reverse ? g.dim - 1 - k : k) * g.inner;
      const S term = x[at], before = sum;
      if (k == 0)
        sum = term;
      else if (g.product)
        put(get<A>(sum) * get<A>(term), &sum);
      else
        put(get<A>(sum) + get<A>(term), &sum);
      y[at] = g.exclusive ? before : sum;
    }
  }
}

#define SCAN(NAME, E, DT, S, A)                                          \
  case DT:                                                               \
    EACH_LAUNCH((scan<S, A>), work->outer * work->inner, stream, *work); \
    break;
extern "C" int tarn__cuda_scan(cudaStream_t stream, int dtype, const tarn_cuda_scan *work) {
  switch (dtype) { EACH_FLOAT(SCAN, , ) EACH_WRAP(SCAN, , ) default : break; }
  return tarn_launched();
}

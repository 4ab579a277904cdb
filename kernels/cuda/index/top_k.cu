/* The k greatest of each row, a block a row: elements become unsigned keys of the same order, the
 * k-th greatest key is found digit by digit from the top (a histogram for each, of the elements
 * that agree so far), those above it are gathered and sorted. Of equal keys the first count: where
 * not all of them are wanted, the last of them that is is found in the same way, among the indices.
 *
 * Two things follow from the steps of the heap in kernels/cpu/array/order.reference.c: where a NaN
 * comes, and the order with sorted=false. There one thread of the block walks through that heap. */
#include "kernels/cuda/index/top_k.h"

#include "kernels/cuda/each/block.cuh"
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/index/put.cuh"

enum { THREADS = 256, DIGITS = 256 }; /* a thread a digit */

/* ---- keys: greater elements have greater ones, zeros of both signs the same ----------------- */

__device__ inline uint32_t key_of(float x) {
  const uint32_t bits = x == 0 ? 0 : float_to_bits(x);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}
__device__ inline uint64_t key_of(double x) {
  uint64_t bits = 0;
  if (x != 0) memcpy(&bits, &x, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}
__device__ inline uint32_t key_of(int32_t x) { return (uint32_t)x ^ 0x80000000u; }
__device__ inline uint64_t key_of(int64_t x) { return (uint64_t)x ^ (uint64_t)1 << 63; }
__device__ inline uint8_t key_of(uint8_t x) { return x; }

/* ---- the heap -------------------------------------------------------------------------------- */

/* at[0] is the worst of the elements that at[] holds, once it is a heap. */
template <class S, class A>
struct heap {
  const S *x;
  int32_t *at;

  __device__ bool before(int32_t a, int32_t b) const {
    const A u = get<A>(x[a]), v = get<A>(x[b]);
    if (u > v) return true;
    if (u < v) return false;
    return a < b;
  }
  __device__ void rise(int64_t hole, int64_t top, int32_t value) const {
    while (hole > top && before(at[(hole - 1) / 2], value)) {
      at[hole] = at[(hole - 1) / 2];
      hole = (hole - 1) / 2;
    }
    at[hole] = value;
  }
  /* The hole sinks along the worse children, then the value rises from the bottom. */
  __device__ void settle(int64_t hole, int64_t length, int32_t value) const {
    const int64_t top = hole;
    int64_t child = 2 * hole + 2;
    for (; child < length; child = 2 * hole + 2) {
      if (before(at[child], at[child - 1])) child--;
      at[hole] = at[child];
      hole = child;
    }
    if (child == length) {
      at[hole] = at[child - 1];
      hole = child - 1;
    }
    rise(hole, top, value);
  }
  __device__ void pop(int64_t length) const {
    const int32_t value = at[length - 1];
    at[length - 1] = at[0];
    settle(0, length - 1, value);
  }
  /* at[0..k) become the best k of n, with room for one more where k < n. */
  __device__ void take(int64_t n, int64_t k, bool sorted) const {
    if (k == 1) { /* the first that no later one is above */
      at[0] = 0;
      for (int64_t i = 1; i < n; i++)
        if (get<A>(x[i]) > get<A>(x[at[0]])) at[0] = (int32_t)i;
      return;
    }
    const int64_t held = k < n ? k + 1 : k;
    for (int64_t i = 0; i < held; i++) at[i] = (int32_t)i;
    for (int64_t i = (held - 2) / 2; i >= 0; i--) settle(i, held, at[i]);
    if (held > k) {
      pop(held);
      for (int64_t i = held; i < n; i++) {
        if (!before((int32_t)i, at[0])) continue;
        pop(k);
        rise(k - 1, 0, (int32_t)i);
      }
    }
    for (int64_t i = k; i > 1 && (sorted || k == n); i--) pop(i);
  }
};

/* ---- many threads ---------------------------------------------------------------------------- */

/* The `wanted`-th greatest of the keys of elements 0..n, where key(i, &key) says which count; at
 * least so many do. *wanted becomes how many of those that are equal to it are among the greatest,
 * *equal how many there are. For all threads of the block. */
template <class K, class KEY>
__device__ K find(int64_t n, unsigned *wanted, unsigned *equal, KEY key) {
  __shared__ unsigned count[DIGITS + 1];
  __shared__ unsigned digit;
  const int t = (int)threadIdx.x;
  K found = 0, settled = 0;
  for (int shift = 8 * (int)sizeof(K) - 8; shift >= 0; shift -= 8) {
    count[t] = 0;
    if (t == 0) count[DIGITS] = 0;
    __syncthreads();
    for (int64_t i = t; i < n; i += THREADS) {
      K k;
      if (key(i, &k) && (k & settled) == found) atomicAdd(&count[k >> shift & 255u], 1u);
    }
    __syncthreads();
    for (int step = 1; step < DIGITS; step *= 2) { /* count[d]: those with digit d or more */
      const unsigned more = t + step < DIGITS ? count[t + step] : 0;
      __syncthreads();
      count[t] += more;
      __syncthreads();
    }
    if (count[t] >= *wanted && count[t + 1] < *wanted) digit = (unsigned)t;
    __syncthreads();
    *wanted -= count[digit + 1];
    *equal = count[digit] - count[digit + 1];
    found = (K)(found | (K)digit << shift);
    settled = (K)(settled | (K)255 << shift);
    __syncthreads();
  }
  return found;
}

/* at[0..k) become the best k of n elements, in any order. */
template <class S, class A>
__device__ void gather(const S *x, int64_t n, int64_t k, int32_t *at) {
  typedef decltype(key_of(A())) K;
  __shared__ unsigned taken;
  unsigned wanted = (unsigned)k, equal = 0;
  const K least = find<K>(n, &wanted, &equal, [x](int64_t i, K *key) {
    *key = key_of(get<A>(x[i]));
    return true;
  });
  uint32_t last = UINT32_MAX; /* of those that are equal to it */
  if (wanted < equal)
    last = ~find<uint32_t>(n, &wanted, &equal, [x, least](int64_t i, uint32_t *key) {
      *key = ~(uint32_t)i;
      return key_of(get<A>(x[i])) == least;
    });
  if (threadIdx.x == 0) taken = 0;
  __syncthreads();
  for (int64_t i = threadIdx.x; i < n; i += THREADS) {
    const K key = key_of(get<A>(x[i]));
    if (key > least || (key == least && (uint32_t)i <= last))
      at[atomicAdd(&taken, 1u)] = (int32_t)i;
  }
  __syncthreads();
}

/* at[0..k), of room for a power of two, in order: a network of exchanges (Batcher 1968). */
template <class S, class A>
__device__ void sort(const S *x, int64_t k, int32_t *at) {
  int64_t all = 1;
  while (all < k) all *= 2;
  for (int64_t i = k + threadIdx.x; i < all; i += THREADS) at[i] = -1;
  __syncthreads();
  for (int64_t size = 2; size <= all; size *= 2)
    for (int64_t step = size / 2; step > 0; step /= 2) {
      for (int64_t i = threadIdx.x; i < all / 2; i += THREADS) {
        const int64_t low = i / step * 2 * step + i % step, high = low + step;
        const int32_t a = at[low], b = at[high];
        bool ordered = b < 0; /* nothing comes last */
        if (a >= 0 && b >= 0) {
          const auto u = key_of(get<A>(x[a])), v = key_of(get<A>(x[b]));
          ordered = u > v || (u == v && a < b);
        }
        if (ordered == (low / size % 2 == 1)) at[low] = b, at[high] = a;
      }
      __syncthreads();
    }
}

template <class S, class A>
__global__ void top_k(tarn_cuda_top_k w) {
  TARN_SHARED(int32_t, near);
  int32_t *at = w.room <= TARN_TOP_K_NEAR ? near : (int32_t *)w.scratch + blockIdx.x * w.room;
  for (int64_t r = blockIdx.x; r < w.rows; r += w.blocks) {
    const S *x = (const S *)w.x + r * w.n;
    bool nan = false;
    for (int64_t i = threadIdx.x; i < w.n; i += THREADS) {
      const A v = get<A>(x[i]);
      nan = nan || v != v;
    }
    nan = __syncthreads_or(nan);
    if (nan || (!w.sorted && w.k > 1 && w.k < w.n)) {
      if (threadIdx.x == 0) heap<S, A>{x, at}.take(w.n, w.k, w.sorted);
    } else {
      if (w.k < w.n)
        gather<S, A>(x, w.n, w.k, at);
      else
        for (int64_t i = threadIdx.x; i < w.n; i += THREADS) at[i] = (int32_t)i;
      sort<S, A>(x, w.k, at);
    }
    __syncthreads();
    for (int64_t i = threadIdx.x; i < w.k; i += THREADS) {
      ((S *)w.values)[r * w.k + i] = x[at[i]];
      index_put(w.indices, w.index_bytes, r * w.k + i, at[i]);
    }
    __syncthreads();
  }
}

#define TOP_K(NAME, E, DT, S, A)                                                               \
  case DT:                                                                                     \
    TARN_LAUNCH((top_k<S, A>), (unsigned)work->blocks, THREADS,                                \
                work->room <= TARN_TOP_K_NEAR ? (size_t)work->room * sizeof(int32_t) : 0, stream, \
                *work);                                                                        \
    break;
extern "C" int tarn__cuda_top_k(cudaStream_t stream, int dtype, const tarn_cuda_top_k *work) {
  switch (dtype) { EACH_ORDERED(TOP_K, , ) default : break; }
  return tarn_launched();
}

/* ---- InTopK ---------------------------------------------------------------------------------- */

__global__ void in_top_k(tarn_cuda_in_top_k w) {
  __shared__ int64_t room[THREADS / 32];
  for (int64_t r = blockIdx.x; r < w.rows; r += gridDim.x) {
    const float *x = w.x + r * w.classes;
    const int64_t target =
        w.wide ? ((const int64_t *)w.targets)[r] : (int64_t)((const int32_t *)w.targets)[r];
    const bool there = target >= 0 && target < w.classes;
    const float least = there ? x[target] : 0;
    int64_t above = 0;
    bool odd = !there;
    for (int64_t c = threadIdx.x; c < w.classes; c += THREADS) {
      const float v = x[c];
      above += v > least;
      odd = odd || !isfinite(v);
    }
    odd = __syncthreads_or(odd);
    above = block_join<THREADS>(above, room, join_sum());
    if (threadIdx.x == 0) w.y[r] = !odd && above < w.k;
  }
}

extern "C" int tarn__cuda_in_top_k(cudaStream_t stream, const tarn_cuda_in_top_k *work) {
  TARN_LAUNCH(in_top_k, each_blocks_of(work->rows, 1), THREADS, 0, stream, *work);
  return tarn_launched();
}

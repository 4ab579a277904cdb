/* Reductions over any axes, in an order that follows from the shapes alone.
 *
 * - rows, where x has neighbours along the reduced axes: a block of 256 threads for each output and
 *   part, which takes turns in the terms; short rows: 1 to 32 threads each, so that no block waits
 *   for a handful of terms
 * - columns, where x has neighbours along the kept axes: `wide` threads with their outputs side by
 *   side, 256 / wide rows of terms; then the rows, pair by pair
 * - where few outputs would leave the device idle, terms are shared out among parts; the block that
 *   comes last joins what the parts have left
 *
 * Terms come 16 bytes at a time, four reads in flight, where V (elements of 16 bytes) fits; else V
 * is 1. Sums are in f32 (f64 of f64). A thread sums 16 terms or so before it adds them to its own
 * sum, so that the error of N terms grows like that of a tree. 4 bytes an element of f32: all of it
 * waits for memory. Products are in f64. */
#include <type_traits>

#include "kernels/cuda/each/block.cuh"
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/reduce/reduce.h"

enum { THREADS = TARN_REDUCE_THREADS, RUN = 32, AHEAD = 4 };

/* Limits by type, for extremes of nothing. */
template <class A>
struct limits {
  static __device__ A low() { return -(A)INFINITY; }
  static __device__ A high() { return (A)INFINITY; }
};
template <>
struct limits<int32_t> {
  static __device__ int32_t low() { return INT32_MIN; }
  static __device__ int32_t high() { return INT32_MAX; }
};
template <>
struct limits<int64_t> {
  static __device__ int64_t low() { return INT64_MIN; }
  static __device__ int64_t high() { return INT64_MAX; }
};
template <>
struct limits<uint8_t> {
  static __device__ uint8_t low() { return 0; }
  static __device__ uint8_t high() { return UINT8_MAX; }
};

/* Integers wrap round, as they do on the host. */
__device__ inline int64_t plus(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}
__device__ inline int64_t times(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a * (uint64_t)b);
}
template <class A>
__device__ inline A plus(A a, A b) {
  return a + b;
}
template <class A>
__device__ inline A times(A a, A b) {
  return a * b;
}

/* A: what is accumulated in. start: of nothing; take: an element on its way in; join: of two. */
template <class A>
struct sum_of {
  static __device__ A start() { return 0; }
  static __device__ A take(A x) { return x; }
  static __device__ A join(A a, A b) { return plus(a, b); }
};
template <class A>
struct squares_of : sum_of<A> {
  static __device__ A take(A x) { return x * x; }
};
template <class A>
struct prod_of : sum_of<A> {
  static __device__ A start() { return 1; }
  static __device__ A join(A a, A b) { return times(a, b); }
};
/* NaN stays: it is never larger or smaller, so it is asked for. */
template <class A>
struct max_of : sum_of<A> {
  static __device__ A start() { return limits<A>::low(); }
  static __device__ A join(A a, A b) { return b > a || b != b ? b : a; }
};
template <class A>
struct min_of : sum_of<A> {
  static __device__ A start() { return limits<A>::high(); }
  static __device__ A join(A a, A b) { return b < a || b != b ? b : a; }
};
template <class A>
struct all_of : sum_of<A> {
  static __device__ A start() { return 1; }
  static __device__ A join(A a, A b) { return a && b; }
};
template <class A>
struct any_of : sum_of<A> {
  static __device__ A join(A a, A b) { return a || b; }
};

/* What an op makes of n joined terms; the mean of no integers is 0. */
template <class A>
__device__ inline A finished(int code, A all, int64_t n) {
  switch (code) {
    case TARN_REDUCE_MEAN:
      return (A)0.5f == 0 && n == 0 ? 0 : all / (A)n;
    case TARN_REDUCE_NORM:
      return (A)sqrt((double)all);
    case TARN_REDUCE_HALF_SQUARES:
      return all / 2;
    default:
      return all;
  }
}
template <>
__device__ inline float finished(int code, float all, int64_t n) {
  return code == TARN_REDUCE_MEAN           ? all / (float)n
         : code == TARN_REDUCE_NORM         ? sqrtf(all)
         : code == TARN_REDUCE_HALF_SQUARES ? all / 2
                                            : all;
}

/* The terms [first, last) that a part has: whole vectors, but for the last. */
struct span {
  int64_t first, last;
};
__device__ inline span part_of(int64_t terms, int64_t parts, int64_t part) {
  const int64_t each = ((terms + parts - 1) / parts + TARN_REDUCE_LANES - 1) / TARN_REDUCE_LANES *
                       TARN_REDUCE_LANES,
                first = part * each < terms ? part * each : terms;
  return {first, first + each < terms ? first + each : terms};
}

template <class OP, class S, class A>
__device__ inline A term(S s) {
  return OP::take(get<A>(s));
}

/* One thread's terms from `first` on with a stride, in runs, along several axes. */
template <class OP, class S, class A>
__device__ inline A scattered(const tarn_cuda_reduce &w, const S *x, int64_t first, int64_t last,
                              int64_t stride) {
  A all = OP::start();
  for (int64_t t = first; t < last;) {
    A run = OP::start();
    for (int k = 0; k < RUN && t < last; k++, t += stride) {
      int64_t at[1];
      each_offsets<1>(w.gone, w.gone_step, t, at);
      run = OP::join(run, term<OP, S, A>(x[at[0]]));
    }
    all = OP::join(all, run);
  }
  return all;
}

/* The terms [first, last) that thread `me` of so many has, which are neighbours from x + first on,
 * where a vector begins. */
template <class OP, class S, class A, int V>
__device__ inline A neighbours(const S *x, int64_t first, int64_t last, int me, int threads) {
  const int64_t whole = first + (last - first) / V * V, stride = (int64_t)threads * V;
  A all = OP::start();
  int64_t t = first + (int64_t)me * V;
  for (; t + (AHEAD - 1) * stride < whole; t += AHEAD * stride) {
    pack<S, V> p[AHEAD];
#pragma unroll
    for (int k = 0; k < AHEAD; k++) p[k] = *(const pack<S, V> *)(x + t + k * stride);
    A run = OP::start();
#pragma unroll
    for (int k = 0; k < AHEAD * V; k++) run = OP::join(run, term<OP, S, A>(p[k / V].at[k % V]));
    all = OP::join(all, run);
  }
  for (; t < whole; t += stride) {
    const pack<S, V> p = *(const pack<S, V> *)(x + t);
    A run = OP::start();
#pragma unroll
    for (int k = 0; k < V; k++) run = OP::join(run, term<OP, S, A>(p.at[k]));
    all = OP::join(all, run);
  }
  for (t = whole + me; t < last; t += threads) all = OP::join(all, term<OP, S, A>(x[t]));
  return all;
}

/* The same of V outputs side by side, a vector of which is at every term: from `first` on with a
 * stride. Along more than one axis V is 1. */
template <class OP, class S, class A, int V>
__device__ inline void column_terms(const tarn_cuda_reduce &w, const S *x, int64_t first,
                                    int64_t last, int64_t stride, A (&all)[V]) {
  if constexpr (V == 1)
    if (w.gone.rank > 1) {
      all[0] = scattered<OP, S, A>(w, x, first, last, stride);
      return;
    }
  const int64_t step = w.gone_step[0][0];
  int64_t t = first;
  while (t + (AHEAD - 1) * stride < last) {
    A run[V];
#pragma unroll
    for (int k = 0; k < V; k++) run[k] = OP::start();
    for (int n = 0; n < RUN && t + (AHEAD - 1) * stride < last; n += AHEAD, t += AHEAD * stride) {
      pack<S, V> p[AHEAD];
#pragma unroll
      for (int a = 0; a < AHEAD; a++) p[a] = *(const pack<S, V> *)(x + (t + a * stride) * step);
#pragma unroll
      for (int k = 0; k < AHEAD * V; k++)
        run[k % V] = OP::join(run[k % V], term<OP, S, A>(p[k / V].at[k % V]));
    }
#pragma unroll
    for (int k = 0; k < V; k++) all[k] = OP::join(all[k], run[k]);
  }
  for (; t < last; t += stride) {
    const pack<S, V> p = *(const pack<S, V> *)(x + t * step);
#pragma unroll
    for (int k = 0; k < V; k++) all[k] = OP::join(all[k], term<OP, S, A>(p.at[k]));
  }
}

template <class OP, class S, class A, int V>
__device__ inline A row_terms(const tarn_cuda_reduce &w, const S *x, int64_t first, int64_t last,
                              int me, int threads) {
  if constexpr (V > 1) {
    return neighbours<OP, S, A, V>(x, first, last, me, threads);
  } else {
    A all[1] = {OP::start()};
    column_terms<OP, S, A, 1>(w, x, first + me, last, threads, all);
    return all[0];
  }
}

template <class OP, class S, class A>
__device__ inline void leave(const tarn_cuda_reduce &w, int64_t o, A all) {
  put(finished(w.code, all, w.gone.elements), &((S *)w.y)[o]);
}

template <class OP>
struct joiner {
  template <class A>
  __device__ A operator()(A a, A b) const {
    return OP::join(a, b);
  }
};

template <class OP, class S, class A, int V>
__global__ void __launch_bounds__(THREADS) rows(tarn_cuda_reduce w) {
  __shared__ A room[THREADS / 32];
  volatile A *partial = (A *)w.partial;
  for (int64_t i = blockIdx.x; i < w.kept.elements * w.parts; i += gridDim.x) {
    const int64_t o = i / w.parts, part = i % w.parts;
    int64_t at[1];
    each_offsets<1>(w.kept, w.kept_step, o, at);
    const span s = part_of(w.gone.elements, w.parts, part);
    A all = row_terms<OP, S, A, V>(w, (const S *)w.x + at[0], s.first, s.last, (int)threadIdx.x,
                                   THREADS);
    all = block_join<THREADS>(all, room, joiner<OP>());
    if (w.parts > 1) {
      if (threadIdx.x == 0) partial[i] = all;
      if (!block_is_last(&w.counters[o], (unsigned)w.parts)) continue;
      all = OP::start();
      for (int64_t p = threadIdx.x; p < w.parts; p += THREADS)
        all = OP::join(all, (A)partial[o * w.parts + p]);
      all = block_join<THREADS>(all, room, joiner<OP>());
    }
    if (threadIdx.x == 0) leave<OP, S, A>(w, o, all);
  }
}

/* `wide` threads a row, a power of two up to 32. */
template <class OP, class S, class A, int V>
__global__ void __launch_bounds__(THREADS) short_rows(tarn_cuda_reduce w) {
  const int me = (int)threadIdx.x % w.wide, row = (int)threadIdx.x / w.wide;
  const int64_t high = THREADS / w.wide;
  for (int64_t first = blockIdx.x * high; first < w.kept.elements; first += gridDim.x * high) {
    const int64_t o = first + row;
    A all = OP::start();
    if (o < w.kept.elements) {
      int64_t at[1];
      each_offsets<1>(w.kept, w.kept_step, o, at);
      all = row_terms<OP, S, A, V>(w, (const S *)w.x + at[0], 0, w.gone.elements, me, w.wide);
    }
    for (int by = w.wide / 2; by > 0; by /= 2) all = OP::join(all, warp_other(all, by));
    if (me == 0 && o < w.kept.elements) leave<OP, S, A>(w, o, all);
  }
}

/* Rows of a column's threads become one, the first. */
template <class OP, class A, int V>
__device__ inline void join_rows(A (*room)[V], int wide, int row) {
  const int t = (int)threadIdx.x;
  __syncthreads();
  for (int half = THREADS / wide / 2; half > 0; half /= 2) {
    if (row < half)
      for (int k = 0; k < V; k++) room[t][k] = OP::join(room[t][k], room[t + half * wide][k]);
    __syncthreads();
  }
}

template <class OP, class S, class A, int V>
__global__ void __launch_bounds__(THREADS) columns(tarn_cuda_reduce w) {
  __shared__ A room[THREADS][V];
  volatile A *partial = (A *)w.partial;
  const int t = (int)threadIdx.x, column = t % w.wide, row = t / w.wide, high = THREADS / w.wide;
  const int64_t outputs = w.kept.elements, groups = (outputs + w.wide * V - 1) / (w.wide * V);
  for (int64_t i = blockIdx.x; i < groups * w.parts; i += gridDim.x) {
    const int64_t group = i % groups, part = i / groups, o = (group * w.wide + column) * V;
    A mine[V];
#pragma unroll
    for (int k = 0; k < V; k++) mine[k] = OP::start();
    if (o < outputs) {
      int64_t at[1];
      each_offsets<1>(w.kept, w.kept_step, o, at);
      const span s = part_of(w.gone.elements, w.parts, part);
      column_terms<OP, S, A, V>(w, (const S *)w.x + at[0], s.first + row, s.last, high, mine);
    }
#pragma unroll
    for (int k = 0; k < V; k++) room[t][k] = mine[k];
    join_rows<OP, A, V>(room, w.wide, row);
    if (w.parts > 1) {
      if (row == 0 && o < outputs)
        for (int k = 0; k < V; k++) partial[part * outputs + o + k] = room[t][k];
      if (!block_is_last(&w.counters[group], (unsigned)w.parts)) continue;
      for (int k = 0; k < V; k++) {
        A all = OP::start();
        for (int64_t p = row; p < w.parts && o < outputs; p += high)
          all = OP::join(all, (A)partial[p * outputs + o + k]);
        room[t][k] = all;
      }
      join_rows<OP, A, V>(room, w.wide, row);
    }
    if (row == 0 && o < outputs)
      for (int k = 0; k < V; k++) leave<OP, S, A>(w, o + k, room[t][k]);
    __syncthreads();
  }
}

template <class OP, class S, class A, int V>
static int start(cudaStream_t stream, const tarn_cuda_reduce *w) {
  const int64_t outputs = w->kept.elements;
  if (w->form == TARN_REDUCE_COLUMNS)
    TARN_LAUNCH((columns<OP, S, A, V>),
                each_blocks_of((outputs + w->wide * V - 1) / (w->wide * V) * w->parts, 1), THREADS,
                0, stream, *w);
  else if (w->form == TARN_REDUCE_SHORT)
    TARN_LAUNCH((short_rows<OP, S, A, V>), each_blocks_of(outputs, THREADS / w->wide), THREADS, 0,
                stream, *w);
  else
    TARN_LAUNCH((rows<OP, S, A, V>), each_blocks_of(outputs * w->parts, 1), THREADS, 0, stream, *w);
  return tarn_launched();
}

/* Integers, bools and what is joined in f64 go one by one, which keeps the module small. */
template <class OP, class S, class A>
static int launch(cudaStream_t stream, const tarn_cuda_reduce *w) {
  constexpr int V = std::is_same<A, float>::value ? 16 / (int)sizeof(S) : 1;
  if constexpr (V > 1)
    if (w->lanes == V) return start<OP, S, A, V>(stream, w);
  return start<OP, S, A, 1>(stream, w);
}

/* clang-format off */
#define CODE(NAME, OP) case TARN_REDUCE_##NAME: return launch<OP, S, A>(stream, w);
template <class S, class A>
static int floats(cudaStream_t stream, const tarn_cuda_reduce *w) {
  switch (w->code) {
    CODE(SUM, sum_of<A>)
    CODE(MEAN, sum_of<A>)
    CODE(NORM, squares_of<A>)
    CODE(HALF_SQUARES, squares_of<A>)
    /* of many numbers in f32, some part would be 0 or infinite */
    case TARN_REDUCE_PROD: return launch<prod_of<double>, S, double>(stream, w);
    CODE(MAX, max_of<A>)
    CODE(MIN, min_of<A>)
    default: return (int)cudaErrorInvalidValue; /* not reached */
  }
}
template <class S, class A>
static int integers(cudaStream_t stream, const tarn_cuda_reduce *w) {
  switch (w->code) {
    CODE(SUM, sum_of<A>)
    CODE(MEAN, sum_of<A>)
    CODE(PROD, prod_of<A>)
    /* of nothing: the type's own limit */
    case TARN_REDUCE_MAX: return launch<max_of<S>, S, S>(stream, w);
    case TARN_REDUCE_MIN: return launch<min_of<S>, S, S>(stream, w);
    default: return (int)cudaErrorInvalidValue; /* not reached */
  }
}
template <class S, class A>
static int truths(cudaStream_t stream, const tarn_cuda_reduce *w) {
  switch (w->code) {
    CODE(ALL, all_of<A>)
    CODE(ANY, any_of<A>)
    default: return (int)cudaErrorInvalidValue; /* not reached */
  }
}
#undef CODE
/* clang-format on */

extern "C" int tarn__cuda_reduce(cudaStream_t stream, int dtype, const tarn_cuda_reduce *work) {
  switch (dtype) {
    case TARN_F32:
      return floats<float, float>(stream, work);
    case TARN_F64:
      return floats<double, double>(stream, work);
    case TARN_F16:
      return floats<element_f16, float>(stream, work);
    case TARN_BF16:
      return floats<element_bf16, float>(stream, work);
    case TARN_I32:
      return integers<int32_t, int64_t>(stream, work);
    case TARN_I64:
      return integers<int64_t, int64_t>(stream, work);
    default:
      return truths<uint8_t, uint8_t>(stream, work);
  }
}

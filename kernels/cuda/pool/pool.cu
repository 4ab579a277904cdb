/* Pooling: a thread an output element, neighbours along the fastest axis, so that reads go
 * together. Gradients are gathered: a thread an element of dx, which adds what each window over it
 * sends, in the windows' order; so results are the same at every run, and nothing is added by two
 * threads. */
#include "kernels/cuda/pool/pool.h"

#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"

struct spot {
  int64_t n, c, at[3];
};

/* Element i of a tensor of this size, in its memory's order; and back. */
__device__ inline spot spot_of(bool first, int64_t i, const int64_t *size, int64_t C) {
  spot s;
  if (!first) s.c = i % C, i /= C;
  for (int a = 2; a >= 0; a--) s.at[a] = i % size[a], i /= size[a];
  if (first) s.c = i % C, i /= C;
  s.n = i;
  return s;
}
__device__ inline int64_t place(bool first, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w,
                                const int64_t *size, int64_t C) {
  return first ? (((n * C + c) * size[0] + d) * size[1] + h) * size[2] + w
               : (((n * size[0] + d) * size[1] + h) * size[2] + w) * C + c;
}

/* Inputs under output o of an axis: [first, last). */
struct under {
  int64_t first, last;
};
__device__ inline under under_of(const tarn_cuda_pool &g, int axis, int64_t o) {
  const int64_t begin = o * g.stride[axis] - g.before[axis], end = begin + g.window[axis];
  return {begin < 0 ? 0 : begin, end < g.in[axis] ? end : g.in[axis]};
}
/* Outputs whose window has input i: [first, last). */
__device__ inline under over_of(const tarn_cuda_pool &g, int axis, int64_t i) {
  const int64_t reach =
      i + g.before[axis] - g.window[axis] + 1; /* the first position where a window may begin */
  const int64_t first = reach <= 0 ? 0 : (reach + g.stride[axis] - 1) / g.stride[axis];
  const int64_t last = (i + g.before[axis]) / g.stride[axis] + 1;
  return {first, last < g.out[axis] ? last : g.out[axis]};
}

#define UNDER(...)                                                                    \
  const under d_ = under_of(g, 0, o.at[0]), h_ = under_of(g, 1, o.at[1]),             \
              w_ = under_of(g, 2, o.at[2]);                                           \
  for (int64_t d = d_.first; d < d_.last; d++)                                        \
    for (int64_t h = h_.first; h < h_.last; h++)                                      \
      for (int64_t w = w_.first; w < w_.last; w++)                                    \
        for (int64_t c = o.c * g.depth_window; c < (o.c + 1) * g.depth_window; c++) { \
          const int64_t from = place(g.channels_first, o.n, c, d, h, w, g.in, g.C);   \
          __VA_ARGS__                                                                 \
        }

template <class S>
struct least_of {
  static __device__ float of() { return -3.402823466e38f; }
};
template <>
struct least_of<double> {
  static __device__ double of() { return -1.7976931348623157e308; }
};
template <>
struct least_of<element_f16> {
  static __device__ float of() { return -65504.0f; }
};
template <>
struct least_of<element_bf16> {
  static __device__ float of() { return -3.3895313892515355e38f; }
};

/* A NaN never wins, and nothing is below the least finite number: TensorFlow starts there. */
template <class S, class A>
__global__ void largest(tarn_cuda_pool g, const S *x, S *y) {
  const int64_t C = g.C / g.depth_window, n = g.N * g.out[0] * g.out[1] * g.out[2] * C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot o = spot_of(g.channels_first, i, g.out, C);
    A best = (A)least_of<S>::of();
    UNDER({
      const A value = get<A>(x[from]);
      if (value > best) best = value;
    })
    put(best, &y[i]);
  }
}

/* Padding is not counted; every step is rounded to S, which 16-bit sums show. */
template <class S, class A>
__global__ void average(tarn_cuda_pool g, const S *x, S *y) {
  const int64_t n = g.N * g.out[0] * g.out[1] * g.out[2] * g.C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot o = spot_of(g.channels_first, i, g.out, g.C);
    A sum = 0;
    int64_t count = 0;
    UNDER({
      sum = rounded<S, A>(sum + get<A>(x[from]));
      count++;
    })
    put(count ? sum / (A)count : (A)0, &y[i]);
  }
}

/* The first greatest element under each window; a NaN wins only where it is the first. -1: none
 * under it. */
template <class S, class A>
__global__ void winner(tarn_cuda_pool g, const S *x, int64_t *winners) {
  const int64_t n = g.N * g.out[0] * g.out[1] * g.out[2] * g.C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot o = spot_of(g.channels_first, i, g.out, g.C);
    A best = 0;
    int64_t at = -1;
    UNDER({
      const A value = get<A>(x[from]);
      if (at < 0 || value > best) {
        best = value;
        at = from;
      }
    })
    winners[i] = at;
  }
}

#define OVER(...)                                                                    \
  const under d_ = over_of(g, 0, s.at[0]), h_ = over_of(g, 1, s.at[1]),              \
              w_ = over_of(g, 2, s.at[2]);                                           \
  for (int64_t d = d_.first; d < d_.last; d++)                                       \
    for (int64_t h = h_.first; h < h_.last; h++)                                     \
      for (int64_t w = w_.first; w < w_.last; w++) {                                 \
        const int64_t from = place(g.channels_first, s.n, s.c, d, h, w, g.out, g.C); \
        __VA_ARGS__                                                                  \
      }

template <class S, class A>
__global__ void largest_gradient(tarn_cuda_pool g, const int64_t *winners, const S *dy, S *dx) {
  const int64_t n = g.N * g.in[0] * g.in[1] * g.in[2] * g.C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot s = spot_of(g.channels_first, i, g.in, g.C);
    A sum = 0;
    OVER({
      if (winners[from] == i) sum += get<A>(dy[from]);
    })
    put(sum, &dx[i]);
  }
}

template <class S, class A>
__global__ void ties_gradient(tarn_cuda_pool g, const S *x, const S *y, const S *dy, S *dx) {
  const int64_t n = g.N * g.in[0] * g.in[1] * g.in[2] * g.C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot s = spot_of(g.channels_first, i, g.in, g.C);
    const double here = (double)get<A>(x[i]);
    A sum = 0;
    OVER({
      if (fabs(here - (double)get<A>(y[from])) < 1e-5) sum += get<A>(dy[from]);
    })
    put(sum, &dx[i]);
  }
}

template <class S, class A>
__global__ void average_gradient(tarn_cuda_pool g, const S *dy, S *dx) {
  const int64_t n = g.N * g.in[0] * g.in[1] * g.in[2] * g.C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot s = spot_of(g.channels_first, i, g.in, g.C);
    A sum = 0;
    OVER({
      const under a = under_of(g, 0, d), b = under_of(g, 1, h), c = under_of(g, 2, w);
      const int64_t count = (a.last - a.first) * (b.last - b.first) * (c.last - c.first);
      sum = rounded<S, A>(
          sum + rounded<S, A>(get<A>(dy[from]) * rounded<S, A>((A)(1.0 / (double)count))));
    })
    put(sum, &dx[i]);
  }
}

static int64_t outputs(const tarn_cuda_pool *g) {
  return g->N * g->out[0] * g->out[1] * g->out[2] * (g->C / g->depth_window);
}
static int64_t inputs(const tarn_cuda_pool *g) {
  return g->N * g->in[0] * g->in[1] * g->in[2] * g->C;
}

#define MAX(NAME, E, DT, S, A)                                                  \
  case DT:                                                                      \
    EACH_LAUNCH((largest<S, A>), outputs(g), stream, *g, (const S *)x, (S *)y); \
    break;
extern "C" int tarn__cuda_pool_max(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                   const void *x, void *y) {
  switch (dtype) { EACH_FLOAT(MAX, , ) default : break; }
  return tarn_launched();
}
#define AVERAGE(NAME, E, DT, S, A)                                              \
  case DT:                                                                      \
    EACH_LAUNCH((average<S, A>), outputs(g), stream, *g, (const S *)x, (S *)y); \
    break;
extern "C" int tarn__cuda_pool_average(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                       const void *x, void *y) {
  switch (dtype) { EACH_FLOAT(AVERAGE, , ) default : break; }
  return tarn_launched();
}
#define MAX_GRADIENT(NAME, E, DT, S, A)                                                    \
  case DT:                                                                                 \
    if (outputs(g) > 0)                                                                    \
      EACH_LAUNCH((winner<S, A>), outputs(g), stream, *g, (const S *)x, winners);          \
    EACH_LAUNCH((largest_gradient<S, A>), inputs(g), stream, *g, (const int64_t *)winners, \
                (const S *)dy, (S *)dx);                                                   \
    break;
extern "C" int tarn__cuda_pool_max_gradient(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                            const void *x, const void *dy, int64_t *winners,
                                            void *dx) {
  switch (dtype) { EACH_FLOAT(MAX_GRADIENT, , ) default : break; }
  return tarn_launched();
}
#define TIES_GRADIENT(NAME, E, DT, S, A)                                                  \
  case DT:                                                                                \
    EACH_LAUNCH((ties_gradient<S, A>), inputs(g), stream, *g, (const S *)x, (const S *)y, \
                (const S *)dy, (S *)dx);                                                  \
    break;
extern "C" int tarn__cuda_pool_ties_gradient(cudaStream_t stream, int dtype,
                                             const tarn_cuda_pool *g, const void *x, const void *y,
                                             const void *dy, void *dx) {
  switch (dtype) { EACH_FLOAT(TIES_GRADIENT, , ) default : break; }
  return tarn_launched();
}
#define AVERAGE_GRADIENT(NAME, E, DT, S, A)                                               \
  case DT:                                                                                \
    EACH_LAUNCH((average_gradient<S, A>), inputs(g), stream, *g, (const S *)dy, (S *)dx); \
    break;
extern "C" int tarn__cuda_pool_average_gradient(cudaStream_t stream, int dtype,
                                                const tarn_cuda_pool *g, const void *dy, void *dx) {
  switch (dtype) { EACH_FLOAT(AVERAGE_GRADIENT, , ) default : break; }
  return tarn_launched();
}

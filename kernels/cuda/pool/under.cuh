/* Windows over elements and elements under windows, of pooling in two and three dimensions. */
#ifndef TARN_KERNELS_CUDA_POOL_UNDER_CUH
#define TARN_KERNELS_CUDA_POOL_UNDER_CUH

#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/pool/pool.h"

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

#define OVER(...)                                                                    \
  const under d_ = over_of(g, 0, s.at[0]), h_ = over_of(g, 1, s.at[1]),              \
              w_ = over_of(g, 2, s.at[2]);                                           \
  for (int64_t d = d_.first; d < d_.last; d++)                                       \
    for (int64_t h = h_.first; h < h_.last; h++)                                     \
      for (int64_t w = w_.first; w < w_.last; w++) {                                 \
        const int64_t from = place(g.channels_first, s.n, s.c, d, h, w, g.out, g.C); \
        __VA_ARGS__                                                                  \
      }

/* The first greatest element under the window of output o; a NaN wins only where it is the first.
 * -1: none under it. */
template <class S, class A>
__device__ inline int64_t first_largest(const tarn_cuda_pool &g, const spot &o, const S *x) {
  A best = 0;
  int64_t at = -1;
  UNDER({
    const A value = get<A>(x[from]);
    if (at < 0 || value > best) {
      best = value;
      at = from;
    }
  })
  return at;
}

static inline int64_t outputs(const tarn_cuda_pool *g) {
  return g->N * g->out[0] * g->out[1] * g->out[2] * (g->C / g->depth_window);
}
static inline int64_t inputs(const tarn_cuda_pool *g) {
  return g->N * g->in[0] * g->in[1] * g->in[2] * g->C;
}

#endif

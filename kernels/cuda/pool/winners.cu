/* Pooling that tells where the largest elements are, its gradient, and second gradients. */
#include "kernels/cuda/each/fault.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/index/owned.cuh"
#include "kernels/cuda/index/put.cuh"
#include "kernels/cuda/pool/pool.h"
#include "kernels/cuda/pool/under.cuh"

__device__ inline int64_t image_of(const tarn_cuda_pool &g) {
  return g.in[0] * g.in[1] * g.in[2] * g.C;
}

template <class S, class A>
__global__ void largest_at(tarn_cuda_pool g, tarn_cuda_pool_argmax m, const S *x, S *y) {
  const int64_t C = g.C / g.depth_window, n = g.N * g.out[0] * g.out[1] * g.out[2] * C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot o = spot_of(g.channels_first, i, g.out, C);
    const int64_t at = first_largest<S, A>(g, o, x);
    const int64_t first = m.batch ? 0 : o.n * image_of(g);
    if (at < 0)
      put((A)least_of<S>::of(), &y[i]);
    else
      y[i] = x[at];
    index_put(m.argmax, m.wide ? 8 : 4, i, at < 0 ? 0 : at - first);
  }
}

/* Where output i sends its gradient, or -1. */
__device__ inline int64_t sent_to(const tarn_cuda_pool &g, const tarn_cuda_pool_argmax &m,
                                  int64_t i, int64_t n) {
  const int64_t index = index_number(m.argmax, m.wide, i), image = image_of(g);
  if (index < 0 || index >= (m.batch ? g.N * image : image)) return -1;
  return m.batch ? index : n * image + index;
}

/* Whether element `at` lies under the window of output o, in its channel. */
__device__ inline bool lies_under(const tarn_cuda_pool &g, const spot &o, int64_t at) {
  const spot s = spot_of(g.channels_first, at, g.in, g.C);
  bool inside = s.n == o.n && s.c == o.c;
  for (int a = 0; a < 3; a++) {
    const under u = under_of(g, a, o.at[a]);
    inside = inside && s.at[a] >= u.first && s.at[a] < u.last;
  }
  return inside;
}

/* Notes indices that are outside, and whether there are some that lie under no window of theirs. */
__global__ void look(tarn_cuda_pool g, tarn_cuda_pool_argmax m) {
  const int64_t n = g.N * g.out[0] * g.out[1] * g.out[2] * g.C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot o = spot_of(g.channels_first, i, g.out, g.C);
    const int64_t at = sent_to(g, m, i, o.n);
    if (at < 0)
      fault_note(m.fault, m.fault_step, i, [=](tarn_fault *f) {
        f->kind = TARN_FAULT_ARGMAX;
        f->index[0] = index_number(m.argmax, m.wide, i);
        f->dim[0] = m.batch ? g.N * image_of(g) : image_of(g);
      });
    else if (!lies_under(g, o, at))
      atomicExch(m.strays, 1);
  }
}

template <class S, class A>
__global__ void argmax_gradient(tarn_cuda_pool g, tarn_cuda_pool_argmax m, const S *dy, S *dx) {
  const int64_t n = g.N * g.in[0] * g.in[1] * g.in[2] * g.C;
  if (fault_noted(m.fault)) return;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot s = spot_of(g.channels_first, i, g.in, g.C);
    A sum = 0;
    OVER({
      if (sent_to(g, m, from, s.n) == i) sum += get<A>(dy[from]);
    })
    put(sum, &dx[i]);
  }
}

/* What no pooling has made: indices anywhere. */
template <class S, class A>
__global__ void add_strays(tarn_cuda_pool g, tarn_cuda_pool_argmax m, const S *dy, S *dx) {
  if (fault_noted(m.fault) || !*m.strays) return;
  each_owned(
      g.N * g.out[0] * g.out[1] * g.out[2] * g.C, 1,
      [&](int64_t i) {
        const spot o = spot_of(g.channels_first, i, g.out, g.C);
        const int64_t at = sent_to(g, m, i, o.n);
        return at < 0 || lies_under(g, o, at) ? (int64_t)-1 : at;
      },
      [&](int64_t at, int64_t i, int64_t) { put(get<A>(dx[at]) + get<A>(dy[i]), &dx[at]); });
}

/* What arrived at the first element that equals y. */
template <class S, class A>
__global__ void second_gradient(tarn_cuda_pool g, const S *x, const S *y, const S *ddx, S *ddy) {
  const int64_t C = g.C / g.depth_window, n = g.N * g.out[0] * g.out[1] * g.out[2] * C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const spot o = spot_of(g.channels_first, i, g.out, C);
    const A best = get<A>(y[i]);
    int64_t at = -1;
    UNDER({
      if (at < 0 && get<A>(x[from]) == best) at = from;
    })
    if (at < 0)
      put((A)0, &ddy[i]);
    else
      ddy[i] = ddx[at];
  }
}

#define LARGEST(NAME, E, DT, S, A)                                                     \
  case DT:                                                                             \
    EACH_LAUNCH((largest_at<S, A>), outputs(g), stream, *g, *m, (const S *)x, (S *)y); \
    break;
extern "C" int tarn__cuda_pool_max_at(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                      const tarn_cuda_pool_argmax *m, const void *x, void *y) {
  switch (dtype) { EACH_FLOAT(LARGEST, , ) default : break; }
  return tarn_launched();
}
#define GRADIENT(NAME, E, DT, S, A)                                                          \
  case DT:                                                                                   \
    EACH_LAUNCH((argmax_gradient<S, A>), inputs(g), stream, *g, *m, (const S *)dy, (S *)dx); \
    OWNED_LAUNCH((add_strays<S, A>), outputs(g), 1, stream, *g, *m, (const S *)dy, (S *)dx); \
    break;
extern "C" int tarn__cuda_pool_argmax_gradient(cudaStream_t stream, int dtype,
                                               const tarn_cuda_pool *g,
                                               const tarn_cuda_pool_argmax *m, const void *dy,
                                               void *dx) {
  if (outputs(g) > 0) EACH_LAUNCH(look, outputs(g), stream, *g, *m);
  switch (dtype) { EACH_FLOAT(GRADIENT, , ) default : break; }
  return tarn_launched();
}
#define SECOND(NAME, E, DT, S, A)                                                            \
  case DT:                                                                                   \
    EACH_LAUNCH((second_gradient<S, A>), outputs(g), stream, *g, (const S *)x, (const S *)y, \
                (const S *)ddx, (S *)ddy);                                                   \
    break;
extern "C" int tarn__cuda_pool_second_gradient(cudaStream_t stream, int dtype,
                                               const tarn_cuda_pool *g, const void *x,
                                               const void *y, const void *ddx, void *ddy) {
  switch (dtype) { EACH_FLOAT(SECOND, , ) default : break; }
  return tarn_launched();
}

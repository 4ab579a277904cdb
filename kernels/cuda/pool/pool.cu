/* Pooling: a thread an output element, neighbours along the fastest axis, so that reads go
 * together. Gradients are gathered: a thread an element of dx, which adds what each window over it
 * sends, in the windows' order; so results are the same at every run, and nothing is added by two
 * threads. */
#include "kernels/cuda/pool/pool.h"

#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/pool/under.cuh"

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

template <class S, class A>
__global__ void winner(tarn_cuda_pool g, const S *x, int64_t *winners) {
  const int64_t n = g.N * g.out[0] * g.out[1] * g.out[2] * g.C;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP)
    winners[i] = first_largest<S, A>(g, spot_of(g.channels_first, i, g.out, g.C), x);
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

/* Pooling: a thread an output element, neighbours along the fastest axis, so that reads go
 * together; 16 bytes of channels a thread where they come last. Gradients are gathered: a thread an
 * element of dx, which adds what each window over it sends, in the windows' order; so results are
 * the same at every run, and nothing is added by two threads. */
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

/* Both of channels-last tensors whose channels are whole vectors of 16 bytes: V of them a
 * thread, with indices of 32 bits, whose divisions take a third of the time. */
template <class S, class A, int V, bool LARGEST>
__global__ void vectors(tarn_cuda_pool g, const S *x, S *y) {
  const uint32_t C = (uint32_t)g.C, wide = C / V, W = (uint32_t)g.out[2], H = (uint32_t)g.out[1],
                 D = (uint32_t)g.out[0], n = (uint32_t)g.N * D * H * W * wide;
  for (uint32_t i = (uint32_t)EACH_FIRST; i < n; i += (uint32_t)EACH_STEP) {
    uint32_t rest = i / wide;
    const uint32_t c = (i - rest * wide) * V;
    const under w_ = under_of(g, 2, rest % W);
    rest /= W;
    const under h_ = under_of(g, 1, rest % H);
    rest /= H;
    const under d_ = under_of(g, 0, rest % D);
    const int64_t image = rest / D * g.in[0];
    A all[V];
#pragma unroll
    for (int k = 0; k < V; k++) all[k] = LARGEST ? (A)least_of<S>::of() : (A)0;
    for (int64_t d = d_.first; d < d_.last; d++)
      for (int64_t h = h_.first; h < h_.last; h++) {
        const S *row = x + ((image + d) * g.in[1] + h) * g.in[2] * C + c;
        for (uint32_t w = (uint32_t)w_.first; w < (uint32_t)w_.last; w++) {
          const pack<S, V> p = *(const pack<S, V> *)(row + w * C);
#pragma unroll
          for (int k = 0; k < V; k++) {
            const A value = get<A>(p.at[k]);
            if (!LARGEST)
              all[k] = rounded<S, A>(all[k] + value);
            else if (value > all[k])
              all[k] = value;
          }
        }
      }
    const int64_t count = (d_.last - d_.first) * (h_.last - h_.first) * (w_.last - w_.first);
    pack<S, V> to;
#pragma unroll
    for (int k = 0; k < V; k++)
      put(LARGEST ? all[k] : count > 0 ? all[k] / (A)count : (A)0, &to.at[k]);
    *(pack<S, V> *)(y + (int64_t)i * V) = to;
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

template <class S, class A, bool LARGEST>
static void forward(cudaStream_t stream, const tarn_cuda_pool *g, const S *x, S *y) {
  constexpr int V = 16 / (int)sizeof(S);
  const int64_t n = outputs(g);
  if (!g->channels_first && g->depth_window == 1 && g->C % V == 0 && inputs(g) <= INT32_MAX &&
      n <= INT32_MAX && each_aligned(x, 16) && each_aligned(y, 16))
    EACH_LAUNCH((vectors<S, A, V, LARGEST>), n / V, stream, *g, x, y);
  else if (LARGEST)
    EACH_LAUNCH((largest<S, A>), n, stream, *g, x, y);
  else
    EACH_LAUNCH((average<S, A>), n, stream, *g, x, y);
}

#define MAX(NAME, E, DT, S, A)                            \
  case DT:                                                \
    forward<S, A, true>(stream, g, (const S *)x, (S *)y); \
    break;
extern "C" int tarn__cuda_pool_max(cudaStream_t stream, int dtype, const tarn_cuda_pool *g,
                                   const void *x, void *y) {
  switch (dtype) { EACH_FLOAT(MAX, , ) default : break; }
  return tarn_launched();
}
#define AVERAGE(NAME, E, DT, S, A)                         \
  case DT:                                                 \
    forward<S, A, false>(stream, g, (const S *)x, (S *)y); \
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

/* Sums of many tensors, clipping, and nearness: of three operands and more. */
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/elementwise/launch.h"
#include "kernels/cuda/elementwise/map.cuh"

/* All terms are read before they are added; a term that is not there costs nothing. */
template <class S, class A, int V>
__global__ void add_terms(tarn_cuda_terms t, S *y, int64_t n) {
  for (int64_t i = EACH_FIRST * V; i < n; i += EACH_STEP * V) {
    pack<S, V> term[TARN_CUDA_TERMS], before = {};
#pragma unroll
    for (int k = 0; k < TARN_CUDA_TERMS; k++)
      if (k < t.count) term[k] = *(const pack<S, V> *)((const S *)t.at[k] + i);
    if (t.more) before = *(const pack<S, V> *)(y + i);
#pragma unroll
    for (int k = 1; k < TARN_CUDA_TERMS; k++)
      if (k < t.count)
#pragma unroll
        for (int v = 0; v < V; v++)
          put(get<A>(term[0].at[v]) + get<A>(term[k].at[v]), &term[0].at[v]);
    if (t.more)
#pragma unroll
      for (int v = 0; v < V; v++) put(get<A>(before.at[v]) + get<A>(term[0].at[v]), &term[0].at[v]);
    *(pack<S, V> *)(y + i) = term[0];
  }
}

/* NaN stays, and the lower limit wins where they cross. */
template <class S, class A, int V>
__global__ void clip(const S *x, const S *low, int64_t low_step, const S *high, int64_t high_step,
                     S *y, int64_t n) {
  for (int64_t i = EACH_FIRST * V; i < n; i += EACH_STEP * V) {
    pack<S, V> all = *(const pack<S, V> *)(x + i);
    const pack<S, V> least = read_row<S, V>(low, i * low_step, low_step),
                     most = read_row<S, V>(high, i * high_step, high_step);
#pragma unroll
    for (int v = 0; v < V; v++) {
      if (get<A>(most.at[v]) < get<A>(all.at[v])) all.at[v] = most.at[v];
      if (get<A>(all.at[v]) < get<A>(least.at[v])) all.at[v] = least.at[v];
    }
    *(pack<S, V> *)(y + i) = all;
  }
}

template <class S, class A>
__global__ void near(A limit, const S *a, const S *b, uint8_t *y, int64_t n) {
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP)
    y[i] = fabs(get<A>(a[i]) - get<A>(b[i])) <= limit;
}

template <class S, class A>
static void add_terms_launch(cudaStream_t stream, const tarn_cuda_terms &terms, void *y,
                             int64_t n) {
  constexpr int V = lanes<S, S, A>();
  bool fits = n % V == 0 && each_aligned(y, V * sizeof(S));
  for (int k = 0; k < terms.count; k++) fits = fits && each_aligned(terms.at[k], V * sizeof(S));
  if (fits)
    EACH_LAUNCH((add_terms<S, A, V>), n / V, stream, terms, (S *)y, n);
  else
    EACH_LAUNCH((add_terms<S, A, 1>), n, stream, terms, (S *)y, n);
}

#define ADD_TERMS(NAME, E, DT, S, A)              \
  case DT:                                        \
    add_terms_launch<S, A>(stream, *terms, y, n); \
    break;
extern "C" int tarn__cuda_add_terms(cudaStream_t stream, int dtype, const tarn_cuda_terms *terms,
                                    void *y, int64_t n) {
  switch (dtype) {
    EACH_FLOAT(ADD_TERMS, , )
    EACH_WRAP(ADD_TERMS, , )
    default:
      break;
  }
  return tarn_launched();
}

template <class S, class A>
static void clip_launch(cudaStream_t stream, const S *x, const S *low, int64_t low_step,
                        const S *high, int64_t high_step, S *y, int64_t n) {
  constexpr int V = lanes<S, S, A>();
  constexpr size_t bytes = V * sizeof(S);
  if (n % V == 0 && each_aligned(x, bytes) && each_aligned(y, bytes) &&
      (!low_step || each_aligned(low, bytes)) && (!high_step || each_aligned(high, bytes)))
    EACH_LAUNCH((clip<S, A, V>), n / V, stream, x, low, low_step, high, high_step, y, n);
  else
    EACH_LAUNCH((clip<S, A, 1>), n, stream, x, low, low_step, high, high_step, y, n);
}

#define CLIP(NAME, E, DT, S, A)                                                                   \
  case DT:                                                                                        \
    clip_launch<S, A>(stream, (const S *)x, (const S *)low, low_each, (const S *)high, high_each, \
                      (S *)y, n);                                                                 \
    break;
extern "C" int tarn__cuda_clip(cudaStream_t stream, int dtype, const void *x, const void *low,
                               bool low_each, const void *high, bool high_each, void *y,
                               int64_t n) {
  switch (dtype) {
    EACH_ORDERED(CLIP, , )
    default:
      break;
  }
  return tarn_launched();
}

#define NEAR(NAME, E, DT, S, A)                                                                  \
  case DT:                                                                                       \
    EACH_LAUNCH((near<S, A>), n, stream, (A)tolerance, (const S *)a, (const S *)b, (uint8_t *)y, \
                n);                                                                              \
    break;
extern "C" int tarn__cuda_near(cudaStream_t stream, int dtype, float tolerance, const void *a,
                               const void *b, void *y, int64_t n) {
  switch (dtype) {
    EACH_FLOAT(NEAR, , )
    default:
      break;
  }
  return tarn_launched();
}

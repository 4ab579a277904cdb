/* A thread a place of the output, one term after the other: for equations that are no products of
 * matrices as their operands lie in memory. */
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/einsum/loops.h"

/* Where place i of axes [from, to) is, from `at` on, in a, b and the output. */
__device__ inline void walk(const tarn_cuda_einsum &w, int from, int to, int64_t i, int64_t *at) {
  for (int d = from; d < to; d++) {
    const int64_t here = i % w.size[d];
    i /= w.size[d];
    for (int k = 0; k < 3; k++) at[k] += here * w.step[k][d];
  }
}

template <class S, class A>
__global__ void einsum(tarn_cuda_einsum w) {
  const S *a = (const S *)w.a, *b = (const S *)w.b;
  for (int64_t e = EACH_FIRST; e < w.n; e += EACH_STEP) {
    int64_t base[3] = {0, 0, 0};
    walk(w, 0, w.kept, e, base);
    A sum = 0;
    for (int64_t t = 0; t < w.terms; t++) {
      int64_t at[3] = {base[0], base[1], 0};
      walk(w, w.kept, w.axes, t, at);
      sum += b ? get<A>(a[at[0]]) * get<A>(b[at[1]]) : get<A>(a[at[0]]);
    }
    put(sum, &((S *)w.y)[base[2]]);
  }
}

#define ROW(NAME, E, DT, S, A)                           \
  case DT:                                               \
    EACH_LAUNCH((einsum<S, A>), work->n, stream, *work); \
    break;
extern "C" int tarn__cuda_einsum(cudaStream_t stream, int dtype, const tarn_cuda_einsum *work) {
  switch (dtype) { EACH_FLOAT(ROW, , ) EACH_WRAP(ROW, , ) default : break; }
  return tarn_launched();
}

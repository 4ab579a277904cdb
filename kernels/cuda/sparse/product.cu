/* A row of the product belongs to one warp, which takes the row's entries in their order
 * (index/owned.cuh): the sums are those of a plain loop. */
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/fault.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/index/owned.cuh"
#include "kernels/cuda/sparse/product.h"

struct entry {
  int64_t row, inner; /* -1: outside */
};
__device__ inline entry entry_of(const tarn_cuda_sparse_product &w, int64_t e) {
  const int64_t i = index_number(w.indices, w.wide, 2 * e + w.adjoint_a),
                k = index_number(w.indices, w.wide, 2 * e + !w.adjoint_a);
  return i < 0 || i >= w.rows || k < 0 || k >= w.inner ? entry{-1, -1} : entry{i, k};
}

__global__ void check_entries(tarn_cuda_sparse_product w) {
  for (int64_t e = EACH_FIRST; e < w.n; e += EACH_STEP)
    if (entry_of(w, e).row < 0)
      fault_note(w.fault, w.fault_step, e, [](tarn_fault *f) { f->kind = TARN_FAULT_ENTRY; });
}

template <class S, class A>
__global__ void product(tarn_cuda_sparse_product w) {
  if (fault_noted(w.fault)) return;
  each_owned(
      w.n, w.cols, [&w](int64_t e) { return entry_of(w, e).row; },
      [&w](int64_t row, int64_t e, int64_t column) {
        S *y = (S *)w.y + row * w.cols + column;
        const A a = get<A>(((const S *)w.a)[e]),
                b = get<A>(((const S *)w.b)[entry_of(w, e).inner * w.b_row + column * w.b_col]);
        put(get<A>(*y) + a * b, y);
      });
}

#define ROW(NAME, E, DT, S, A)                                         \
  case DT:                                                             \
    OWNED_LAUNCH((product<S, A>), work->n, work->cols, stream, *work); \
    break;
extern "C" int tarn__cuda_sparse_product(cudaStream_t stream, int dtype,
                                         const tarn_cuda_sparse_product *work) {
  if (work->fault) EACH_LAUNCH(check_entries, work->n, stream, *work);
  switch (dtype) { EACH_FLOAT(ROW, , ) EACH_WRAP(ROW, , ) default : break; }
  return tarn_launched();
}

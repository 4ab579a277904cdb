/* Gradients of sums of listed rows: a row of the output belongs to one warp, which adds what each
 * index sends to it, in their order (index/owned.cuh). */
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/index/owned.cuh"
#include "kernels/cuda/segment/noted.cuh"
#include "kernels/cuda/segment/segment.h"

/* Looks at ids and indices, and counts the rows of each segment. */
__global__ void count(tarn_cuda_segment_gradient w) {
  for (int64_t i = EACH_FIRST; i < w.n; i += EACH_STEP) {
    const int64_t id = index_number(w.ids, w.wide_ids, i),
                  row = index_number(w.indices, w.wide_indices, i);
    if (id < 0 || id >= w.segments)
      note_number(w.fault, w.fault_step, TARN_FAULT_SEGMENT, i, id, w.segments);
    else if (row < 0 || row >= w.rows)
      note_number(w.fault, w.fault_step, TARN_FAULT_ROW, i, row, w.rows);
    else if (w.share != TARN_SEGMENT_WHOLE)
      atomicAdd((unsigned long long *)w.sizes + id, 1ull);
  }
}

/* The row of y that entry i is added to; -1: none. */
__device__ inline int64_t row_of(const tarn_cuda_segment_gradient &w, int64_t i) {
  const int64_t id = index_number(w.ids, w.wide_ids, i),
                row = index_number(w.indices, w.wide_indices, i);
  return id < 0 || id >= w.segments || row < 0 || row >= w.rows ? -1 : row;
}

template <class A>
__device__ inline A scale_of(const tarn_cuda_segment_gradient &w, int64_t id) {
  if (w.share == TARN_SEGMENT_WHOLE) return (A)1;
  const double size = (double)((const int64_t *)w.sizes)[id];
  return (A)(w.share == TARN_SEGMENT_MEAN ? 1 / size : 1 / sqrt(size));
}

template <class S, class A>
__global__ void add_rows(tarn_cuda_segment_gradient w) {
  if (fault_noted(w.fault)) return;
  each_owned(
      w.n, w.row, [&w](int64_t i) { return row_of(w, i); },
      [&w](int64_t row, int64_t i, int64_t column) {
        const int64_t id = index_number(w.ids, w.wide_ids, i);
        ((A *)w.sums)[row * w.row + column] +=
            get<A>(((const S *)w.grad)[id * w.row + column]) * scale_of<A>(w, id);
      });
}

template <class S, class A>
__global__ void round_sums(int64_t n, const A *sums, S *y) {
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) put(sums[i], &y[i]);
}

#define ROW(NAME, E, DT, S, A)                                                           \
  case DT:                                                                               \
    OWNED_LAUNCH((add_rows<S, A>), work->n, work->row, stream, *work);                   \
    if (work->sums != work->y)                                                           \
      EACH_LAUNCH((round_sums<S, A>), elements, stream, elements, (const A *)work->sums, \
                  (S *)work->y);                                                         \
    break;
extern "C" int tarn__cuda_segment_gradient(cudaStream_t stream, int dtype,
                                           const tarn_cuda_segment_gradient *work) {
  const int64_t elements = work->rows * work->row;
  EACH_LAUNCH(count, work->n, stream, *work);
  switch (dtype) { EACH_FLOAT(ROW, , ) default : break; }
  return tarn_launched();
}

/* Rows of rising segments, joined: a thread an element of y, which finds where its segment begins
 * by bisection and takes one row after the other, so that results are those of a plain loop. Ids
 * and indices are looked at first; where one is wrong nothing is done. */
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/index/joined.cuh"
#include "kernels/cuda/index/number.cuh"
#include "kernels/cuda/segment/noted.cuh"
#include "kernels/cuda/segment/segment.h"

__global__ void check(tarn_cuda_segments w) {
  for (int64_t i = EACH_FIRST; i < w.n; i += EACH_STEP) {
    const int64_t id = index_number(w.ids, w.wide_ids, i),
                  before = i ? index_number(w.ids, w.wide_ids, i - 1) : id,
                  row = w.indices ? index_number(w.indices, w.wide_indices, i) : i;
    if (id < 0 || id >= w.segments)
      note_number(w.fault, w.fault_step, TARN_FAULT_SEGMENT, i, id, w.segments);
    else if (id < before)
      note_number(w.fault, w.fault_step, TARN_FAULT_ORDER, i, id, before);
    else if (row < 0 || row >= w.rows)
      note_number(w.fault, w.fault_step, TARN_FAULT_ROW, i, row, w.rows);
  }
}

/* The first of the ids that is s or more. */
__device__ inline int64_t first_of(const tarn_cuda_segments &w, int64_t s) {
  int64_t from = 0, to = w.n;
  while (from < to) {
    const int64_t middle = from + (to - from) / 2;
    if (index_number(w.ids, w.wide_ids, middle) < s)
      from = middle + 1;
    else
      to = middle;
  }
  return from;
}

/* Element `column` of the row that id i is for; 0 where the index is outside, and nobody looks. */
template <class S, class A>
__device__ inline A element_of(const tarn_cuda_segments &w, int64_t i, int64_t column) {
  const int64_t row = w.indices ? index_number(w.indices, w.wide_indices, i) : i;
  if (row < 0 || row >= w.rows) return (A)0;
  return get<A>(((const S *)w.x)[row * w.row + column]);
}

template <class A>
__device__ inline A shared_by(A sum, tarn_segment_share share, int64_t count) {
  if (share == TARN_SEGMENT_WHOLE) return sum;
  if constexpr (std::is_integral<A>::value)
    return (A)(sum / count);
  else
    return sum / (share == TARN_SEGMENT_MEAN ? (A)count : (A)sqrt((A)count));
}

template <class S, class A>
__global__ void join_segments(tarn_cuda_segments w) {
  if (fault_noted(w.fault)) return;
  for (int64_t e = EACH_FIRST; e < w.segments * w.row; e += EACH_STEP) {
    const int64_t s = e / w.row, column = e % w.row, first = first_of(w, s);
    int64_t i = first;
    A all = (A)w.empty;
    for (; i < w.n && index_number(w.ids, w.wide_ids, i) == s; i++) {
      const A value = element_of<S, A>(w, i, column);
      all = i == first ? value : joined<A>((tarn_scatter_way)w.way, all, value);
      if (!w.indices) all = rounded<S, A>(all);
    }
    put(i > first ? shared_by<A>(all, w.share, i - first) : all, &((S *)w.y)[e]);
  }
}

#define ROW(NAME, E, DT, S, A)                                                     \
  case DT:                                                                         \
    EACH_LAUNCH((join_segments<S, A>), work->segments * work->row, stream, *work); \
    break;
extern "C" int tarn__cuda_segments(cudaStream_t stream, int dtype, const tarn_cuda_segments *work) {
  if (work->n > 0 && work->fault) EACH_LAUNCH(check, work->n, stream, *work);
  switch (dtype) { EACH_ORDERED(ROW, , ) default : break; }
  return tarn_launched();
}

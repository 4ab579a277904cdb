/* Rows that may meet, in the order of their indices (owned.cuh): each element is combined as on the
 * host, and results are the same at every run. */
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/fault.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/index/joined.cuh"
#include "kernels/cuda/index/owned.cuh"
#include "kernels/params/padding.h"
#include "kernels/cuda/index/scatter.h"

/* The row that index i names, or -1. */
__device__ inline int64_t row_of(const tarn_cuda_scatter &w, int64_t i) {
  int64_t at = 0;
  for (int d = 0; d < w.depth; d++) {
    const int64_t j = index_number(w.indices, w.wide, i * w.depth + d);
    if (j < 0 || j >= w.dim[d]) return -1;
    at += j * w.stride[d];
  }
  return at;
}

__device__ inline void note_outside(const tarn_cuda_scatter &w, int64_t i) {
  const int64_t first = index_number(w.indices, w.wide, i * w.depth);
  if (w.below_passes && first < 0) return;
  if (w.padded && first == TARN_PADDING(w.wide)) return;
  fault_note(w.fault, w.fault_step, i, [&w, i](tarn_fault *f) {
    f->kind = w.outside;
    f->depth = w.depth;
    f->rank = w.rank;
    for (int d = 0; d < w.depth; d++)
      f->index[d] = index_number(w.indices, w.wide, i * w.depth + d);
    for (int d = 0; d < w.rank; d++) f->dim[d] = w.dim[d];
  });
}

/* The same, noting what is outside where that has not been done before. */
__device__ inline int64_t row_or_note(const tarn_cuda_scatter &w, int64_t i) {
  const int64_t row = row_of(w, i);
  if (row < 0 && w.in_passing && blockIdx.x == 0 && blockIdx.y == 0) note_outside(w, i);
  return row;
}

template <class S, class A>
__global__ void scatter(tarn_cuda_scatter w) {
  if (!w.in_passing && fault_noted(w.fault)) return;
  each_owned(
      w.n, w.row, [&w](int64_t i) { return row_or_note(w, i); },
      [&w](int64_t r, int64_t i, int64_t column) {
        S *y = (S *)w.y + r * w.row + column;
        const S u = ((const S *)w.updates)[w.one ? 0 : i * w.row + column];
        put(joined<A>(w.way, get<A>(*y), get<A>(u)), y);
      });
}

template <class W>
__global__ void scatter_put(tarn_cuda_scatter w) {
  if (!w.in_passing && fault_noted(w.fault)) return;
  each_owned(
      w.n, w.row, [&w](int64_t i) { return row_or_note(w, i); },
      [&w](int64_t r, int64_t i, int64_t column) {
        ((W *)w.y)[r * w.row + column] = ((const W *)w.updates)[w.one ? 0 : i * w.row + column];
      });
}

#define ROW(NAME, E, DT, S, A)                                        \
  case DT:                                                            \
    OWNED_LAUNCH((scatter<S, A>), work->n, work->row, stream, *work); \
    break;
#define BYTES(N, W)                                                  \
  case N:                                                            \
    OWNED_LAUNCH(scatter_put<W>, work->n, work->row, stream, *work); \
    break;
extern "C" int tarn__cuda_scatter(cudaStream_t stream, int dtype, const tarn_cuda_scatter *work) {
  if (work->way == TARN_SCATTER_PUT) {
    switch (dtype) { /* bytes of an element */
      BYTES(1, uint8_t) BYTES(2, uint16_t) BYTES(4, uint32_t) BYTES(8, uint64_t) default : break;
    }
    return tarn_launched();
  }
  switch (dtype) { EACH_ORDERED(ROW, , ) default : break; }
  return tarn_launched();
}

/* ---- before ---------------------------------------------------------------------------------- */

__global__ void check_indices(tarn_cuda_scatter w) {
  for (int64_t i = EACH_FIRST; i < w.n; i += EACH_STEP)
    if (row_of(w, i) < 0) note_outside(w, i);
}

/* Indices are looked at first. */
template <class S, class A>
__global__ void check_divisors(tarn_cuda_scatter w) {
  const int64_t n = w.one ? 1 : w.n * w.row, behind = (int64_t)1 << 62;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP)
    if (get<A>(((const S *)w.updates)[i]) == (A)0)
      fault_note(w.fault, w.fault_step, behind, [&w](tarn_fault *f) { f->kind = w.divisor; });
}

#define CHECK(NAME, E, DT, S, A)                                                             \
  case DT:                                                                                   \
    EACH_LAUNCH((check_divisors<S, A>), work->one ? 1 : work->n * work->row, stream, *work); \
    break;
extern "C" int tarn__cuda_scatter_check(cudaStream_t stream, int dtype,
                                        const tarn_cuda_scatter *work) {
  EACH_LAUNCH(check_indices, work->n, stream, *work);
  if (work->divisor == TARN_FAULT_NONE) return tarn_launched();
  switch (dtype) { EACH_ORDERED(CHECK, , ) default : break; }
  return tarn_launched();
}

/* ---- what a scatter begins with -------------------------------------------------------------- */

template <class W>
__global__ void fill(int64_t n, uint64_t value, void *y) {
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) ((W *)y)[i] = (W)value;
}

#define FILL(N, W)                                \
  case N:                                         \
    EACH_LAUNCH(fill<W>, n, stream, n, value, y); \
    break;
extern "C" int tarn__cuda_scatter_fill(cudaStream_t stream, int64_t n, int bytes, uint64_t value,
                                       void *y) {
  switch (bytes) {
    FILL(1, uint8_t) FILL(2, uint16_t) FILL(4, uint32_t) FILL(8, uint64_t) default : break;
  }
  return tarn_launched();
}

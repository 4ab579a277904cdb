/* Rows by their indices: an element a thread, neighbours of a row side by side. */
#include "kernels/cuda/index/index.h"

#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/fault.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/index/number.cuh"

template <class W>
__global__ void gather(tarn_cuda_gather g) {
  const int64_t elements = g.batches * g.outer * g.n * g.row;
  for (int64_t e = EACH_FIRST; e < elements; e += EACH_STEP) {
    int64_t rest = e;
    const int64_t k = rest % g.row, i = (rest /= g.row) % g.n, o = (rest /= g.n) % g.outer,
                  b = rest / g.outer;
    const int64_t j = index_number(g.indices, g.wide, b * g.n + i);
    const bool inside = j >= 0 && j < g.dim;
    ((W *)g.y)[e] =
        inside ? ((const W *)g.x)[((b * g.outer + o) * g.dim + j) * g.row + k] : W{};
    if (!inside)
      fault_note(g.noted.fault, g.noted.step, b * g.n + i, [&](tarn_fault *f) {
        f->kind = TARN_FAULT_ROW;
        f->index[0] = j;
        f->dim[0] = g.dim;
      });
  }
}

template <class W>
__global__ void gather_nd(tarn_cuda_gather_nd g) {
  for (int64_t e = EACH_FIRST; e < g.n * g.row; e += EACH_STEP) {
    const int64_t k = e % g.row, i = e / g.row;
    int64_t at = 0;
    bool inside = true;
    for (int d = 0; d < g.depth; d++) {
      const int64_t j = index_number(g.indices, g.wide, i * g.depth + d);
      inside = inside && j >= 0 && j < g.dim[d];
      at += j * g.stride[d];
    }
    ((W *)g.y)[e] = inside ? ((const W *)g.x)[at * g.row + k] : W{};
    if (!inside)
      fault_note(g.noted.fault, g.noted.step, i, [&](tarn_fault *f) {
        f->kind = TARN_FAULT_TUPLE;
        f->depth = g.depth;
        f->rank = g.rank;
        for (int d = 0; d < g.depth; d++)
          f->index[d] = index_number(g.indices, g.wide, i * g.depth + d);
        for (int d = 0; d < g.rank; d++) f->dim[d] = g.dim[d];
      });
  }
}

template <class W>
__global__ void one_hot(tarn_cuda_one_hot h) {
  const W on = *(const W *)h.on, off = *(const W *)h.off;
  for (int64_t e = EACH_FIRST; e < h.outer * h.depth * h.inner; e += EACH_STEP) {
    const int64_t i = e % h.inner, k = e / h.inner % h.depth, o = e / h.inner / h.depth,
                  at = o * h.inner + i;
    const int64_t j = h.index_bytes == 1 ? (int64_t)((const uint8_t *)h.indices)[at]
                                         : index_number(h.indices, h.index_bytes == 8, at);
    ((W *)h.y)[e] = j == k ? on : off;
  }
}

#define BY_SIZE(KERNEL, ELEMENTS, WORK)                                  \
  switch ((WORK)->bytes) {                                               \
    case 1:                                                              \
      EACH_LAUNCH((KERNEL<uint8_t>), ELEMENTS, stream, *WORK);           \
      break;                                                             \
    case 2:                                                              \
      EACH_LAUNCH((KERNEL<uint16_t>), ELEMENTS, stream, *WORK);          \
      break;                                                             \
    case 4:                                                              \
      EACH_LAUNCH((KERNEL<uint32_t>), ELEMENTS, stream, *WORK);          \
      break;                                                             \
    case 8:                                                              \
      EACH_LAUNCH((KERNEL<uint64_t>), ELEMENTS, stream, *WORK);          \
      break;                                                             \
    default:                                                             \
      EACH_LAUNCH((KERNEL<pack<uint64_t, 2>>), ELEMENTS, stream, *WORK); \
      break;                                                             \
  }                                                                      \
  return tarn_launched()

/* Rows become rows of wider elements where everything is whole numbers of them. */
template <class WORK>
static void widen(WORK *w) {
  while (w->bytes < 16 && w->row % 2 == 0 && each_aligned(w->x, (size_t)w->bytes * 2) &&
         each_aligned(w->y, (size_t)w->bytes * 2)) {
    w->row /= 2;
    w->bytes *= 2;
  }
}

extern "C" int tarn__cuda_gather(cudaStream_t stream, const tarn_cuda_gather *work) {
  tarn_cuda_gather g = *work, *w = &g;
  widen(w);
  BY_SIZE(gather, w->batches * w->outer * w->n * w->row, w);
}
extern "C" int tarn__cuda_gather_nd(cudaStream_t stream, const tarn_cuda_gather_nd *work) {
  tarn_cuda_gather_nd g = *work, *w = &g;
  widen(w);
  BY_SIZE(gather_nd, w->n * w->row, w);
}
extern "C" int tarn__cuda_one_hot(cudaStream_t stream, const tarn_cuda_one_hot *work) {
  BY_SIZE(one_hot, work->outer * work->depth * work->inner, work);
}

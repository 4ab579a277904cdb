/* Diagonals of matrices: a thread an element of what is written. */
#include "kernels/cuda/array/diagonal.h"
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"

template <class W>
__global__ void band(tarn_cuda_band b) {
  for (int64_t e = EACH_FIRST; e < b.all; e += EACH_STEP) {
    const int64_t col = e % b.cols, row = e / b.cols % b.rows, k = col - row;
    ((W *)b.y)[e] = -b.lower <= k && k <= b.upper ? ((const W *)b.x)[e] : W();
  }
}

template <class W>
__device__ inline W padding_of(const tarn_cuda_diagonals &d) {
  W value;
  memcpy(&value, d.padding, sizeof value);
  return value;
}

/* Of diagonal k: its length, and where it begins in its packed row. */
__device__ inline int64_t length_of(const tarn_cuda_diagonals &d, int64_t k) {
  const int64_t below = d.rows + (k < 0 ? k : 0), beside = d.cols - (k > 0 ? k : 0);
  return below < beside ? below : beside;
}
__device__ inline int64_t begin_of(const tarn_cuda_diagonals &d, int64_t k) {
  const bool left = (k >= 0 && d.left_super) || (k <= 0 && d.left_sub);
  return left ? 0 : d.longest - length_of(d, k);
}

/* to: matrices. */
template <class W>
__global__ void unpack(tarn_cuda_diagonals d) {
  const int64_t n = d.batch * d.rows * d.cols, count = d.upper - d.lower + 1;
  for (int64_t e = EACH_FIRST; e < n; e += EACH_STEP) {
    const int64_t col = e % d.cols, row = e / d.cols % d.rows, b = e / d.cols / d.rows,
                  k = col - row;
    if (d.lower <= k && k <= d.upper) {
      const int64_t at = begin_of(d, k) + (k < 0 ? col : row);
      ((W *)d.to)[e] = ((const W *)d.from)[(b * count + d.upper - k) * d.longest + at];
    } else {
      ((W *)d.to)[e] = d.under ? ((const W *)d.under)[e] : padding_of<W>(d);
    }
  }
}

/* to: packed rows. */
template <class W>
__global__ void pack_rows(tarn_cuda_diagonals d) {
  const int64_t count = d.upper - d.lower + 1, n = d.batch * count * d.longest;
  for (int64_t e = EACH_FIRST; e < n; e += EACH_STEP) {
    const int64_t k = d.upper - e / d.longest % count, b = e / d.longest / count,
                  at = e % d.longest - begin_of(d, k), row = at - (k < 0 ? k : 0),
                  col = at + (k > 0 ? k : 0);
    ((W *)d.to)[e] = at >= 0 && at < length_of(d, k)
                         ? ((const W *)d.from)[(b * d.rows + row) * d.cols + col]
                         : padding_of<W>(d);
  }
}

#define ROW(BYTES, W, KERNEL, N)                \
  case BYTES:                                   \
    EACH_LAUNCH((KERNEL<W>), N, stream, *work); \
    break;
#define EACH_BYTES(KERNEL, N)                                     \
  switch (work->bytes) {                                          \
    ROW(1, uint8_t, KERNEL, N)                                    \
    ROW(2, uint16_t, KERNEL, N)                                   \
    ROW(4, uint32_t, KERNEL, N)                                   \
    ROW(8, uint64_t, KERNEL, N)                                   \
    default:                                                      \
      EACH_LAUNCH((KERNEL<pack<uint64_t, 2>>), N, stream, *work); \
      break;                                                      \
  }
extern "C" int tarn__cuda_band_part(cudaStream_t stream, const tarn_cuda_band *work) {
  EACH_BYTES(band, work->all)
  return tarn_launched();
}
extern "C" int tarn__cuda_diagonals_unpack(cudaStream_t stream, const tarn_cuda_diagonals *work) {
  EACH_BYTES(unpack, work->batch * work->rows * work->cols)
  return tarn_launched();
}
extern "C" int tarn__cuda_diagonals_pack(cudaStream_t stream, const tarn_cuda_diagonals *work) {
  EACH_BYTES(pack_rows, work->batch * (work->upper - work->lower + 1) * work->longest)
  return tarn_launched();
}

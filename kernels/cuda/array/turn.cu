/* Sequences reversed, axes rolled, mirrored borders summed up: a thread an element of what is
 * written. */
#include "kernels/cuda/array/turn.h"
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/fault.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/index/number.cuh"

__global__ void check_lengths(tarn_cuda_reverse_sequence r) {
  for (int64_t b = EACH_FIRST; b < r.batch; b += EACH_STEP) {
    const int64_t length = index_number(r.lengths, r.wide, b);
    if (length >= 0 && length <= r.dim) continue;
    fault_note(r.fault, r.fault_step, b, [=](tarn_fault *f) {
      f->kind = TARN_FAULT_LENGTH;
      f->index[0] = length;
      f->dim[0] = r.dim;
    });
  }
}

template <class W>
__global__ void reverse_sequence(tarn_cuda_reverse_sequence r) {
  if (fault_noted(r.fault)) return;
  for (int64_t e = EACH_FIRST; e < r.n; e += EACH_STEP) {
    const int64_t i = e / r.stride % r.dim, b = e / r.batch_stride % r.batch;
    const int64_t given = index_number(r.lengths, r.wide, b),
                  length = given < r.dim ? given : r.dim;
    const int64_t from = i < length ? e + (length - 1 - 2 * i) * r.stride : e;
    ((W *)r.y)[e] = ((const W *)r.x)[from];
  }
}

template <class W>
__global__ void roll(tarn_cuda_roll r) {
  for (int64_t e = EACH_FIRST; e < r.n; e += EACH_STEP) {
    int64_t from = e;
    for (int a = 0; a < r.axes; a++) {
      const int64_t i = e / r.stride[a] % r.dim[a];
      from += (i < r.shift[a] ? r.dim[a] - r.shift[a] : -r.shift[a]) * r.stride[a];
    }
    ((W *)r.y)[e] = ((const W *)r.x)[from];
  }
}

/* Places in dy of one axis that element i was copied to, in their order. */
__device__ inline int places_of(const tarn_cuda_mirror &m, int d, int64_t i, int64_t *at) {
  int n = 0;
  const int64_t ahead = m.before[d] - 1 + m.edge - i, inside = m.before[d] + i,
                behind = m.before[d] + 2 * m.dim[d] - 1 - m.edge - i;
  if (ahead >= 0 && ahead < m.before[d]) at[n++] = ahead;
  at[n++] = inside;
  if (behind >= m.before[d] + m.dim[d] && behind < m.before[d] + m.dim[d] + m.after[d])
    at[n++] = behind;
  return n;
}

/* In the order of dy, rounded at each step. */
template <class S, class A>
__global__ void mirror_gradient(tarn_cuda_mirror m) {
  for (int64_t e = EACH_FIRST; e < m.n; e += EACH_STEP) {
    int64_t place[TARN_TURN_AXES][3];
    int count[TARN_TURN_AXES], turn[TARN_TURN_AXES];
    int64_t rest = e;
    for (int d = m.rank - 1; d >= 0; d--) {
      count[d] = places_of(m, d, rest % m.dim[d], place[d]);
      turn[d] = 0;
      rest /= m.dim[d];
    }
    A sum = 0;
    for (int d = 0; d >= 0;) {
      int64_t from = 0;
      for (int k = 0; k < m.rank; k++) from += place[k][turn[k]] * m.stride[k];
      sum = rounded<S, A>(sum + get<A>(((const S *)m.dy)[from]));
      for (d = m.rank - 1; d >= 0 && ++turn[d] == count[d]; d--) turn[d] = 0;
    }
    put(sum, &((S *)m.dx)[e]);
  }
}

#define ROW(BYTES, W, KERNEL)                         \
  case BYTES:                                         \
    EACH_LAUNCH((KERNEL<W>), work->n, stream, *work); \
    break;
#define EACH_BYTES(KERNEL)                                              \
  switch (work->bytes) {                                                \
    ROW(1, uint8_t, KERNEL)                                             \
    ROW(2, uint16_t, KERNEL)                                            \
    ROW(4, uint32_t, KERNEL)                                            \
    ROW(8, uint64_t, KERNEL)                                            \
    default:                                                            \
      EACH_LAUNCH((KERNEL<pack<uint64_t, 2>>), work->n, stream, *work); \
      break;                                                            \
  }
extern "C" int tarn__cuda_reverse_sequence(cudaStream_t stream,
                                           const tarn_cuda_reverse_sequence *work) {
  if (work->fault) EACH_LAUNCH(check_lengths, work->batch, stream, *work);
  EACH_BYTES(reverse_sequence)
  return tarn_launched();
}
extern "C" int tarn__cuda_roll(cudaStream_t stream, const tarn_cuda_roll *work) {
  EACH_BYTES(roll)
  return tarn_launched();
}
#define MIRROR(NAME, E, DT, S, A)                                 \
  case DT:                                                        \
    EACH_LAUNCH((mirror_gradient<S, A>), work->n, stream, *work); \
    break;
extern "C" int tarn__cuda_mirror_gradient(cudaStream_t stream, int dtype,
                                          const tarn_cuda_mirror *work) {
  switch (dtype) { EACH_FLOAT(MIRROR, , ) EACH_WRAP(MIRROR, , ) default : break; }
  return tarn_launched();
}

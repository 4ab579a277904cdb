/* Batch normalization: statistics by a block a channel (mean, then squares of what is away from
 * it), then one pass over x with (x - mean) * scale / sqrt(variance + epsilon) + offset. Without
 * training only that pass: 8 bytes an element of f32.
 *
 * Sums are in f32 by thread, 256 threads a channel, joined pair by pair; with NHWC neighbouring
 * channels are read by neighbouring blocks, so a cache line is used by 32 of them, which L2 serves.
 */
#include "kernels/cuda/batch_norm/norm.h"
#include "kernels/cuda/each/block.cuh"
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"

enum { THREADS = 256, RUN = 32 };

__device__ inline int64_t place(bool first, int64_t i, int64_t c, int64_t C, int64_t S) {
  return first ? (i / S * C + c) * S + i % S : i * C + c;
}

/* The sum over a channel's elements of f(where), the same for all threads. */
template <class F>
__device__ inline float channel_sum(bool first, int64_t N, int64_t C, int64_t S, int64_t c,
                                    float *room, F f) {
  float sum = 0;
  for (int64_t i = threadIdx.x; i < N * S;) {
    float run = 0;
    for (int k = 0; k < RUN && i < N * S; k++, i += THREADS) run += f(place(first, i, c, C, S));
    sum += run;
  }
  return block_join<THREADS>(sum, room, join_sum());
}

template <class S_>
__global__ void statistics(tarn_cuda_norm w) {
  __shared__ float room[THREADS / 32];
  const S_ *x = (const S_ *)w.x;
  const float count = (float)(w.N * w.S);
  for (int64_t c = blockIdx.x; c < w.C; c += gridDim.x) {
    const float mean = channel_sum(w.channels_first, w.N, w.C, w.S, c, room,
                                   [&](int64_t i) { return get<float>(x[i]); }) /
                       count;
    const float squares = channel_sum(w.channels_first, w.N, w.C, w.S, c, room, [&](int64_t i) {
      const float away = get<float>(x[i]) - mean;
      return away * away;
    });
    if (threadIdx.x == 0) {
      const float unbiased = squares / (count > 1 ? count - 1 : 1), keep = 1 - w.factor;
      const float old_mean = w.factor == 1 ? 0 : w.old_mean[c],
                  old_variance = w.factor == 1 ? 0 : w.old_variance[c];
      w.saved_mean[c] = mean;
      w.saved_variance[c] = squares / count;
      w.mean[c] = w.factor == 1 ? mean : keep * old_mean + w.factor * mean;
      w.variance[c] = w.factor == 1 ? unbiased : keep * old_variance + w.factor * unbiased;
    }
  }
}

__global__ void keep_statistics(tarn_cuda_norm w) {
  for (int64_t c = EACH_FIRST; c < w.C; c += EACH_STEP) {
    const float mean = w.old_mean[c], variance = w.old_variance[c];
    w.mean[c] = w.saved_mean[c] = mean;
    w.variance[c] = w.saved_variance[c] = variance;
  }
}

__global__ void finish(tarn_cuda_norm_finish w) {
  const float keep = 1 - w.factor, biased = (float)(w.count - 1) / (float)w.count;
  for (int64_t c = EACH_FIRST; c < w.C; c += EACH_STEP) {
    const float mean = w.batch_mean[c], unbiased = w.batch_unbiased[c];
    w.saved_variance[c] = unbiased * biased;
    w.mean[c] = w.factor == 1 ? mean : keep * w.old_mean[c] + w.factor * mean;
    w.variance[c] = w.factor == 1 ? unbiased : keep * w.old_variance[c] + w.factor * unbiased;
  }
}

__global__ void inverses(const float *variance, float epsilon, float *inverse, int64_t C) {
  for (int64_t c = EACH_FIRST; c < C; c += EACH_STEP) inverse[c] = 1 / sqrt(variance[c] + epsilon);
}

template <class S_>
__global__ void normalize(tarn_cuda_norm w) {
  const int64_t n = w.N * w.C * w.S;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const int64_t c = w.channels_first ? i / w.S % w.C : i % w.C;
    const float factor = w.scale[c] / sqrt(w.saved_variance[c] + w.epsilon);
    put((get<float>(((const S_ *)w.x)[i]) - w.saved_mean[c]) * factor + w.offset[c],
        &((S_ *)w.y)[i]);
  }
}

template <class S_>
__global__ void gradient_sums(tarn_cuda_norm_gradient w) {
  __shared__ float room[THREADS / 32];
  const S_ *x = (const S_ *)w.x, *dy = (const S_ *)w.dy;
  for (int64_t c = blockIdx.x; c < w.C; c += gridDim.x) {
    const float mean = w.mean[c], inverse = 1 / sqrt(w.variance[c] + w.epsilon);
    const float sum = channel_sum(w.channels_first, w.N, w.C, w.S, c, room,
                                  [&](int64_t i) { return get<float>(dy[i]); });
    const float dot = channel_sum(w.channels_first, w.N, w.C, w.S, c, room, [&](int64_t i) {
      return get<float>(dy[i]) * (get<float>(x[i]) - mean);
    });
    if (threadIdx.x == 0) {
      w.sums[c] = sum;
      w.sums[w.C + c] = dot;
      w.doffset[c] = sum;
      w.dscale[c] = dot * inverse;
    }
  }
}

template <class S_>
__global__ void gradient(tarn_cuda_norm_gradient w) {
  const int64_t n = w.N * w.C * w.S;
  const float count = (float)(w.N * w.S);
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const int64_t c = w.channels_first ? i / w.S % w.C : i % w.C;
    const float inverse = 1 / sqrt(w.variance[c] + w.epsilon);
    float d = get<float>(((const S_ *)w.dy)[i]);
    if (w.training)
      d -= w.sums[c] / count + (get<float>(((const S_ *)w.x)[i]) - w.mean[c]) *
                                   (w.sums[w.C + c] / count) * inverse * inverse;
    put(d * w.scale[c] * inverse, &((S_ *)w.dx)[i]);
  }
}

template <class S_>
static void forward(cudaStream_t stream, const tarn_cuda_norm &w) {
  if (w.training)
    TARN_LAUNCH((statistics<S_>), each_blocks_of(w.C, 1), THREADS, 0, stream, w);
  else
    EACH_LAUNCH(keep_statistics, w.C, stream, w);
  EACH_LAUNCH((normalize<S_>), w.N * w.C * w.S, stream, w);
}
template <class S_>
static void backward(cudaStream_t stream, const tarn_cuda_norm_gradient &w) {
  TARN_LAUNCH((gradient_sums<S_>), each_blocks_of(w.C, 1), THREADS, 0, stream, w);
  EACH_LAUNCH((gradient<S_>), w.N * w.C * w.S, stream, w);
}

extern "C" int tarn__cuda_norm_finish(cudaStream_t stream, const tarn_cuda_norm_finish *work) {
  EACH_LAUNCH(finish, work->C, stream, *work);
  return tarn_launched();
}
extern "C" int tarn__cuda_norm_keep(cudaStream_t stream, const tarn_cuda_norm *work) {
  EACH_LAUNCH(keep_statistics, work->C, stream, *work);
  return tarn_launched();
}
extern "C" int tarn__cuda_norm_inverse(cudaStream_t stream, const float *variance, float epsilon,
                                       float *inverse, int64_t C) {
  EACH_LAUNCH(inverses, C, stream, variance, epsilon, inverse, C);
  return tarn_launched();
}

extern "C" int tarn__cuda_norm(cudaStream_t stream, int dtype, const tarn_cuda_norm *work) {
  switch (dtype) {
    case TARN_F32:
      forward<float>(stream, *work);
      break;
    case TARN_F16:
      forward<element_f16>(stream, *work);
      break;
    default:
      forward<element_bf16>(stream, *work);
      break;
  }
  return tarn_launched();
}
extern "C" int tarn__cuda_norm_gradient(cudaStream_t stream, int dtype,
                                        const tarn_cuda_norm_gradient *work) {
  switch (dtype) {
    case TARN_F32:
      backward<float>(stream, *work);
      break;
    case TARN_F16:
      backward<element_f16>(stream, *work);
      break;
    default:
      backward<element_bf16>(stream, *work);
      break;
  }
  return tarn_launched();
}

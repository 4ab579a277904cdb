/* Gradients of resizing, gathered: a thread an element of dx, which adds what the pixels that took
 * from it send, in their order. Places rise with the pixel, so those are a range of each axis. */
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/image/place.cuh"
#include "kernels/cuda/image/resize.h"

/* The first of `out` pixels whose place is `place` or behind it. */
template <class PLACE>
__device__ inline int64_t first_from(int64_t out, int64_t place, PLACE place_of) {
  int64_t from = 0, to = out;
  while (from < to) {
    const int64_t middle = from + (to - from) / 2;
    if (place_of(middle) < place)
      from = middle + 1;
    else
      to = middle;
  }
  return from;
}

/* H, W: of dx, which is y; OH, OW: of the gradient, x. */
template <class S, class A>
__global__ void pick_gradient(tarn_cuda_resize r) {
  const int64_t n = r.N * r.H * r.W * r.C;
  for (int64_t e = EACH_FIRST; e < n; e += EACH_STEP) {
    int64_t rest = e;
    const int64_t c = rest % r.C, w = (rest /= r.C) % r.W, h = (rest /= r.W) % r.H, b = rest / r.H;
    auto row = [&r](int64_t i) { return nearest(r, i, r.scale_h, r.H); };
    auto col = [&r](int64_t i) { return nearest(r, i, r.scale_w, r.W); };
    const int64_t top = first_from(r.OH, h, row), bottom = first_from(r.OH, h + 1, row),
                  left = first_from(r.OW, w, col), right = first_from(r.OW, w + 1, col);
    A sum = 0;
    for (int64_t i = top; i < bottom; i++)
      for (int64_t k = left; k < right; k++)
        sum = rounded<S, A>(sum + get<A>(((const S *)r.x)[((b * r.OH + i) * r.OW + k) * r.C + c]));
    put(sum, &((S *)r.y)[e]);
  }
}

/* The gradient is f32. */
template <class S, class A>
__global__ void blend_gradient(tarn_cuda_resize r) {
  const int64_t n = r.N * r.H * r.W * r.C;
  for (int64_t e = EACH_FIRST; e < n; e += EACH_STEP) {
    int64_t rest = e;
    const int64_t c = rest % r.C, x = (rest /= r.C) % r.W, y = (rest /= r.W) % r.H, b = rest / r.H;
    auto rows = [&r](int64_t i) { return lerp_of(r, i, r.scale_h, r.H); };
    auto cols = [&r](int64_t i) { return lerp_of(r, i, r.scale_w, r.W); };
    const int64_t top = first_from(r.OH, y, [&](int64_t i) { return rows(i).upper; }),
                  bottom = first_from(r.OH, y + 1, [&](int64_t i) { return rows(i).lower; }),
                  left = first_from(r.OW, x, [&](int64_t i) { return cols(i).upper; }),
                  right = first_from(r.OW, x + 1, [&](int64_t i) { return cols(i).lower; });
    A sum = 0;
    for (int64_t i = top; i < bottom; i++)
      for (int64_t k = left; k < right; k++) {
        const lerp h = rows(i), w = cols(k);
        const float grad = ((const float *)r.x)[((b * r.OH + i) * r.OW + k) * r.C + c];
        const float above = grad * (1 - h.weight), below = grad * h.weight;
        const float sent[] = {h.lower == y && w.lower == x ? above * (1 - w.weight) : 0.0f,
                              h.lower == y && w.upper == x ? above * w.weight : 0.0f,
                              h.upper == y && w.lower == x ? below * (1 - w.weight) : 0.0f,
                              h.upper == y && w.upper == x ? below * w.weight : 0.0f};
        for (int s = 0; s < 4; s++) sum = rounded<S, A>(sum + rounded<S, A>((A)sent[s]));
      }
    put(sum, &((S *)r.y)[e]);
  }
}

#define PICK(NAME, E, DT, S, A)                                                \
  case DT:                                                                     \
    EACH_LAUNCH((pick_gradient<S, A>), r->N * r->H * r->W * r->C, stream, *r); \
    break;
extern "C" int tarn__cuda_resize_nearest_gradient(cudaStream_t stream, int dtype,
                                                  const tarn_cuda_resize *r) {
  switch (dtype) { EACH_FLOAT(PICK, , ) EACH_WRAP(PICK, , ) default : break; }
  return tarn_launched();
}
#define BLEND(NAME, E, DT, S, A)                                                \
  case DT:                                                                      \
    EACH_LAUNCH((blend_gradient<S, A>), r->N * r->H * r->W * r->C, stream, *r); \
    break;
extern "C" int tarn__cuda_resize_bilinear_gradient(cudaStream_t stream, int dtype,
                                                   const tarn_cuda_resize *r) {
  switch (dtype) { EACH_FLOAT(BLEND, , ) default : break; }
  return tarn_launched();
}

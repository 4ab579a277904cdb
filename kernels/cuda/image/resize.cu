/* Resizing by nearest and bilinear interpolation: an element of the output a thread. */
#include "kernels/cuda/image/resize.h"

#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/image/place.cuh"

template <class W>
__global__ void pick(tarn_cuda_resize r) {
  const int64_t n = r.N * r.OH * r.OW * r.C;
  for (int64_t e = EACH_FIRST; e < n; e += EACH_STEP) {
    int64_t rest = e;
    const int64_t c = rest % r.C, w = (rest /= r.C) % r.OW, h = (rest /= r.OW) % r.OH,
                  b = rest / r.OH;
    const int64_t y = nearest(r, h, r.scale_h, r.H), x = nearest(r, w, r.scale_w, r.W);
    ((W *)r.y)[e] = ((const W *)r.x)[((b * r.H + y) * r.W + x) * r.C + c];
  }
}

template <class S>
__global__ void blend(tarn_cuda_resize r) {
  const int64_t n = r.N * r.OH * r.OW * r.C;
  const S *x = (const S *)r.x;
  for (int64_t e = EACH_FIRST; e < n; e += EACH_STEP) {
    int64_t rest = e;
    const int64_t c = rest % r.C, ow = (rest /= r.C) % r.OW, oh = (rest /= r.OW) % r.OH,
                  b = rest / r.OH;
    const lerp h = lerp_of(r, oh, r.scale_h, r.H), w = lerp_of(r, ow, r.scale_w, r.W);
    const int64_t top = (b * r.H + h.lower) * r.W, bottom = (b * r.H + h.upper) * r.W;
    const float tl = get<float>(x[(top + w.lower) * r.C + c]),
                tr = get<float>(x[(top + w.upper) * r.C + c]);
    const float bl = get<float>(x[(bottom + w.lower) * r.C + c]),
                br = get<float>(x[(bottom + w.upper) * r.C + c]);
    const float t = tl + (tr - tl) * w.weight, u = bl + (br - bl) * w.weight;
    ((float *)r.y)[e] = t + (u - t) * h.weight;
  }
}

extern "C" int tarn__cuda_resize_nearest(cudaStream_t stream, const tarn_cuda_resize *r) {
  const int64_t n = r->N * r->OH * r->OW * r->C;
  switch (r->bytes) {
    case 1:
      EACH_LAUNCH((pick<uint8_t>), n, stream, *r);
      break;
    case 2:
      EACH_LAUNCH((pick<uint16_t>), n, stream, *r);
      break;
    case 4:
      EACH_LAUNCH((pick<uint32_t>), n, stream, *r);
      break;
    case 8:
      EACH_LAUNCH((pick<uint64_t>), n, stream, *r);
      break;
    default:
      EACH_LAUNCH((pick<pack<uint64_t, 2>>), n, stream, *r);
      break;
  }
  return tarn_launched();
}

#define BLEND(NAME, E, DT, S, A)                                      \
  case DT:                                                            \
    EACH_LAUNCH((blend<S>), r->N * r->OH * r->OW * r->C, stream, *r); \
    break;
extern "C" int tarn__cuda_resize_bilinear(cudaStream_t stream, int dtype,
                                          const tarn_cuda_resize *r) {
  switch (dtype) { EACH_ORDERED(BLEND, , ) default : break; }
  return tarn_launched();
}

/* Elements that move or repeat without being computed with: by their size alone. */
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/elementwise/launch.h"
#include "kernels/cuda/elementwise/map.cuh"

template <class W, int V>
__global__ void select(const uint8_t *c, const W *t, const W *e, W *y, tarn_view3 view) {
  for (int64_t i = EACH_FIRST * V; i < view.axes.elements; i += EACH_STEP * V) {
    int64_t at[3];
    each_offsets<3>(view.axes, view.step, i, at);
    const pack<uint8_t, V> cs = read_row<uint8_t, V>(c, at[0], view.step[0][0]);
    const pack<W, V> ts = read_row<W, V>(t, at[1], view.step[1][0]);
    pack<W, V> es = read_row<W, V>(e, at[2], view.step[2][0]);
#pragma unroll
    for (int k = 0; k < V; k++)
      if (cs.at[k]) es.at[k] = ts.at[k];
    *(pack<W, V> *)(y + i) = es;
  }
}

template <class W>
static int select_launch(cudaStream_t stream, const void *c, const void *t, const void *e, void *y,
                         const tarn_view3 *view) {
  constexpr int V = 16 / (int)sizeof(W);
  const int64_t n = view->axes.elements;
  const bool fits = each_aligned(y, 16) &&
                    each_row_fits(view->axes, view->step[0], c, V, sizeof(uint8_t)) &&
                    each_row_fits(view->axes, view->step[1], t, V, sizeof(W)) &&
                    each_row_fits(view->axes, view->step[2], e, V, sizeof(W));
  if (fits)
    EACH_LAUNCH((select<W, V>), n / V, stream, (const uint8_t *)c, (const W *)t, (const W *)e,
                (W *)y, *view);
  else
    EACH_LAUNCH((select<W, 1>), n, stream, (const uint8_t *)c, (const W *)t, (const W *)e, (W *)y,
                *view);
  return tarn_launched();
}

extern "C" int tarn__cuda_select(cudaStream_t stream, int bytes, const void *c, const void *t,
                                 const void *e, void *y, const tarn_view3 *view) {
  switch (bytes) {
    case 1:
      return select_launch<uint8_t>(stream, c, t, e, y, view);
    case 2:
      return select_launch<uint16_t>(stream, c, t, e, y, view);
    case 4:
      return select_launch<uint32_t>(stream, c, t, e, y, view);
    case 8:
      return select_launch<uint64_t>(stream, c, t, e, y, view);
    default:
      return select_launch<pack<uint64_t, 2>>(stream, c, t, e, y, view);
  }
}

template <class W>
__global__ void fill(W value, const W *from, W *y, int64_t n) {
  const W element = from ? *from : value;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) y[i] = element;
}

/* Sixteen bytes at a time where y and n are whole numbers of them. */
template <class W>
static int fill_launch(cudaStream_t stream, W value, const void *from, void *y, int64_t n) {
  constexpr int V = 16 / (int)sizeof(W);
  if (!from && n % V == 0 && each_aligned(y, 16)) {
    pack<W, V> many;
    for (int k = 0; k < V; k++) many.at[k] = value;
    EACH_LAUNCH((fill<pack<W, V>>), n / V, stream, many, (const pack<W, V> *)nullptr,
                (pack<W, V> *)y, n / V);
  } else {
    EACH_LAUNCH((fill<W>), n, stream, value, (const W *)from, (W *)y, n);
  }
  return tarn_launched();
}

extern "C" int tarn__cuda_fill(cudaStream_t stream, int bytes, const void *value, void *y,
                               int64_t n) {
  switch (bytes) {
    case 1:
      return fill_launch<uint8_t>(stream, 0, value, y, n);
    case 2:
      return fill_launch<uint16_t>(stream, 0, value, y, n);
    case 4:
      return fill_launch<uint32_t>(stream, 0, value, y, n);
    case 8:
      return fill_launch<uint64_t>(stream, 0, value, y, n);
    default:
      return fill_launch<pack<uint64_t, 2>>(stream, pack<uint64_t, 2>{}, value, y, n);
  }
}

extern "C" int tarn__cuda_fill_bits(cudaStream_t stream, int bytes, uint64_t bits, void *y,
                                    int64_t n) {
  switch (bytes) {
    case 1:
      return fill_launch<uint8_t>(stream, (uint8_t)bits, nullptr, y, n);
    case 2:
      return fill_launch<uint16_t>(stream, (uint16_t)bits, nullptr, y, n);
    case 4:
      return fill_launch<uint32_t>(stream, (uint32_t)bits, nullptr, y, n);
    default:
      return fill_launch<uint64_t>(stream, bits, nullptr, y, n);
  }
}

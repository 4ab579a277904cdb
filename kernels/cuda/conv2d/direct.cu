/* Convolutions by definition: a thread for each element of the result, neighbours along channels,
 * so that reads of the filter (forward) or of the activations (depthwise) go together. Filters are
 * [KD, KH, KW, KC, OC]; see kernels/params/conv2d.h.
 *
 * The sums are float (double of float64), over the taps of a channel at a time; a filter's gradient
 * sums over all positions, in pieces of 256 whose sums are then added, so that rounding grows with
 * the square root of what it would. */
#include "kernels/cuda/conv2d/direct.h"
#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"

/* Where [n, d, h, w, c] is in an activation of this size, and how far neighbouring channels are. */
__device__ inline int64_t place(bool first, int64_t n, int64_t d, int64_t h, int64_t w, int64_t c,
                                const int64_t *size, int64_t C) {
  return first ? (((n * C + c) * size[0] + d) * size[1] + h) * size[2] + w
               : (((n * size[0] + d) * size[1] + h) * size[2] + w) * C + c;
}
__device__ inline int64_t channel_step(bool first, const int64_t *size) {
  return first ? size[0] * size[1] * size[2] : 1;
}

/* The index of an activation's element i, in its memory's order. */
struct place_of {
  int64_t n, c, at[3];
};
__device__ inline place_of placed(bool first, int64_t i, const int64_t *size, int64_t C) {
  place_of p;
  if (!first) p.c = i % C, i /= C;
  for (int a = 2; a >= 0; a--) p.at[a] = i % size[a], i /= size[a];
  if (first) p.c = i % C, i /= C;
  p.n = i;
  return p;
}

/* The input that tap k of output o reads along an axis; negative: padding. */
__device__ inline int64_t input_at(const tarn_cuda_conv &g, int axis, int64_t o, int64_t k) {
  const int64_t i = o * g.stride[axis] - g.before[axis] + k * g.dilation[axis];
  return i < g.in[axis] ? i : -1;
}
/* The output whose tap k reads input i; negative: none. */
__device__ inline int64_t output_at(const tarn_cuda_conv &g, int axis, int64_t i, int64_t k) {
  const int64_t reach = i + g.before[axis] - k * g.dilation[axis];
  if (reach < 0 || reach % g.stride[axis]) return -1;
  const int64_t o = reach / g.stride[axis];
  return o < g.out[axis] ? o : -1;
}

/* For every tap whose OTHER_AT (of `at`) is inside: its places d, h, w and its row of the filter.
 */
#define TAPS(OTHER_AT, at, ...)                                                  \
  for (int64_t kd = 0; kd < g.window[0]; kd++) {                                 \
    const int64_t d = OTHER_AT(g, 0, at[0], kd);                                 \
    if (d < 0) continue;                                                         \
    for (int64_t kh = 0; kh < g.window[1]; kh++) {                               \
      const int64_t h = OTHER_AT(g, 1, at[1], kh);                               \
      if (h < 0) continue;                                                       \
      for (int64_t kw = 0; kw < g.window[2]; kw++) {                             \
        const int64_t v = OTHER_AT(g, 2, at[2], kw);                             \
        if (v < 0) continue;                                                     \
        const int64_t row = ((kd * g.window[1] + kh) * g.window[2] + kw) * g.KC; \
        __VA_ARGS__                                                              \
      }                                                                          \
    }                                                                            \
  }

__device__ inline int64_t volume(const int64_t *size) { return size[0] * size[1] * size[2]; }

template <class S, class A>
__global__ void forward(tarn_cuda_conv g, const S *x, const S *w, S *y) {
  const int64_t n = g.N * volume(g.out) * g.OC, each = g.OC / g.groups;
  const int64_t step = channel_step(g.channels_first, g.in);
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const place_of o = placed(g.channels_first, i, g.out, g.OC);
    const int64_t channel = o.c / each * g.KC;
    A sum = 0;
    TAPS(input_at, o.at, {
      const S *from = x + place(g.channels_first, o.n, d, h, v, channel, g.in, g.C);
      const S *filter = w + row * g.OC + o.c;
      for (int64_t k = 0; k < g.KC; k++) sum += get<A>(from[k * step]) * get<A>(filter[k * g.OC]);
    })
    put(sum, &y[i]);
  }
}

/* dx gets from each tap the output whose window has it there, if there is one. */
template <class S, class A>
__global__ void input_gradient(tarn_cuda_conv g, const S *w, const S *dy, S *dx) {
  const int64_t n = g.N * volume(g.in) * g.C, each = g.OC / g.groups;
  const int64_t step = channel_step(g.channels_first, g.out);
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    const place_of p = placed(g.channels_first, i, g.in, g.C);
    const int64_t group = p.c / g.KC, k = p.c % g.KC;
    A sum = 0;
    TAPS(output_at, p.at, {
      const S *from = dy + place(g.channels_first, p.n, d, h, v, group * each, g.out, g.OC);
      const S *filter = w + (row + k) * g.OC + group * each;
      for (int64_t o = 0; o < each; o++) sum += get<A>(from[o * step]) * get<A>(filter[o]);
    })
    put(sum, &dx[i]);
  }
}

template <class S, class A>
__global__ void filter_gradient(tarn_cuda_conv g, const S *x, const S *dy, S *dw) {
  const int64_t n = volume(g.window) * g.KC * g.OC, each = g.OC / g.groups;
  for (int64_t i = EACH_FIRST; i < n; i += EACH_STEP) {
    int64_t rest = i;
    const int64_t oc = rest % g.OC, k = (rest /= g.OC) % g.KC;
    const int64_t kw = (rest /= g.KC) % g.window[2], kh = (rest /= g.window[2]) % g.window[1],
                  kd = rest / g.window[1];
    const int64_t channel = oc / each * g.KC + k;
    A sum = 0, part = 0;
    int terms = 0;
    for (int64_t b = 0; b < g.N; b++)
      for (int64_t od = 0; od < g.out[0]; od++) {
        const int64_t d = input_at(g, 0, od, kd);
        if (d < 0) continue;
        for (int64_t oh = 0; oh < g.out[1]; oh++) {
          const int64_t h = input_at(g, 1, oh, kh);
          if (h < 0) continue;
          for (int64_t ow = 0; ow < g.out[2]; ow++) {
            const int64_t v = input_at(g, 2, ow, kw);
            if (v < 0) continue;
            part += get<A>(x[place(g.channels_first, b, d, h, v, channel, g.in, g.C)]) *
                    get<A>(dy[place(g.channels_first, b, od, oh, ow, oc, g.out, g.OC)]);
            if (++terms == 256) {
              sum += part;
              part = 0;
              terms = 0;
            }
          }
        }
      }
    put(sum + part, &dw[i]);
  }
}

#define FORWARD(NAME, E, DT, S, A)                                                    \
  case DT:                                                                            \
    EACH_LAUNCH((forward<S, A>), g->N *tarn__conv_volume(g->out) * g->OC, stream, *g, \
                (const S *)x, (const S *)w, (S *)y);                                  \
    break;
extern "C" int tarn__cuda_conv_forward(cudaStream_t stream, int dtype, const tarn_cuda_conv *g,
                                       const void *x, const void *w, void *y) {
  switch (dtype) { EACH_FLOAT(FORWARD, , ) default : break; }
  return tarn_launched();
}

#define INPUT(NAME, E, DT, S, A)                                                           \
  case DT:                                                                                 \
    EACH_LAUNCH((input_gradient<S, A>), g->N *tarn__conv_volume(g->in) * g->C, stream, *g, \
                (const S *)w, (const S *)dy, (S *)dx);                                     \
    break;
extern "C" int tarn__cuda_conv_input(cudaStream_t stream, int dtype, const tarn_cuda_conv *g,
                                     const void *w, const void *dy, void *dx) {
  switch (dtype) { EACH_FLOAT(INPUT, , ) default : break; }
  return tarn_launched();
}

#define FILTER(NAME, E, DT, S, A)                                                                  \
  case DT:                                                                                         \
    EACH_LAUNCH((filter_gradient<S, A>), tarn__conv_volume(g->window) * g->KC * g->OC, stream, *g, \
                (const S *)x, (const S *)dy, (S *)dw);                                             \
    break;
extern "C" int tarn__cuda_conv_filter(cudaStream_t stream, int dtype, const tarn_cuda_conv *g,
                                      const void *x, const void *dy, void *dw) {
  switch (dtype) { EACH_FLOAT(FILTER, , ) default : break; }
  return tarn_launched();
}

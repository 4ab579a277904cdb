/* A copy of an activation with zeros round it, so that every tap of every position reads an
 * element. Layouts stay. */
#ifndef TARN_KERNELS_CPU_CONVOLUTION_PADDED_H
#define TARN_KERNELS_CPU_CONVOLUTION_PADDED_H

#include "kernels/cpu/conv2d/layout.h"

typedef struct tarn_padded {
  int64_t before[TARN_AXES], in[TARN_AXES], size[TARN_AXES];   /* size: with the zeros */
  int64_t outer,
      inner; /* images, or images by channels where those come first; elements of a position */
  tarn_conv_layout layout;         /* of the copy */
} tarn_padded;

/* reach[a]: positions [-before[a], reach[a]) are read. */
static inline tarn_padded tarn__padded_of(bool channels_first, int64_t N, int64_t C,
                                          const int64_t in[TARN_AXES],
                                          const int64_t before[TARN_AXES],
                                          const int64_t reach[TARN_AXES]) {
  tarn_padded p = {.outer = channels_first ? N * C : N, .inner = channels_first ? 1 : C};
  for (int a = 0; a < TARN_AXES; a++) {
    p.before[a] = before[a] > 0 ? before[a] : 0;
    p.in[a] = in[a];
    p.size[a] = p.before[a] + (reach[a] > in[a] ? reach[a] : in[a]);
  }
  p.layout = tarn__conv_layout(channels_first, p.size[0], p.size[1], p.size[2], C);
  return p;
}
static inline int64_t tarn__padded_elements(const tarn_padded *p) {
  return p->outer * p->size[0] * p->size[1] * p->size[2] * p->inner;
}
static inline void tarn__padded_copy(const tarn_padded *p, const void *from, void *to,
                                     size_t bytes) {
  const char *x = from;
  const size_t row = (size_t)(p->in[2] * p->inner) * bytes,
               padded_row = (size_t)(p->size[2] * p->inner) * bytes;
  memset(to, 0, (size_t)tarn__padded_elements(p) * bytes);
  for (int64_t o = 0; o < p->outer; o++)
    for (int64_t d = 0; d < p->in[0]; d++)
      for (int64_t h = 0; h < p->in[1]; h++, x += row) {
        const int64_t at = (o * p->size[0] + d + p->before[0]) * p->size[1] + h + p->before[1];
        memcpy((char *)to + (size_t)at * padded_row + (size_t)(p->before[2] * p->inner) * bytes, x,
               row);
      }
}
/* Where the position at[] of image n lies, position -before being the first. */
static inline int64_t tarn__padded_at(const tarn_padded *p, int64_t n,
                                      const int64_t at[TARN_AXES]) {
  return n * p->layout.N + (at[0] + p->before[0]) * p->layout.D +
         (at[1] + p->before[1]) * p->layout.H + (at[2] + p->before[2]) * p->layout.W;
}

#endif

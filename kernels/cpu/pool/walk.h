/* Walking the windows of a pooling problem: shared by all of its reference kernels. */
#ifndef TARN_KERNELS_CPU_POOL_WALK_H
#define TARN_KERNELS_CPU_POOL_WALK_H

#include "kernels/cpu/conv2d/layout.h"
#include "kernels/cpu/pool/under.h"
#include "kernels/params/pool.h"

/* One output element and the input elements under its window. */
typedef struct tarn_window_at {
  int64_t n, c, out;                       /* batch, output channel, index in the output */
  int64_t first[TARN_AXES],
      last[TARN_AXES]; /* input positions: first, first + 1 ... last - 1, all inside */
} tarn_window_at;

typedef struct tarn_pool_walk {
  tarn_pooling g;
  tarn_conv_layout x, y;                   /* element strides of input and output */
  int64_t at[TARN_AXES];                   /* output position */
  int64_t C;                               /* output channels */
  tarn_window_at window;
  bool started;
} tarn_pool_walk;

static inline tarn_pool_walk tarn__pool_walk(const tarn_pooling_params *params,
                                             const tarn_shape *x) {
  tarn_pool_walk w = {.g = tarn__pooling_of(params, x)};
  const tarn_axis *a = w.g.axis;
  w.C = w.g.C / w.g.depth_window;
  w.x = tarn__conv_layout(w.g.channels_first, a[0].in, a[1].in, a[2].in, w.g.C);
  w.y = tarn__conv_layout(w.g.channels_first, a[0].out, a[1].out, a[2].out, w.C);
  return w;
}

static inline void tarn__pool_walk_axis(tarn_pool_walk *w, int axis) {
  tarn__axis_under(&w->g.axis[axis], w->at[axis], &w->window.first[axis], &w->window.last[axis]);
}

/* Steps to the next output element, channels fastest; false at the end. */
static inline bool tarn__pool_walk_next(tarn_pool_walk *w) {
  const tarn_axis *a = w->g.axis;
  tarn_window_at *o = &w->window;
  if (!w->started) {
    w->started = true;
    if (w->g.N < 1 || w->C < 1 || a[0].out < 1 || a[1].out < 1 || a[2].out < 1) return false;
    for (int axis = 0; axis < TARN_AXES; axis++) tarn__pool_walk_axis(w, axis);
  } else if (++o->c == w->C) {
    o->c = 0;
    int axis = TARN_WIDTH;
    while (axis >= 0 && ++w->at[axis] == a[axis].out) w->at[axis--] = 0;
    if (axis < 0 && ++o->n == w->g.N) return false;
    for (int moved = axis < 0 ? 0 : axis; moved < TARN_AXES; moved++)
      tarn__pool_walk_axis(w, moved);
  }
  o->out =
      o->n * w->y.N + w->at[0] * w->y.D + w->at[1] * w->y.H + w->at[2] * w->y.W + o->c * w->y.C;
  return true;
}

/* How many input elements the window covers (over space). */
static inline int64_t tarn__window_count(const tarn_window_at *o) {
  int64_t count = 1;
  for (int axis = 0; axis < TARN_AXES; axis++)
    count *= o->last[axis] > o->first[axis] ? o->last[axis] - o->first[axis] : 0;
  return count;
}

/* for (each input index i under the window o of walk w), in row-major order; the body follows. */
#define TARN_UNDER_WINDOW(w, o, i)                                                               \
  for (int64_t d_ = (o)->first[0]; d_ < (o)->last[0]; d_++)                                      \
    for (int64_t h_ = (o)->first[1]; h_ < (o)->last[1]; h_++)                                    \
      for (int64_t w_ = (o)->first[2]; w_ < (o)->last[2]; w_++)                                  \
        for (int64_t c_ = (o)->c * (w)->g.depth_window; c_ < ((o)->c + 1) * (w)->g.depth_window; \
             c_++)                                                                               \
          for (int64_t i = (o)->n * (w)->x.N + d_ * (w)->x.D + h_ * (w)->x.H + w_ * (w)->x.W +   \
                           c_ * (w)->x.C,                                                        \
                       once_ = 1;                                                                \
               once_; once_ = 0)

#endif

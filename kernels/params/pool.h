/* Max and average pooling: parsed attributes and the numbers of a problem. */
#ifndef TARN_KERNELS_PARAMS_POOL_H
#define TARN_KERNELS_PARAMS_POOL_H

#include "kernels/kernel.h"
#include "kernels/params/window.h"

typedef struct tarn_pooling_params {
  tarn_window_params window;
  int64_t
      depth_window; /* over channels: above 1, the spatial window is 1 and the stride equals it */
  bool include_batch_in_index;     /* MaxPoolWithArgmax */
} tarn_pooling_params;

/* x is [N, in..., C] or [N, C, in...]; y has `out` in place of `in`, and C / depth_window
 * channels. */
typedef struct tarn_pooling {
  bool channels_first;
  int64_t N, C, depth_window;
  tarn_axis axis[TARN_AXES];       /* depth, height, width */
} tarn_pooling;

/* From the shape of the input that is pooled; the op's infer function has checked it. For MaxPool
 * and AvgPool that is p->in_shape[0]. MaxPoolV2's window and strides are inputs: its params hold
 * none. */
static inline tarn_pooling tarn__pooling_of(const tarn_pooling_params *params,
                                            const tarn_shape *x) {
  const tarn_window_params *w = &params->window;
  tarn_pooling g = {.channels_first = w->channels_first,
                    .N = x->dim[0],
                    .C = x->dim[tarn__window_channel_dim(w)],
                    .depth_window = params->depth_window};
  for (int a = 0; a < TARN_AXES; a++)
    g.axis[a] = tarn__window_axis(w, a, tarn__window_size(w, x, a), w->window[a]);
  return g;
}

#endif

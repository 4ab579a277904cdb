/* What the kernels of convolutions share: which problem they have, and how it is done by
 * definition. */
#ifndef TARN_KERNELS_CUDA_CONV2D_CONV_H
#define TARN_KERNELS_CUDA_CONV2D_CONV_H

#include "kernels/cuda/conv2d/direct.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/epilogue/finish.h"
#include "kernels/params/conv2d.h"
#include "kernels/params/fused.h"

typedef enum tarn_conv_part { TARN_CONV_FORWARD, TARN_CONV_INPUT, TARN_CONV_FILTER } tarn_conv_part;

/* Which of x (or dx), w (or dw) and y (or dy) an input or output is. */
typedef struct tarn_conv_job {
  tarn_conv_part part;
  tarn_cuda_conv g;
  void *x, *w, *y;
} tarn_conv_job;

static inline tarn_conv_part tarn__conv_part(const tarn_problem *p) {
  return strstr(p->op, "BackpropInput")    ? TARN_CONV_INPUT
         : strstr(p->op, "BackpropFilter") ? TARN_CONV_FILTER
                                           : TARN_CONV_FORWARD;
}

/* In three dimensions. */
static inline bool tarn__conv_deep(const tarn_problem *p) {
  return ((const tarn_window_params *)p->params)->spatial == 3;
}

static inline tarn_cuda_conv tarn__conv_numbers(const tarn_problem *p) {
  const tarn_conv_part part = tarn__conv_part(p);
  const tarn_shape *x = part == TARN_CONV_INPUT ? &p->out_shape[0] : &p->in_shape[0];
  const tarn_shape *w = part == TARN_CONV_FILTER ? &p->out_shape[0] : &p->in_shape[1];
  const tarn_conv c = tarn__conv_of(p->params, x, w, strstr(p->op, "Depthwise") != NULL);
  tarn_cuda_conv g = {.channels_first = c.channels_first,
                      .N = c.N,
                      .C = c.C,
                      .KC = c.KC,
                      .OC = c.OC,
                      .groups = c.groups};
  for (int a = 0; a < TARN_CONV_AXES; a++) {
    g.in[a] = c.axis[a].in;
    g.out[a] = c.axis[a].out;
    g.window[a] = c.axis[a].window;
    g.stride[a] = c.axis[a].stride;
    g.dilation[a] = c.axis[a].dilation;
    g.before[a] = c.axis[a].before;
  }
  return g;
}

/* Multiply-adds count two; and the bytes of x and y. */
static inline double tarn__conv_flops(const tarn_cuda_conv *g) {
  return 2 * (double)g->N * (double)tarn__conv_volume(g->out) * (double)g->OC *
         (double)tarn__conv_volume(g->window) * (double)g->KC;
}
static inline double tarn__conv_bytes(const tarn_problem *p, const tarn_cuda_conv *g) {
  return (double)tarn_dtype_bytes(p->out_dtype[0]) * (double)g->N *
         ((double)tarn__conv_volume(g->in) * (double)g->C +
          (double)tarn__conv_volume(g->out) * (double)g->OC);
}

/* Inputs: (x, w, ...), (sizes, w, dy) or (x, sizes, dy). */
static inline tarn_conv_job tarn__conv_job(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  tarn_conv_job j = {.part = tarn__conv_part(p), .g = tarn__conv_numbers(p)};
  j.x = j.part == TARN_CONV_INPUT ? call->out[0]->data : call->in[0]->data;
  j.w = j.part == TARN_CONV_FILTER ? call->out[0]->data : call->in[1]->data;
  j.y = j.part == TARN_CONV_FORWARD ? call->out[0]->data : call->in[2]->data;
  return j;
}

/* Bias, added tensor and activation over y, of the fused ops; nothing of others. (conv.c) */
tarn_status tarn__conv_finish(const tarn_call *call, const tarn_cuda_conv *g);
/* The whole of it by definition, with the epilogue. Outputs may be empty. (conv.c) */
tarn_status tarn__conv_direct(const tarn_call *call, const tarn_conv_job *j);

#endif

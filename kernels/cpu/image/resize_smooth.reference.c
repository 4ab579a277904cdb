/* Resizing by area means and by cubic convolution (R. Keys, IEEE ASSP 29(6), 1981). One chunk is
 * one output row. */
#include "kernels/cpu/image/resample.h"
#include "kernels/run.h"

#include <math.h>

typedef struct job {
  const tarn_call *call;
  const tarn_shape *x, *y;
  float scale_h, scale_w;
} job;

static tarn_status rows(const tarn_call *call, tarn_chunk body) {
  const tarn_shape *x = &call->in[0]->shape, *y = &call->out[0]->shape;
  const tarn_resize_params *p = call->problem->params;
  job j = {call, x, y, tarn__resize_scale(p, x->dim[1], y->dim[1]),
           tarn__resize_scale(p, x->dim[2], y->dim[2])};
  /* Aligned corners of a single pixel leave a scale of 0, no area at all: the pixel is repeated. */
  if (j.scale_h == 0) j.scale_h = 1;
  if (j.scale_w == 0) j.scale_w = 1;
  return tarn__pool_run(call->pool, y->dim[0] * y->dim[1], body, &j);
}

/* ---- area --------------------------------------------------------------------------------- */

static tarn_status area_row(void *argument, int64_t row, int worker) {
  (void)worker;
  const job *j = argument;
  int64_t n = row / j->y->dim[1], i = row % j->y->dim[1], H = j->x->dim[1], W = j->x->dim[2],
          C = j->x->dim[3];
  float top = (float)i * j->scale_h, bottom = (float)(i + 1) * j->scale_h,
        share = 1.0f / (j->scale_h * j->scale_w);
  float *y = (float *)j->call->out[0]->data + row * j->y->dim[2] * C;
  for (int64_t k = 0; k < j->y->dim[2]; k++) {
    float left = (float)k * j->scale_w, right = (float)(k + 1) * j->scale_w;
    for (int64_t c = 0; c < C; c++) {
      float sum = 0;
      for (int64_t h = (int64_t)floorf(top); h < (int64_t)ceilf(bottom); h++) {
        float line = 0;
        for (int64_t w = (int64_t)floorf(left); w < (int64_t)ceilf(right); w++)
          line += tarn__pixel(
                      j->call->in[0],
                      ((n * H + tarn__resize_bound(h, H)) * W + tarn__resize_bound(w, W)) * C + c) *
                  tarn__resize_overlap(w, left, right, j->scale_w);
        sum += line * tarn__resize_overlap(h, top, bottom, j->scale_h);
      }
      *y++ = sum * share;
    }
  }
  return TARN_OK;
}

static tarn_status area(const tarn_call *call) { return rows(call, area_row); }

/* ---- cubic -------------------------------------------------------------------------------- */

static tarn_status cubic_row(void *argument, int64_t row, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_resize_params *p = j->call->problem->params;
  int64_t n = row / j->y->dim[1], H = j->x->dim[1], W = j->x->dim[2], C = j->x->dim[3];
  tarn_cubic h = tarn__resize_cubic(p, row % j->y->dim[1], j->scale_h, H);
  float *y = (float *)j->call->out[0]->data + row * j->y->dim[2] * C;
  for (int64_t i = 0; i < j->y->dim[2]; i++) {
    tarn_cubic w = tarn__resize_cubic(p, i, j->scale_w, W);
    for (int64_t c = 0; c < C; c++) {
      float v = 0;
      for (int b = 0; b < 4; b++) {
        float column = 0;
        for (int a = 0; a < 4; a++)
          column +=
              tarn__pixel(j->call->in[0], ((n * H + h.at[a]) * W + w.at[b]) * C + c) * h.weight[a];
        v += column * w.weight[b];
      }
      *y++ = v;
    }
  }
  return TARN_OK;
}

static tarn_status cubic(const tarn_call *call) { return rows(call, cubic_row); }

/* Where the columns of grads lie. */
static size_t columns_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)p->in_shape[0].dim[2] * sizeof(tarn_cubic);
}

/* A row of y gains the pixel x by the weights of its columns, and `down`, the row's. */
#define SPREAD(SUFFIX, T)                                                                      \
  static void spread_##SUFFIX(const float *x, int64_t C, float down, const tarn_cubic *across, \
                              T *y) {                                                          \
    for (int b = 0; b < 4; b++) {                                                              \
      const T weight = (T)across->weight[b];                                                   \
      T *to = y + across->at[b] * C;                                                           \
      for (int64_t c = 0; c < C; c++) to[c] += (T)x[c] * (T)down * weight;                     \
    }                                                                                          \
  }
SPREAD(f32, float)
SPREAD(f64, double)

/* In order, on one thread, since grads meet. */
static tarn_status cubic_grad(const tarn_call *call) {
  const tarn_resize_params *p = call->problem->params;
  const int64_t *g = call->in[0]->shape.dim, *x = call->out[0]->shape.dim, C = x[3];
  const float scale_h = tarn__resize_scale(p, x[1], g[1]),
              scale_w = tarn__resize_scale(p, x[2], g[2]);
  const bool wide = call->out[0]->dtype == TARN_F64;
  const float *grad = call->in[0]->data;
  tarn_cubic *across = call->scratch;
  memset(call->out[0]->data, 0, tarn__tensor_bytes(call->out[0]));
  for (int64_t i = 0; i < g[2]; i++) across[i] = tarn__resize_cubic(p, i, scale_w, x[2]);
  for (int64_t row = 0; row < g[0] * g[1]; row++) {
    const tarn_cubic h = tarn__resize_cubic(p, row % g[1], scale_h, x[1]);
    TARN_TRY(tarn__run_check(call->run));
    for (int64_t i = 0; i < g[2]; i++, grad += C)
      for (int a = 0; a < 4; a++) {
        const int64_t at = (row / g[1] * x[1] + h.at[a]) * x[2] * C;
        if (wide) spread_f64(grad, C, h.weight[a], &across[i], (double *)call->out[0]->data + at);
        else spread_f32(grad, C, h.weight[a], &across[i], (float *)call->out[0]->data + at);
      }
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_image_resize_smooth_reference[] = {
    {.op = "ResizeBicubicGrad",
     .keyed = 1,
     .scratch_bytes = columns_bytes,
     .run = cubic_grad,
     .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64)},
    {.op = "ResizeArea", .run = area, .dtypes = TARN_REALS},
    {.op = "ResizeBicubic", .run = cubic, .dtypes = TARN_REALS},
    {0},
};

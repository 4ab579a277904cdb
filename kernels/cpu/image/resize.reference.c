/* Resizing by nearest and bilinear interpolation, and the gradients. One chunk of the pool is one
 * output row. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/array/numeric.h"
#include "kernels/cpu/image/resample.h"

typedef struct job {
  const tarn_call *call;
  const tarn_shape *x, *y;
  float scale_h, scale_w;
} job;

static job make_job(const tarn_call *call) {
  const tarn_shape *x = &call->in[0]->shape, *y = &call->out[0]->shape;
  const tarn_resize_params *p = call->problem->params;
  return (job){call, x, y, tarn__resize_scale(p, x->dim[1], y->dim[1]),
               tarn__resize_scale(p, x->dim[2], y->dim[2])};
}

static tarn_status nearest_row(void *argument, int64_t row, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_resize_params *p = j->call->problem->params;
  int64_t n = row / j->y->dim[1], C = j->x->dim[3], W = j->x->dim[2];
  int64_t h = tarn__resize_nearest(p, row % j->y->dim[1], j->scale_h, j->x->dim[1]);
  for (int64_t w = 0; w < j->y->dim[2]; w++) {
    int64_t from = ((n * j->x->dim[1] + h) * W + tarn__resize_nearest(p, w, j->scale_w, W)) * C;
    TARN_TRY(tarn__move(j->call->out[0], (row * j->y->dim[2] + w) * C, j->call->in[0], from, C));
  }
  return TARN_OK;
}

static tarn_status nearest(const tarn_call *call) {
  job j = make_job(call);
  return tarn__pool_run(call->pool, j.y->dim[0] * j.y->dim[1], nearest_row, &j);
}

static tarn_status bilinear_row(void *argument, int64_t row, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_tensor *x = j->call->in[0];
  const tarn_resize_params *p = j->call->problem->params;
  int64_t n = row / j->y->dim[1], H = j->x->dim[1], W = j->x->dim[2], C = j->x->dim[3];
  tarn_lerp h = tarn__resize_lerp(p, row % j->y->dim[1], j->scale_h, H);
  int64_t top = (n * H + h.lower) * W, bottom = (n * H + h.upper) * W;
  float *y = (float *)j->call->out[0]->data + row * j->y->dim[2] * C;
  for (int64_t i = 0; i < j->y->dim[2]; i++) {
    tarn_lerp w = tarn__resize_lerp(p, i, j->scale_w, W);
    for (int64_t c = 0; c < C; c++) {
      float tl = tarn__pixel(x, (top + w.lower) * C + c),
            tr = tarn__pixel(x, (top + w.upper) * C + c);
      float bl = tarn__pixel(x, (bottom + w.lower) * C + c),
            br = tarn__pixel(x, (bottom + w.upper) * C + c);
      float t = tl + (tr - tl) * w.weight, b = bl + (br - bl) * w.weight;
      *y++ = t + (b - t) * h.weight;
    }
  }
  return TARN_OK;
}

static tarn_status bilinear(const tarn_call *call) {
  job j = make_job(call);
  return tarn__pool_run(call->pool, j.y->dim[0] * j.y->dim[1], bilinear_row, &j);
}

/* ---- gradients: in order, on one thread, since grads meet --------------------------------- */

static void add(tarn_tensor *y, int64_t i, float v) {
  switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT) \
  case DT: ((S *)y->data)[i] = PUT(GET(((S *)y->data)[i]) + GET(PUT((A)v))); break;
    TARN_FLOAT_ROWS(ROW)
#undef ROW
    default: break;
  }
}

static tarn_status bilinear_grad(const tarn_call *call) {
  const tarn_resize_params *p = call->problem->params;
  const tarn_shape *g = &call->in[0]->shape;
  tarn_tensor *y = call->out[0];
  int64_t H = y->shape.dim[1], W = y->shape.dim[2], C = y->shape.dim[3];
  float scale_h = tarn__resize_scale(p, H, g->dim[1]),
        scale_w = tarn__resize_scale(p, W, g->dim[2]);
  const float *grad = call->in[0]->data;
  TARN_TRY(tarn__clear_elements(y, 0, tarn__tensor_elements(y)));
  for (int64_t n = 0; n < g->dim[0]; n++)
    for (int64_t i = 0; i < g->dim[1]; i++) {
      tarn_lerp h = tarn__resize_lerp(p, i, scale_h, H);
      for (int64_t k = 0; k < g->dim[2]; k++) {
        tarn_lerp w = tarn__resize_lerp(p, k, scale_w, W);
        for (int64_t c = 0; c < C; c++, grad++) {
          add(y, ((n * H + h.lower) * W + w.lower) * C + c,
              *grad * (1 - h.weight) * (1 - w.weight));
          add(y, ((n * H + h.lower) * W + w.upper) * C + c, *grad * (1 - h.weight) * w.weight);
          add(y, ((n * H + h.upper) * W + w.lower) * C + c, *grad * h.weight * (1 - w.weight));
          add(y, ((n * H + h.upper) * W + w.upper) * C + c, *grad * h.weight * w.weight);
        }
      }
    }
  return TARN_OK;
}

static tarn_status nearest_grad(const tarn_call *call) {
  const tarn_resize_params *p = call->problem->params;
  const tarn_shape *g = &call->in[0]->shape;
  tarn_tensor *y = call->out[0];
  int64_t H = y->shape.dim[1], W = y->shape.dim[2], C = y->shape.dim[3];
  float scale_h = tarn__resize_scale(p, H, g->dim[1]),
        scale_w = tarn__resize_scale(p, W, g->dim[2]);
  TARN_TRY(tarn__clear_elements(y, 0, tarn__tensor_elements(y)));
  for (int64_t n = 0; n < g->dim[0]; n++)
    for (int64_t i = 0; i < g->dim[1]; i++)
      for (int64_t k = 0; k < g->dim[2]; k++) {
        int64_t to = ((n * H + tarn__resize_nearest(p, i, scale_h, H)) * W +
                      tarn__resize_nearest(p, k, scale_w, W)) * C;
        int64_t from = ((n * g->dim[1] + i) * g->dim[2] + k) * C;
        switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT)                                        \
  case DT: {                                                           \
    S *a = (S *)y->data + to;                                          \
    const S *b = (const S *)call->in[0]->data + from;                  \
    for (int64_t c = 0; c < C; c++) a[c] = PUT(GET(a[c]) + GET(b[c])); \
    break;                                                             \
  }
          TARN_RING_ROWS(ROW)
#undef ROW
          default: break;
        }
      }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_image_resize_reference[] = {
  {.op = "ResizeNearestNeighbor", .run = nearest},
  {.op = "ResizeBilinear", .run = bilinear, .dtypes = TARN_REALS},
  {.op = "ResizeBilinearGrad", .run = bilinear_grad, .keyed = 1, .dtypes = TARN_FLOATS},
  {.op = "ResizeNearestNeighborGrad", .run = nearest_grad, .dtypes = TARN_REALS},
  {0},
};

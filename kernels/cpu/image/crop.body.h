/* CropAndResize and its gradients for AVX2 and AVX-512: where the columns of a box lie is worked
 * out once a box, and channels go in vectors. Places are rounded as in patches.reference.c and
 * crop_grad.reference.c, which differ from one another. A chunk is a box; of the gradient towards
 * the image, all of them. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/dtype_rows.h"
#include "kernels/params/image.h"

typedef struct column {
  int64_t left, right;           /* elements; -1: outside */
  float weight;                  /* of the right one */
} column;

typedef struct job {
  const tarn_call *call;
  const tarn_crop_and_resize_params *p;
  const tarn_tensor *x, *boxes, *index;
  const int64_t *image, *crop;   /* dims */
  column *columns;               /* of every worker */
} job;

/* Place of crop pixel i of `count` between two edges, in pixels of an image dim of n. */
static float place(int64_t i, int64_t count, float from, float to, int64_t n) {
  const float last = (float)(n - 1);
  if (count == 1) return 0.5f * (from + to) * last;
  return from * last + (float)i * ((to - from) * last / (float)(count - 1));
}

static column column_of(const job *j, float at, int64_t n, int64_t step) {
  if (!(at >= 0 && at <= (float)(n - 1))) return (column){-1, -1, 0};   /* also when NaN */
  if (j->p->nearest) return (column){(int64_t)roundf(at) * step, (int64_t)roundf(at) * step, 0};
  const float below = floorf(at);
  return (column){(int64_t)below * step, (int64_t)ceilf(at) * step, at - below};
}

#define CROP(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                                 \
  static inline void pixel_##SUFFIX(const S *tl, const S *tr, const S *bl, const S *br, float dw, \
                                    float dh, int64_t C, float *y) {                              \
    TARN_EACH_LANE                                                                                \
    for (int64_t c = 0; c < C; c++) {                                                             \
      const float a = (float)tl[c], b = (float)tr[c], d = (float)bl[c], e = (float)br[c];         \
      const float t = a + (b - a) * dw;                                                           \
      y[c] = t + (d + (e - d) * dw - t) * dh;                                                     \
    }                                                                                             \
  }                                                                                               \
  static void line_##SUFFIX(const job *j, int64_t n, column v, const column *columns, float *y) { \
    const int64_t C = j->image[3], plane = n * j->image[1] * j->image[2] * C;                     \
    const S *top = (const S *)j->x->data + plane + v.left,                                        \
            *bottom = (const S *)j->x->data + plane + v.right;                                    \
    for (int64_t k = 0; k < j->crop[2]; k++, y += C) {                                            \
      const column u = columns[k];                                                                \
      if (u.left < 0)                                                                             \
        for (int64_t c = 0; c < C; c++) y[c] = j->p->extrapolation;                               \
      else if (j->p->nearest)                                                                     \
        for (int64_t c = 0; c < C; c++) y[c] = (float)top[u.left + c];                            \
      else if (C == 3)                                                                            \
        pixel_##SUFFIX(top + u.left, top + u.right, bottom + u.left, bottom + u.right, u.weight,  \
                       v.weight, 3, y);                                                           \
      else                                                                                        \
        pixel_##SUFFIX(top + u.left, top + u.right, bottom + u.left, bottom + u.right, u.weight,  \
                       v.weight, C, y);                                                           \
    }                                                                                             \
  }
#define U8_ROWS(X, NAME, E) X(NAME, E, TARN_U8, u8, uint8_t, uint8_t, TARN_AS_IS, TARN_AS_IS)
#define PIXEL_ROWS(X, NAME, E) TARN_WIDE_FLOAT_ROWS(X, NAME, E) U8_ROWS(X, NAME, E)
PIXEL_ROWS(CROP, , )

static tarn_status image_of(const job *j, int64_t b, int64_t *n) {
  *n = tarn__index_at(j->index, b);
  if (*n >= 0 && *n < j->image[0]) return TARN_OK;
  return tarn_fail(TARN_INVALID, "box_ind[%lld] is %lld of %lld images", (long long)b,
                   (long long)*n, (long long)j->image[0]);
}

static tarn_status crop_box(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const int64_t C = j->image[3], rows = j->crop[1], cols = j->crop[2];
  const float *box = (const float *)j->boxes->data + 4 * b;
  float *y = (float *)j->call->out[0]->data + b * rows * cols * C;
  column *columns = j->columns + worker * cols;
  int64_t n;
  TARN_TRY(tarn__run_check(j->call->run));
  for (int k = 0; k < 4; k++)
    if (!isfinite(box[k]))
      return tarn_fail(TARN_INVALID, "boxes[%lld] has a number that is not finite", (long long)b);
  TARN_TRY(image_of(j, b, &n));
  for (int64_t k = 0; k < cols; k++)
    columns[k] = column_of(j, place(k, cols, box[1], box[3], j->image[2]), j->image[2], C);
  for (int64_t i = 0; i < rows; i++, y += cols * C) {
    const column v =
        column_of(j, place(i, rows, box[0], box[2], j->image[1]), j->image[1], j->image[2] * C);
    if (v.left < 0) {
      for (int64_t k = 0; k < cols * C; k++) y[k] = j->p->extrapolation;
      continue;
    }
    switch ((int)j->x->dtype) {
#define CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  case DT:                                        \
    line_##SUFFIX(j, n, v, columns, y);           \
    break;
      PIXEL_ROWS(CASE, , )
#undef CASE
      default: break;
    }
  }
  return TARN_OK;
}

/* The gradients' places. */
static float place_back(int64_t i, int64_t count, float from, float to, float step, int64_t n) {
  const float last = (float)(n - 1);
  return count > 1 ? from * last + (float)i * step : 0.5f * (from + to) * last;
}

static tarn_status image_box(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const int64_t C = j->image[3], rows = j->crop[1], cols = j->crop[2];
  const float *box = (const float *)j->boxes->data + 4 * b,
              *grad = (const float *)j->call->in[0]->data + b * rows * cols * C;
  const float down =
      rows > 1 ? (box[2] - box[0]) * (float)(j->image[1] - 1) / (float)(rows - 1) : 0;
  const float along =
      cols > 1 ? (box[3] - box[1]) * (float)(j->image[2] - 1) / (float)(cols - 1) : 0;
  column *columns = j->columns + worker * cols;
  int64_t n;
  TARN_TRY(tarn__run_check(j->call->run));
  TARN_TRY(image_of(j, b, &n));
  float *image = (float *)j->call->out[0]->data + n * j->image[1] * j->image[2] * C;
  for (int64_t k = 0; k < cols; k++)
    columns[k] =
        column_of(j, place_back(k, cols, box[1], box[3], along, j->image[2]), j->image[2], C);
  for (int64_t i = 0; i < rows; i++) {
    const column v = column_of(j, place_back(i, rows, box[0], box[2], down, j->image[1]),
                               j->image[1], j->image[2] * C);
    for (int64_t k = 0; k < cols && v.left >= 0; k++) {
      const column u = columns[k];
      const float *d = grad + (i * cols + k) * C;
      if (u.left < 0) continue;
      float *tl = image + v.left + u.left, *tr = image + v.left + u.right;
      float *bl = image + v.right + u.left, *br = image + v.right + u.right;
      if (j->p->nearest) {
        for (int64_t c = 0; c < C; c++) tl[c] += d[c];
        continue;
      }
      /* One after the other: they may be one pixel. */
      const float dh = v.weight, dw = u.weight;
      for (int64_t c = 0; c < C; c++) tl[c] += (1 - dw) * ((1 - dh) * d[c]);
      for (int64_t c = 0; c < C; c++) tr[c] += dw * ((1 - dh) * d[c]);
      for (int64_t c = 0; c < C; c++) bl[c] += (1 - dw) * (dh * d[c]);
      for (int64_t c = 0; c < C; c++) br[c] += dw * (dh * d[c]);
    }
  }
  return TARN_OK;
}

static tarn_status boxes_box(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const int64_t C = j->image[3], rows = j->crop[1], cols = j->crop[2];
  const float *box = (const float *)j->boxes->data + 4 * b,
              *grad = (const float *)j->call->in[0]->data + b * rows * cols * C;
  const float per_row = rows > 1 ? (float)(j->image[1] - 1) / (float)(rows - 1) : 0;
  const float per_col = cols > 1 ? (float)(j->image[2] - 1) / (float)(cols - 1) : 0;
  const float down = (box[2] - box[0]) * per_row, along = (box[3] - box[1]) * per_col;
  const float last_row = (float)(j->image[1] - 1), last_col = (float)(j->image[2] - 1);
  column *columns = j->columns + worker * cols;
  float *y = (float *)j->call->out[0]->data + 4 * b;
  int64_t n;
  TARN_TRY(tarn__run_check(j->call->run));
  TARN_TRY(image_of(j, b, &n));
  const float *image = (const float *)j->x->data + n * j->image[1] * j->image[2] * C;
  memset(y, 0, 4 * sizeof *y);
  for (int64_t k = 0; k < cols; k++)
    columns[k] =
        column_of(j, place_back(k, cols, box[1], box[3], along, j->image[2]), j->image[2], C);
  for (int64_t i = 0; i < rows; i++) {
    const column v = column_of(j, place_back(i, rows, box[0], box[2], down, j->image[1]),
                               j->image[1], j->image[2] * C);
    const float to_bottom = rows > 1 ? (float)i * per_row : 0.5f * last_row,
                to_top = rows > 1 ? last_row - to_bottom : to_bottom;
    for (int64_t k = 0; k < cols && v.left >= 0; k++) {
      const column u = columns[k];
      if (u.left < 0) continue;
      const float *d = grad + (i * cols + k) * C, dh = v.weight, dw = u.weight;
      const float *tl = image + v.left + u.left, *tr = image + v.left + u.right;
      const float *bl = image + v.right + u.left, *br = image + v.right + u.right;
      float up = 0, side = 0;
      TARN_LANE_SUMS(up, side)
      for (int64_t c = 0; c < C; c++) {
        up += ((1 - dw) * (bl[c] - tl[c]) + dw * (br[c] - tr[c])) * d[c];
        side += ((1 - dh) * (tr[c] - tl[c]) + dh * (br[c] - bl[c])) * d[c];
      }
      const float to_right = cols > 1 ? (float)k * per_col : 0.5f * last_col,
                  to_left = cols > 1 ? last_col - to_right : to_right;
      y[0] += up * to_top;
      y[2] += up * to_bottom;
      y[1] += side * to_left;
      y[3] += side * to_right;
    }
  }
  return TARN_OK;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  if (p->out_shape[0].rank < 0) return 0;
  const tarn_shape *crops = strcmp(p->op, "CropAndResize") ? &p->in_shape[0] : &p->out_shape[0];
  return (size_t)(crops->dim[2] * threads) * sizeof(column);
}
static const char *supports(const tarn_problem *p) {
  return p->out_shape[0].rank < 0 ? "the shape is not known yet" : NULL;
}

static tarn_status run_crop(const tarn_call *call) {
  const tarn_shape *x = &call->in[0]->shape, *y = &call->out[0]->shape;
  job j = {.call = call,
           .p = call->problem->params,
           .x = call->in[0],
           .boxes = call->in[1],
           .index = call->in[2],
           .image = x->dim,
           .crop = y->dim,
           .columns = call->scratch};
  return tarn__pool_run(tarn__tensor_elements(call->out[0]) < 16384 ? NULL : call->pool, y->dim[0],
                        crop_box, &j);
}
static tarn_status run_image(const tarn_call *call) {
  job j = {.call = call,
           .p = call->problem->params,
           .boxes = call->in[1],
           .index = call->in[2],
           .image = call->out[0]->shape.dim,
           .crop = call->in[0]->shape.dim,
           .columns = call->scratch};
  memset(call->out[0]->data, 0, tarn__tensor_bytes(call->out[0]));
  for (int64_t b = 0; b < j.crop[0]; b++) TARN_TRY(image_box(&j, b, 0));
  return TARN_OK;
}
static tarn_status run_boxes(const tarn_call *call) {
  static const tarn_crop_and_resize_params bilinear;
  job j = {.call = call,
           .p = &bilinear,
           .x = call->in[1],
           .boxes = call->in[2],
           .index = call->in[3],
           .image = call->in[1]->shape.dim,
           .crop = call->in[0]->shape.dim,
           .columns = call->scratch};
  return tarn__pool_run(tarn__tensor_elements(call->in[0]) < 16384 ? NULL : call->pool, j.crop[0],
                        boxes_box, &j);
}

#define ROW(text, types, key, name) \
  {.op = text,                      \
   .dtypes = types,                 \
   .keyed = key,                    \
   .supports = supports,            \
   .scratch_bytes = scratch_bytes,  \
   .run = run_##name},
#define ROWS                                                              \
  ROW("CropAndResize", TARN_WIDE_FLOAT_BITS | TARN_BIT(TARN_U8), 0, crop) \
  ROW("CropAndResizeGradImage", TARN_BIT(TARN_F32), -1, image)            \
  ROW("CropAndResizeGradBoxes", TARN_BIT(TARN_F32), 1, boxes)

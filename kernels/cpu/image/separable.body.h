/* Resizing, bilinear, bicubic and by area, one axis after the other, for AVX2 and AVX-512: the
 * input rows under an output row are first joined into one row of floats, whose columns are then
 * joined. The columns' places and weights are found once a run. A chunk is one output row. The
 * gradient of bilinear resizing goes the other way, a chunk an image. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/image/resample.h"
#include "kernels/kernel.h"

enum { TAPS = 4 }; /* bilinear has two, cubic four, area at most two and a share of the input row */

/* Output column i joins input columns at[first[i]] to at[first[i + 1] - 1]. */
typedef struct columns {
  int64_t *first, *at;
  float *weight;
} columns;

typedef enum method { BILINEAR, CUBIC, AREA } method;

typedef struct job {
  const tarn_call *call;
  const int64_t *x, *y;          /* dims */
  float scale_h, scale_w;
  method how;
  columns columns;
  float *rows;                   /* [threads][W C] */
} job;

static int64_t most_taps(const int64_t *x, const int64_t *y) { return x[2] + TAPS * y[2] + TAPS; }
static size_t table_bytes(const int64_t *x, const int64_t *y) {
  return ((size_t)(y[2] + 1) * 8 + (size_t)most_taps(x, y) * 12 + 63) / 64 * 64;
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  if (p->out_shape[0].rank < 0) return 0;
  const int64_t *x = p->in_shape[0].dim, *y = p->out_shape[0].dim;
  return table_bytes(x, y) + (size_t)threads * (size_t)(x[2] * x[3]) * sizeof(float);
}

/* The places and weights of output i along an axis of n; the count of them. */
static int64_t taps_of(const job *j, int64_t i, int64_t n, float scale, int64_t *at, float *weight,
                       int64_t most) {
  const tarn_resize_params *p = j->call->problem->params;
  if (j->how == BILINEAR) {
    const tarn_lerp l = tarn__resize_lerp(p, i, scale, n);
    at[0] = l.lower, at[1] = l.upper, weight[0] = 1 - l.weight, weight[1] = l.weight;
    return 2;
  }
  if (j->how == CUBIC) {
    const tarn_cubic t = tarn__resize_cubic(p, i, scale, n);
    for (int k = 0; k < 4; k++) at[k] = t.at[k], weight[k] = t.weight[k];
    return 4;
  }
  const float begin = (float)i * scale, end = (float)(i + 1) * scale;
  int64_t count = 0;
  for (int64_t k = (int64_t)floorf(begin); k < (int64_t)ceilf(end) && count < most; k++, count++) {
    at[count] = tarn__resize_bound(k, n);
    weight[count] = tarn__resize_overlap(k, begin, end, scale);
  }
  return count;
}

static void fill_columns(job *j) {
  const int64_t most = most_taps(j->x, j->y);
  columns *c = &j->columns;
  c->first = j->call->scratch;
  c->at = c->first + j->y[2] + 1;
  c->weight = (float *)(c->at + most);
  c->first[0] = 0;
  for (int64_t i = 0; i < j->y[2]; i++) {
    const int64_t k = c->first[i];
    c->first[i + 1] = k + taps_of(j, i, j->x[2], j->scale_w, c->at + k, c->weight + k, most - k);
  }
  j->rows = (float *)((char *)j->call->scratch + table_bytes(j->x, j->y));
}

/* to (+)= weight * a row; the second row of a bilinear pair moves the first one towards it. */
#define JOIN(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                      \
  static void join_##SUFFIX(float *to, const void *from, int64_t at, float w, int how, \
                            int64_t n) {                                               \
    const S *x = (const S *)from + at;                                                 \
    if (how == 0) {                                                                    \
      TARN_EACH_LANE                                                                   \
      for (int64_t i = 0; i < n; i++) to[i] = (float)GET(x[i]) * w;                    \
    } else if (how == 1) {                                                             \
      TARN_EACH_LANE                                                                   \
      for (int64_t i = 0; i < n; i++) to[i] += (float)GET(x[i]) * w;                   \
    } else {                                                                           \
      TARN_EACH_LANE                                                                   \
      for (int64_t i = 0; i < n; i++) to[i] += ((float)GET(x[i]) - to[i]) * w;         \
    }                                                                                  \
  }
TARN_ORDERED_ROWS(JOIN, , )

static void join(const tarn_tensor *x, float *to, int64_t at, float w, int how, int64_t n) {
  switch ((int)x->dtype) {
#define JOIN_CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  case DT:                                             \
    join_##SUFFIX(to, x->data, at, w, how, n);         \
    break;
    TARN_ORDERED_ROWS(JOIN_CASE, , )
    default: break;
  }
}

static tarn_status row_run(void *argument, int64_t row, int worker) {
  const job *j = argument;
  const int64_t H = j->x[1], W = j->x[2], C = j->x[3], n = row / j->y[1], wide = W * C;
  float *line = j->rows + worker * wide, *y = (float *)j->call->out[0]->data + row * j->y[2] * C;
  const columns *c = &j->columns;
  const float share = j->how == AREA ? 1.0f / (j->scale_h * j->scale_w) : 1.0f;
  int64_t at[TAPS];
  float weight[TAPS];
  if (j->how == AREA) {
    const int64_t i = row % j->y[1];
    const float top = (float)i * j->scale_h, bottom = (float)(i + 1) * j->scale_h;
    const int64_t first = (int64_t)floorf(top);
    for (int64_t h = first; h < (int64_t)ceilf(bottom); h++)
      join(j->call->in[0], line, (n * H + tarn__resize_bound(h, H)) * wide,
           tarn__resize_overlap(h, top, bottom, j->scale_h), h > first, wide);
  } else {
    const int64_t count = taps_of(j, row % j->y[1], H, j->scale_h, at, weight, TAPS);
    for (int64_t k = 0; k < count; k++)
      join(j->call->in[0], line, (n * H + at[k]) * wide,
           j->how == BILINEAR && k == 0 ? 1 : weight[k],
           k == 0               ? 0
           : j->how == BILINEAR ? 2
                                : 1,
           wide);
  }
  for (int64_t i = 0; i < j->y[2]; i++, y += C) {
    const int64_t *columns_at = c->at + c->first[i], count = c->first[i + 1] - c->first[i];
    const float *w = c->weight + c->first[i];
    if (j->how == BILINEAR) {
      const float *l = line + columns_at[0] * C, *r = line + columns_at[1] * C;
      for (int64_t k = 0; k < C; k++) y[k] = l[k] + (r[k] - l[k]) * w[1];
    } else if (C < 8) {
      for (int64_t k = 0; k < C; k++) {
        float sum = 0;
        for (int64_t t = 0; t < count; t++) sum += line[columns_at[t] * C + k] * w[t];
        y[k] = sum * share;
      }
    } else {
      for (int64_t t = 0; t < count; t++) {
        const float *from = line + columns_at[t] * C, by = w[t] * share;
        for (int64_t k = 0; k < C; k++) y[k] = from[k] * by + (t ? y[k] : 0);
      }
    }
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call, method how) {
  const tarn_resize_params *p = call->problem->params;
  job j = {.call = call, .x = call->in[0]->shape.dim, .y = call->out[0]->shape.dim, .how = how};
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  j.scale_h = tarn__resize_scale(p, j.x[1], j.y[1]);
  j.scale_w = tarn__resize_scale(p, j.x[2], j.y[2]);
  /* Aligned corners of a single pixel leave a scale of 0, no area at all: the pixel is repeated. */
  if (how != BILINEAR && j.scale_h == 0) j.scale_h = 1;
  if (how != BILINEAR && j.scale_w == 0) j.scale_w = 1;
  fill_columns(&j);
  return tarn__pool_run(call->pool, j.y[0] * j.y[1], row_run, &j);
}
static tarn_status run_bilinear(const tarn_call *call) { return run(call, BILINEAR); }
static tarn_status run_cubic(const tarn_call *call) { return run(call, CUBIC); }
static tarn_status run_area(const tarn_call *call) { return run(call, AREA); }

/* dx of an image: each row of dy is shared out into a row of columns, which goes to two rows of
 * dx. */
static tarn_status image_gradient(void *argument, int64_t n, int worker) {
  const job *j = argument;               /* x are the dims of dx, y those of dy */
  const int64_t H = j->x[1], W = j->x[2], C = j->x[3], wide = W * C;
  const columns *c = &j->columns;
  float *line = j->rows + worker * wide, *dx = (float *)j->call->out[0]->data + n * H * wide;
  const float *dy = (const float *)j->call->in[0]->data + n * j->y[1] * j->y[2] * C;
  memset(dx, 0, (size_t)(H * wide) * sizeof(float));
  for (int64_t i = 0; i < j->y[1]; i++) {
    memset(line, 0, (size_t)wide * sizeof(float));
    for (int64_t k = 0; k < j->y[2]; k++, dy += C) {
      float *l = line + c->at[2 * k] * C, *r = line + c->at[2 * k + 1] * C;
      const float wl = c->weight[2 * k], wr = c->weight[2 * k + 1];
      for (int64_t d = 0; d < C; d++) l[d] += dy[d] * wl;
      for (int64_t d = 0; d < C; d++) r[d] += dy[d] * wr;
    }
    int64_t at[TAPS];
    float weight[TAPS];
    taps_of(j, i, H, j->scale_h, at, weight, TAPS);
    for (int k = 0; k < 2; k++) {
      float *to = dx + at[k] * wide;
      for (int64_t d = 0; d < wide; d++) to[d] += line[d] * weight[k];
    }
  }
  return TARN_OK;
}
static tarn_status run_gradient(const tarn_call *call) {
  const tarn_resize_params *p = call->problem->params;
  job j = {
      .call = call, .x = call->out[0]->shape.dim, .y = call->in[0]->shape.dim, .how = BILINEAR};
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  j.scale_h = tarn__resize_scale(p, j.x[1], j.y[1]);
  j.scale_w = tarn__resize_scale(p, j.x[2], j.y[2]);
  fill_columns(&j);
  return tarn__pool_run(call->pool, j.x[0], image_gradient, &j);
}
static size_t gradient_scratch(const tarn_problem *p, int threads) {
  const int64_t *x = p->out_shape[0].dim, *y = p->in_shape[0].dim;
  return table_bytes(x, y) + (size_t)threads * (size_t)(x[2] * x[3]) * sizeof(float);
}

static const char *known(const tarn_problem *p) {
  return p->out_shape[0].rank < 0 ? "the size is not known yet" : NULL;
}
#define ROW(text, name)            \
  {.op = text,                     \
   .dtypes = TARN_REALS,           \
   .supports = known,              \
   .scratch_bytes = scratch_bytes, \
   .run = run_##name},
#define ROWS                                                                             \
  ROW("ResizeBilinear", bilinear)                                                        \
  ROW("ResizeBicubic", cubic) ROW("ResizeArea", area){.op = "ResizeBilinearGrad",        \
                                                      .keyed = 1,                        \
                                                      .dtypes = TARN_BIT(TARN_F32),      \
                                                      .supports = known,                 \
                                                      .scratch_bytes = gradient_scratch, \
                                                      .run = run_gradient},

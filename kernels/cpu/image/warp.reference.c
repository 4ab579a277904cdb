/* Projective transforms: each output pixel is read where the transform takes it. One chunk is one
 * output row. */
#include <math.h>

#include "kernels/cpu/array/numeric.h"
#include "kernels/cpu/image/resample.h"
#include "kernels/run.h"

typedef struct job {
  const tarn_call *call;
  const int64_t *x, *y; /* dims */
  float fill;
} job;

static float between(float at, int64_t n) {
  return at < 0 ? 0 : at > (float)(n - 1) ? (float)(n - 1) : at;
}

/* [abcd] as [dcba|abcd|dcba]. */
static float reflected(float at, int64_t n) {
  const float period = 2 * (float)n;
  if (n <= 1) return 0;
  if (at < 0) {
    at += period * (float)(int64_t)(-at / period);
    at = at < (float)-n ? at + period : -at - 1;
  } else if (at > (float)(n - 1)) {
    at -= period * (float)(int64_t)(at / period);
    if (at >= (float)n) at = period - at - 1;
  }
  return between(at, n);
}

/* [abcd] as [abcd|abcd|abcd]; the count of whole images is TensorFlow's, who divides by n - 1. */
static float wrapped(float at, int64_t n) {
  if (n <= 1) return 0;
  if (at < 0)
    at += (float)(n * ((int64_t)(-at / (float)(n - 1)) + 1));
  else if (at > (float)(n - 1))
    at -= (float)(n * (int64_t)(at / (float)(n - 1)));
  return between(at, n);
}

/* A coordinate within the image, or, of a constant outside, as it is. Those that are no number, or
 * beyond every image, are not counted through. */
static float inside(const tarn_warp_params *p, float at, int64_t n) {
  const bool near = fabsf(at) < 1e15f;
  switch (near || p->outside == TARN_OUTSIDE_CONSTANT ? p->outside : TARN_OUTSIDE_NEAREST) {
    case TARN_OUTSIDE_REFLECT:
      return reflected(at, n);
    case TARN_OUTSIDE_WRAP:
      return wrapped(at, n);
    case TARN_OUTSIDE_NEAREST:
      return between(at, n);
    case TARN_OUTSIDE_CONSTANT:
      break;
  }
  return at;
}

/* The row or column; -1, which is outside, for what no image has. */
static int64_t whole(float at) {
  return fabsf(at) < 1e15f ? (int64_t)at : -1;
}

static bool within(const job *j, int64_t row, int64_t column) {
  return row >= 0 && row < j->x[1] && column >= 0 && column < j->x[2];
}

static float pixel(const job *j, int64_t n, float y, float x, int64_t c) {
  const int64_t row = whole(y), column = whole(x);
  if (!within(j, row, column)) return j->fill;
  return tarn__pixel(j->call->in[0], ((n * j->x[1] + row) * j->x[2] + column) * j->x[3] + c);
}

static float bilinear(const job *j, int64_t n, float y, float x, int64_t c) {
  const float top = floorf(y), left = floorf(x), bottom = top + 1, right = left + 1;
  const float upper =
      (right - x) * pixel(j, n, top, left, c) + (x - left) * pixel(j, n, top, right, c);
  const float lower =
      (right - x) * pixel(j, n, bottom, left, c) + (x - left) * pixel(j, n, bottom, right, c);
  return (bottom - y) * upper + (y - top) * lower;
}

/* Whole numbers are cut off, not rounded, and kept within the type. */
static void put(tarn_tensor *y, int64_t i, float v) {
  switch ((int)y->dtype) {
    case TARN_F32:
      ((float *)y->data)[i] = v;
      break;
    case TARN_F64:
      ((double *)y->data)[i] = (double)v;
      break;
    case TARN_F16:
      ((uint16_t *)y->data)[i] = tarn__f32_to_f16(v);
      break;
    case TARN_U8:
      ((uint8_t *)y->data)[i] = (uint8_t)(v > 255 ? 255 : v > 0 ? v : 0);
      break;
    case TARN_I32:
      ((int32_t *)y->data)[i] = v >= 2147483648.0f   ? INT32_MAX
                                : v > -2147483648.0f ? (int32_t)v
                                                     : INT32_MIN;
      break;
    default:
      ((int64_t *)y->data)[i] = v >= 9223372036854775808.0f   ? INT64_MAX
                                : v > -9223372036854775808.0f ? (int64_t)v
                                                              : INT64_MIN;
  }
}

/* The nearest element itself: int64 and double have values that float has not. */
static void nearest(const job *j, int64_t n, float y, float x, int64_t to) {
  const size_t size = tarn_dtype_bytes(j->call->out[0]->dtype);
  const int64_t row = whole(roundf(y)), column = whole(roundf(x)), C = j->x[3];
  const int64_t from = ((n * j->x[1] + row) * j->x[2] + column) * C;
  if (within(j, row, column))
    memcpy((char *)j->call->out[0]->data + (size_t)to * size,
           (const char *)j->call->in[0]->data + (size_t)from * size, (size_t)C * size);
  else
    for (int64_t c = 0; c < C; c++) put(j->call->out[0], to + c, j->fill);
}

static tarn_status warp_row(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_warp_params *p = j->call->problem->params;
  const tarn_tensor *transforms = j->call->in[1];
  const int64_t n = chunk / j->y[1], C = j->y[3];
  const float *t = (const float *)transforms->data + (transforms->shape.dim[0] == 1 ? 0 : 8 * n);
  for (int64_t column = 0; column < j->y[2]; column++) {
    const int64_t to = (chunk * j->y[2] + column) * C;
    const float u = (float)column, v = (float)(chunk % j->y[1]), scale = t[6] * u + t[7] * v + 1;
    const float x = inside(p, (t[0] * u + t[1] * v + t[2]) / scale, j->x[2]);
    const float y = inside(p, (t[3] * u + t[4] * v + t[5]) / scale, j->x[1]);
    if (!p->bilinear && scale != 0) {
      nearest(j, n, y, x, to);
      continue;
    }
    for (int64_t c = 0; c < C; c++)
      put(j->call->out[0], to + c, scale == 0 ? j->fill : bilinear(j, n, y, x, c));
  }
  return TARN_OK;
}

static tarn_status warp(const tarn_call *call) {
  job j = {call, call->in[0]->shape.dim, call->out[0]->shape.dim, 0};
  if (call->problem->inputs > 3) j.fill = *(const float *)call->in[3]->data;
  return tarn__pool_run(call->pool, j.y[0] * j.y[1], warp_row, &j);
}

#define WARP                                                                                   \
  .name = "warp", .run = warp,                                                                 \
  .dtypes = TARN_BIT(TARN_U8) | TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64) | TARN_BIT(TARN_F16) | \
            TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64)

const tarn_kernel tarn_kernels_image_warp_reference[] = {
    {.op = "ImageProjectiveTransform", WARP},
    {.op = "ImageProjectiveTransformV2", WARP},
    {.op = "ImageProjectiveTransformV3", WARP},
    {0},
};

/* Random crops: the numbers, and the order in which they are drawn, are TensorFlow's. */
#include <math.h>

#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/cpu/random/stream.h"
#include "kernels/params/image.h"
#include "kernels/params/random.h"
#include "kernels/state/generator.h"

/* ---- a crop of a given size ---------------------------------------------------------------- */

static tarn_status random_crop(const tarn_call *call) {
  const tarn_random_params *p = call->problem->params;
  const int64_t *x = call->in[0]->shape.dim, *y = call->out[0]->shape.dim;
  tarn_philox start;
  TARN_TRY(tarn__generator_reserve(call, p->seed, p->seed2, 1, &start));
  tarn_stream s = tarn__stream(start);
  const int64_t left = x[1] > y[1] ? tarn__stream_word(&s) % (x[1] - y[1] + 1) : 0;
  const int64_t top = x[0] > y[0] ? tarn__stream_word(&s) % (x[0] - y[0] + 1) : 0;
  tarn_view_copy c = {.from_at = (top * x[1] + left) * x[2]};
  tarn__view_add(&c, y[0], y[1] * y[2], x[1] * x[2]);
  tarn__view_add(&c, y[1] * y[2], 1, 1);
  return tarn__view_copy_run(&c, call->out[0], call->in[0], call->pool);
}

/* ---- a crop about an object ---------------------------------------------------------------- */

typedef struct rectangle {
  int64_t left, top, right, bottom;
} rectangle;

static float area_of(rectangle r) {
  return (float)((r.right - r.left) * (r.bottom - r.top));
}

static rectangle common(rectangle a, rectangle b) {
  const rectangle r = {a.left > b.left ? a.left : b.left, a.top > b.top ? a.top : b.top,
                       a.right < b.right ? a.right : b.right,
                       a.bottom < b.bottom ? a.bottom : b.bottom};
  return r.left > r.right || r.top > r.bottom ? (rectangle){0, 0, 0, 0} : r;
}

/* In pixels; coordinates are checked to be within [0, 1]. */
static rectangle box_at(const tarn_tensor *boxes, int64_t i, int64_t height, int64_t width) {
  const float *b = (const float *)boxes->data + 4 * i;
  return (rectangle){(int64_t)(b[1] * (float)width), (int64_t)(b[0] * (float)height),
                     (int64_t)(b[3] * (float)width), (int64_t)(b[2] * (float)height)};
}

static tarn_status check_boxes(const tarn_tensor *boxes) {
  const float *b = boxes->data;
  for (int64_t i = 0; i < tarn__tensor_elements(boxes); i++)
    if (!(b[i] >= 0 && b[i] <= 1))
      return tarn_fail(TARN_INVALID, "bounding boxes must be within [0, 1], got %g", (double)b[i]);
  return TARN_OK;
}

/* Some box, of at least one pixel, is covered enough. Without boxes the image is one. */
static bool covers(rectangle crop, float enough, const tarn_tensor *boxes, int64_t height,
                   int64_t width) {
  const int64_t count = tarn__tensor_elements(boxes) / 4;
  if (area_of(crop) < 1) return false;
  for (int64_t i = 0; i < (count ? count : 1); i++) {
    const rectangle box =
        count ? box_at(boxes, i, height, width) : (rectangle){0, 0, width, height};
    if (area_of(box) >= 1 && area_of(common(crop, box)) / area_of(box) >= enough) return true;
  }
  return false;
}

static int64_t rounded(float x) {
  return (int64_t)lrintf(x);
}

/* A place for a crop of this ratio; false: no size fits. Every rounding is in the type that
 * TensorFlow rounds in: a last bit decides about sizes, and so about all that follows. Sizes are
 * below 2^31. */
static bool place(const tarn_distort_params *p, int64_t H, int64_t W, float ratio, tarn_stream *s,
                  rectangle *crop) {
  if (ratio <= 0 || H <= 0 || W <= 0 || p->area[0] > p->area[1]) return false;
  const float least = p->area[0] * (float)W * (float)H, most = p->area[1] * (float)W * (float)H;
  int64_t height = rounded(sqrtf(least / ratio)), highest = rounded(sqrtf(most / ratio));
  if (rounded((float)highest * ratio) > W) {
    highest = (int64_t)(((double)W + 0.5 - (double)0.0000001f) / (double)ratio);
    if (rounded((float)highest * ratio) > W) highest--;
  }
  if (highest > H) highest = H;
  if (height >= highest) height = highest;
  if (height < highest) height += tarn__stream_below(s, (uint32_t)(highest - height + 1));
  int64_t width = rounded((float)height * ratio);
  float area = (float)(width * height);
  if (area < least) {
    height++;
    width = rounded((float)height * ratio);
    area = (float)(width * height);
  }
  if (area > most) {
    height--;
    width = rounded((float)height * ratio);
    area = (float)(width * height);
  }
  if (area < least || area > most || width > W || height > H || width <= 0 || height <= 0)
    return false;
  const int64_t top = height < H ? tarn__stream_below(s, (uint32_t)(H - height)) : 0;
  const int64_t left = width < W ? tarn__stream_below(s, (uint32_t)(W - width)) : 0;
  *crop = (rectangle){left, top, left + width, top + height};
  return true;
}

static tarn_status start_of(const tarn_call *call, tarn_philox *start) {
  const tarn_distort_params *p = call->problem->params;
  if (call->problem->inputs > 3) {
    *start = tarn__philox_of_seed((uint64_t)tarn__index_at(call->in[3], 0),
                                  (uint64_t)tarn__index_at(call->in[3], 1));
    return TARN_OK;
  }
  return tarn__generator_reserve(call, p->seed, p->seed2, (uint64_t)p->attempts, start);
}

static void put(tarn_tensor *t, int64_t first, int64_t second, int64_t third) {
  const int64_t v[3] = {first, second, third};
  for (int i = 0; i < 3; i++) {
    if (tarn_dtype_bytes(t->dtype) == 1)
      ((uint8_t *)t->data)[i] = (uint8_t)v[i];
    else if (tarn_dtype_bytes(t->dtype) < 4)
      ((uint16_t *)t->data)[i] = (uint16_t)v[i];
    else
      tarn__index_put(t, i, v[i]);
  }
}

static tarn_status distort(const tarn_call *call) {
  const tarn_distort_params *p = call->problem->params;
  const tarn_tensor *boxes = call->in[1];
  const int64_t H = tarn__index_at(call->in[0], 0), W = tarn__index_at(call->in[0], 1);
  const float enough = call->problem->inputs > 2 ? *(const float *)call->in[2]->data : p->covered;
  if (H < 0 || W < 0 || H >= INT32_MAX || W >= INT32_MAX)
    return tarn_fail(TARN_INVALID, "an image of %lld by %lld pixels", (long long)H, (long long)W);
  if (!(enough >= 0))
    return tarn_fail(TARN_INVALID, "min_object_covered must not be negative, got %g",
                     (double)enough);
  TARN_TRY(check_boxes(boxes));
  if (tarn__tensor_elements(boxes) == 0 && !p->whole)
    return tarn_fail(TARN_INVALID,
                     "no bounding boxes, and use_image_if_no_bounding_boxes is not set");
  tarn_philox start;
  TARN_TRY(start_of(call, &start));
  tarn_stream s = tarn__stream(start);
  rectangle crop;
  bool found = false;
  for (int i = 0; i < p->attempts && !found; i++) {
    if (i % 1024 == 1023) TARN_TRY(tarn__run_check(call->run));
    const float ratio = tarn__stream_float(&s) * (p->ratio[1] - p->ratio[0]) + p->ratio[0];
    found = place(p, H, W, ratio, &s, &crop) && covers(crop, enough, boxes, H, W);
  }
  if (!found) crop = (rectangle){0, 0, W, H};
  put(call->out[0], crop.top, crop.left, 0);
  put(call->out[1], crop.bottom - crop.top, crop.right - crop.left, -1);
  float *box = call->out[2]->data;
  box[0] = (float)crop.top / (float)H;
  box[1] = (float)crop.left / (float)W;
  box[2] = (float)crop.bottom / (float)H;
  box[3] = (float)crop.right / (float)W;
  return TARN_OK;
}

const tarn_kernel tarn_kernels_image_distort_reference[] = {
    {.op = "RandomCrop", .name = "random_crop", .dtypes = TARN_REALS, .run = random_crop},
    {.op = "SampleDistortedBoundingBox", .name = "distort", .dtypes = TARN_INTS, .run = distort},
    {.op = "SampleDistortedBoundingBoxV2", .name = "distort", .dtypes = TARN_INTS, .run = distort},
    {.op = "StatelessSampleDistortedBoundingBox",
     .name = "distort",
     .dtypes = TARN_INTS,
     .run = distort},
    {0},
};

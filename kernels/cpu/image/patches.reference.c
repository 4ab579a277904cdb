/* Windows as strided copies, one for each place within the window; boxes pixel by pixel. */
#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/cpu/image/resample.h"

#include <math.h>

/* Window places r with 0 <= r stride + shift < n, of `count`: the first, and how many. */
static int64_t inside(int64_t count, int64_t stride, int64_t shift, int64_t n, int64_t *first) {
  *first = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  int64_t end = n > shift ? (n - shift + stride - 1) / stride : 0;
  if (end > count) end = count;
  return end > *first ? end - *first : 0;
}

/* The next index, the last dim fastest; false: all were there. */
static bool next_index(int64_t *at, const int64_t *size, int dims) {
  for (int k = dims - 1; k >= 0; k--) {
    if (++at[k] < size[k]) return true;
    at[k] = 0;
  }
  return false;
}

/* For each place within the window a strided copy. */
static tarn_status patches(const tarn_call *call) {
  const tarn_patches_params *p = call->problem->params;
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  const int K = p->dims;
  int64_t xs[5], ys[5], pad[3] = {0, 0, 0}, at[3] = {0, 0, 0}, C = x->shape.dim[K + 1], nth = 0;
  tarn__strides(&x->shape, xs);
  tarn__strides(&y->shape, ys);
  TARN_TRY(tarn__clear_elements(y, 0, tarn__tensor_elements(y)));
  if (tarn__tensor_elements(y) == 0 || tarn__tensor_elements(x) == 0) return TARN_OK;
  for (int k = 0; k < K && p->same; k++) {
    int64_t all = (y->shape.dim[1 + k] - 1) * p->stride[k] + (p->size[k] - 1) * p->rate[k] + 1 -
                  x->shape.dim[1 + k];
    pad[k] = all > 0 ? all / 2 : 0;
  }
  do {
    tarn_view_copy c = {.to_at = nth++ * C};
    int64_t n[3], first, some = 1;
    tarn__view_add(&c, y->shape.dim[0], ys[0], xs[0]);
    for (int k = 0; k < K; k++) {
      const int64_t shift = at[k] * p->rate[k] - pad[k];
      n[k] = inside(y->shape.dim[1 + k], p->stride[k], shift, x->shape.dim[1 + k], &first);
      some *= n[k] > 0;
      c.to_at += first * ys[1 + k];
      c.from_at += (first * p->stride[k] + shift) * xs[1 + k];
      tarn__view_add(&c, n[k], ys[1 + k], n[k] > 1 ? xs[1 + k] * p->stride[k] : 0);
    }
    tarn__view_add(&c, C, 1, 1);
    if (some) TARN_TRY(tarn__view_copy_run(&c, y, x, call->pool));
  } while (next_index(at, p->size, K));
  return TARN_OK;
}

/* Place of crop pixel i of `count` between two edges, in pixels of an image dim of n. */
static float place(int64_t i, int64_t count, float from, float to, int64_t n) {
  float last = (float)(n - 1);
  if (count == 1) return 0.5f * (from + to) * last;
  return from * last + (float)i * ((to - from) * last / (float)(count - 1));
}

static tarn_status crop(const tarn_call *call) {
  const tarn_crop_and_resize_params *p = call->problem->params;
  const tarn_tensor *x = call->in[0];
  const tarn_shape *s = &call->out[0]->shape;
  int64_t N = x->shape.dim[0], H = x->shape.dim[1], W = x->shape.dim[2], C = x->shape.dim[3];
  float *y = call->out[0]->data;
  for (int64_t b = 0; b < s->dim[0]; b++) {
    const float *box = (const float *)call->in[1]->data + 4 * b;
    int64_t n = tarn__index_at(call->in[2], b);
    for (int k = 0; k < 4; k++)
      if (!isfinite(box[k]))
        return tarn_fail(TARN_INVALID, "boxes[%lld] has a number that is not finite", (long long)b);
    if (n < 0 || n >= N)
      return tarn_fail(TARN_INVALID, "box_ind[%lld] is %lld of %lld images", (long long)b,
                       (long long)n, (long long)N);
    for (int64_t i = 0; i < s->dim[1]; i++)
      for (int64_t j = 0; j < s->dim[2]; j++) {
        float h = place(i, s->dim[1], box[0], box[2], H),
              w = place(j, s->dim[2], box[1], box[3], W);
        bool within =
            h >= 0 && h <= (float)(H - 1) && w >= 0 && w <= (float)(W - 1); /* not when NaN */
        for (int64_t c = 0; c < C; c++, y++) {
          *y = p->extrapolation;
          if (!within) continue;
          if (p->nearest) {
            *y = tarn__pixel(x, ((n * H + (int64_t)roundf(h)) * W + (int64_t)roundf(w)) * C + c);
            continue;
          }
          int64_t top = (n * H + (int64_t)floorf(h)) * W, bottom = (n * H + (int64_t)ceilf(h)) * W;
          int64_t left = (int64_t)floorf(w), right = (int64_t)ceilf(w);
          float dh = h - floorf(h), dw = w - floorf(w);
          float tl = tarn__pixel(x, (top + left) * C + c),
                tr = tarn__pixel(x, (top + right) * C + c);
          float bl = tarn__pixel(x, (bottom + left) * C + c),
                br = tarn__pixel(x, (bottom + right) * C + c);
          float t = tl + (tr - tl) * dw;
          *y = t + (bl + (br - bl) * dw - t) * dh;
        }
      }
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_image_patches_reference[] = {
  {.op = "ExtractImagePatches", .run = patches},
  {.op = "ExtractVolumePatches", .run = patches},
  {.op = "CropAndResize", .run = crop, .dtypes = TARN_REALS},
  {0},
};

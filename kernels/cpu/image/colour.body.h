/* Contrast, and colours from hue, saturation and value, of floats in vectors, for AVX2 and AVX-512; formulas: colour.reference.c. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

enum { PIXELS = 16, MOST_CHANNELS = 64, PIXELS_A_CHUNK = 4096 };

/* Channels repeat: PIXELS pixels are a block whose elements are of the same channels in every block. */
static tarn_status contrast_image(void *argument, int64_t image, int worker) {
  (void)worker;
  const tarn_call *call = argument;
  const tarn_shape *s = &call->in[0]->shape;
  const int64_t C = s->dim[s->rank - 1], pixels = s->dim[s->rank - 3] * s->dim[s->rank - 2], n = pixels * C, block = PIXELS * C;
  const float *x = (const float *)call->in[0]->data + image * n, factor = *(const float *)call->in[1]->data;
  float *y = (float *)call->out[0]->data + image * n, mean[PIXELS * MOST_CHANNELS];
  double sum[PIXELS * MOST_CHANNELS] = {0};
  int64_t i = 0;
  for (; i + block <= n; i += block) {
    TARN_EACH_LANE
    for (int64_t k = 0; k < block; k++) sum[k] += (double)x[i + k];
  }
  for (int64_t k = 0; i + k < n; k++) sum[k] += (double)x[i + k];
  for (int64_t c = 0; c < C; c++) {
    double all = 0;
    for (int64_t k = c; k < block; k += C) all += sum[k];
    for (int64_t k = c; k < block; k += C) mean[k] = (float)(all / (double)pixels);
  }
  for (i = 0; i < n; i += block) {
    const int64_t count = n - i < block ? n - i : block;
    TARN_EACH_LANE
    for (int64_t k = 0; k < count; k++) y[i + k] = (x[i + k] - mean[k]) * factor + mean[k];
  }
  return TARN_OK;
}

static tarn_status run_contrast(const tarn_call *call) {
  const tarn_shape *s = &call->in[0]->shape;
  const int64_t n = tarn__tensor_elements(call->in[0]);
  if (n == 0) return TARN_OK;
  const int64_t images = n / (s->dim[s->rank - 1] * s->dim[s->rank - 2] * s->dim[s->rank - 3]);
  tarn_call copy = *call;
  return tarn__pool_run(n < 32768 ? NULL : call->pool, images, contrast_image, &copy);
}
static const char *few_channels(const tarn_problem *p) {
  const tarn_shape *s = &p->in_shape[0];
  return s->dim[s->rank - 1] > MOST_CHANNELS ? "there are many channels" : NULL;
}

static inline double unit(double x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

static tarn_status rgb_pixels(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const tarn_call *call = argument;
  const int64_t pixels = tarn__tensor_elements(call->in[0]) / 3, first = chunk * PIXELS_A_CHUNK;
  const int64_t n = pixels - first < PIXELS_A_CHUNK ? pixels - first : PIXELS_A_CHUNK;
  const float *x = (const float *)call->in[0]->data + 3 * first;
  float *y = (float *)call->out[0]->data + 3 * first;
  TARN_EACH_LANE
  for (int64_t i = 0; i < n; i++) {
    const double h = 6 * (double)x[3 * i], s = (double)x[3 * i + 1], v = (double)x[3 * i + 2];
    y[3 * i] = (float)((1 - s + s * unit(fabs(h - 3) - 1)) * v);
    y[3 * i + 1] = (float)((1 - s + s * unit(2 - fabs(h - 2))) * v);
    y[3 * i + 2] = (float)((1 - s + s * unit(2 - fabs(h - 4))) * v);
  }
  return TARN_OK;
}
static tarn_status run_rgb(const tarn_call *call) {
  const int64_t pixels = tarn__tensor_elements(call->in[0]) / 3;
  tarn_call copy = *call;
  return tarn__pool_run(call->pool, (pixels + PIXELS_A_CHUNK - 1) / PIXELS_A_CHUNK, rgb_pixels, &copy);
}

#define ROWS                                                                                                    \
  {.op = "AdjustContrastv2", .name = "contrast", .dtypes = TARN_BIT(TARN_F32), .supports = few_channels, .run = run_contrast}, \
  {.op = "HSVToRGB", .name = "hsv_to_rgb", .dtypes = TARN_BIT(TARN_F32), .run = run_rgb},

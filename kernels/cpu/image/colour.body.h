/* Contrast, and colours from hue, saturation and value, of floats in vectors, for AVX2 and AVX-512;
 * formulas: colour.reference.c. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

enum { PIXELS = 16, MOST_CHANNELS = 64, PIXELS_A_CHUNK = 4096 };

/* Channels repeat: PIXELS pixels are a block whose elements are of the same channels in every
 * block. */
static tarn_status contrast_image(void *argument, int64_t image, int worker) {
  (void)worker;
  const tarn_call *call = argument;
  const tarn_shape *s = &call->in[0]->shape;
  const int64_t C = s->dim[s->rank - 1], pixels = s->dim[s->rank - 3] * s->dim[s->rank - 2],
                n = pixels * C, block = PIXELS * C;
  const float *x = (const float *)call->in[0]->data + image * n,
              factor = *(const float *)call->in[1]->data;
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

/* As fmax and fmin: a NaN gives way. */
static inline double greater(double a, double b) { return (b != b) | (a > b) ? a : b; }
static inline double lesser(double a, double b) { return (b != b) | (a < b) ? a : b; }

typedef struct hsv { double h, s, v, low; } hsv;

static inline hsv hsv_of(const float *x) {
  const double r = (double)x[0], g = (double)x[1], b = (double)x[2];
  hsv y = {.v = greater(r, greater(g, b)), .low = lesser(r, lesser(g, b))};
  const double range = y.v - y.low, six = range > 0 ? 6 * range : 1;
  const double red = (g - b) / six, green = (b - r) / six + 2.0 / 6, blue = (r - g) / six + 4.0 / 6;
  const double hue = range > 0 ? r == y.v ? red : g == y.v ? green : blue : 0;
  y.h = hue < 0 ? hue + 1 : hue;
  y.s = y.v > 0 ? range / (y.v > 0 ? y.v : 1) : 0;
  return y;
}
static inline void put_rgb(double h, double s, double v, double shift, float *y) {
  h *= 6;
  y[0] = (float)(shift + (1 - s + s * unit(fabs(h - 3) - 1)) * v);
  y[1] = (float)(shift + (1 - s + s * unit(2 - fabs(h - 2))) * v);
  y[2] = (float)(shift + (1 - s + s * unit(2 - fabs(h - 4))) * v);
}

/* By is the op's scalar, where it has one. */
#define PIXELS_OF(NAME, BODY)                                                                      \
  static tarn_status NAME##_pixels(void *argument, int64_t chunk, int worker) {                    \
    (void)worker;                                                                                  \
    const tarn_call *call = argument;                                                              \
    const int64_t pixels = tarn__tensor_elements(call->in[0]) / 3, first = chunk * PIXELS_A_CHUNK; \
    const int64_t n = pixels - first < PIXELS_A_CHUNK ? pixels - first : PIXELS_A_CHUNK;           \
    const float *from = (const float *)call->in[0]->data + 3 * first;                              \
    float *to = (float *)call->out[0]->data + 3 * first;                                           \
    const double by = call->problem->inputs > 1 ? (double)*(const float *)call->in[1]->data : 0;   \
    (void)by;                                                                                      \
    TARN_EACH_LANE                                                                                 \
    for (int64_t i = 0; i < n; i++) {                                                              \
      const float *x = from + 3 * i;                                                               \
      float *y = to + 3 * i;                                                                       \
      BODY                                                                                         \
    }                                                                                              \
    return TARN_OK;                                                                                \
  }                                                                                                \
  static tarn_status run_##NAME(const tarn_call *call) {                                           \
    const int64_t pixels = tarn__tensor_elements(call->in[0]) / 3;                                 \
    tarn_call copy = *call;                                                                        \
    tarn_pool *pool = pixels < 2 * PIXELS_A_CHUNK ? NULL : call->pool;                             \
    return tarn__pool_run(pool, (pixels + PIXELS_A_CHUNK - 1) / PIXELS_A_CHUNK, NAME##_pixels,     \
                          &copy);                                                                  \
  }
PIXELS_OF(rgb, put_rgb((double)x[0], (double)x[1], (double)x[2], 0, y);)
/* Between least and most a hue says how far each channel is. */
PIXELS_OF(hue, const hsv c = hsv_of(x); const double h = c.h + by;
          put_rgb(h - floor(h), 1, c.v - c.low, c.low, y);)
PIXELS_OF(saturation, const hsv c = hsv_of(x); put_rgb(c.h, unit(c.s * by), c.v, 0, y);)

#define PIXEL_ROW(text, text_name, body) \
  {.op = text, .name = text_name, .dtypes = TARN_BIT(TARN_F32), .run = run_##body},
#define ROWS                                                                      \
  {.op = "AdjustContrastv2",                                                      \
   .name = "contrast",                                                            \
   .dtypes = TARN_BIT(TARN_F32),                                                  \
   .supports = few_channels,                                                      \
   .run = run_contrast},                                                          \
      PIXEL_ROW("HSVToRGB", "hsv_to_rgb", rgb) PIXEL_ROW("AdjustHue", "hue", hue) \
          PIXEL_ROW("AdjustSaturation", "saturation", saturation)

/* Glimpses: windows of images, with noise where they leave them. The noise is TensorFlow's in kind,
 * not in its numbers, which differ from run to run there too. */
#include <math.h>

#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/cpu/random/stream.h"
#include "kernels/params/image.h"

/* The first row or column of a window, of `size`, on `n` pixels. An offset is of the window's
 * centre; but in V2, one that is not both centered and normalized is of its begin, and one that is
 * centered alone is counted in pixels from the image's centre. */
static int64_t begin_of(const tarn_glimpse_params *p, float offset, int64_t n, int64_t size) {
  const float half = (float)size / 2, middle = (float)n / 2;
  float at = p->normalized ? offset * (float)n : offset;
  if (!p->second)
    at = (p->centered ? at / 2 + middle : at) - half;
  else if (p->centered)
    at = p->normalized ? at / 2 + middle - half : at + middle;
  const float far = 1e15f;
  return at >= far ? (int64_t)far : at > -far ? (int64_t)at : -(int64_t)far;
}

typedef struct span {
  int64_t from, to, count; /* in the image, in the window */
} span;

static span overlap(int64_t begin, int64_t n, int64_t size) {
  const int64_t from = begin > 0 ? begin : 0, end = begin + size < n ? begin + size : n;
  return (span){from, from - begin, end > from ? end - from : 0};
}

typedef struct limits {
  float least, most, mean, deviation;
} limits;

/* Of every `step`th of `count` elements. */
static limits measure(const float *x, int64_t count, int64_t step) {
  limits l = {INFINITY, -INFINITY, 0, 0};
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; i++) {
    const float v = x[i * step];
    l.least = v < l.least ? v : l.least;
    l.most = v > l.most ? v : l.most;
    sum += (double)v;
  }
  const double mean = sum / (double)count;
  for (int64_t i = 0; i < count; i++)
    squares += ((double)x[i * step] - mean) * ((double)x[i * step] - mean);
  l.mean = (float)mean;
  l.deviation = (float)sqrt(squares / (double)count);
  return l;
}

/* Uniform between the extremes of the image; or, for each channel, normal as the image is, within
 * its extremes. */
static void fill(const tarn_glimpse_params *p, const float *x, int64_t pixels, int64_t C, float *y,
                 int64_t window, tarn_stream *s) {
  if (p->noise == TARN_NOISE_ZERO) {
    memset(y, 0, (size_t)(window * C) * sizeof *y);
    return;
  }
  const limits all = measure(x, pixels * C, 1);
  for (int64_t i = 0; i < window * C && p->noise == TARN_NOISE_UNIFORM; i++)
    y[i] = all.least + tarn__stream_float(s) * (all.most - all.least);
  for (int64_t c = 0; c < C && p->noise == TARN_NOISE_GAUSSIAN; c++) {
    const limits l = measure(x + c, pixels, C);
    for (int64_t i = 0; i < window; i++) {
      float normal, other;
      const uint32_t word = tarn__stream_word(s);
      tarn__box_muller_float(word, tarn__stream_word(s), &normal, &other);
      const float v = l.mean + normal * l.deviation;
      y[i * C + c] = v < l.least ? l.least : v > l.most ? l.most : v;
    }
  }
}

static tarn_status glimpse(const tarn_call *call) {
  const tarn_glimpse_params *p = call->problem->params;
  const int64_t *in = call->in[0]->shape.dim, *out = call->out[0]->shape.dim, C = in[3];
  const float *offsets = call->in[2]->data;
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  tarn_philox g;
  tarn__philox_init(&g, p->noise == TARN_NOISE_ZERO ? 0 : tarn__random_seed(), 0);
  tarn_stream s = tarn__stream(g);
  for (int64_t n = 0; n < in[0]; n++) {
    const span v = overlap(begin_of(p, offsets[2 * n], in[1], out[1]), in[1], out[1]);
    const span u = overlap(begin_of(p, offsets[2 * n + 1], in[2], out[2]), in[2], out[2]);
    float *y = (float *)call->out[0]->data + n * out[1] * out[2] * C;
    if (v.count < out[1] || u.count < out[2])
      fill(p, (const float *)call->in[0]->data + n * in[1] * in[2] * C, in[1] * in[2], C, y,
           out[1] * out[2], &s);
    if (v.count == 0 || u.count == 0) continue;
    tarn_view_copy c = {.to_at = ((n * out[1] + v.to) * out[2] + u.to) * C,
                        .from_at = ((n * in[1] + v.from) * in[2] + u.from) * C};
    tarn__view_add(&c, v.count, out[2] * C, in[2] * C);
    tarn__view_add(&c, u.count * C, 1, 1);
    TARN_TRY(tarn__view_copy_run(&c, call->out[0], call->in[0], call->pool));
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_image_glimpse_reference[] = {
    {.op = "ExtractGlimpse", .name = "glimpse", .run = glimpse},
    {.op = "ExtractGlimpseV2", .name = "glimpse", .run = glimpse},
    {0},
};

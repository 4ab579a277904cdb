/* AudioSpectrogram: Fourier transforms of overlapping windows, in double. */
#include "kernels/kernel.h"
#include "kernels/params/audio.h"

#include <math.h>

#define PI 3.14159265358979323846

typedef struct complex_number { double re, im; } complex_number;

/* The discrete Fourier transform of n = 2^k numbers in place (Cooley and Tukey, 1965): bit-reversed order first, then
 * butterflies of growing width. */
static void transform(complex_number *x, int64_t n) {
  for (int64_t i = 1, j = 0; i < n; i++) {
    int64_t bit = n / 2;
    for (; j & bit; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) {
      const complex_number t = x[i];
      x[i] = x[j];
      x[j] = t;
    }
  }
  for (int64_t width = 2; width <= n; width *= 2)
    for (int64_t k = 0; k < width / 2; k++) {
      const double angle = -2 * PI * (double)k / (double)width, c = cos(angle), s = sin(angle);
      for (int64_t start = k; start < n; start += width) {
        complex_number *a = &x[start], *b = &x[start + width / 2];
        const complex_number t = {b->re * c - b->im * s, b->re * s + b->im * c};
        *b = (complex_number){a->re - t.re, a->im - t.im};
        *a = (complex_number){a->re + t.re, a->im + t.im};
      }
    }
}

/* A frame of complex numbers, and the window: no larger than the input, unless there are no frames. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_spectrogram_params *params = p->params;
  (void)threads;
  if (tarn__spectrogram_frames(params, p->in_shape[0].dim[0]) == 0) return 0;
  return (size_t)tarn__spectrogram_points(params->window_size) * sizeof(complex_number) +
         (size_t)params->window_size * sizeof(double);
}

/* input [samples, channels] -> [channels, frames, points/2 + 1]. */
static tarn_status run(const tarn_call *call) {
  const tarn_spectrogram_params *p = call->problem->params;
  const tarn_shape *shape = &call->problem->in_shape[0];
  const float *x = call->in[0]->data;
  float *y = call->out[0]->data;
  const int64_t channels = shape->dim[1], frames = tarn__spectrogram_frames(p, shape->dim[0]);
  const int64_t points = tarn__spectrogram_points(p->window_size), bins = points / 2 + 1;
  if (frames == 0) return TARN_OK;
  complex_number *frame = call->scratch;
  double *window = (double *)(frame + points);
  for (int64_t i = 0; i < p->window_size; i++)   /* Hann's, periodic */
    window[i] = 0.5 - 0.5 * cos(2 * PI * (double)i / (double)p->window_size);
  for (int64_t c = 0; c < channels; c++)
    for (int64_t f = 0; f < frames; f++) {
      for (int64_t i = 0; i < points; i++) frame[i] = (complex_number){0, 0};
      for (int64_t i = 0; i < p->window_size; i++)
        frame[i].re = (double)x[(f * p->stride + i) * channels + c] * window[i];
      transform(frame, points);
      for (int64_t b = 0; b < bins; b++) {
        const double power = frame[b].re * frame[b].re + frame[b].im * frame[b].im;
        *y++ = (float)(p->squared ? power : sqrt(power));
      }
    }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_audio_spectrogram_reference[] = {
    {.op = "AudioSpectrogram", .scratch_bytes = scratch_bytes, .run = run},
    {0},
};

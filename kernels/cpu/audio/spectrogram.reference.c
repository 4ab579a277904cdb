/* AudioSpectrogram: Fourier transforms of overlapping windows, in double. */
#include "kernels/cpu/spectrum/transform.h"
#include "kernels/kernel.h"
#include "kernels/params/audio.h"

#include <math.h>

#define PI 3.14159265358979323846

/* A frame of complex numbers, what its transform keeps, and the window: in the order of the input,
 * unless there are no frames. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_spectrogram_params *params = p->params;
  (void)threads;
  if (tarn__spectrogram_frames(params, p->in_shape[0].dim[0]) == 0) return 0;
  const int64_t points = tarn__spectrogram_points(params->window_size);
  return (size_t)(points + tarn__transform_kept(points)) * sizeof(tarn_point) +
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
  tarn_point *frame = call->scratch, *kept = frame + points;
  double *window = (double *)(kept + tarn__transform_kept(points));
  tarn_transform t;   /* of a power of two: needs no work space */
  tarn__transform_init(&t, points, kept);
  for (int64_t i = 0; i < p->window_size; i++)   /* Hann's, periodic */
    window[i] = 0.5 - 0.5 * cos(2 * PI * (double)i / (double)p->window_size);
  for (int64_t c = 0; c < channels; c++)
    for (int64_t f = 0; f < frames; f++) {
      for (int64_t i = 0; i < points; i++) frame[i] = (tarn_point){0, 0};
      for (int64_t i = 0; i < p->window_size; i++)
        frame[i].re = (double)x[(f * p->stride + i) * channels + c] * window[i];
      tarn__transform_run(&t, 0, frame, NULL);
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

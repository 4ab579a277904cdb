/* Audio ops: parsed attributes. */
#ifndef TARN_KERNELS_PARAMS_AUDIO_H
#define TARN_KERNELS_PARAMS_AUDIO_H

#include <stdbool.h>
#include <stdint.h>

typedef struct tarn_wav_params {
  int64_t channels, samples;       /* wanted; -1: as the file has them */
} tarn_wav_params;

typedef struct tarn_spectrogram_params {
  int64_t window_size, stride;
  bool squared;                    /* |X|^2, not |X| */
} tarn_spectrogram_params;

/* Points of the Fourier transform: the least power of two that holds the window. */
static inline int64_t tarn__spectrogram_points(int64_t window_size) {
  int64_t points = 1;
  while (points < window_size) points *= 2;
  return points;
}
static inline int64_t tarn__spectrogram_frames(const tarn_spectrogram_params *p, int64_t samples) {
  return samples < p->window_size ? 0 : 1 + (samples - p->window_size) / p->stride;
}

typedef struct tarn_mfcc_params {
  float upper, lower;              /* frequency limits in Hz */
  int64_t bands, coefficients;
} tarn_mfcc_params;

#endif

/* Mfcc: mel-frequency cepstral coefficients of power spectra, in double.
 *
 * Magnitudes (roots of the powers) go into `bands` triangular filters whose centres are equally
 * spaced in mel between the limits; the logarithms of the filters' sums go through a discrete
 * cosine transform of type II. */
#include "kernels/kernel.h"
#include "kernels/params/audio.h"

#include <math.h>

#define PI 3.14159265358979323846
#define FLOOR 1e-12   /* of a filter's sum, before the logarithm */

static double mel(double hertz) { return 1127 * log1p(hertz / 700); }

/* Bins [first, last] lie between the limits. A bin gives `weight` of itself to the filter on its
 * left, band, and the rest to band + 1; -1 and `bands` are no filters. */
typedef struct filters {
  int64_t first, last, bands;
  double *weight;                  /* [bins] */
  int64_t *band;                   /* [bins] */
} filters;

static void design(const tarn_mfcc_params *p, int64_t bins, int64_t rate, filters *f) {
  const double low = mel((double)p->lower), high = mel((double)p->upper);
  const double spacing = (high - low) / (double)(p->bands + 1),
               hertz_a_bin = 0.5 * (double)rate / (double)(bins - 1);
  f->bands = p->bands;
  f->first = (int64_t)fmin(1.5 + (double)p->lower / hertz_a_bin, (double)bins);
  f->last = (int64_t)fmin((double)p->upper / hertz_a_bin, (double)bins);
  int64_t right = 0;               /* the first filter whose centre is not left of the bin */
  for (int64_t i = f->first; i <= f->last && i < bins; i++) {
    const double at = mel((double)i * hertz_a_bin);
    while (right < p->bands && low + spacing * (double)(right + 1) < at) right++;
    f->band[i] = right - 1;
    f->weight[i] = (low + spacing * (double)(right + 1) - at) / spacing;
  }
}

static void filter(const filters *f, const float *powers, double *sums) {
  for (int64_t b = 0; b < f->bands; b++) sums[b] = 0;
  for (int64_t i = f->first; i <= f->last; i++) {
    const double magnitude = sqrt((double)powers[i]), left = magnitude * f->weight[i];
    if (f->band[i] >= 0) sums[f->band[i]] += left;
    if (f->band[i] + 1 < f->bands) sums[f->band[i] + 1] += magnitude - left;
  }
}

/* Weights and bands of the bins, the filters' sums, and the transform's cosines [coefficients,
 * bands]. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_mfcc_params *params = p->params;
  (void)threads;
  return (size_t)p->in_shape[0].dim[2] * (sizeof(double) + sizeof(int64_t)) +
         (size_t)(params->bands * (1 + params->coefficients)) * sizeof(double);
}

/* spectrogram [channels, frames, bins] -> [channels, frames, coefficients]. */
static tarn_status run(const tarn_call *call) {
  const tarn_mfcc_params *p = call->problem->params;
  const tarn_shape *shape = &call->problem->in_shape[0];
  const int64_t bins = shape->dim[2], rows = shape->dim[0] * shape->dim[1],
                rate = tarn__tensor_int(call->in[1], 0);
  const float *x = call->in[0]->data;
  float *y = call->out[0]->data;
  if (rate < 1)
    return tarn_fail(TARN_INVALID, "expected a positive sample rate, got %lld", (long long)rate);
  filters f = {.weight = call->scratch};
  f.band = (int64_t *)(f.weight + bins);
  double *sums = (double *)(f.band + bins), *cosine = sums + p->bands;
  design(p, bins, rate, &f);
  for (int64_t k = 0; k < p->coefficients; k++)
    for (int64_t b = 0; b < f.bands; b++)
      cosine[k * f.bands + b] = cos(PI / (double)f.bands * (double)k * ((double)b + 0.5));
  for (int64_t r = 0; r < rows; r++, x += bins, y += p->coefficients) {
    if (f.last >= bins) { /* the limit lies above half of the rate: TensorFlow gives zeros */
      for (int64_t k = 0; k < p->coefficients; k++) y[k] = 0;
      continue;
    }
    filter(&f, x, sums);
    for (int64_t b = 0; b < f.bands; b++) sums[b] = log(sums[b] < FLOOR ? FLOOR : sums[b]);
    for (int64_t k = 0; k < p->coefficients; k++) {
      double sum = 0;
      for (int64_t b = 0; b < f.bands; b++) sum += sums[b] * cosine[k * f.bands + b];
      y[k] = (float)(sqrt(2 / (double)f.bands) * sum);
    }
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_audio_mfcc_reference[] = {
    {.op = "Mfcc", .scratch_bytes = scratch_bytes, .run = run},
    {0},
};

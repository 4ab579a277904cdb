/* Activations and clips of one number, for the reference kernels of recurrent layers. */
#ifndef TARN_KERNELS_CPU_RECURRENT_SCALAR_H
#define TARN_KERNELS_CPU_RECURRENT_SCALAR_H

#include "kernels/params/recurrent.h"

#include <math.h>

static inline double recurrent_gate(tarn_recurrent_activation a, double x) {
  const double line = 0.2 * x + 0.5;
  switch (a) {
    case TARN_RECURRENT_TANH: return tanh(x);
    case TARN_RECURRENT_SIGMOID: return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
    case TARN_RECURRENT_HARD_SIGMOID: return line < 0 ? 0 : line > 1 ? 1 : line;
    case TARN_RECURRENT_RELU: return x < 0 ? 0 : x;
    case TARN_RECURRENT_LINEAR: return x;
  }
  return x;
}

static inline double recurrent_clip(double x, double bound) {
  if (!(bound > 0)) return x;
  return x < -bound ? -bound : x > bound ? bound : x;
}

#endif

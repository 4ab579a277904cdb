/* Quantization ops: parsed attributes, and the slices along an axis. */
#ifndef TARN_KERNELS_PARAMS_QUANTIZE_H
#define TARN_KERNELS_PARAMS_QUANTIZE_H

#include "kernels/kernel.h"

typedef enum tarn_quantize_mode {
  TARN_MIN_COMBINED,
  TARN_MIN_FIRST,
  TARN_SCALED
} tarn_quantize_mode;

typedef struct tarn_quantize_params {
  tarn_quantize_mode mode;         /* QuantizeV2, Dequantize */
  bool half_to_even; /* else half away from zero (QuantizeV2), half up (QuantizeAndDequantize) */
  bool narrow_range;               /* the lowest quantized value is not used */
  bool signed_input, range_given;  /* QuantizeAndDequantize */
  int64_t num_bits;                /* QuantizeAndDequantize, FakeQuant */
  int64_t axis;                    /* -1: one range for all */
  float minimum_range;             /* ensure_minimum_range of QuantizeV2 */
  float min, max;                  /* FakeQuantWithMinMaxArgs, QuantizeAndDequantize (V1) */
} tarn_quantize_params;

/* Element (o, c, i) is at (o*C + c)*inner + i; range c is its. */
typedef struct tarn_slices { int64_t outer, C, inner; } tarn_slices;

static inline tarn_slices tarn__slices_of(const tarn_shape *x, int64_t axis) {
  tarn_slices s = {.outer = 1, .C = 1, .inner = 1};
  for (int d = 0; d < x->rank; d++)
    if (axis < 0 || d > axis) s.inner *= x->dim[d];
    else if (d < axis) s.outer *= x->dim[d];
    else s.C = x->dim[d];
  return s;
}

#endif

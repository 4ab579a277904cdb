/* The epilogue of a fused op as a pass over what OpenBLAS gave; for *.openblas.c files, whose flags
 * let plain loops be vectorised. */
#ifndef TARN_KERNELS_CPU_GEMM_BLAS_FINISH_H
#define TARN_KERNELS_CPU_GEMM_BLAS_FINISH_H

#include "kernels/params/fused.h"

#include <math.h>

#define EACH(Y) for (int64_t j = 0; j < cols; j++) y[j] = Y
#define FINISH(NAME, ELEM, EXPM1, TANH, EXP)                                                     \
  static inline void NAME(ELEM *restrict y, int64_t ldy, int64_t rows, int64_t cols,             \
                          const ELEM *bias, const ELEM *add, tarn_fused_activation activation) { \
    for (int64_t r = 0; r < rows; r++, y += ldy) {                                               \
      const ELEM *extra = add ? add + r * ldy : NULL;                                            \
      if (bias) EACH(y[j] + bias[j]);                                                            \
      if (extra) EACH(y[j] + extra[j]);                                                          \
      switch (activation) {                                                                      \
        case TARN_FUSED_NONE:                                                                    \
          break;                                                                                 \
        case TARN_FUSED_RELU:                                                                    \
          EACH(y[j] < 0 ? 0 : y[j]);                                                             \
          break;                                                                                 \
        case TARN_FUSED_RELU6:                                                                   \
          EACH(y[j]<0 ? 0 : y[j]> 6 ? 6 : y[j]);                                                 \
          break;                                                                                 \
        case TARN_FUSED_ELU:                                                                     \
          EACH(y[j] < 0 ? EXPM1(y[j]) : y[j]);                                                   \
          break;                                                                                 \
        case TARN_FUSED_TANH:                                                                    \
          EACH(TANH(y[j]));                                                                      \
          break;                                                                                 \
        case TARN_FUSED_SIGMOID:                                                                 \
          EACH(1 / (1 + EXP(-y[j])));                                                            \
          break;                                                                                 \
      }                                                                                          \
    }                                                                                            \
  }
FINISH(tarn__blas_finish_f32, float, expm1f, tanhf, expf)
FINISH(tarn__blas_finish_f64, double, expm1, tanh, exp)
#undef FINISH
#undef EACH

/* y = activation(y + bias + add): rows of y and of add are ldy elements apart; bias and add may be
 * NULL. */
static inline void tarn__blas_finish(bool f64, void *y, int64_t ldy, int64_t rows, int64_t cols,
                                     const void *bias, const void *add,
                                     tarn_fused_activation activation) {
  if (!bias && !add && activation == TARN_FUSED_NONE) return;
  if (f64) tarn__blas_finish_f64(y, ldy, rows, cols, bias, add, activation);
  else tarn__blas_finish_f32(y, ldy, rows, cols, bias, add, activation);
}

#endif

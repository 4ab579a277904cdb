/* What the fused ops (_FusedConv2D, _FusedDepthwiseConv2dNative, _FusedMatMul) do after the
 * product.
 *
 *   y = activation(product + bias + add)
 *
 * The attributes of the plain op come first in the params of each, so what reads those
 * (tarn__conv2d_geometry, tarn__matmul_geometry) serves both. */
#ifndef TARN_KERNELS_PARAMS_FUSED_H
#define TARN_KERNELS_PARAMS_FUSED_H

#include "kernels/kernel.h"
#include "kernels/params/matmul.h"
#include "kernels/params/window.h"

#include <string.h>

/* X(name, the text in fused_ops) */
#define TARN_FUSED_MAP(X) \
  X(RELU, "Relu")         \
  X(RELU6, "Relu6")       \
  X(ELU, "Elu")           \
  X(TANH, "Tanh")         \
  X(SIGMOID, "Sigmoid")

typedef enum tarn_fused_activation {
  TARN_FUSED_NONE,
#define X(name, text) TARN_FUSED_##name,
  TARN_FUSED_MAP(X)
#undef X
} tarn_fused_activation;

typedef struct tarn_epilogue {
  int bias,
      add; /* the inputs that hold them: a vector over the last axis, a tensor like y; 0: none */
  tarn_fused_activation activation;
} tarn_epilogue;

typedef struct tarn_fused_window_params {
  tarn_window_params window;
  tarn_epilogue epilogue;
} tarn_fused_window_params;

typedef struct tarn_fused_matmul_params {
  tarn_matmul_params matmul;
  tarn_epilogue epilogue;
} tarn_fused_matmul_params;

/* Of a problem of a fused op, or nothing at all for the plain one. */
static inline tarn_epilogue tarn__epilogue_of(const tarn_problem *p) {
  if (!strcmp(p->op, "_FusedMatMul"))
    return ((const tarn_fused_matmul_params *)p->params)->epilogue;
  if (p->op[0] == '_') return ((const tarn_fused_window_params *)p->params)->epilogue;
  return (tarn_epilogue){.activation = TARN_FUSED_NONE};
}

#endif

/* The epilogue of a fused problem in the form that the micro-kernels take. */
#ifndef TARN_KERNELS_CPU_GEMM_EPILOGUE_H
#define TARN_KERNELS_CPU_GEMM_EPILOGUE_H

#include "kernels/cpu/gemm/tile.h"
#include "kernels/params/fused.h"

static inline const float *tarn__epilogue_input(const tarn_call *call, int i) {
  return i > 0 ? (const float *)call->in[i]->data : NULL;
}

/* What is done in registers; the rest (Elu, Tanh, Sigmoid) takes a pass over y afterwards. */
static inline tarn_activation tarn__epilogue_activation(tarn_fused_activation a) {
  return a == TARN_FUSED_RELU    ? TARN_ACT_RELU
         : a == TARN_FUSED_RELU6 ? TARN_ACT_RELU6
                                 : TARN_ACT_NONE;
}
static inline bool tarn__epilogue_in_registers(tarn_fused_activation a) {
  return a == TARN_FUSED_NONE || a == TARN_FUSED_RELU || a == TARN_FUSED_RELU6;
}

#endif

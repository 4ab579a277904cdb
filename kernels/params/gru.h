/* GRUBlockCell: the layer of recurrent.h with one step, form CANDIDATE_APART, gates r, u, c, tanh
 * and sigmoid; its parameters serve here too. x: [B,I], h': [B,H]. */
#ifndef TARN_KERNELS_PARAMS_GRU_H
#define TARN_KERNELS_PARAMS_GRU_H

#include "kernels/params/recurrent.h"

/* Outputs, in their order. r, u and c may be left out (graph/op.h, `spare`). */
enum { TARN_GRU_OUT_R, TARN_GRU_OUT_U, TARN_GRU_OUT_C, TARN_GRU_OUT_H, TARN_GRU_OUTS };

#endif

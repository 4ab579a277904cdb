/* Launches of one step's cells, each giving cudaGetLastError's code. The formulas:
 * kernels/params/recurrent.h. */
#ifndef TARN_KERNELS_CUDA_RECURRENT_CELLS_H
#define TARN_KERNELS_CUDA_RECURRENT_CELLS_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

/* What steps of both cells share. Row b runs n = lengths[b] steps, cut to 0..T (T without lengths):
 * step `step` of it is at time `step`, or n - 1 - step backwards; from step n on its state stays
 * and y at time `step` is 0 or the state. */
typedef struct tarn_cuda_step {
  int64_t T, B, H, step;
  bool reverse, zero_output, wide; /* wide: lengths of int64 */
  int activation, gate;            /* tarn_recurrent_activation: s and sr */
  const void *lengths;             /* [B], or NULL */
  const void *from_x;              /* [T, B, gates, H]: x_t times its weights */
  const void *from_h;              /* [B, gates, H]: h' times its weights */
  const void *bias;                /* [gates, H], or NULL */
  int column[4];                   /* where the gates stand: i j f o, or r u c */
} tarn_cuda_step;

typedef struct tarn_cuda_lstm {
  tarn_cuda_step s;
  float forget_bias, cell_clip, proj_clip;
  const void *peephole[3]; /* [H] each, or NULL */
  void *c, *h;             /* [B, H], the states, in place; h also [B, P] */
  void *y;                 /* [T, B, H], or [T, B, P] */
  void *m;                 /* with a projection: [B, H], what is to be projected; else NULL */
  int64_t P;
  const void *projected; /* settle: [B, P] */
} tarn_cuda_lstm;

/* A step of LSTMBlockCell and BlockLSTM: outputs as kernels/params/lstm.h has them, of which some
 * may be NULL. */
typedef struct tarn_cuda_lstm_block {
  tarn_cuda_step s;
  float forget_bias, cell_clip;
  const void *peephole[3]; /* [H] each, or NULL */
  const void *c;           /* [B, H]: before the step */
  void *out[7];            /* [T, B, H] */
} tarn_cuda_lstm_block;

typedef struct tarn_cuda_gru {
  tarn_cuda_step s;
  const void *bias_c, *bias_hidden; /* [H] each, or NULL: of c apart; inside of r * (h w_h + b_h) */
  const void *bias_h;               /* reset_after: [3, H], added to r and u as well; or NULL */
  bool reset_after;
  void *reset, *update;  /* [B, H]: r * h', u */
  const void *candidate; /* [B, H]: (r * h') times its weights; not with reset_after */
  void *h, *y;
} tarn_cuda_gru;

#ifdef __cplusplus
extern "C" {
#endif
/* double: of float64, else float32. */
int tarn__cuda_lstm_cell(cudaStream_t stream, bool f64, const tarn_cuda_lstm *work);
int tarn__cuda_lstm_settle(cudaStream_t stream, bool f64, const tarn_cuda_lstm *work);
int tarn__cuda_lstm_block(cudaStream_t stream, bool f64, const tarn_cuda_lstm_block *work);
int tarn__cuda_gru_reset(cudaStream_t stream, bool f64, const tarn_cuda_gru *work);
int tarn__cuda_gru_cell(cudaStream_t stream, bool f64, const tarn_cuda_gru *work);
#ifdef __cplusplus
}
#endif
#endif

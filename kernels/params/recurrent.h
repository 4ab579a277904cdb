/* _LSTMSequence and _GRUSequence: parsed attributes and the numbers of a problem. BlockLSTM and the
 * block cells are the same layers with other inputs and outputs (lstm.h, gru.h beside this file).
 *
 * Both walk x [T,B,I] and keep a state for each row b of the batch; h' and c' are those before:
 *
 *   LSTM   G = [x_t, h'] w + b, cut into i, j, f, o of H columns each, in the order of `gates`
 *          i = sr(G_i + w_i * c')      f = sr(G_f + forget_bias + w_f * c')      j = s(G_j)
 *          c = clip(c' * f + j * i, cell_clip)      o = sr(G_o + w_o * c)      m = s(c) * o
 *          h = m, or clip(m projection, proj_clip), which has P columns
 *   GRU    r = sr(R), u = sr(U), c = s(C), h = u * h' + (1 - u) * c, where
 *          R, U = [x_t, h'] w + b
 *          C = [x_t, r * h'] w + b, or x_t w_x + b_x + r * (h' w_h + b_h) with reset_after
 *
 * s is `activation`, sr `recurrent_activation`; the terms with * c' and * c are there only with
 * peepholes; a clip is to [-bound, bound], where its bound is above 0, and keeps a NaN. forget_bias
 * and bounds are float32 also where T is double.
 *
 * Row b runs lengths[b] steps (cut to 0..T; T without lengths): t = 0, 1, .., or with `reverse`
 * backwards from its own last one: ReverseSequence, the layer, ReverseSequence in one, with its
 * refusal of lengths outside 0..T. h[t,b] is written at the step's own t; beyond the row's
 * length it is 0 with zero_output, else the last state. */
#ifndef TARN_KERNELS_PARAMS_RECURRENT_H
#define TARN_KERNELS_PARAMS_RECURRENT_H

#include "kernels/kernel.h"

/* X(name, the attribute's text) */
#define TARN_RECURRENT_ACTIVATION_MAP(X)                        \
  X(TANH, "tanh")                                               \
  X(SIGMOID, "sigmoid")                                         \
  X(HARD_SIGMOID, "hard_sigmoid") /* clip(0.2 x + 0.5, 0, 1) */ \
  X(RELU, "relu")                 /* NaN stays NaN */           \
  X(LINEAR, "linear")

typedef enum tarn_recurrent_activation {
#define X(name, text) TARN_RECURRENT_##name,
  TARN_RECURRENT_ACTIVATION_MAP(X)
#undef X
} tarn_recurrent_activation;

/* What both have. */
typedef struct tarn_recurrent_params {
  tarn_recurrent_activation activation, recurrent_activation;
  bool reverse, zero_output;
  int num_w, num_b, num_lengths;
} tarn_recurrent_params;

enum { TARN_LSTM_I, TARN_LSTM_J, TARN_LSTM_F, TARN_LSTM_O, TARN_LSTM_GATES };
enum { TARN_GRU_R, TARN_GRU_U, TARN_GRU_C, TARN_GRU_GATES };

/* Whose inputs and outputs a problem has. */
typedef enum tarn_lstm_form {
  TARN_LSTM_SEQUENCE, /* _LSTMSequence */
  TARN_LSTM_BLOCK,    /* BlockLSTM and BlockLSTMV2 */
  TARN_LSTM_CELL      /* LSTMBlockCell: x is [B,I] */
} tarn_lstm_form;

typedef struct tarn_lstm_sequence_params {
  tarn_recurrent_params shared; /* first: tarn__recurrent_check reads it of either op */
  tarn_lstm_form form;
  int column[TARN_LSTM_GATES];  /* which block of H columns of w and b is gate i, j, f, o */
  float forget_bias, cell_clip, proj_clip;
  int num_peephole, num_projection;
} tarn_lstm_sequence_params;

typedef struct tarn_gru_sequence_params {
  tarn_recurrent_params shared;
  bool cell;                  /* of GRUBlockCell */
  int column[TARN_GRU_GATES]; /* of r, u, c */
  bool separate;              /* form CANDIDATE_APART: w and b are [r,u] and [c] */
  bool reset_after;
} tarn_gru_sequence_params;

/* Sizes, and the inputs and outputs by their place (-1: not there). P = H without projection and
 * for GRUs. */
typedef struct tarn_recurrent {
  int64_t T, B, I, H, P;
  int x, w, b, h0, c0, lengths, peephole, projection;
  int limit;   /* how many steps run at most */
  int y, last; /* outputs: h of all steps, and of the last */
} tarn_recurrent;

static inline tarn_recurrent tarn__recurrent_nothing(void) {
  return (tarn_recurrent){.w = 1, .b = -1, .c0 = -1, .lengths = -1, .peephole = -1,
                          .projection = -1, .limit = -1, .last = 1};
}

/* BlockLSTM's: seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b; a cell's: the same from x
 * on. */
static inline tarn_recurrent tarn__lstm_block(const tarn_problem *p) {
  const tarn_lstm_sequence_params *params = (const tarn_lstm_sequence_params *)p->params;
  const int x = params->form == TARN_LSTM_BLOCK;
  const tarn_shape *shape = &p->in_shape[x];
  tarn_recurrent g = tarn__recurrent_nothing();
  g.x = x;
  g.limit = x - 1;
  g.c0 = x + 1;
  g.h0 = x + 2;
  g.w = x + 3;
  g.b = x + 7;
  if (params->num_peephole) g.peephole = x + 4;
  g.y = 6;
  g.last = -1;
  g.T = x ? shape->dim[0] : 1;
  g.B = shape->dim[shape->rank - 2];
  g.I = shape->dim[shape->rank - 1];
  g.P = g.H = p->in_shape[g.h0].dim[1];
  return g;
}

static inline tarn_recurrent tarn__lstm_sequence(const tarn_problem *p) {
  const tarn_lstm_sequence_params *params = (const tarn_lstm_sequence_params *)p->params;
  const tarn_recurrent_params *s = &params->shared;
  if (params->form != TARN_LSTM_SEQUENCE) return tarn__lstm_block(p);
  tarn_recurrent g = tarn__recurrent_nothing();
  int next = 1 + s->num_w;
  if (s->num_b) g.b = next;
  g.h0 = next += s->num_b;
  g.c0 = ++next;
  next++;
  if (s->num_lengths) g.lengths = next;
  next += s->num_lengths;
  if (params->num_peephole) g.peephole = next;
  next += params->num_peephole;
  if (params->num_projection) g.projection = next;
  g.T = p->in_shape[0].dim[0];
  g.B = p->in_shape[0].dim[1];
  g.I = p->in_shape[0].dim[2];
  g.P = p->in_shape[g.h0].dim[1];
  g.H = p->in_shape[g.c0].dim[1];
  return g;
}

/* GRUBlockCell's: x, h_prev, w_ru, w_c, b_ru, b_c. */
static inline tarn_recurrent tarn__gru_cell(const tarn_problem *p) {
  tarn_recurrent g = tarn__recurrent_nothing();
  g.h0 = 1;
  g.w = 2;
  g.b = 4;
  g.y = 3;
  g.last = -1;
  g.T = 1;
  g.B = p->in_shape[0].dim[0];
  g.I = p->in_shape[0].dim[1];
  g.P = g.H = p->in_shape[1].dim[1];
  return g;
}

static inline tarn_recurrent tarn__gru_sequence(const tarn_problem *p) {
  const tarn_gru_sequence_params *params = (const tarn_gru_sequence_params *)p->params;
  const tarn_recurrent_params *s = &params->shared;
  if (params->cell) return tarn__gru_cell(p);
  tarn_recurrent g = tarn__recurrent_nothing();
  if (s->num_b) g.b = 1 + s->num_w;
  g.h0 = 1 + s->num_w + s->num_b;
  if (s->num_lengths) g.lengths = g.h0 + 1;
  g.T = p->in_shape[0].dim[0];
  g.B = p->in_shape[0].dim[1];
  g.I = p->in_shape[0].dim[2];
  g.P = g.H = p->in_shape[g.h0].dim[1];
  return g;
}

/* Steps that row b of the batch runs: 0..T. */
static inline int64_t tarn__recurrent_length(const tarn_call *call, const tarn_recurrent *g,
                                             int64_t b) {
  if (g->lengths < 0) return g->T;
  const int64_t n = tarn__tensor_int(call->in[g->lengths], b);
  return n < 0 ? 0 : n > g->T ? g->T : n;
}

/* How many steps there are: T, or what the input says. */
static inline int64_t tarn__recurrent_steps(const tarn_call *call, const tarn_recurrent *g) {
  return g->limit < 0 ? g->T : tarn__tensor_int(call->in[g->limit], 0);
}

static inline tarn_status tarn__recurrent_check(const tarn_call *call, const tarn_recurrent *g) {
  const tarn_recurrent_params *p = (const tarn_recurrent_params *)call->problem->params;
  const int64_t steps = tarn__recurrent_steps(call, g);
  if (steps < 0 || steps > g->T)
    return tarn_fail(TARN_INVALID, "seq_len_max is %lld, expected 0 to %lld steps",
                     (long long)steps, (long long)g->T);
  for (int64_t b = 0; p->reverse && g->lengths >= 0 && b < g->B; b++) {
    const int64_t n = tarn__tensor_int(call->in[g->lengths], b);
    if (n < 0 || n > g->T)
      return tarn_fail(TARN_INVALID, "row %lld has length %lld, expected 0 to %lld steps",
                       (long long)b, (long long)n, (long long)g->T);
  }
  return TARN_OK;
}

#endif

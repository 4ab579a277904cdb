/* A cell that is one step: LSTMBlockCell or GRUBlockCell, taken apart as the others are. */
#include "graph/passes/recurrent/recurrent.h"
#include "kernels/params/gru.h"
#include "kernels/params/lstm.h"

/* The columns of one gate: [x, state] with `column` and the rest of a matrix, and of its bias. */
static void gate(tarn_gate *g, tarn_recurrent_activation act, const int sources[2], int matrix,
                 int bias, int64_t I, int64_t H, int64_t column) {
  *g = (tarn_gate){.act = act,
                   .z = {.term = {{sources[0], matrix, 0, I, column},
                                  {sources[1], matrix, I, H, column}},
                         .terms = 2,
                         .bias = {{bias, column}},
                         .biases = 1,
                         .product = -1,
                         .width = H}};
}

/* Inputs [first, first + n) are the same in every round; they are replaced by where they come
 * from. */
static bool weights(tarn_match *m, const tarn_step *step, int first, int n, int *in) {
  for (int i = first; i < first + n; i++) {
    if (!tarn__match_invariant(m, in[i]))
      return tarn__match_no(m, step, "its weights are not the same in every round");
    in[i] = tarn__match_origin(m, in[i]);
  }
  return true;
}

/* Rows and columns of a matrix of at least two blocks of H columns and more rows than that. */
static bool sizes(tarn_match *m, const tarn_step *step, int matrix, int gates, int64_t *I,
                  int64_t *H) {
  const tarn_shape *w = &m->block->value[matrix].shape;
  if (!tarn__shape_known(w) || w->rank != 2 || w->dim[1] % gates)
    return tarn__match_no(m, step, "the shape of its weights is not known");
  *H = w->dim[1] / gates;
  *I = w->dim[0] - *H;
  return *I > 0 && *H > 0;
}

static bool lstm(tarn_match *m, const tarn_step *step, tarn_cell *cell) {
  enum { X, C, HIDDEN, W, PEEPHOLES, B = PEEPHOLES + 3 };
  const tarn_lstm_params *p = step->params;
  int64_t I, H;
  int in[B + 1];
  for (int i = 0; i <= B; i++) in[i] = tarn__match_origin(m, step->in[i]);
  if (!weights(m, step, W, 1, in) || !weights(m, step, B, 1, in) ||
      !weights(m, step, PEEPHOLES, p->num_peephole, in) ||
      !sizes(m, step, in[W], TARN_LSTM_GATES, &I, &H))
    return false;
  const int sources[2] = {in[X], in[HIDDEN]};
  for (int g = 0; g < TARN_LSTM_GATES; g++)
    gate(&cell->gate[g], g == TARN_LSTM_J ? p->shared.activation : p->shared.recurrent_activation,
         sources, in[W], in[B], I, H, p->column[g] * H);
  cell->gate[TARN_LSTM_F].z.constant = (double)p->forget_bias;
  cell->gates = TARN_LSTM_GATES;
  cell->c_before = in[C];
  cell->h_before = -1; /* whoever carries it says so */
  cell->c = step->out[TARN_LSTM_OUT_CS];
  cell->raw = cell->h = step->out[TARN_LSTM_OUT_H];
  cell->cell_clip = p->cell_clip > 0 ? p->cell_clip : 0;
  for (int k = 0; k < 3; k++) cell->peephole[k] = p->num_peephole ? in[PEEPHOLES + k] : -1;
  cell->activation = p->shared.activation;
  cell->recurrent_activation = p->shared.recurrent_activation;
  return true;
}

static bool gru(tarn_match *m, const tarn_step *step, tarn_cell *cell) {
  enum { X, HIDDEN, W_RU, W_C, B_RU, B_C, INPUTS };
  const tarn_gru_sequence_params *p = step->params;
  int64_t I, H;
  int in[INPUTS];
  for (int i = 0; i < INPUTS; i++) in[i] = tarn__match_origin(m, step->in[i]);
  if (!weights(m, step, W_RU, INPUTS - W_RU, in) || !sizes(m, step, in[W_C], 1, &I, &H))
    return false;
  cell->gru = true;
  cell->gates = TARN_GRU_GATES;
  cell->reset = step->out[TARN_GRU_OUT_R]; /* stands for r h', which is no value of its own */
  cell->c = cell->c_before = -1;
  cell->h_before = in[HIDDEN];
  cell->raw = cell->h = step->out[TARN_GRU_OUT_H];
  cell->activation = p->shared.activation;
  cell->recurrent_activation = p->shared.recurrent_activation;
  const int sources[2] = {in[X], in[HIDDEN]}, reset[2] = {in[X], cell->reset};
  for (int g = 0; g < TARN_GRU_C; g++)
    gate(&cell->gate[g], cell->recurrent_activation, sources, in[W_RU], in[B_RU], I, H,
         p->column[g] * H);
  gate(&cell->gate[TARN_GRU_C], cell->activation, reset, in[W_C], in[B_C], I, H, 0);
  return true;
}

bool tarn__match_block_cell(tarn_match *m, tarn_step *step, tarn_cell *cell) {
  *cell = (tarn_cell){.sum = (int)(step - m->block->step),
                      .projection = -1,
                      .reset = -1,
                      .peephole = {-1, -1, -1}};
  const bool is_lstm = tarn__match_is(step, "LSTMBlockCell");
  return tarn__match_take(m, step) && (is_lstm ? lstm : gru)(m, step, cell);
}

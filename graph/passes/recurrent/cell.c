/* Cells of any kind, from the step at their heart. */
#include "graph/passes/recurrent/recurrent.h"

static bool is_block_cell(const tarn_step *step) {
  return tarn__match_is(step, "LSTMBlockCell") || tarn__match_is(step, "GRUBlockCell");
}

bool tarn__match_may_be_cell(const tarn_match *m, const tarn_step *step) {
  if (step->removed || step->kind != TARN_STEP_KERNEL || step->deref || !step->op ||
      step->node->problem)
    return false;
  return is_block_cell(step) || (tarn__match_is_add(step) && step->inputs == 2 &&
                                 tarn__match_is(tarn__match_step(m, step->in[0]), "Mul") &&
                                 tarn__match_is(tarn__match_step(m, step->in[1]), "Mul"));
}

bool tarn__match_cell(tarn_match *m, tarn_step *step, tarn_cell *cell) {
  m->n_taken = 0;
  if (is_block_cell(step)) return tarn__match_block_cell(m, step, cell);
  if (tarn__match_gru(m, step, cell)) return true;
  m->n_taken = 0;
  return tarn__match_lstm(m, step, cell);
}

/* An LSTM cell, from the sum that is its new state:
 *
 *   c = clip(f * c' + i * j),  h = o * s(c), projected and clipped
 *
 * f, i and o are gates of one activation, j of another, which c passes too. A peephole is a product
 * of c' (i, f) or c (o) with a vector, added to a gate. */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"

/* The products of the sum: f * c' is `kept`, i * j `added`; which factor is which is tried. */
static bool gates(tarn_match *m, const tarn_step *kept, const tarn_step *added, tarn_cell *cell) {
  const int before = m->n_taken;
  for (int k = 0; k < 2; k++) {
    m->n_taken = before;
    if (!tarn__match_gate(m, kept->in[k], &cell->gate[TARN_LSTM_F])) continue;
    cell->c_before = tarn__match_origin(m, kept->in[!k]);
    const int after = m->n_taken;
    for (int l = 0; l < 2; l++) {
      m->n_taken = after;
      if (tarn__match_gate(m, added->in[l], &cell->gate[TARN_LSTM_I]) &&
          tarn__match_gate(m, added->in[!l], &cell->gate[TARN_LSTM_J]) &&
          cell->gate[TARN_LSTM_I].act == cell->gate[TARN_LSTM_F].act)
        return true;
    }
  }
  m->n_taken = before;
  return false;
}

/* The vector that a gate's product multiplies a state with; *vector -1: the gate has no product. */
static bool peephole(tarn_match *m, const tarn_gate *gate, int state, int *vector) {
  *vector = -1;
  if (gate->z.product < 0) return true;
  const tarn_step *mul = tarn__match_step(m, gate->z.product);
  for (int k = 0; k < 2; k++) {
    const tarn_shape *s = &m->block->value[tarn__match_origin(m, mul->in[k])].shape;
    if (tarn__match_origin(m, mul->in[!k]) != state || !tarn__shape_known(s) || s->rank != 1 ||
        !tarn__match_invariant(m, mul->in[k]) || gate->z.product_at)
      continue;
    *vector = tarn__match_origin(m, mul->in[k]);
    return true;
  }
  return tarn__match_no(m, mul, "is no product of the cell's state with a vector");
}

/* h = o * s(c), which must be there once. */
static bool leave(tarn_match *m, tarn_cell *cell) {
  const tarn_step *step, *mul;
  const int before = m->n_taken;
  for (int k = 0; (step = tarn__match_user(m, cell->c, k)); k++) {
    int of;
    m->n_taken = before;
    if (!tarn__match_activation(m, step->out[0], &cell->activation, &of) ||
        tarn__match_origin(m, of) != cell->c)
      continue;
    const int after = m->n_taken;
    for (int l = 0; (mul = tarn__match_user(m, step->out[0], l)); l++) {
      m->n_taken = after;
      if (!tarn__match_is(mul, "Mul")) continue;
      const int way = tarn__match_origin(m, mul->in[0]) == step->out[0] ? 1 : 0;
      if (!tarn__match_gate(m, mul->in[way], &cell->gate[TARN_LSTM_O])) continue;
      cell->raw = cell->h = mul->out[0];
      return tarn__match_take(m, mul);
    }
  }
  m->n_taken = before;
  return tarn__match_no(m, NULL,
                        "after node '%.200s' no gate multiplies an activation of the new state",
                        m->block->step[m->block->value[cell->c].producer].name);
}

bool tarn__match_lstm(tarn_match *m, tarn_step *add, tarn_cell *cell) {
  *cell = (tarn_cell){.sum = (int)(add - m->block->step),
                      .gates = TARN_LSTM_GATES,
                      .h_before = -1,
                      .projection = -1,
                      .reset = -1};
  const tarn_step *one = tarn__match_step(m, add->in[0]), *two = tarn__match_step(m, add->in[1]);
  if (!tarn__match_is(one, "Mul") || !tarn__match_is(two, "Mul")) return false;
  if (!tarn__match_take(m, add) || !tarn__match_take(m, one) || !tarn__match_take(m, two))
    return false;
  if (!gates(m, one, two, cell) && !gates(m, two, one, cell))
    return tarn__match_no(m, add, "is no sum f * c + i * j of gates and a state");
  cell->c = add->out[0];
  int clipped;
  if (tarn__match_clipped(m, cell->c, &clipped, &cell->cell_clip))
    cell->c = clipped;
  else
    cell->cell_clip = 0;
  if (!leave(m, cell)) return false;
  cell->recurrent_activation = cell->gate[TARN_LSTM_F].act;
  if (cell->gate[TARN_LSTM_O].act != cell->recurrent_activation)
    return tarn__match_no(m, add, "its output gate has another activation than its other gates");
  if (cell->gate[TARN_LSTM_J].act != cell->activation)
    return tarn__match_no(m, add,
                          "what enters the state and what leaves it have different activations");
  static const int gate[3] = {TARN_LSTM_I, TARN_LSTM_F, TARN_LSTM_O};
  for (int k = 0; k < 3; k++)
    if (!peephole(m, &cell->gate[gate[k]], k < 2 ? cell->c_before : cell->c, &cell->peephole[k]))
      return false;
  if (cell->gate[TARN_LSTM_J].z.product >= 0 ||
      (cell->peephole[0] < 0) != (cell->peephole[1] < 0) ||
      (cell->peephole[0] < 0) != (cell->peephole[2] < 0))
    return tarn__match_no(m, add, "some of its gates have peepholes, others have none");
  return true;
}

bool tarn__match_projected(tarn_match *m, tarn_cell *cell, int which) {
  const tarn_step *step;
  if (which == 0) {
    cell->h = cell->raw;
    cell->projection = -1;
    cell->proj_clip = 0;
    return true;
  }
  if (which == 2)
    return cell->projection >= 0 && tarn__match_clipped(m, cell->h, &cell->h, &cell->proj_clip);
  for (int k = 0; !cell->gru && (step = tarn__match_user(m, cell->raw, k)); k++) {
    if (!tarn__match_is(step, "MatMul") || tarn__match_origin(m, step->in[0]) != cell->raw ||
        !tarn__match_invariant(m, step->in[1]) || tarn__attr_bool(step->attrs, "transpose_a") ||
        tarn__attr_bool(step->attrs, "transpose_b"))
      continue;
    cell->projection = tarn__match_origin(m, step->in[1]);
    cell->h = step->out[0];
    return tarn__match_take(m, step);
  }
  return false;
}

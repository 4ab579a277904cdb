/* A GRU cell, from the sum that is its new state:
 *
 *   h = u * h' + (1 - u) * c
 *   c = s([x, r * h'] w + b),  or with the reset after the product  s(x w_x + b_x + r * (h' w_h +
 * b_h)) */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"

/* value = 1 - u */
static bool is_rest(tarn_match *m, int value, int u) {
  const tarn_step *sub = tarn__match_step(m, value);
  double one;
  return tarn__match_is(sub, "Sub") && tarn__match_scalar(m, sub->in[0], &one) && one == 1 &&
         tarn__match_origin(m, sub->in[1]) == u && tarn__match_take(m, sub);
}

/* u * h' is `kept`, (1 - u) * c `added`. */
static bool products(tarn_match *m, const tarn_step *kept, const tarn_step *added, tarn_cell *cell,
                     int *candidate) {
  for (int k = 0; k < 2; k++)
    for (int l = 0; l < 2; l++) {
      const int u = tarn__match_origin(m, kept->in[k]);
      if (!is_rest(m, added->in[l], u)) continue;
      cell->h_before = tarn__match_origin(m, kept->in[!k]);
      *candidate = added->in[!l];
      return tarn__match_gate(m, u, &cell->gate[TARN_GRU_U]);
    }
  return false;
}

/* The factor of `state` in a product. */
static bool factor(const tarn_match *m, const tarn_step *mul, int state, int *other) {
  for (int k = 0; tarn__match_is(mul, "Mul") && k < 2; k++)
    if (tarn__match_origin(m, mul->in[k]) == state) {
      *other = mul->in[!k];
      return true;
    }
  return false;
}

static bool reset_before(tarn_match *m, const tarn_step *add, tarn_cell *cell) {
  const tarn_linear *z = &cell->gate[TARN_GRU_C].z;
  for (int i = 0; i < z->terms; i++) {
    const tarn_step *mul = tarn__match_step(m, z->term[i].source);
    int r;
    if (!factor(m, mul, cell->h_before, &r)) continue;
    cell->reset = z->term[i].source;
    return tarn__match_take(m, mul) && tarn__match_gate(m, r, &cell->gate[TARN_GRU_R]);
  }
  return tarn__match_no(m, add, "its candidate has no product of the state with a reset gate");
}

static bool reset_after(tarn_match *m, const tarn_step *add, tarn_cell *cell) {
  const tarn_linear *z = &cell->gate[TARN_GRU_C].z;
  const tarn_step *mul = tarn__match_step(m, z->product);
  const int before = m->n_taken;
  cell->reset = z->product;
  cell->reset_after = true;
  for (int k = 0; !z->product_at && k < 2; k++) {
    m->n_taken = before;
    if (tarn__match_gate(m, mul->in[k], &cell->gate[TARN_GRU_R]) &&
        cell->gate[TARN_GRU_R].act != TARN_RECURRENT_LINEAR &&
        tarn__match_linear(m, mul->in[!k], 0, -1, &cell->inner))
      return true;
  }
  return tarn__match_no(m, add,
                        "its candidate has no product of a reset gate with the state's own part");
}

bool tarn__match_gru(tarn_match *m, tarn_step *add, tarn_cell *cell) {
  *cell = (tarn_cell){.gru = true,
                      .sum = (int)(add - m->block->step),
                      .gates = TARN_GRU_GATES,
                      .c_before = -1,
                      .c = -1,
                      .projection = -1,
                      .peephole = {-1, -1, -1}};
  const tarn_step *one = tarn__match_step(m, add->in[0]), *two = tarn__match_step(m, add->in[1]);
  if (!tarn__match_is(one, "Mul") || !tarn__match_is(two, "Mul")) return false;
  if (!tarn__match_take(m, add) || !tarn__match_take(m, one) || !tarn__match_take(m, two))
    return false;
  int candidate;
  if (!products(m, one, two, cell, &candidate) && !products(m, two, one, cell, &candidate))
    return tarn__match_no(m, add, "is no sum u * h + (1 - u) * c of a gate and a state");
  if (!tarn__match_gate(m, candidate, &cell->gate[TARN_GRU_C])) return false;
  const bool after = cell->gate[TARN_GRU_C].z.product >= 0;
  if (!(after ? reset_after(m, add, cell) : reset_before(m, add, cell))) return false;
  if (cell->gate[TARN_GRU_R].z.product >= 0 || cell->gate[TARN_GRU_U].z.product >= 0)
    return tarn__match_no(m, add, "a gate with a product");
  cell->activation = cell->gate[TARN_GRU_C].act;
  cell->recurrent_activation = cell->gate[TARN_GRU_U].act;
  if (cell->gate[TARN_GRU_R].act != cell->recurrent_activation)
    return tarn__match_no(m, add, "its reset gate has another activation than its update gate");
  cell->raw = cell->h = add->out[0];
  return true;
}

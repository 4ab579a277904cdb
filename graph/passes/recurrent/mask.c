/* Rows that are over: what dynamic_rnn does with sequence_length.
 *
 *   over = t >= lengths;  y = over ? 0 : h;  c' = over ? c' : c;  h' = over ? h' : h */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"

/* The condition is t >= lengths (*over) or t < lengths. */
static bool compares(const tarn_match *m, int condition, bool *over, int *lengths) {
  static const struct {
    const char *op;
    int counter;
    bool over;
  } forms[] = {
      {"GreaterEqual", 0, true}, {"LessEqual", 1, true}, {"Less", 0, false}, {"Greater", 1, false}};
  const tarn_block *block = m->block;
  const tarn_step *step = tarn__match_step(m, condition);
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    if (!tarn__match_is(step, forms[i].op) || !tarn__loop_counts(m, step->in[forms[i].counter]))
      continue;
    const int value = tarn__match_origin(m, step->in[!forms[i].counter]);
    for (int k = 0; k < block->inputs; k++)
      if (block->input[k] == value && block->input_constant[k]) {
        *lengths = m->rounds.parent->step[m->rounds.at].in[k];
        *over = forms[i].over;
        return m->rounds.parent->value[*lengths].shape.rank == 1;
      }
  }
  return false;
}

bool tarn__loop_masked(const tarn_match *m, int value, int *condition, int *lengths, int *kept,
                       int *fresh) {
  const tarn_step *step = tarn__match_step(m, value);
  bool over;
  if (!tarn__match_is(step, "Select") || !compares(m, step->in[0], &over, lengths)) return false;
  *condition = tarn__match_origin(m, step->in[0]);
  *kept = tarn__match_origin(m, step->in[over ? 1 : 2]);
  *fresh = tarn__match_origin(m, step->in[over ? 2 : 1]);
  return *kept != *fresh;
}

/* Row b of the step's outputs depends on row b of input i alone. */
static bool by_rows(const tarn_match *m, const tarn_step *step, int value) {
  static const char *const ops[] = {"Add",     "AddV2",   "Sub",        "Mul", "BiasAdd",
                                    "Sigmoid", "Tanh",    "Relu",       "Neg", "Exp",
                                    "Minimum", "Maximum", "ClipByValue"};
  if (!tarn__match_is(step, "MatMul"))
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
      if (tarn__match_is(step, ops[i])) return true;
  if (tarn__match_is(step, "MatMul"))
    return tarn__match_origin(m, step->in[1]) != value &&
           !tarn__attr_bool(step->attrs, "transpose_a");
  const bool joins = tarn__match_is(step, "ConcatV2");
  if (!joins && !tarn__match_is(step, "Split")) return false;
  const tarn_tensor *axis = tarn__match_constant(m, step->in[joins ? step->inputs - 1 : 0]);
  return axis && (tarn__tensor_int(axis, 0) == 1 || tarn__tensor_int(axis, 0) == -1);
}

static bool unseen(const tarn_match *m, int value, int condition, int depth, int *budget) {
  const tarn_step *step;
  if (m->outside[value] || depth > TARN_CELL_DEPTH || --*budget < 0) return false;
  for (int k = 0; (step = tarn__match_user(m, value, k)); k++) {
    int also, lengths, kept, fresh;
    if (step->removed || step->deref || !step->op || step->kind != TARN_STEP_KERNEL) return false;
    if (tarn__loop_masked(m, step->out[0], &also, &lengths, &kept, &fresh) && also == condition &&
        fresh == value && kept != value)
      continue;
    if (!by_rows(m, step, value)) return false;
    for (int o = 0; o < step->outputs; o++)
      if (!unseen(m, step->out[o], condition, depth + 1, budget)) return false;
  }
  return true;
}

bool tarn__loop_unseen(const tarn_match *m, int value, int condition) {
  int budget = 4000; /* a value may be reached in many ways */
  return unseen(m, tarn__match_origin(m, value), condition, 0, &budget);
}

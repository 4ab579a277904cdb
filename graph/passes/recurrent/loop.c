/* Straight loops: which variables count, how many rounds there are, what is the same in all of
 * them.
 *
 *   while t1 < bound1 and t2 < bound2 ..: t1 = t1 + 1, t2 = t2 + 1, ..     counters start at 0
 *
 * A bound is a known number, or dynamic_rnn's min(steps, max(1, max(lengths))): the rounds after
 * the longest row, which a masked cell does not need, as every row is over there. */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"

int tarn__loop_variable(const tarn_match *m, int value) {
  value = tarn__match_origin(m, value);
  for (int k = 0; k < m->block->loop_vars; k++)
    if (m->block->carried[k] == value) return k;
  return -1;
}

static int input_of(const tarn_block *block, int value) {
  for (int i = 0; i < block->inputs; i++)
    if (block->input[i] == value) return i;
  return -1;
}

int tarn__loop_entering(const tarn_match *m, int variable) {
  const int i = input_of(m->block, m->block->carried[variable]);
  return m->rounds.parent->step[m->rounds.at].in[i];
}

bool tarn__loop_counts(const tarn_match *m, int value) {
  const int k = tarn__loop_variable(m, value);
  return k >= 0 && m->rounds.counter[k];
}

int tarn__loop_outer(tarn_match *m, int value) {
  value = tarn__match_origin(m, value);
  if (!m->rounds.parent) return value;
  const tarn_tensor *t = &m->block->value[value].constant;
  if (t->dtype) {
    tarn_tensor copy;
    tarn__tensor_share(t, &copy);
    return tarn__block_add_constant(m->rounds.parent, &copy);
  }
  return m->rounds.parent->step[m->rounds.at].in[input_of(m->block, value)];
}

int tarn__loop_enter(tarn_match *m, int outer) {
  tarn_block *block = m->block;
  tarn_step *loop = &m->rounds.parent->step[m->rounds.at];
  const size_t n = (size_t)block->inputs;
  int *input = tarn__arena_array(m->b->arena, n + 1, sizeof *input);
  int *in = tarn__arena_array(m->b->arena, n + 1, sizeof *in);
  bool *constant = tarn__arena_array(m->b->arena, n + 1, sizeof *constant);
  const tarn_value *from = &m->rounds.parent->value[outer];
  if (!input || !in || !constant) return -1;
  const int value = tarn__block_add_value(block, from->dtype, &from->shape);
  if (value < 0) return -1;
  if (n) {
    memcpy(input, block->input, n * sizeof *input);
    memcpy(in, loop->in, n * sizeof *in);
    memcpy(constant, block->input_constant, n * sizeof *constant);
  }
  input[n] = value;
  in[n] = outer;
  constant[n] = true;
  block->input = input;
  block->input_constant = constant;
  block->input_capacity = block->inputs + 1;
  loop->in = in;
  loop->inputs = ++block->inputs;
  return value;
}

tarn_status tarn__loop_before(tarn_match *m, const tarn_new_step *wanted, int *out, bool *made) {
  TARN_TRY(tarn__block_insert(m->b, m->rounds.parent, m->rounds.at, wanted, out, made));
  m->rounds.at += *made;
  return TARN_OK;
}

bool tarn__block_zeros(const tarn_block *block, int value) {
  value = tarn__block_origin(block, value);
  const tarn_value *v = &block->value[value];
  const tarn_tensor *t = &v->constant;
  if (t->dtype) {
    const unsigned char *bytes = t->data;
    if (t->dtype != TARN_F32 && t->dtype != TARN_F64) return false;
    for (size_t i = 0; i < tarn__tensor_bytes(t); i++)
      if (bytes[i]) return false;
    return true;
  }
  if (v->producer < 0) return false;
  const tarn_step *step = &block->step[v->producer];
  if (step->removed || !step->op || v->may_die) return false;
  if (!strcmp(step->op->name, "ZerosLike")) return true;
  return !strcmp(step->op->name, "Fill") && tarn__block_zeros(block, step->in[1]);
}

/* ---- counting ------------------------------------------------------------------------------- */

static bool known_int(const tarn_tensor *t, int64_t *x) {
  if (!t->dtype || (t->dtype != TARN_I32 && t->dtype != TARN_I64) || tarn__tensor_elements(t) != 1)
    return false;
  *x = tarn__tensor_int(t, 0);
  return true;
}

static void find_counters(tarn_match *m) {
  const tarn_block *block = m->block;
  for (int k = 0; k < block->loop_vars; k++) {
    const int entering = tarn__loop_entering(m, k);
    int64_t start, by;
    const tarn_step *add = tarn__match_step(m, block->next[k]);
    if (!known_int(&m->rounds.parent->value[entering].constant, &start) || start ||
        !tarn__match_is_add(add))
      continue;
    for (int i = 0; i < 2; i++) {
      const tarn_tensor *one = tarn__match_constant(m, add->in[!i]);
      if (tarn__loop_variable(m, add->in[i]) == k && one && known_int(one, &by) && by == 1)
        m->rounds.counter[k] = true;
    }
  }
}

static void cut(tarn_rounds *r, int64_t bound) {
  if (bound < 0) bound = 0;
  if (r->count < 0 || bound < r->count) r->count = bound;
}

/* A bound in the parent: a number, or min and max of numbers and max(lengths). */
static bool bounded_outside(tarn_match *m, int value, int depth) {
  const tarn_block *parent = m->rounds.parent;
  value = tarn__block_origin(parent, value);
  int64_t n;
  if (known_int(&parent->value[value].constant, &n)) {
    cut(&m->rounds, n);
    return true;
  }
  const int at = parent->value[value].producer;
  const tarn_step *step = at < 0 ? NULL : &parent->step[at];
  if (!step || !step->op || step->removed || step->deref || depth > 4) return false;
  if (!strcmp(step->op->name, "Minimum"))
    return bounded_outside(m, step->in[0], depth + 1) && bounded_outside(m, step->in[1], depth + 1);
  if (strcmp(step->op->name, "Maximum")) return false;
  for (int i = 0; i < 2; i++) { /* max(1, max(lengths)) */
    const int other = tarn__block_origin(parent, step->in[!i]);
    const int by = parent->value[other].producer;
    if (!known_int(&parent->value[tarn__block_origin(parent, step->in[i])].constant, &n) ||
        n != 1 || by < 0 || parent->value[other].constant.dtype)
      continue;
    const tarn_step *max = &parent->step[by];
    if (!max->op || strcmp(max->op->name, "Max") || max->removed || max->deref) continue;
    const int lengths = tarn__block_origin(parent, max->in[0]);
    if (parent->value[other].shape.rank != 0 || parent->value[lengths].shape.rank != 1 ||
        (m->rounds.lengths >= 0 && m->rounds.lengths != lengths))
      continue;
    m->rounds.lengths = lengths;
    return true;
  }
  return false;
}

static bool bounded(tarn_match *m, int condition, int depth) {
  const tarn_step *step = tarn__match_step(m, condition);
  if (tarn__match_is(step, "LogicalAnd") && depth < 8)
    return bounded(m, step->in[0], depth + 1) && bounded(m, step->in[1], depth + 1);
  const bool less = tarn__match_is(step, "Less");
  if (!less && !tarn__match_is(step, "Greater"))
    return tarn__match_no(m, step, "the loop does not end by a comparison of its counter");
  const int bound = step->in[less];
  int64_t n;
  if (!tarn__loop_counts(m, step->in[!less]))
    return tarn__match_no(m, step, "compares no counter that goes 0, 1, 2, ..");
  const tarn_tensor *t = tarn__match_constant(m, bound);
  if (t && known_int(t, &n)) {
    cut(&m->rounds, n);
    return true;
  }
  if (!t && tarn__match_invariant(m, bound) && bounded_outside(m, tarn__loop_outer(m, bound), 0))
    return true;
  return tarn__match_no(m, step, "the number of rounds is not known before the loop runs");
}

tarn_status tarn__loop_start(tarn_match *m, tarn_builder *b, tarn_block *parent, int at,
                             bool *known) {
  tarn_block *block = parent->step[at].block[0];
  *known = false;
  TARN_TRY(tarn__match_start(m, b, block));
  m->rounds.parent = parent;
  m->rounds.at = at;
  m->rounds.counter = tarn__arena_array(b->arena, (size_t)block->loop_vars + 1, sizeof(bool));
  if (!m->rounds.counter) return TARN_NO_MEMORY;
  if (!block->straight || block->has_dead || parent->step[at].may_die) {
    tarn__match_no(m, NULL, "%s",
                   block->straight ? "parts of it run under a condition"
                                   : "the loop is of a form that runs by dead values");
    return TARN_OK;
  }
  find_counters(m);
  *known = bounded(m, block->stop_value, 0) && m->rounds.count >= 0;
  if (!*known) tarn__match_no(m, NULL, "the number of rounds is not known before the loop runs");
  return TARN_OK;
}

/* A cell in a loop becomes a step before it that computes all rounds at once. In the loop a read of
 * element t stands where the cell's output was; its state is no longer carried. */
#include <stdio.h>
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"

typedef struct found {
  tarn_cell cell;
  int h_variable, c_variable; /* what is carried; c: -1 for a GRU */
  int h_select, c_select;     /* values: the masked states, or -1 */
  int condition, lengths;     /* of the mask, or -1; lengths: of the parent */
  bool zero_output;
} found;

/* What the variable becomes is `fresh`, or the mask's choice between it and what it was. */
static bool carries(const tarn_match *m, int variable, int fresh, int *select, int *condition,
                    int *lengths) {
  const int next = tarn__match_origin(m, m->block->next[variable]);
  int kept, other;
  *select = *condition = *lengths = -1;
  if (next == tarn__match_origin(m, fresh)) return true;
  if (!tarn__loop_masked(m, next, condition, lengths, &kept, &other) ||
      kept != m->block->carried[variable] || other != tarn__match_origin(m, fresh))
    return false;
  *select = next;
  return true;
}

/* Why a state is not carried on: the mask's own step where one chooses it. */
static bool not_carried(tarn_match *m, const tarn_step *sum, int variable) {
  const tarn_step *next = tarn__match_step(m, m->block->next[variable]);
  if (tarn__match_is(next, "Select") || tarn__match_is(next, "SelectV2"))
    return tarn__match_no(
        m, next,
        "chooses the next state by a mask that is no sequence_length (Masking and "
        "mask_zero of Keras are none): the loop runs step by step");
  return tarn__match_no(m, sum, "the loop does not carry on this state as the cell gives it");
}

static bool is_source(const tarn_match *m, const tarn_cell *cell, int variable) {
  const tarn_linear *z = &cell->gate[0].z;
  for (int i = 0; i < z->terms; i++)
    if (z->term[i].source == m->block->carried[variable]) return true;
  return false;
}

static bool find_lstm_states(tarn_match *m, found *f) {
  const tarn_step *sum = &m->block->step[f->cell.sum];
  int condition, lengths;
  f->c_variable = tarn__loop_variable(m, f->cell.c_before);
  if (f->c_variable < 0)
    return tarn__match_no(m, sum, "what its forget gate multiplies is not carried by the loop");
  if (!carries(m, f->c_variable, f->cell.c, &f->c_select, &f->condition, &f->lengths))
    return not_carried(m, sum, f->c_variable);
  for (int which = 0; which < 3; which++) {
    if (!tarn__match_projected(m, &f->cell, which)) continue;
    for (int k = 0; k < m->block->loop_vars; k++) {
      if (!is_source(m, &f->cell, k) ||
          !carries(m, k, f->cell.h, &f->h_select, &condition, &lengths))
        continue;
      if (condition != f->condition)
        return tarn__match_no(m, sum, "the two states of its cell have different masks");
      f->h_variable = k;
      f->cell.h_before = m->block->carried[k];
      return true;
    }
  }
  return tarn__match_no(m, sum,
                        "the loop does not carry on the output of its cell as the cell gives it");
}

static bool find_gru_state(tarn_match *m, found *f) {
  const tarn_step *sum = &m->block->step[f->cell.sum];
  f->c_variable = f->c_select = -1;
  f->h_variable = tarn__loop_variable(m, f->cell.h_before);
  if (f->h_variable < 0)
    return tarn__match_no(m, sum, "what its update gate keeps is not carried by the loop");
  if (!carries(m, f->h_variable, f->cell.h, &f->h_select, &f->condition, &f->lengths))
    return not_carried(m, sum, f->h_variable);
  return true;
}

/* ---- nobody else looks ----------------------------------------------------------------------- */

static bool is_taken(const tarn_match *m, int at) {
  for (int i = 0; i < m->n_taken; i++)
    if (m->taken[i] == at) return true;
  return false;
}

static int results_of(const tarn_block *block, int value) {
  int n = 0;
  for (int i = 0; i < block->results; i++) n += block->result[i] == value;
  return n;
}

/* All users of a value are of the cell (or choose its next state). */
static bool kept_inside(tarn_match *m, const found *f, int value, int outside) {
  const tarn_step *step;
  for (int k = 0; (step = tarn__match_user(m, value, k)); k++) {
    const int at = (int)(step - m->block->step);
    const bool selects =
        step->outputs == 1 && (step->out[0] == f->c_select || step->out[0] == f->h_select);
    if (!selects && !is_taken(m, at))
      return tarn__match_no(m, step, "uses what is inside the cell");
  }
  if (m->outside[value] > outside)
    return tarn__match_no(m, NULL, "the loop carries on what is inside the cell");
  return true;
}

static bool closed(tarn_match *m, const found *f) {
  const tarn_block *block = m->block;
  const int h = tarn__match_origin(m, f->cell.h), c = f->cell.c;
  const int states[2] = {f->cell.h_before, f->cell.c_before};
  bool *depends = tarn__arena_array(m->b->arena, (size_t)block->values + 1, sizeof(bool));
  if (!depends) return false;
  for (int i = 0; i < 2 - f->cell.gru; i++) {
    depends[states[i]] = true;
    if (!kept_inside(m, f, states[i], results_of(block, states[i]))) return false;
  }
  if (f->cell.h_before == f->cell.c_before) return tarn__match_no(m, NULL, "both states are one");
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed || !is_taken(m, at)) continue;
    bool any = false;
    for (int i = 0; i < step->inputs; i++) any = any || depends[tarn__match_origin(m, step->in[i])];
    for (int o = 0; o < step->outputs && any; o++) {
      const int v = step->out[o];
      depends[v] = true;
      if (v != h && !kept_inside(m, f, v, v == c && f->c_select < 0)) return false;
    }
  }
  if (f->c_select >= 0 && (tarn__match_user(m, f->c_select, 0) || m->outside[f->c_select] != 1))
    return tarn__match_no(m, NULL, "the loop uses the cell's masked state elsewhere");
  return true;
}

/* ---- the rewrite ----------------------------------------------------------------------------- */

static tarn_status axis_zero(tarn_match *m, int *value) {
  tarn_tensor t = {0};
  const tarn_shape scalar = tarn__shape_scalar();
  TARN_TRY(tarn__tensor_new(m->b->context->allocator, TARN_I32, &scalar, &t));
  *value = tarn__block_add_constant(m->block, &t);
  return *value < 0 ? TARN_NO_MEMORY : TARN_OK;
}

/* The step that gave the output reads element t of the sequence. */
static tarn_status read_instead(tarn_match *m, const found *f, int sequence) {
  tarn_block *block = m->block;
  int counter = 0, axis;
  while (!m->rounds.counter[counter]) counter++;
  const int inner = tarn__loop_enter(m, sequence);
  if (inner < 0) return TARN_NO_MEMORY;
  TARN_TRY(axis_zero(m, &axis));
  const int h = tarn__match_origin(m, f->cell.h), t = block->carried[counter];
  tarn_step *step = &block->step[block->value[h].producer];
  tarn_attrs *attrs = tarn__arena_alloc(m->b->arena, sizeof *attrs);
  int *in = tarn__arena_array(m->b->arena, 3, sizeof *in);
  int *out = tarn__arena_alloc(m->b->arena, sizeof *out);
  const tarn_op *op = tarn__op_find("GatherV2");
  void *params = tarn__arena_alloc(m->b->arena, op->params_bytes);
  if (!attrs || !in || !out || !params) return TARN_NO_MEMORY;
  const tarn_attr batch = {.kind = TARN_ATTR_INT, .i = 0};
  const struct {
    const char *name;
    tarn_dtype dtype;
  } types[] = {
      {"Tparams", block->value[h].dtype}, {"Tindices", block->value[t].dtype}, {"Taxis", TARN_I32}};
  TARN_TRY(tarn__attr_set(m->b->arena, attrs, "batch_dims", &batch));
  for (int i = 0; i < 3; i++) {
    tarn_attr type = {.kind = TARN_ATTR_TYPE};
    type.type.dtype = types[i].dtype;
    TARN_TRY(tarn__attr_set(m->b->arena, attrs, types[i].name, &type));
  }
  TARN_TRY(op->parse(attrs, params));
  in[0] = inner;
  in[1] = t;
  in[2] = axis;
  step->kind = TARN_STEP_KERNEL;
  step->op = op;
  step->attrs = attrs;
  step->params = params;
  step->in = in;
  step->inputs = 3;
  *out = h; /* of a block cell's outputs nobody uses another */
  step->out = out;
  step->outputs = 1;
  block->value[h].output = 0;
  const tarn_shape *whole = &block->value[inner].shape;
  const tarn_shape element = {.rank = 2, .dim = {whole->dim[1], whole->dim[2]}};
  block->value[h].shape = element;
  return TARN_OK;
}

/* Users of the masked output take the sequence's element, which is masked itself. */
static tarn_status unmask(tarn_match *m, const found *f) {
  tarn_block *block = m->block;
  const int h = tarn__match_origin(m, f->cell.h);
  int *stands_for = tarn__block_aliases(block);
  if (!stands_for) return TARN_NO_MEMORY;
  if (f->h_select >= 0) stands_for[f->h_select] = h;
  const tarn_step *step;
  for (int k = 0; f->zero_output && (step = tarn__match_user(m, h, k)); k++) {
    int condition, lengths, kept, fresh;
    if (step->outputs != 1 ||
        !tarn__loop_masked(m, step->out[0], &condition, &lengths, &kept, &fresh) ||
        condition != f->condition || fresh != h)
      continue;
    int outer = -1;
    for (int i = 0; i < block->inputs; i++)
      if (block->input[i] == kept && block->input_constant[i])
        outer = m->rounds.parent->step[m->rounds.at].in[i];
    if (tarn__block_zeros(block, kept) ||
        (outer >= 0 && tarn__block_zeros(m->rounds.parent, outer)))
      stands_for[step->out[0]] = h;
  }
  tarn__block_rename(block, stands_for);
  return TARN_OK;
}

/* The loop does not carry a variable any more: who wanted its last value takes `last`. */
static void drop(tarn_match *m, int variable, int last, int *stands_for) {
  tarn_block *block = m->block;
  const tarn_step *loop = &m->rounds.parent->step[m->rounds.at];
  const int carried = block->carried[variable];
  for (int i = 0; i < block->results; i++)
    if (block->result[i] == carried) stands_for[loop->out[i]] = last;
  for (int i = 0; i < block->inputs; i++)
    if (block->input[i] == carried) block->input_constant[i] = true;
  block->next[variable] = carried;
}

static tarn_status rewrite(tarn_match *m, const found *f, const int out[3]) {
  tarn_block *parent = m->rounds.parent;
  TARN_TRY(read_instead(m, f, out[0]));
  if (f->condition >= 0) TARN_TRY(unmask(m, f));
  int *stands_for = tarn__block_aliases(parent);
  if (!stands_for) return TARN_NO_MEMORY;
  drop(m, f->h_variable, out[1], stands_for);
  if (f->c_variable >= 0) drop(m, f->c_variable, out[2], stands_for);
  tarn__block_rename(parent, stands_for);
  tarn__loop_drop_invariants(m->block);
  return TARN_OK;
}

/* ---- one cell -------------------------------------------------------------------------------- */

static bool bounds_fit(tarn_match *m, found *f) {
  const tarn_step *sum = &m->block->step[f->cell.sum];
  if (f->condition >= 0) {
    if (!tarn__loop_unseen(m, f->cell.h, f->condition))
      return tarn__match_no(m, sum, "rows of its cell's output that are over are used");
    if (m->rounds.lengths >= 0 &&
        m->rounds.lengths != tarn__block_origin(m->rounds.parent, f->lengths))
      return tarn__match_no(m, sum,
                            "the loop ends by other lengths than those that the cell minds");
    f->zero_output =
        f->h_select < 0 || (!tarn__match_user(m, f->h_select, 0) && m->outside[f->h_select] == 1);
    return true;
  }
  if (m->rounds.lengths >= 0)
    return tarn__match_no(m, sum, "the loop ends by lengths that its cell does not mind");
  f->zero_output = true;
  return true;
}

static int outer_or_none(tarn_match *m, int value) {
  return value < 0 ? -1 : tarn__loop_outer(m, value);
}

static tarn_status finish(tarn_match *m, found *f, bool *done) {
  tarn_weights w;
  bool fits;
  if (!(f->cell.gru ? find_gru_state(m, f) : find_lstm_states(m, f)) || !bounds_fit(m, f) ||
      !closed(m, f))
    return TARN_OK;
  TARN_TRY(tarn__match_weights(m, &f->cell, &w, &fits));
  if (!fits) return TARN_OK;
  int x;
  TARN_TRY(tarn__loop_lift(m, w.x, &x));
  if (x < 0) {
    tarn__match_no(m, tarn__match_step(m, w.x),
                   "the cell's input is no element of a sequence known before the loop");
    return TARN_OK;
  }
  const tarn_shape *shape = &m->rounds.parent->value[x].shape;
  if (!tarn__shape_known(shape) || shape->rank != 3) {
    tarn__match_no(m, tarn__match_step(m, w.x),
                   "the shape of the sequence that it reads is not known");
    return TARN_OK;
  }
  if (shape->dim[0] != m->rounds.count || shape->dim[0] < 1) {
    tarn__match_no(m, tarn__match_step(m, w.x),
                   "the loop's rounds (%lld) are not as many as the sequence has elements",
                   (long long)m->rounds.count);
    return TARN_OK;
  }
  const tarn_step *at = &m->block->step[m->block->value[tarn__match_origin(m, f->cell.h)].producer];
  tarn_sequence s = {.into = m->rounds.parent,
                     .at = m->rounds.at,
                     .like = at->node,
                     .name = at->name,
                     .x = x,
                     .h0 = tarn__loop_entering(m, f->h_variable),
                     .c0 = f->c_variable < 0 ? -1 : tarn__loop_entering(m, f->c_variable),
                     .lengths = f->lengths,
                     .projection = outer_or_none(m, f->cell.projection),
                     .zero_output = f->zero_output};
  for (int i = 0; i < 3; i++) s.peephole[i] = outer_or_none(m, f->cell.peephole[i]);
  int out[3];
  TARN_TRY(tarn__sequence_make(m, &f->cell, &w, &s, out, done));
  if (!*done) return TARN_OK;
  m->rounds.at++;
  return rewrite(m, f, out);
}

tarn_status tarn__loop_extract(tarn_builder *b, tarn_block *parent, int *at, bool *done, char *why,
                               size_t why_bytes) {
  tarn_match m;
  bool known;
  *done = false;
  TARN_TRY(tarn__loop_start(&m, b, parent, *at, &known));
  for (int s = 0; known && s < m.block->steps && !*done; s++) {
    tarn_step *step = &m.block->step[s];
    found f = {.condition = -1, .lengths = -1, .h_select = -1, .c_select = -1};
    if (tarn__match_may_be_cell(&m, step) && tarn__match_cell(&m, step, &f.cell))
      TARN_TRY(finish(&m, &f, done));
  }
  *at = m.rounds.at;
  snprintf(why, why_bytes, "%s",
           m.why[0]
               ? m.why
               : "it has no sum f * c + i * j or u * h + (1 - u) * c of gates and a carried state");
  return TARN_OK;
}

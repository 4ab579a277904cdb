/* Chains of cells without a loop: what static_rnn writes.
 *
 *   x_0, .., x_{n-1} = Unpack(X);  h_k, c_k = cell(x_k, h_{k-1}, c_{k-1}), the same weights in each
 *     becomes   H = sequence(X);  h_0, .., h_{n-1} = Unpack(H)
 *
 * A chain may also go from x_{n-1} to x_0. With lengths (mask.c, lengths.c) the state that goes on
 * is the mask's choice between the old and the new, in every link by the same lengths and its own
 * number. The old steps stay what they were and go as unused; a chain of which something else is
 * wanted than outputs and the last state is left alone. */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"
#include "graph/passes/rewrite.h"

enum { FEWEST = 2, MOST_CELLS = 4096 };

typedef struct link {
  tarn_cell cell;
  int taken[TARN_CELL_STEPS], n_taken;
  struct link *next; /* the cell that goes on with this one's states */
  bool follows;
  /* The mask of its states and the values that it chooses; condition -1: its states go on as they
   * are. */
  int condition, lengths, c_select, h_select;
} link;

static bool same_terms(const tarn_linear *a, const tarn_linear *b) {
  if (a->terms != b->terms || a->biases != b->biases || a->constant != b->constant ||
      a->width != b->width)
    return false;
  for (int i = 0; i < a->terms; i++)
    if (a->term[i].matrix != b->term[i].matrix || a->term[i].row != b->term[i].row ||
        a->term[i].rows != b->term[i].rows || a->term[i].column != b->term[i].column)
      return false;
  for (int i = 0; i < a->biases; i++)
    if (a->bias[i].value != b->bias[i].value || a->bias[i].at != b->bias[i].at) return false;
  return true;
}

/* The same weights, activations and clips. */
static bool alike(const tarn_cell *a, const tarn_cell *b) {
  if (a->gru != b->gru || a->activation != b->activation || a->cell_clip != b->cell_clip ||
      a->recurrent_activation != b->recurrent_activation || a->reset_after != b->reset_after ||
      memcmp(a->peephole, b->peephole, sizeof a->peephole) != 0)
    return false;
  for (int g = 0; g < a->gates; g++)
    if (!same_terms(&a->gate[g].z, &b->gate[g].z)) return false;
  return !a->reset_after || same_terms(&a->inner, &b->inner);
}

/* Which term of the first gate has this source; -1: none. */
static int term_of(const tarn_cell *cell, int value) {
  const tarn_linear *z = &cell->gate[0].z;
  for (int i = 0; i < z->terms; i++)
    if (z->term[i].source == value) return i;
  return -1;
}

static bool is_cell(tarn_match *m, tarn_step *step, tarn_cell *cell) {
  return !step->may_die && !step->kept && tarn__match_may_be_cell(m, step) &&
         tarn__match_cell(m, step, cell);
}

static tarn_status find_cells(tarn_match *m, link **links, int *count) {
  const tarn_block *block = m->block;
  int most = 0;
  *count = 0;
  for (int s = 0; s < block->steps; s++) /* few graphs have more than a handful of these */
    most += tarn__match_may_be_cell(m, &block->step[s]);
  if (most < FEWEST || most > MOST_CELLS) return TARN_OK;
  link *list = tarn__arena_array(m->b->arena, (size_t)most + 1, sizeof *list);
  if (!list) return TARN_NO_MEMORY;
  for (int s = 0; s < block->steps && *count < most; s++) {
    link *l = &list[*count];
    if (!is_cell(m, &m->block->step[s], &l->cell)) continue;
    memcpy(l->taken, m->taken, sizeof l->taken);
    l->n_taken = m->n_taken;
    ++*count;
  }
  *links = list;
  return TARN_OK;
}

/* A state goes on as `fresh`, or as the mask's choice between `before` and it (*select; else -1).
 * The cell's first state tells which; the other goes the same way. */
static bool carries(const tarn_match *m, link *l, int value, int fresh, int before, bool first,
                    int *select) {
  int condition, lengths, old, new;
  value = tarn__match_origin(m, value);
  *select = -1;
  if (value == fresh) return first || l->condition < 0;
  if (!tarn__loop_masked(m, value, &condition, &lengths, &old, &new) || new != fresh ||
      old != before || (!first && condition != l->condition))
    return false;
  l->condition = condition;
  l->lengths = lengths;
  *select = value;
  return true;
}

/* What its cell takes for the output before it, as source i of its first gate. */
static int output_before(const tarn_match *m, const link *l, int i) {
  return l->cell.h_before >= 0 ? l->cell.h_before
                               : tarn__match_origin(m, l->cell.gate[0].z.term[i].source);
}

/* The source of `to` that is from's output h, or the mask's choice of it; -1: none. */
static int taken_up(const tarn_match *m, link *from, const link *to, int h) {
  for (int i = 0; i < to->cell.gate[0].z.terms; i++)
    if (carries(m, from, to->cell.gate[0].z.term[i].source, h, output_before(m, from, i), false,
                &from->h_select))
      return i;
  return -1;
}

/* `to` takes up the states that `from` gives: from's output is raw, projected, or clipped too. */
static bool goes_on(tarn_match *m, link *from, link *to) {
  if (from == to || !alike(&from->cell, &to->cell)) return false;
  const tarn_cell *cell = &from->cell;
  const int state = tarn__match_origin(m, cell->gru ? cell->h : cell->c);
  from->condition = from->lengths = from->h_select = -1;
  if (!carries(m, from, cell->gru ? to->cell.h_before : to->cell.c_before, state,
               cell->gru ? cell->h_before : cell->c_before, true, &from->c_select))
    return false;
  memcpy(m->taken, from->taken, sizeof m->taken);
  m->n_taken = from->n_taken;
  for (int which = 0; which < 3; which++) {
    if (!tarn__match_projected(m, &from->cell, which)) continue;
    const int term = taken_up(m, from, to, tarn__match_origin(m, from->cell.h));
    if (term < 0) continue;
    if (from->cell.gru)
      from->c_select = -1;
    else
      from->cell.h_before = output_before(m, from, term);
    if (!to->cell.gru) to->cell.h_before = output_before(m, to, term);
    memcpy(from->taken, m->taken, sizeof m->taken);
    from->n_taken = m->n_taken;
    return true;
  }
  return false;
}

/* The condition by these lengths whose number is t, of some mask; -1: there is none. */
static int condition_of(const tarn_match *m, int lengths, int64_t t) {
  for (int s = 0; s < m->block->steps; s++) {
    const tarn_step *step = &m->block->step[s];
    int condition, by, kept, fresh;
    if (tarn__step_is(step, "Select") && !step->removed &&
        tarn__loop_masked(m, step->out[0], &condition, &by, &kept, &fresh) && by == lengths &&
        tarn__mask_step(m, condition) == t)
      return condition;
  }
  return -1;
}

/* The last cell's masked states, where somebody wants them, and its mask. */
static void end_masked(tarn_match *m, const link *before, link *last, int n) {
  const int h = tarn__match_origin(m, last->cell.h), c = last->cell.gru ? -1 : last->cell.c;
  int condition, lengths, kept, fresh;
  const tarn_step *step;
  last->condition = last->lengths = last->c_select = last->h_select = -1;
  if (before->condition < 0) return;
  last->condition = condition_of(m, before->lengths, n - 1);
  last->lengths = before->lengths;
  for (int which = 0; which < 2; which++) {
    const int state = which ? h : c, was = which ? last->cell.h_before : last->cell.c_before;
    for (int k = 0; state >= 0 && (step = tarn__match_user(m, state, k)); k++) {
      if (step->outputs != 1 ||
          !tarn__loop_masked(m, step->out[0], &condition, &lengths, &kept, &fresh) ||
          fresh != state || condition != last->condition)
        continue;
      if (kept == was) *(which ? &last->h_select : &last->c_select) = step->out[0];
    }
  }
}

/* The last cell's output is what the others' is. */
static bool end_alike(tarn_match *m, const link *before, link *last) {
  memcpy(m->taken, last->taken, sizeof m->taken);
  m->n_taken = last->n_taken;
  const int which = before->cell.projection < 0 ? 0 : before->cell.proj_clip > 0 ? 2 : 1;
  for (int k = which ? 1 : 0; k <= which; k++)
    if (!tarn__match_projected(m, &last->cell, k)) return false;
  memcpy(last->taken, m->taken, sizeof m->taken);
  last->n_taken = m->n_taken;
  return last->cell.projection == before->cell.projection &&
         last->cell.proj_clip == before->cell.proj_clip;
}

/* ---- what goes in ---------------------------------------------------------------------------- */

/* A value is element *k of *whole along *axis, cut off by a step that gives all `n` of them. */
static bool element_of(const tarn_match *m, int value, int64_t n, int *whole, int *k, int *axis) {
  const tarn_block *block = m->block;
  value = tarn__match_origin(m, value);
  const tarn_step *step = tarn__match_step(m, value);
  if (step && (tarn__match_is(step, "Squeeze") || tarn__match_is(step, "Reshape"))) {
    value = tarn__match_origin(m, step->in[0]);
    step = tarn__match_step(m, value);
    const tarn_tensor *along =
        tarn__match_is(step, "Split") ? tarn__match_constant(m, step->in[0]) : NULL;
    if (!along || tarn__tensor_elements(along) != 1) return false;
    *whole = step->in[1];
    *axis = (int)(tarn__tensor_int(along, 0) < 0 ? tarn__tensor_int(along, 0) + 3
                                                 : tarn__tensor_int(along, 0));
  } else if (tarn__match_is(step, "Unpack")) {
    const int64_t along = tarn__attr_int(step->attrs, "axis");
    *whole = step->in[0];
    *axis = (int)(along < 0 ? along + 3 : along);
  } else {
    return false;
  }
  *k = block->value[value].output;
  const tarn_shape *s = &block->value[*whole].shape;
  return step->outputs == n && tarn__shape_known(s) && s->rank == 3 && (*axis == 0 || *axis == 1) &&
         s->dim[*axis] == n;
}

/* The inputs x of all cells are the elements of one sequence, in order or in reverse. */
static bool inputs_of(tarn_match *m, const link *first, int64_t n, int x_term, int *whole,
                      int *axis, bool *reverse) {
  int64_t at = 0;
  for (const link *l = first; l; l = l->next, at++) {
    int sequence, k, along;
    if (!element_of(m, l->cell.gate[0].z.term[x_term].source, n, &sequence, &k, &along))
      return false;
    if (!at) {
      *whole = sequence;
      *axis = along;
      *reverse = k != 0;
    }
    if (sequence != *whole || along != *axis || k != (*reverse ? n - 1 - at : at)) return false;
  }
  return true;
}

/* Link k minds the lengths that all mind, and its number is k. */
static bool masks_fit(const tarn_match *m, const link *first, bool reverse) {
  int64_t k = 0;
  for (const link *l = first; l; l = l->next, k++) {
    if (l->condition < 0 && first->condition < 0) continue;
    if (l->condition < 0 || l->lengths != first->lengths || reverse ||
        tarn__mask_step(m, l->condition) != k)
      return false;
  }
  return true;
}

/* Nothing but outputs and the last state is used by others than the chain's own steps, and nobody
 * sees outputs of rows that are over. */
static bool step_is_closed(tarn_match *m, const link *l, const tarn_step *step, const bool *own) {
  const tarn_block *block = m->block;
  const tarn_step *user;
  if (step->kept) return false;
  for (int o = 0; o < step->outputs; o++) {
    const int v = step->out[o];
    if (v == tarn__match_origin(m, l->cell.h)) {
      if (l->condition >= 0 && !tarn__loop_unseen(m, v, l->condition)) return false;
      continue;
    }
    if (!l->next && (v == l->h_select || v == l->c_select || (l->condition < 0 && v == l->cell.c)))
      continue;
    if (m->outside[v]) return false;
    for (int k = 0; (user = tarn__match_user(m, v, k)); k++)
      if (!own[user - block->step]) return false;
  }
  return true;
}

static bool chain_is_closed(tarn_match *m, const link *first) {
  const tarn_block *block = m->block;
  bool *own = tarn__arena_array(m->b->arena, (size_t)block->steps + 1, sizeof(bool));
  if (!own) return false;
  for (const link *l = first; l; l = l->next) {
    for (int i = 0; i < l->n_taken; i++) own[l->taken[i]] = true;
    if (l->c_select >= 0) own[block->value[l->c_select].producer] = true;
    if (l->h_select >= 0) own[block->value[l->h_select].producer] = true;
  }
  for (const link *l = first; l; l = l->next) {
    const int select[2] = {l->c_select, l->h_select};
    for (int i = 0; i < l->n_taken; i++)
      if (!step_is_closed(m, l, &block->step[l->taken[i]], own)) return false;
    for (int i = 0; i < 2; i++)
      if (select[i] >= 0 &&
          !step_is_closed(m, l, &block->step[block->value[select[i]].producer], own))
        return false;
  }
  return true;
}

/* ---- the rewrite ----------------------------------------------------------------------------- */

static tarn_status transpose(tarn_match *m, const tarn_node *like, int *at, int *x, bool *made) {
  int perm;
  tarn_attrs *attrs;
  TARN_TRY(tarn__rewrite_ints(m->b, m->block, (int64_t[]){1, 0, 2}, 3, &perm));
  TARN_TRY(tarn__rewrite_attrs(m->b, NULL, &attrs));
  TARN_TRY(tarn__rewrite_set_type(m->b, attrs, "T", m->block->value[*x].dtype));
  TARN_TRY(tarn__rewrite_set_type(m->b, attrs, "Tperm", TARN_I32));
  const int in[] = {*x, perm};
  const tarn_new_step wanted = {.op = "Transpose",
                                .like = like,
                                .attrs = attrs,
                                .in = in,
                                .inputs = 2,
                                .outputs = 1,
                                .dtype = m->block->value[*x].dtype};
  TARN_TRY(tarn__block_insert(m->b, m->block, *at, &wanted, x, made));
  *at += *made;
  return TARN_OK;
}

static tarn_status unpack(tarn_match *m, const tarn_node *like, int at, int h, int n, int *out,
                          bool *made) {
  tarn_attrs *attrs;
  const tarn_dtype dtype = m->block->value[h].dtype;
  TARN_TRY(tarn__rewrite_attrs(m->b, NULL, &attrs));
  TARN_TRY(tarn__rewrite_set_int(m->b, attrs, "num", n));
  TARN_TRY(tarn__rewrite_set_int(m->b, attrs, "axis", 0));
  TARN_TRY(tarn__rewrite_set_type(m->b, attrs, "T", dtype));
  const tarn_new_step wanted = {.op = "Unpack",
                                .like = like,
                                .attrs = attrs,
                                .in = &h,
                                .inputs = 1,
                                .outputs = n,
                                .dtype = dtype};
  return tarn__block_insert(m->b, m->block, at, &wanted, out, made);
}

/* A Pack of all outputs along the first axis is the sequence. */
static void packs(tarn_block *block, const int *element, int n, int sequence, int *stands_for) {
  for (int s = 0; s < block->steps; s++) {
    const tarn_step *step = &block->step[s];
    if (!tarn__step_is(step, "Pack") || step->inputs != n || step->deref || step->may_die ||
        tarn__attr_int(step->attrs, "axis"))
      continue;
    bool all = true;
    for (int i = 0; i < n; i++)
      all = all && stands_for[tarn__block_origin(block, step->in[i])] == element[i];
    if (all) stands_for[step->out[0]] = sequence;
  }
}

/* A masked output is the element, whose rows that are over are zero. */
static void masked_outputs(tarn_match *m, const link *first, const int *element, int *stands_for) {
  tarn_block *block = m->block;
  for (int s = 0; first->condition >= 0 && s < block->steps; s++) {
    const tarn_step *step = &block->step[s];
    int condition, lengths, kept, fresh, k = 0;
    if (!tarn__step_is(step, "Select") || step->removed ||
        !tarn__loop_masked(m, step->out[0], &condition, &lengths, &kept, &fresh) ||
        !tarn__block_zeros(block, kept))
      continue;
    for (const link *l = first; l; l = l->next, k++)
      if (condition == l->condition && fresh == tarn__match_origin(m, l->cell.h))
        stands_for[step->out[0]] = element[k];
  }
}

/* The states after the last link. */
static void last_states(const link *last, const int out[3], int *stands_for) {
  if (last->h_select >= 0) stands_for[last->h_select] = out[1];
  if (last->c_select >= 0) stands_for[last->c_select] = out[2];
  if (!last->cell.gru && last->condition < 0) stands_for[last->cell.c] = out[2];
}

static tarn_status replace(tarn_match *m, const link *first, int n, const tarn_weights *w,
                           int whole, int axis, bool reverse, bool *done) {
  tarn_block *block = m->block;
  const int h_first = tarn__match_origin(m, first->cell.h);
  int at = block->value[h_first].producer, x = whole, out[3];
  if (first->lengths >= 0 && block->value[first->lengths].producer >= at) return TARN_OK;
  const tarn_step *like = &block->step[at];
  const tarn_node *node = like->node;
  const char *name = like->name;
  if (axis) TARN_TRY(transpose(m, node, &at, &x, done));
  if (axis && !*done) return TARN_OK;
  tarn_sequence s = {.into = block,
                     .at = at,
                     .like = node,
                     .name = name,
                     .x = x,
                     .h0 = first->cell.h_before,
                     .c0 = first->cell.c_before,
                     .lengths = first->lengths,
                     .projection = first->cell.projection,
                     .zero_output = true,
                     .reverse = reverse};
  memcpy(s.peephole, first->cell.peephole, sizeof s.peephole);
  TARN_TRY(tarn__sequence_make(m, &first->cell, w, &s, out, done));
  if (!*done) return TARN_OK;
  int *element = tarn__arena_array(m->b->arena, (size_t)n + 1, sizeof *element);
  if (!element) return TARN_NO_MEMORY;
  TARN_TRY(unpack(m, node, at + 1, out[0], n, element, done));
  int *stands_for = tarn__block_aliases(block);
  if (!stands_for) return TARN_NO_MEMORY;
  if (!*done) return TARN_OK;
  masked_outputs(m, first, element, stands_for); /* before the states: theirs may be one of these */
  int k = 0;
  for (const link *l = first; l; l = l->next, k++) {
    stands_for[tarn__match_origin(m, l->cell.h)] = element[reverse ? n - 1 - k : k];
    if (!l->next) last_states(l, out, stands_for);
  }
  packs(block, element, n, out[0], stands_for);
  tarn__block_rename(block, stands_for);
  return TARN_OK;
}

/* A chain from its first cell; *done: the block has changed. */
static tarn_status extract(tarn_match *m, link *first, bool *done) {
  int n = 0, whole = -1, axis = 0;
  bool reverse = false, fits;
  link *before = NULL, *last = first;
  for (link *l = first; l; l = l->next, n++) {
    if (l->next) before = l;
    last = l;
  }
  if (n < FEWEST || !before || !end_alike(m, before, last)) return TARN_OK;
  end_masked(m, before, last, n);
  const int h_term = term_of(&first->cell, first->cell.h_before);
  if (first->cell.gate[0].z.terms != 2 || h_term < 0 ||
      !inputs_of(m, first, n, !h_term, &whole, &axis, &reverse) || !masks_fit(m, first, reverse) ||
      !chain_is_closed(m, first))
    return TARN_OK;
  tarn_weights w;
  TARN_TRY(tarn__match_weights(m, &first->cell, &w, &fits));
  return fits ? replace(m, first, n, &w, whole, axis, reverse, done) : TARN_OK;
}

tarn_status tarn__chains_extract(tarn_builder *b, tarn_block *block, bool *any) {
  *any = false;
  for (bool done = true; done;) {
    tarn_match m;
    link *links = NULL;
    int count;
    done = false;
    TARN_TRY(tarn__match_start(&m, b, block));
    TARN_TRY(tarn__masks_alike(&m));
    TARN_TRY(find_cells(&m, &links, &count));
    for (int i = 0; i < count; i++)
      for (int k = 0; k < count && !links[i].next; k++) {
        if (links[k].follows || !goes_on(&m, &links[i], &links[k])) continue;
        links[i].next = &links[k];
        links[k].follows = true;
      }
    for (int i = 0; i < count && !done; i++)
      if (!links[i].follows) TARN_TRY(extract(&m, &links[i], &done));
    *any |= done;
  }
  return TARN_OK;
}

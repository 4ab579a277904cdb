/* Arrays and lists into which a loop puts element t of a sequence in round t are that sequence.
 *
 *   TensorArray  the gather behind the loop gives the sequence; write and array go
 *   TensorList   the stack behind the loop gives the sequence; the list is carried no more
 *
 * Rounds that do not take place because all rows are over would have left zeros, which the sequence
 * has there too (zero_output), so that their number need not be known. A loop that ends by lengths
 * and writes anything else is left alone. */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"

static bool starts(const char *text, const char *with) {
  return !strncmp(text, with, strlen(with));
}

/* The step that makes a value, when it is an op's. */
static const tarn_step *maker_of(const tarn_block *block, int value) {
  value = tarn__block_origin(block, value);
  const int at = block->value[value].producer;
  if (at < 0 || block->step[at].removed || !block->step[at].op || block->step[at].node->problem)
    return NULL;
  return &block->step[at];
}

/* 0, 1, .. down a column */
static bool counts_down(const tarn_tensor *t) {
  if (!t->dtype || t->shape.rank != 2 || t->shape.dim[1] != 1) return false;
  for (int64_t i = 0; i < t->shape.dim[0]; i++)
    if (tarn__tensor_int(t, i) != i) return false;
  return true;
}

/* What the loop puts into an array or a list: the variable's one step in a round. */
typedef struct filling {
  int variable;
  int entering, leaving; /* of the parent: the variable before and after the loop */
  const tarn_step *put;  /* of the loop */
  int item;
  bool last_only; /* always at index 0: the last round's stays */
  int sequence;
} filling;

static bool find_put(const tarn_match *m, int variable, filling *f) {
  const tarn_block *block = m->block;
  const int carried = block->carried[variable];
  const tarn_step *loop = &m->rounds.parent->step[m->rounds.at], *user;
  f->variable = variable;
  f->entering = tarn__loop_entering(m, variable);
  f->leaving = -1;
  for (int i = 0; i < block->results; i++)
    if (block->result[i] == carried) {
      if (f->leaving >= 0) return false;
      f->leaving = loop->out[i];
    }
  f->put = tarn__match_step(m, block->next[variable]);
  const bool array = f->put && starts(f->put->op->name, "TensorArrayWrite") && f->put->inputs == 4;
  if (!array && !tarn__match_is(f->put, "TensorListSetItem")) return false;
  if (tarn__match_origin(m, f->put->in[array ? 3 : 0]) != carried || f->leaving < 0) return false;
  for (int k = 0; (user = tarn__match_user(m, carried, k)); k++)
    if (user != f->put) return false;
  const int out = f->put->out[0];
  if (tarn__match_user(m, out, 0) || m->outside[tarn__match_origin(m, out)] != 1) return false;
  f->item = f->put->in[2];
  const tarn_tensor *index = tarn__match_constant(m, f->put->in[1]);
  f->last_only = index && tarn__tensor_elements(index) == 1 && !tarn__tensor_int(index, 0);
  return f->last_only || tarn__loop_counts(m, f->put->in[1]);
}

/* Elements that the loop fills: n, or 1 when it always fills the first. */
static int64_t size_of(const tarn_match *m, const filling *f) {
  return f->last_only ? 1 : m->rounds.count;
}

static bool known_size(const tarn_block *block, int value, int64_t n) {
  const tarn_tensor *t = &block->value[tarn__block_origin(block, value)].constant;
  return t->dtype == TARN_I32 && tarn__tensor_elements(t) == 1 && tarn__tensor_int(t, 0) == n;
}

/* A use of the filled array behind the loop that the sequence can stand for; *value: what it
 * gives. */
static bool reads_all(const tarn_block *parent, const tarn_step *step, const filling *f, int64_t n,
                      bool array, int *value) {
  *value = step->out ? step->out[0] : -1;
  if (!step->op || step->deref || step->may_die || step->kind != TARN_STEP_KERNEL) return false;
  if (!array) return tarn__match_is(step, "TensorListStack") && step->in[0] == f->leaving;
  return starts(step->op->name, "TensorArrayGather") && step->inputs == 3 &&
         tarn__counts_up(&parent->value[tarn__block_origin(parent, step->in[1])].constant, n);
}

/* The array's handle is known to the loop's one write, and around it to the maker and to gathers of
 * all of it. */
static bool array_is_ours(const tarn_match *m, const filling *f, int64_t n) {
  const tarn_block *parent = m->rounds.parent, *block = m->block;
  const tarn_step *loop = &parent->step[m->rounds.at];
  int handle = -1, value;
  for (int i = 0; i < block->inputs; i++)
    if (block->input[i] == tarn__match_origin(m, f->put->in[0]) && block->input_constant[i])
      handle = tarn__block_origin(parent, loop->in[i]);
  if (handle < 0) return false;
  const tarn_step *maker = maker_of(parent, handle);
  if (!tarn__match_is(maker, "TensorArrayV3") ||
      tarn__block_origin(parent, f->entering) != maker->out[1] ||
      !known_size(parent, maker->in[0], n))
    return false;
  for (int i = 0; i < block->inputs; i++) {
    if (tarn__block_origin(parent, loop->in[i]) != handle) continue;
    for (int s = 0; s < block->steps; s++)
      for (int k = 0; !block->step[s].removed && k < block->step[s].inputs; k++)
        if (tarn__match_origin(m, block->step[s].in[k]) == block->input[i] &&
            &block->step[s] != f->put)
          return false;
    for (int k = 0; k < block->loop_vars; k++)
      if (tarn__match_origin(m, block->next[k]) == block->input[i]) return false;
  }
  for (int s = 0; s < parent->steps; s++) {
    const tarn_step *step = &parent->step[s];
    if (step->removed || s == m->rounds.at || step == maker) continue;
    for (int i = 0; i < step->inputs; i++) {
      if (tarn__block_origin(parent, step->in[i]) != handle) continue;
      const bool size = step->op && starts(step->op->name, "TensorArraySize");
      if (!size && !tarn__match_is(step, "Identity") &&
          (i || !reads_all(parent, step, f, n, true, &value) ||
           tarn__block_origin(parent, step->in[2]) != f->leaving))
        return false;
    }
  }
  return true;
}

/* The list enters with room for n, and what leaves is stacked. */
static bool list_is_ours(const tarn_match *m, const filling *f, int64_t n) {
  const tarn_block *parent = m->rounds.parent;
  const tarn_step *maker = maker_of(parent, f->entering);
  return tarn__match_is(maker, "TensorListReserve") && known_size(parent, maker->in[1], n);
}

static bool all_read(const tarn_match *m, const filling *f, int64_t n, bool array) {
  const tarn_block *parent = m->rounds.parent;
  int value;
  for (int i = 0; i < parent->results; i++)
    if (tarn__block_origin(parent, parent->result[i]) == f->leaving) return false;
  for (int k = 0; k < parent->loop_vars; k++)
    if (tarn__block_origin(parent, parent->next[k]) == f->leaving) return false;
  for (int s = 0; s < parent->steps; s++) {
    const tarn_step *step = &parent->step[s];
    for (int i = 0; !step->removed && i < step->inputs; i++) {
      if (tarn__block_origin(parent, step->in[i]) != f->leaving || tarn__match_is(step, "Identity"))
        continue;
      if (!reads_all(parent, step, f, n, array, &value) &&
          !(array && step->op && starts(step->op->name, "TensorArraySize") &&
            parent->value[step->out[0]].constant.dtype))
        return false;
    }
  }
  return true;
}

/* Element count - 1 alone, as a sequence of one. */
static tarn_status last_element(tarn_match *m, const tarn_node *like, int *sequence) {
  tarn_block *parent = m->rounds.parent;
  const tarn_shape one = tarn__shape_vector(1), scalar = tarn__shape_scalar();
  tarn_tensor index = {0}, axis = {0};
  TARN_TRY(tarn__tensor_new(m->b->context->allocator, TARN_I32, &one, &index));
  *(int32_t *)index.data = (int32_t)(m->rounds.count - 1);
  const int at = tarn__block_add_constant(parent, &index);
  if (at < 0) return TARN_NO_MEMORY;
  TARN_TRY(tarn__tensor_new(m->b->context->allocator, TARN_I32, &scalar, &axis));
  const int zero = tarn__block_add_constant(parent, &axis);
  tarn_attrs *attrs = tarn__arena_alloc(m->b->arena, sizeof *attrs);
  if (zero < 0 || !attrs) return TARN_NO_MEMORY;
  const tarn_attr batch = {.kind = TARN_ATTR_INT, .i = 0};
  TARN_TRY(tarn__attr_set(m->b->arena, attrs, "batch_dims", &batch));
  const int in[] = {*sequence, at, zero};
  const tarn_new_step wanted = {.op = "GatherV2",
                                .name = parent->step[m->rounds.at].name,
                                .like = like,
                                .attrs = attrs,
                                .in = in,
                                .inputs = 3,
                                .outputs = 1,
                                .dtype = parent->value[*sequence].dtype};
  bool made;
  TARN_TRY(tarn__loop_before(m, &wanted, sequence, &made));
  if (!made) *sequence = -1;
  return TARN_OK;
}

/* Every element of the sequence beyond the rounds that take place is zero: a layer's masked output,
 * or zeros where t >= lengths (lift.c). */
static bool zero_beyond(const tarn_match *m, int sequence) {
  const tarn_block *parent = m->rounds.parent;
  const tarn_step *step = maker_of(parent, sequence);
  if (tarn__match_is(step, "SelectV2") && tarn__block_zeros(parent, step->in[1])) {
    const tarn_step *wide = maker_of(parent, step->in[0]);
    const tarn_step *over =
        tarn__match_is(wide, "ExpandDims") ? maker_of(parent, wide->in[0]) : NULL;
    return tarn__match_is(over, "GreaterEqual") &&
           tarn__block_origin(parent, over->in[1]) == m->rounds.lengths &&
           counts_down(&parent->value[over->in[0]].constant);
  }
  return step && (tarn__match_is(step, "_LSTMSequence") || tarn__match_is(step, "_GRUSequence")) &&
         tarn__attr_int(step->attrs, "num_lengths") && tarn__attr_bool(step->attrs, "zero_output");
}

static tarn_status replace(tarn_match *m, const filling *f, int64_t n, bool array) {
  tarn_block *parent = m->rounds.parent;
  int *stands_for = tarn__block_aliases(parent), value;
  if (!stands_for) return TARN_NO_MEMORY;
  for (int s = 0; s < parent->steps; s++) {
    tarn_step *step = &parent->step[s];
    if (step->removed || tarn__match_is(step, "Identity") || !step->inputs) continue;
    const int i = array ? 2 : 0;
    if (i >= step->inputs || tarn__block_origin(parent, step->in[i]) != f->leaving ||
        !reads_all(parent, step, f, n, array, &value))
      continue;
    stands_for[value] = f->sequence;
    step->removed = true;
  }
  const int carried = m->block->carried[f->variable];
  for (int i = 0; i < m->block->inputs; i++)
    if (m->block->input[i] == carried) m->block->input_constant[i] = true;
  m->block->next[f->variable] = carried;
  m->block->step[f->put - m->block->step].removed = true;
  if (array) { /* sizes are known: nobody asks the array any more */
    const tarn_step *maker = maker_of(parent, f->entering);
    int users = 0;
    for (int s = 0; s < parent->steps; s++)
      for (int k = 0; !parent->step[s].removed && s != m->rounds.at && k < parent->step[s].inputs;
           k++)
        users += tarn__block_origin(parent, parent->step[s].in[k]) == maker->out[0];
    if (!users) parent->step[maker - parent->step].removed = true;
  }
  tarn__block_rename(parent, stands_for);
  tarn__loop_drop_invariants(m->block);
  return TARN_OK;
}

static tarn_status copy(tarn_match *m, int variable, bool *done) {
  filling f;
  if (!find_put(m, variable, &f)) return TARN_OK;
  const int64_t n = size_of(m, &f);
  const bool array = starts(f.put->op->name, "TensorArrayWrite");
  if (!(array ? array_is_ours(m, &f, n) : list_is_ours(m, &f, n)) || !all_read(m, &f, n, array))
    return TARN_OK;
  TARN_TRY(tarn__loop_lift(m, f.item, &f.sequence));
  if (f.sequence < 0) return TARN_OK;
  const tarn_shape *shape = &m->rounds.parent->value[f.sequence].shape;
  if (!tarn__shape_known(shape) || shape->rank < 1 || shape->dim[0] != m->rounds.count ||
      m->rounds.count < 1 ||
      (m->rounds.lengths >= 0 && (f.last_only || !zero_beyond(m, f.sequence))))
    return TARN_OK;
  if (f.last_only) TARN_TRY(last_element(m, f.put->node, &f.sequence));
  if (f.sequence < 0) return TARN_OK;
  *done = true;
  return replace(m, &f, n, array);
}

tarn_status tarn__loop_copies(tarn_builder *b, tarn_block *parent, int *at) {
  for (bool done = true; done;) {
    tarn_match m;
    bool known;
    done = false;
    TARN_TRY(tarn__loop_start(&m, b, parent, *at, &known));
    for (int k = 0; known && k < m.block->loop_vars && !done; k++) TARN_TRY(copy(&m, k, &done));
    *at = m.rounds.at;
  }
  return TARN_OK;
}

/* The gradient of an embedding. TensorFlow's optimisers sum the rows that several indices name
 * before they change anything, into as many rows as there are distinct indices, which only a run
 * can tell:
 *
 *     y, idx = Unique(ids)       count = Shape(y)[0]
 *     sums = UnsortedSegmentSum(values, idx, count)
 *     SparseApply*(.., sums, y), or ScatterAdd(v, y, sums * rate) and the like
 *
 * What is on a device has a fixed size, and a table that is trained elsewhere would come and go
 * with every step. So Unique gives as many rows as there are ids there, the last of them padding
 * (params/padding.h) that the ops with state leave out; sums has as many, the last of them zeros.
 * What the other rows are and their order stays the same. Only where nobody else looks. */
#include <string.h>

#include "graph/passes/rewrite.h"
#include "kernels/params/optimiser.h"
#include "kernels/params/padding.h"

/* What a value is of that. */
typedef enum part { NONE, ROWS, PLACES, SIZE, COUNT, SUMS } part;

typedef struct search {
  tarn_builder *b;
  tarn_block *block;
  int64_t n; /* ids */
  part *of;  /* by value */
  int users; /* ops with state */
} search;

static bool is_scalar(const tarn_block *block, int v) {
  return !block->value[v].is_ref && block->value[v].shape.rank == 0;
}

/* x[0] of a vector, whose length nobody knows yet. */
static bool takes_first(const tarn_block *block, const tarn_step *step) {
  const tarn_tensor *begin = tarn__value_known(block, step->in[1]);
  return begin && tarn__tensor_elements(begin) == 1 && tarn__tensor_int(begin, 0) == 0 &&
         tarn__attr_int(step->attrs, "shrink_axis_mask") == 1 &&
         !tarn__attr_int(step->attrs, "new_axis_mask") &&
         !tarn__attr_int(step->attrs, "ellipsis_mask");
}

/* Products and the like of sums and scalars: element by element. */
static bool is_elementwise(const search *s, const tarn_step *step) {
  static const char *const ops[] = {"Mul", "Square", "Neg"};
  if (!tarn__op_among(tarn__step_op(step), ops, sizeof ops / sizeof *ops) ||
      !tarn__step_pure(s->block, step))
    return false;
  for (int i = 0; i < step->inputs; i++)
    if (s->of[step->in[i]] != SUMS && !is_scalar(s->block, step->in[i])) return false;
  return true;
}

/* The input of indices of an op with state that knows padding, whose rows come before or behind it;
 * -1: it is none. */
static int indices_of(const search *s, const tarn_step *step, int *rows) {
  static const char *const ops[] = {"ScatterAdd",         "ScatterSub",
                                    "ScatterUpdate",      "ResourceScatterAdd",
                                    "ResourceScatterSub", "ResourceScatterUpdate"};
  const char *op = tarn__step_op(step);
  const bool scatters = tarn__op_among(op, ops, sizeof ops / sizeof *ops);
  if (!scatters && strncmp(op, "SparseApply", 11) && strncmp(op, "ResourceSparseApply", 19))
    return -1;
  int at = -1;
  for (int i = 0; i < step->inputs; i++) {
    if (s->of[step->in[i]] == ROWS && at >= 0) return -1;
    if (s->of[step->in[i]] == ROWS) at = i;
  }
  *rows = scatters ? at + 1 : at - 1;
  return at > 0 && *rows < step->inputs ? at : -1;
}

static tarn_status leave_padding_out(tarn_builder *b, tarn_step *step) {
  if (step->op->params_bytes) {
    tarn_optimiser_params *p = tarn__arena_alloc(b->arena, sizeof *p);
    if (!p) return TARN_NO_MEMORY;
    *p = *(const tarn_optimiser_params *)step->params;
    p->padded = true;
    step->params = p;
    return TARN_OK;
  }
  tarn_padded_params *p = tarn__arena_alloc(b->arena, sizeof *p);
  if (!p) return TARN_NO_MEMORY;
  *p = (tarn_padded_params){.padded = true};
  step->params = p;
  return TARN_OK;
}

/* What a step that takes a part of it makes of it; *fits false: something else than this. */
static part look(const search *s, const tarn_step *step, bool *fits) {
  const part first = s->of[step->in[0]];
  int rows;
  *fits = true;
  if (tarn__step_is(step, "Shape") && first == ROWS) return SIZE;
  if (tarn__step_is(step, "StridedSlice") && first == SIZE && takes_first(s->block, step))
    return COUNT;
  if (tarn__step_is(step, "UnsortedSegmentSum") && first == NONE && s->of[step->in[1]] == PLACES &&
      s->of[step->in[2]] == COUNT) {
    const tarn_shape *values = &s->block->value[step->in[0]].shape;
    *fits = tarn__shape_known(values) && values->rank >= 1 && values->dim[0] == s->n;
    return SUMS;
  }
  if (is_elementwise(s, step)) return SUMS;
  const int at = indices_of(s, step, &rows);
  *fits = at >= 0 && s->of[step->in[rows]] == SUMS;
  for (int i = 0; i < step->inputs && *fits; i++)
    *fits = i == at || i == rows || s->of[step->in[i]] == NONE;
  return NONE;
}

static bool touches(const search *s, const tarn_step *step) {
  for (int i = 0; i < step->inputs; i++)
    if (s->of[step->in[i]] != NONE) return true;
  return false;
}

/* Follows the parts through the block; false: somebody else looks at one. */
static bool follow(search *s) {
  const tarn_block *block = s->block;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    bool fits;
    if (step->removed || !touches(s, step)) continue;
    if (step->may_die) return false;
    const part made = look(s, step, &fits);
    if (!fits) return false;
    if (made != NONE) s->of[step->out[0]] = made;
    s->users += made == NONE;
  }
  for (int k = 0; k < block->results; k++)
    if (s->of[block->result[k]] != NONE) return false;
  for (int k = 0; k < block->loop_vars; k++)
    if (s->of[block->next[k]] != NONE) return false;
  return s->users > 0;
}

static tarn_status set_sums(search *s, tarn_step *step) {
  tarn_block *block = s->block;
  tarn_shape shape = {.rank = -1};
  for (int i = 0; i < step->inputs; i++)
    if (s->of[step->in[i]] == SUMS) shape = block->value[step->in[i]].shape;
  if (tarn__step_is(step, "UnsortedSegmentSum")) {
    const tarn_shape scalar = tarn__shape_scalar();
    const tarn_dtype dtype = block->value[step->in[2]].dtype;
    tarn_tensor n;
    TARN_TRY(tarn__tensor_new_raw(s->b->context->allocator, dtype, &scalar, &n));
    if (dtype == TARN_I64)
      *(int64_t *)n.data = s->n;
    else
      *(int32_t *)n.data = (int32_t)s->n;
    const int count = tarn__block_add_constant(block, &n);
    if (count < 0) return TARN_NO_MEMORY;
    const int inputs[] = {step->in[0], step->in[1], count};
    shape = block->value[step->in[0]].shape;
    TARN_TRY(tarn__rewrite_step(s->b, step, step->node, inputs, 3));
  }
  block->value[step->out[0]].shape = shape;
  return TARN_OK;
}

static tarn_status change(search *s, int unique) {
  tarn_block *block = s->block;
  tarn_step *step = &block->step[unique];
  const tarn_op *op = tarn__op_find("_UniquePadded");
  if (!op) return tarn_fail(TARN_INVALID, "_UniquePadded is not among the ops");
  tarn_node *node = tarn__plan_make_node(s->b, op, step->node, step->node->name, step->attrs, 2,
                                         block->value[step->out[0]].dtype);
  if (!node) return TARN_NO_MEMORY;
  node->out_dtype[1] = block->value[step->out[1]].dtype;
  TARN_TRY(tarn__rewrite_step(s->b, step, node, step->in, 1));
  block->value[step->out[0]].shape = tarn__shape_vector(s->n);
  for (int at = 0; at < block->steps; at++) {
    step = &block->step[at];
    if (step->removed || at == unique || !touches(s, step)) continue;
    const part made = step->outputs ? s->of[step->out[0]] : NONE;
    if (made == SUMS) TARN_TRY(set_sums(s, step));
    if (made == NONE) TARN_TRY(leave_padding_out(s->b, step));
  }
  return TARN_OK;
}

tarn_status tarn__pass_pad_unique(tarn_builder *b, tarn_block *block) {
  if (!b->context->device) return TARN_OK;
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (!tarn__step_is(step, "Unique") || !tarn__step_pure(block, step) || step->may_die) continue;
    const tarn_value *ids = &block->value[step->in[0]];
    if (!tarn__dtype_in(ids->dtype, TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64)) ||
        ids->shape.rank != 1 || !tarn__shape_known(&ids->shape) || ids->shape.dim[0] < 1 ||
        ids->shape.dim[0] >= INT32_MAX)
      continue;
    search s = {.b = b, .block = block, .n = ids->shape.dim[0]};
    s.of = tarn__arena_array(b->arena, (size_t)block->values + 1, sizeof *s.of);
    if (!s.of) return TARN_NO_MEMORY;
    memset(s.of, 0, ((size_t)block->values + 1) * sizeof *s.of);
    s.of[step->out[0]] = ROWS;
    s.of[step->out[1]] = PLACES;
    if (follow(&s)) TARN_TRY(change(&s, at));
  }
  return TARN_OK;
}

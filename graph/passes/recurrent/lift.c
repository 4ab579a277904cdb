/* What a loop computes from element t of sequences alone, row by row, is computed for all t before
 * it.
 *
 *   y_t = f(x_t, w)  in every round   becomes   Y = f(X, w)  once, y_t = Y[t]
 *
 * The element's dims are the last ones of the sequence, so what is the same in every round
 * broadcasts against both alike. */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"
#include "graph/passes/rewrite.h"

enum { LIFT_DEPTH = 12, MOST_INPUTS = 8 };

static bool pointwise(const tarn_step *step) {
  static const char *const ops[] = {"Add",     "AddV2",   "Sub",  "Mul",     "RealDiv", "Maximum",
                                    "Minimum", "BiasAdd", "Relu", "Sigmoid", "Tanh",    "Neg"};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    if (tarn__match_is(step, ops[i])) {
      const tarn_attr *format = tarn__attr_find(step->attrs, "data_format");
      return !format || !tarn__attr_is(step->attrs, "data_format", "NCHW");
    }
  return false;
}

static tarn_status lift(tarn_match *m, int value, int depth, int *sequence);

static tarn_status make(tarn_match *m, const tarn_step *step, const int *in, int *out) {
  const tarn_new_step wanted = {.op = step->op->name,
                                .name = step->name,
                                .like = step->node,
                                .attrs = step->attrs,
                                .in = in,
                                .inputs = step->inputs,
                                .outputs = 1,
                                .dtype = m->block->value[step->out[0]].dtype};
  bool made;
  TARN_TRY(tarn__loop_before(m, &wanted, out, &made));
  if (!made) *out = -1;
  return TARN_OK;
}

/* Every input is an element of a sequence, of the rank that the elements have, or the same in every
 * round and of no higher rank. */
static tarn_status inputs(tarn_match *m, const tarn_step *step, int count, int depth, int *in,
                          int *elements) {
  int rank = -1;
  *elements = 0;
  if (count > MOST_INPUTS) return TARN_OK;
  for (int i = 0; i < count; i++) {
    if (tarn__match_invariant(m, step->in[i])) continue;
    TARN_TRY(lift(m, step->in[i], depth + 1, &in[i]));
    const tarn_shape *s = in[i] < 0 ? NULL : &m->rounds.parent->value[in[i]].shape;
    if (!s || !tarn__shape_known(s) || (rank >= 0 && s->rank != rank)) {
      *elements = 0;
      return TARN_OK;
    }
    rank = s->rank;
    ++*elements;
  }
  for (int i = 0; i < count && *elements; i++) {
    if (!tarn__match_invariant(m, step->in[i])) continue;
    in[i] = tarn__loop_outer(m, step->in[i]);
    if (in[i] < 0) return TARN_NO_MEMORY;
    const tarn_shape *s = &m->rounds.parent->value[in[i]].shape;
    if (!tarn__shape_known(s) || s->rank >= rank) *elements = 0;
  }
  return TARN_OK;
}

static tarn_status join(tarn_match *m, const tarn_step *step, int depth, int *sequence) {
  const int parts = step->inputs - 1;
  const tarn_tensor *axis = tarn__match_constant(m, step->in[parts]);
  int in[MOST_INPUTS + 1], elements;
  if (!axis || tarn__tensor_elements(axis) != 1) return TARN_OK;
  TARN_TRY(inputs(m, step, parts, depth, in, &elements));
  if (elements != parts) return TARN_OK; /* an invariant part would have to be repeated */
  tarn_tensor last = {0};
  const tarn_shape scalar = tarn__shape_scalar();
  const int64_t d = tarn__tensor_int(axis, 0);
  TARN_TRY(tarn__tensor_new_raw(m->b->context->allocator, axis->dtype, &scalar, &last));
  if (last.dtype == TARN_I64)
    *(int64_t *)last.data = d < 0 ? d : d + 1;
  else
    *(int32_t *)last.data = (int32_t)(d < 0 ? d : d + 1);
  in[parts] = tarn__block_add_constant(m->rounds.parent, &last);
  return in[parts] < 0 ? TARN_NO_MEMORY : make(m, step, in, sequence);
}

/* One step before the loop with attributes T and one more type. */
static tarn_status make_typed(tarn_match *m, const tarn_step *like, const char *op, const int *in,
                              int inputs, tarn_dtype of, const char *also, tarn_dtype out,
                              int *value) {
  tarn_attrs *attrs;
  bool made;
  TARN_TRY(tarn__rewrite_attrs(m->b, NULL, &attrs));
  TARN_TRY(tarn__rewrite_set_type(m->b, attrs, "T", of));
  if (also) TARN_TRY(tarn__rewrite_set_type(m->b, attrs, also, TARN_I32));
  const tarn_new_step wanted = {.op = op,
                                .name = like->name,
                                .like = like->node,
                                .attrs = attrs,
                                .in = in,
                                .inputs = inputs,
                                .outputs = 1,
                                .dtype = out};
  TARN_TRY(tarn__loop_before(m, &wanted, value, &made));
  if (!made) *value = -1;
  return TARN_OK;
}

/* 0, 1, .., T - 1 as a column, or the axis 2. */
static tarn_status numbers(tarn_match *m, tarn_dtype dtype, int64_t n, bool axis, int *value) {
  tarn_tensor t = {0};
  tarn_shape shape = tarn__shape_scalar();
  if (!axis) TARN_TRY(tarn__shape_make(2, (int64_t[]){n, 1}, &shape));
  TARN_TRY(tarn__tensor_new_raw(m->b->context->allocator, dtype, &shape, &t));
  for (int64_t i = 0; i < n; i++) {
    const int64_t x = axis ? 2 : i;
    if (dtype == TARN_I64)
      ((int64_t *)t.data)[i] = x;
    else
      ((int32_t *)t.data)[i] = (int32_t)x;
  }
  *value = tarn__block_add_constant(m->rounds.parent, &t);
  return *value < 0 ? TARN_NO_MEMORY : TARN_OK;
}

/* t >= lengths ? kept : y_t  is  SelectV2(t >= lengths, kept, Y) with t down the sequence. */
static tarn_status masked(tarn_match *m, const tarn_step *step, int lengths, int kept, int fresh,
                          int depth, int *sequence) {
  tarn_block *parent = m->rounds.parent;
  int y, over[2], select[3], wide[2];
  const tarn_dtype counts = parent->value[lengths].dtype;
  if (!tarn__match_invariant(m, kept)) return TARN_OK;
  TARN_TRY(lift(m, fresh, depth + 1, &y));
  if (y < 0) return TARN_OK;
  const tarn_shape *shape = &parent->value[y].shape;
  if (!tarn__shape_known(shape) || shape->rank != 3 || (counts != TARN_I32 && counts != TARN_I64))
    return TARN_OK;
  TARN_TRY(numbers(m, counts, shape->dim[0], false, &over[0]));
  over[1] = lengths;
  TARN_TRY(make_typed(m, step, "GreaterEqual", over, 2, counts, NULL, TARN_BOOL, &wide[0]));
  if (wide[0] < 0) return TARN_OK;
  TARN_TRY(numbers(m, TARN_I32, 1, true, &wide[1]));
  TARN_TRY(make_typed(m, step, "ExpandDims", wide, 2, TARN_BOOL, "Tdim", TARN_BOOL, &select[0]));
  if (select[0] < 0) return TARN_OK;
  select[1] = tarn__loop_outer(m, kept);
  select[2] = y;
  if (select[1] < 0) return TARN_NO_MEMORY;
  const tarn_dtype dtype = parent->value[y].dtype;
  return make_typed(m, step, "SelectV2", select, 3, dtype, NULL, dtype, sequence);
}

static tarn_status lift(tarn_match *m, int value, int depth, int *sequence) {
  *sequence = tarn__loop_element(m, value);
  const tarn_step *step = tarn__match_step(m, value);
  if (*sequence >= 0 || !step || depth > LIFT_DEPTH || step->outputs != 1) return TARN_OK;
  if (tarn__match_is(step, "ConcatV2")) return join(m, step, depth, sequence);
  int condition, lengths, kept, fresh;
  if (tarn__loop_masked(m, value, &condition, &lengths, &kept, &fresh))
    return masked(m, step, lengths, kept, fresh, depth, sequence);
  if (!pointwise(step)) return TARN_OK;
  int in[MOST_INPUTS], elements;
  TARN_TRY(inputs(m, step, step->inputs, depth, in, &elements));
  return elements ? make(m, step, in, sequence) : TARN_OK;
}

tarn_status tarn__loop_lift(tarn_match *m, int value, int *sequence) {
  return lift(m, value, 0, sequence);
}

/* Steps that give one of their inputs, or what fewer steps give. Only what is exact to the bit:
 *
 *   x + 0 (integers; -0.0 for floats), x - 0, x * 1, x / 1, of x's own shape
 *   reshapes of reshapes, and those that change nothing; transposes likewise; a transpose that only
 *     moves dims of 1 is a reshape
 *   a concat, pack, split, tile, pad, broadcast or slice that takes everything as it is
 *   a slice within one part of a concat; a split into what was joined
 *   a cast to what it is already; the second of two casts where the first loses nothing
 *   Neg of Neg, LogicalNot of LogicalNot
 *
 * Not x + 0.0: that makes 0.0 of -0.0. */
#include <math.h>
#include <string.h>

#include "graph/passes/rewrite.h"
#include "kernels/params/strided_slice.h"

typedef struct simplifier {
  tarn_builder *b;
  tarn_block *block;
  int *stands_for;
  bool any;
} simplifier;

static const tarn_value *in_of(const simplifier *s, const tarn_step *step, int i) {
  return &s->block->value[step->in[i]];
}
static const tarn_value *out_of(const simplifier *s, const tarn_step *step) {
  return &s->block->value[step->out[0]];
}
static const tarn_tensor *known(const simplifier *s, const tarn_step *step, int i) {
  return tarn__value_known(s->block, step->in[i]);
}

/* The step that makes input i, when it is of this op, pure, and never dead. */
static tarn_step *maker(const simplifier *s, const tarn_step *step, int i, const char *op) {
  const int at = in_of(s, step, i)->producer;
  if (at < 0 || step->may_die) return NULL;
  tarn_step *from = &s->block->step[at];
  return tarn__step_is(from, op) && tarn__step_pure(s->block, from) && !from->may_die ? from : NULL;
}

static bool same_type_and_shape(const tarn_value *a, const tarn_value *b) {
  return a->dtype == b->dtype && tarn__shape_known(&a->shape) && tarn__shape_known(&b->shape) &&
         tarn__shape_equal(&a->shape, &b->shape);
}

/* No other input than `value` can make the step dead. */
static bool dies_with(const simplifier *s, const tarn_step *step, int value) {
  for (int i = 0; i < step->inputs; i++)
    if (step->in[i] != value && in_of(s, step, i)->may_die) return false;
  return true;
}

/* Output k is `value` from now on, where nobody could tell them apart. */
static bool becomes(simplifier *s, tarn_step *step, int k, int value) {
  const tarn_value *from = &s->block->value[value], *to = &s->block->value[step->out[k]];
  if (!same_type_and_shape(from, to) || from->is_ref || from->may_die != to->may_die ||
      (to->may_die && !dies_with(s, step, value)) ||
      (step->kind != TARN_STEP_VIEW && tarn__value_may_change(s->b, s->block, value)))
    return false;
  s->stands_for[step->out[k]] = s->stands_for[value];
  return true;
}

static bool gives_input(simplifier *s, tarn_step *step, int i) {
  if (!becomes(s, step, 0, step->in[i])) return false;
  step->removed = s->any = true;
  return true;
}

/* The step becomes a reshape of `value` to its output's shape. */
static tarn_status reshape_of(simplifier *s, tarn_step *step, int value) {
  const tarn_shape shape = out_of(s, step)->shape;
  const tarn_dtype dtype = s->block->value[value].dtype;
  if (!tarn__shape_known(&shape) || tarn__value_may_change(s->b, s->block, value)) return TARN_OK;
  for (int d = 0; d < shape.rank; d++)
    if (shape.dim[d] > INT32_MAX) return TARN_OK;
  tarn_attrs *attrs;
  tarn_status status;
  int in[2] = {value};
  TARN_TRY(tarn__rewrite_ints(s->b, s->block, shape.dim, shape.rank, &in[1]));
  TARN_TRY(tarn__rewrite_attrs(s->b, NULL, &attrs));
  TARN_TRY(tarn__rewrite_set_type(s->b, attrs, "T", dtype));
  TARN_TRY(tarn__rewrite_set_type(s->b, attrs, "Tshape", TARN_I32));
  const tarn_node *node = tarn__rewrite_node(s->b, step->name, "Reshape", attrs, dtype, &status);
  return node ? tarn__rewrite_step(s->b, step, node, in, 2) : status;
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

enum { LOOKED_AT = 1 << 16 }; /* elements of a constant that are looked at */

/* Every element is `number`, with its sign when it is zero. */
static bool all_are(const tarn_tensor *t, double number) {
  if (!t) return false;
  const int64_t n = tarn__tensor_elements(t);
  if (n == 0 || n > LOOKED_AT) return false;
  for (int64_t i = 0; i < n; i++) {
    double x;
    switch ((int)t->dtype) {
      case TARN_F32:
        x = (double)((const float *)t->data)[i];
        break;
      case TARN_F64:
        x = ((const double *)t->data)[i];
        break;
      case TARN_I32:
        x = ((const int32_t *)t->data)[i];
        break;
      case TARN_I64:
        x = (double)((const int64_t *)t->data)[i];
        break;
      default:
        return false;
    }
    const bool real = t->dtype == TARN_F32 || t->dtype == TARN_F64;
    if (x != number || (real && signbit(x) != signbit(number))) return false;
  }
  return true;
}

static tarn_status arithmetic(simplifier *s, tarn_step *step) {
  const char *op = step->op->name;
  if (step->inputs != 2) return TARN_OK;
  const tarn_dtype dtype = in_of(s, step, 0)->dtype;
  const bool real = dtype == TARN_F32 || dtype == TARN_F64;
  double neutral = 0;
  bool either = false;
  if (!strcmp(op, "Add") || !strcmp(op, "AddV2"))
    neutral = real ? -0.0 : 0, either = true;
  else if (!strcmp(op, "Mul"))
    neutral = 1, either = true;
  else if (!strcmp(op, "Sub"))
    neutral = 0;
  else if (!strcmp(op, "RealDiv") || !strcmp(op, "Div") ||
           (!real && (!strcmp(op, "FloorDiv") || !strcmp(op, "TruncateDiv"))))
    neutral = 1;
  else
    return TARN_OK;
  if (all_are(known(s, step, 1), neutral) && gives_input(s, step, 0)) return TARN_OK;
  if (either && all_are(known(s, step, 0), neutral)) (void)gives_input(s, step, 1);
  return TARN_OK;
}

static tarn_status twice(simplifier *s, tarn_step *step) {
  const tarn_step *first = maker(s, step, 0, step->op->name);
  if (first && becomes(s, step, 0, first->in[0])) step->removed = s->any = true;
  return TARN_OK;
}

/* ---- casts ---------------------------------------------------------------------------------- */

/* Every value of `from` is one of `to`. */
static bool keeps(tarn_dtype from, tarn_dtype to) {
  switch ((int)from) {
    case TARN_BOOL:
      return to != TARN_BOOL;
    case TARN_F16:
    case TARN_BF16:
      return to == TARN_F32 || to == TARN_F64;
    case TARN_F32:
      return to == TARN_F64;
    case TARN_I8:
      return to == TARN_I16 || to == TARN_I32 || to == TARN_I64 || to == TARN_F32 || to == TARN_F64;
    case TARN_U8:
      return to == TARN_I16 || to == TARN_U16 || to == TARN_I32 || to == TARN_I64 ||
             to == TARN_F32 || to == TARN_F64;
    case TARN_I16:
      return to == TARN_I32 || to == TARN_I64 || to == TARN_F32 || to == TARN_F64;
    case TARN_I32:
      return to == TARN_I64 || to == TARN_F64;
    default:
      return false;
  }
}
static bool is_real(tarn_dtype d) {
  return d == TARN_F16 || d == TARN_BF16 || d == TARN_F32 || d == TARN_F64;
}
static bool is_whole(tarn_dtype d) {
  return d == TARN_I8 || d == TARN_U8 || d == TARN_I16 || d == TARN_U16 || d == TARN_I32 ||
         d == TARN_I64;
}

static tarn_status cast(simplifier *s, tarn_step *step) {
  if (gives_input(s, step, 0)) return TARN_OK;
  const tarn_step *first = maker(s, step, 0, "Cast");
  if (!first || tarn__attr_bool(first->attrs, "Truncate") ||
      tarn__attr_bool(step->attrs, "Truncate"))
    return TARN_OK;
  const tarn_dtype from = in_of(s, first, 0)->dtype, by = in_of(s, step, 0)->dtype,
                   to = out_of(s, step)->dtype;
  if (!keeps(from, by)) return TARN_OK;
  if (from == to && becomes(s, step, 0, first->in[0])) {
    step->removed = s->any = true;
    return TARN_OK;
  }
  /* What a float beyond an integer's range becomes is not the same for every pair. */
  const bool fine = (is_real(from) && is_real(to)) ||
                    (is_whole(from) && (is_whole(to) ? is_whole(by) : is_real(to)));
  if (from == to || !fine || tarn__value_may_change(s->b, s->block, first->in[0])) return TARN_OK;
  tarn_attrs *attrs;
  tarn_status status;
  TARN_TRY(tarn__rewrite_attrs(s->b, step->attrs, &attrs));
  TARN_TRY(tarn__rewrite_set_type(s->b, attrs, "SrcT", from));
  const tarn_node *node = tarn__rewrite_node(s->b, step->name, "Cast", attrs, to, &status);
  if (!node) return status;
  const int in = first->in[0];
  return tarn__rewrite_step(s->b, step, node, &in, 1);
}

/* ---- shapes --------------------------------------------------------------------------------- */

static tarn_status view(simplifier *s, tarn_step *step) {
  int from = step->in[0];
  if (!tarn__shape_known(&out_of(s, step)->shape)) return TARN_OK;
  for (;;) { /* through the views in front */
    const int at = s->block->value[from].producer;
    if (at < 0) break;
    const tarn_step *inner = &s->block->step[at];
    if (inner->kind != TARN_STEP_VIEW || !tarn__step_pure(s->block, inner) || inner->may_die ||
        step->may_die || s->block->value[inner->in[0]].dtype != s->block->value[from].dtype)
      break;
    from = inner->in[0];
  }
  if (becomes(s, step, 0, from)) {
    step->removed = s->any = true;
  } else if (!strcmp(step->op->name, "Reshape") && known(s, step, 1)) {
    step->in[0] = from;
  }
  return TARN_OK;
}

static bool perm_of(const simplifier *s, const tarn_step *step, int64_t perm[TARN_MAX_RANK],
                    int *rank) {
  const tarn_tensor *p = known(s, step, 1);
  const tarn_shape *x = &in_of(s, step, 0)->shape;
  if (!p || !tarn__shape_known(x) || p->shape.rank != 1 || p->shape.dim[0] != x->rank) return false;
  *rank = x->rank;
  for (int d = 0; d < *rank; d++) {
    perm[d] = tarn__tensor_int(p, d);
    if (perm[d] < 0) perm[d] += *rank;
    if (perm[d] < 0 || perm[d] >= *rank) return false;
  }
  return true;
}

static tarn_status transpose(simplifier *s, tarn_step *step) {
  int64_t perm[TARN_MAX_RANK], before[TARN_MAX_RANK];
  int rank, inner_rank, from = step->in[0];
  if (!perm_of(s, step, perm, &rank)) return TARN_OK;
  const tarn_step *first = maker(s, step, 0, "Transpose");
  const bool both = first && perm_of(s, first, before, &inner_rank) && inner_rank == rank;
  if (both) {
    from = first->in[0];
    for (int d = 0; d < rank; d++) perm[d] = before[perm[d]];
  }
  bool identity = true, moves = false;
  int64_t last = -1;
  const tarn_shape *x = &s->block->value[from].shape;
  for (int d = 0; d < rank; d++) {
    identity = identity && perm[d] == d;
    if (x->dim[perm[d]] == 1) continue;
    moves = moves || perm[d] < last;
    last = perm[d];
  }
  if (identity && becomes(s, step, 0, from)) {
    step->removed = s->any = true;
    return TARN_OK;
  }
  if (!moves) return reshape_of(s, step, from);
  if (!both || tarn__value_may_change(s->b, s->block, from)) return TARN_OK;
  int in[2] = {from};
  tarn_attrs *attrs;
  tarn_status status;
  TARN_TRY(tarn__rewrite_ints(s->b, s->block, perm, rank, &in[1]));
  TARN_TRY(tarn__rewrite_attrs(s->b, step->attrs, &attrs));
  TARN_TRY(tarn__rewrite_set_type(s->b, attrs, "Tperm", TARN_I32));
  const tarn_node *node = tarn__rewrite_node(s->b, step->name, "Transpose", attrs,
                                             s->block->value[from].dtype, &status);
  return node ? tarn__rewrite_step(s->b, step, node, in, 2) : status;
}

/* ---- parts and wholes ----------------------------------------------------------------------- */

/* A ConcatV2 that makes input i, with its axis; NULL: none. */
static const tarn_step *concat_of(const simplifier *s, const tarn_step *step, int i, int *axis) {
  const tarn_step *c = maker(s, step, i, "ConcatV2");
  const tarn_shape *y = &in_of(s, step, i)->shape;
  const tarn_tensor *t = c ? known(s, c, c->inputs - 1) : NULL;
  if (!t || !tarn__shape_known(y) || tarn__tensor_elements(t) != 1) return NULL;
  for (int k = 0; k < c->inputs - 1; k++)
    if (!tarn__shape_known(&in_of(s, c, k)->shape)) return NULL;
  return tarn__shape_axis(tarn__tensor_int(t, 0), y->rank, axis) == TARN_OK ? c : NULL;
}

static tarn_status concat(simplifier *s, tarn_step *step) {
  const bool first = strcmp(step->op->name, "ConcatV2") != 0; /* the axis comes first */
  if (step->inputs == 2) (void)gives_input(s, step, first ? 1 : 0);
  return TARN_OK;
}

static tarn_status slice(simplifier *s, tarn_step *step) {
  const tarn_tensor *begin = known(s, step, 1);
  const tarn_shape *y = &out_of(s, step)->shape;
  int axis;
  if (gives_input(s, step, 0) || !begin || !tarn__shape_known(y)) return TARN_OK;
  const tarn_step *c = concat_of(s, step, 0, &axis);
  if (!c) return TARN_OK;
  int64_t at = 0, wanted = tarn__tensor_int(begin, axis);
  for (int k = 0; k < c->inputs - 1; k++) {
    const int64_t n = in_of(s, c, k)->shape.dim[axis];
    if (wanted >= at && wanted + y->dim[axis] <= at + n && y->dim[axis] > 0) {
      if (becomes(s, step, 0, c->in[k])) {
        step->removed = s->any = true;
        return TARN_OK;
      }
      if (tarn__value_may_change(s->b, s->block, c->in[k])) return TARN_OK;
      int64_t moved[TARN_MAX_RANK];
      int in[3] = {c->in[k]};
      for (int d = 0; d < y->rank; d++)
        moved[d] = tarn__tensor_int(begin, d) - (d == axis ? at : 0);
      tarn_attrs *attrs;
      tarn_status status;
      TARN_TRY(tarn__rewrite_ints(s->b, s->block, moved, y->rank, &in[1]));
      TARN_TRY(tarn__rewrite_ints(s->b, s->block, out_of(s, step)->shape.dim, y->rank, &in[2]));
      TARN_TRY(tarn__rewrite_attrs(s->b, step->attrs, &attrs));
      TARN_TRY(tarn__rewrite_set_type(s->b, attrs, "Index", TARN_I32));
      const tarn_node *node = tarn__rewrite_node(s->b, step->name, "Slice", attrs,
                                                 s->block->value[in[0]].dtype, &status);
      return node ? tarn__rewrite_step(s->b, step, node, in, 3) : status;
    }
    at += n;
  }
  return TARN_OK;
}

/* Only with strides of 1, which an equal shape does not tell. */
static tarn_status strided_slice(simplifier *s, tarn_step *step) {
  const tarn_tensor *v[3] = {known(s, step, 1), known(s, step, 2), known(s, step, 3)};
  const tarn_shape *x = &in_of(s, step, 0)->shape;
  tarn_strided_slice slice_of;
  if (!v[0] || !v[1] || !v[2] || !tarn__shape_known(x) ||
      tarn__strided_slice_make(step->params, x, v[0], v[1], v[2], &slice_of) != TARN_OK)
    return TARN_OK;
  for (int d = 0; d < x->rank; d++)
    if (slice_of.size[d] != x->dim[d] || (x->dim[d] > 1 && slice_of.stride[d] != 1)) return TARN_OK;
  if (gives_input(s, step, 0)) return TARN_OK;
  return tarn__shape_elements(x) ? reshape_of(s, step, step->in[0]) : TARN_OK;
}

/* A split of a concat along the same axis into the same parts; or into one. */
static tarn_status split(simplifier *s, tarn_step *step) {
  const bool sized = !strcmp(step->op->name, "SplitV");
  const int x = sized ? 0 : 1, axis_at = sized ? 2 : 0;
  int axis, wanted;
  if (step->outputs == 1) {
    (void)gives_input(s, step, x);
    return TARN_OK;
  }
  const tarn_step *c = concat_of(s, step, x, &axis);
  const tarn_tensor *t = known(s, step, axis_at);
  if (!c || !t || c->inputs - 1 != step->outputs ||
      tarn__shape_axis(tarn__tensor_int(t, 0), in_of(s, step, x)->shape.rank, &wanted) != TARN_OK ||
      wanted != axis)
    return TARN_OK;
  for (int k = 0; k < step->outputs; k++)
    if (!same_type_and_shape(in_of(s, c, k), &s->block->value[step->out[k]]) ||
        tarn__value_may_change(s->b, s->block, c->in[k]))
      return TARN_OK;
  for (int k = 0; k < step->outputs; k++) (void)becomes(s, step, k, c->in[k]);
  step->removed = s->any = true;
  return TARN_OK;
}

static tarn_status pack(simplifier *s, tarn_step *step) {
  return step->inputs == 1 ? reshape_of(s, step, step->in[0]) : TARN_OK;
}
static tarn_status unpack(simplifier *s, tarn_step *step) {
  return step->outputs == 1 ? reshape_of(s, step, step->in[0]) : TARN_OK;
}

/* Tile, Pad, BroadcastTo, AddN, Slice of one: what keeps the shape keeps all. Counts must be known:
 * a Tile of an empty tensor keeps its shape too, and that is the same, but its error is not ours.
 */
static tarn_status whole(simplifier *s, tarn_step *step) {
  if (!strcmp(step->op->name, "AddN") ? step->inputs == 1 : known(s, step, 1) != NULL)
    (void)gives_input(s, step, 0);
  return TARN_OK;
}

typedef struct rule {
  const char *op;
  tarn_status (*apply)(simplifier *s, tarn_step *step);
} rule;

static const rule rules[] = {
    {"Add", arithmetic},
    {"AddV2", arithmetic},
    {"Sub", arithmetic},
    {"Mul", arithmetic},
    {"RealDiv", arithmetic},
    {"Div", arithmetic},
    {"FloorDiv", arithmetic},
    {"TruncateDiv", arithmetic},
    {"Neg", twice},
    {"LogicalNot", twice},
    {"Cast", cast},
    {"Reshape", view},
    {"Squeeze", view},
    {"ExpandDims", view},
    {"Transpose", transpose},
    {"Concat", concat},
    {"ConcatV2", concat},
    {"Slice", slice},
    {"StridedSlice", strided_slice},
    {"Split", split},
    {"SplitV", split},
    {"Pack", pack},
    {"Unpack", unpack},
    {"Tile", whole},
    {"Pad", whole},
    {"PadV2", whole},
    {"MirrorPad", whole},
    {"BroadcastTo", whole},
    {"AddN", whole},
};

tarn_status tarn__pass_simplify(tarn_builder *b, tarn_block *block) {
  simplifier s = {.b = b, .block = block, .stands_for = tarn__block_aliases(block)};
  const int values = block->values;
  if (!s.stands_for) return TARN_NO_MEMORY;
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    for (int i = 0; i < step->inputs; i++)
      if (step->in[i] < values) step->in[i] = s.stands_for[step->in[i]];
    if (!tarn__step_pure(block, step)) continue;
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++)
      if (!strcmp(step->op->name, rules[r].op)) {
        TARN_TRY(rules[r].apply(&s, step));
        break;
      }
  }
  if (!s.any) return TARN_OK;
  int *stands_for = tarn__block_aliases(block); /* constants have been added */
  if (!stands_for) return TARN_NO_MEMORY;
  memcpy(stands_for, s.stands_for, (size_t)values * sizeof *stands_for);
  tarn__block_rename(block, stands_for);
  return TARN_OK;
}

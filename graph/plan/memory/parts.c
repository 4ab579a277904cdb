/* A part is one run of elements when the dims in front of the one that is cut have one index, and
 * those behind it are whole: rows of a matrix, the gates of a cell of batch 1.
 *
 * Only in the root: what a straight loop computes has fixed places, which a part that something
 * keeps would take from it. Not of a ref variable's memory, which is written in place. */
#include "graph/plan/memory/parts.h"

#include <string.h>

#include "graph/passes/rewrite.h"
#include "kernels/params/strided_slice.h"

/* Where begin[] is, in elements, when size[] from there is one run of x. */
static bool one_run(const tarn_shape *x, const int64_t *begin, const int64_t *size, int64_t *at) {
  int d = 0;
  while (d < x->rank && size[d] == 1) d++;
  for (int k = d + 1; k < x->rank; k++)
    if (size[k] != x->dim[k]) return false;
  *at = 0;
  for (int k = 0; k < x->rank; k++) *at = *at * x->dim[k] + begin[k];
  return true;
}

/* Every output k begins at[k] elements into input *of; false where that is not so. */
static bool split(const tarn_block *block, const tarn_step *step, int64_t *at, int *of) {
  const char *op = step->op->name;
  const bool unpack = !strcmp(op, "Unpack");
  int axis;
  *of = !strcmp(op, "Split") ? 1 : 0;
  const tarn_shape *x = &block->value[step->in[*of]].shape;
  const tarn_tensor *t =
      unpack ? NULL : tarn__value_known(block, step->in[!strcmp(op, "Split") ? 0 : 2]);
  if (!unpack && (!t || tarn__tensor_elements(t) != 1)) return false;
  const int64_t wanted =
      unpack ? ((const tarn_axis_params *)step->params)->axis : tarn__tensor_int(t, 0);
  if (tarn__shape_axis(wanted, x->rank, &axis) != TARN_OK) return false;
  for (int d = 0; d < axis; d++)
    if (x->dim[d] != 1) return false;
  int64_t next = 0;
  for (int k = 0; k < step->outputs; k++) {
    at[k] = next;
    next += tarn__shape_elements(&block->value[step->out[k]].shape);
  }
  return next == tarn__shape_elements(x);
}

static bool slice(const tarn_block *block, const tarn_step *step, int64_t *at, int *of) {
  const tarn_tensor *begin = tarn__value_known(block, step->in[1]);
  const tarn_shape *x = &block->value[step->in[0]].shape;
  int64_t from[TARN_MAX_RANK];
  *of = 0;
  if (!begin) return false;
  for (int d = 0; d < x->rank; d++) from[d] = tarn__tensor_int(begin, d);
  return one_run(x, from, block->value[step->out[0]].shape.dim, at);
}

static bool strided_slice(const tarn_block *block, const tarn_step *step, int64_t *at, int *of) {
  const tarn_tensor *v[3];
  const tarn_shape *x = &block->value[step->in[0]].shape;
  tarn_strided_slice s;
  *of = 0;
  for (int i = 0; i < 3; i++)
    if (!(v[i] = tarn__value_known(block, step->in[i + 1]))) return false;
  if (tarn__strided_slice_make(step->params, x, v[0], v[1], v[2], &s) != TARN_OK) return false;
  for (int d = 0; d < x->rank; d++)
    if (s.size[d] > 1 && s.stride[d] != 1) return false;
  return one_run(x, s.begin, s.size, at);
}

static const struct {
  const char *op;
  bool (*find)(const tarn_block *block, const tarn_step *step, int64_t *at, int *of);
} ops[] = {{"Split", split},
           {"SplitV", split},
           {"Unpack", split},
           {"Slice", slice},
           {"StridedSlice", strided_slice}};

static tarn_status look_at(tarn_builder *b, tarn_block *block, tarn_step *step) {
  size_t row = 0;
  const size_t rows = sizeof ops / sizeof *ops;
  while (row < rows && strcmp(step->op->name, ops[row].op)) row++;
  if (row == rows || step->deref) return TARN_OK;
  for (int k = 0; k < step->outputs; k++) {
    const tarn_value *y = &block->value[step->out[k]];
    if (!tarn__shape_known(&y->shape) || y->constant.dtype || !tarn__shape_elements(&y->shape))
      return TARN_OK;
  }
  for (int i = 0; i < step->inputs; i++)
    if (!tarn__shape_known(&block->value[step->in[i]].shape)) return TARN_OK;
  int64_t *at = tarn__arena_array(b->arena, (size_t)step->outputs + 1, sizeof *at);
  size_t *part = tarn__arena_array(b->arena, (size_t)step->outputs + 1, sizeof *part);
  int of;
  if (!at || !part) return TARN_NO_MEMORY;
  if (!ops[row].find(block, step, at, &of)) return TARN_OK;
  const tarn_value *x = &block->value[step->in[of]];
  if (x->is_ref || x->constant.dtype || x->dtype == TARN_STRING || x->dtype == TARN_RESOURCE ||
      x->dtype == TARN_VARIANT || tarn__value_may_change(b, block, step->in[of]))
    return TARN_OK;
  for (int k = 0; k < step->outputs; k++) part[k] = (size_t)at[k] * tarn_dtype_bytes(x->dtype);
  step->part = part;
  step->part_of = of;
  return TARN_OK;
}

tarn_status tarn__plan_parts(tarn_builder *b, tarn_block *block) {
  if (block != b->plan->root || tarn__pass_disabled(b, "share_parts")) return TARN_OK;
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    if (!step->removed && step->kind == TARN_STEP_KERNEL && step->binding && step->op)
      TARN_TRY(look_at(b, block, step));
  }
  return TARN_OK;
}

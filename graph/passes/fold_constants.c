/* Constant folding: a step whose inputs are known (or of which only their shapes matter) is run
 * while planning, by the kernel that a run would take on one thread.
 *
 * Bounded: a result is no larger than what it came from, but for small ones, and those together add
 * at most a few MiB. Never state, handles or errors: a step that cannot be computed now (a division
 * by zero in a branch that may not be taken) is left for the run to report. */
#include "graph/exec/binding.h"
#include "graph/passes/passes.h"

enum { SMALL_BYTES = 64 << 10, GROWTH_BYTES = 16 << 20 };

/* Whether it may be folded, and by how many bytes the plan grows. */
static bool affordable(const tarn_builder *b, const tarn_step *step, const tarn_dtype *dtype,
                       const tarn_shape *shape, bool all_known, double *growth) {
  double in_bytes = 0, out_bytes = 0;
  for (int i = 0; i < step->inputs; i++)
    in_bytes += (double)tarn__shape_elements(&shape[i]) * (double)tarn_dtype_bytes(dtype[i]);
  for (int i = 0; i < step->outputs; i++) {
    const tarn_dtype to = step->node->out_dtype[i];
    if (to == TARN_RESOURCE || to == TARN_VARIANT || step->node->out_is_ref[i]) return false;
    const tarn_shape *out = &shape[step->inputs + i];
    out_bytes += out->rank < 0 ? 16 * in_bytes
                               : (double)tarn__shape_elements(out) * (double)tarn_dtype_bytes(to);
  }
  if (!all_known) in_bytes = 0;
  *growth = out_bytes > in_bytes ? out_bytes - in_bytes : 0;
  return out_bytes <= in_bytes ||
         (out_bytes <= SMALL_BYTES && (double)b->folded_growth + *growth <= GROWTH_BYTES);
}

static void set_constant(tarn_block *block, int value, tarn_tensor *t) {
  tarn__tensor_clear(&block->value[value].constant);
  tarn__tensor_share(t, &block->value[value].constant);
  block->value[value].shape = t->shape;
  tarn__tensor_clear(t);
}

tarn_status tarn__fold_step(tarn_builder *b, tarn_block *block, int at, const tarn_dtype *dtype,
                            const tarn_shape *shape, const tarn_tensor **value) {
  const tarn_step *step = &block->step[at];
  const unsigned flags = step->op->flags;
  if (flags & (TARN_OP_STATEFUL | TARN_OP_NEVER_FOLD | TARN_OP_CONTROL) || !step->outputs)
    return TARN_OK;
  bool all_known = true, all_shapes = true;
  for (int i = 0; i < step->inputs; i++) {
    all_known = all_known && value[i];
    all_shapes = all_shapes && tarn__shape_known(&shape[i]);
  }
  if (!all_shapes || (!all_known && !(flags & TARN_OP_FROM_SHAPES))) return TARN_OK;
  const tarn_purpose purpose = b->context->purpose;
  if (purpose == TARN_FOR_FREEZE || (purpose == TARN_FOR_EXPORT_ANY && !all_known)) return TARN_OK;
  double growth;
  if (tarn__pass_disabled(b, "fold_constants") ||
      !affordable(b, step, dtype, shape, all_known, &growth))
    return TARN_OK;
  if (!all_known) { /* FROM_SHAPES: inputs without elements */
    tarn_tensor *hollow = tarn__arena_array(b->arena, (size_t)step->inputs + 1, sizeof *hollow);
    if (!hollow) return TARN_NO_MEMORY;
    for (int i = 0; i < step->inputs; i++) {
      hollow[i].dtype = dtype[i];
      hollow[i].shape = shape[i];
      value[i] = &hollow[i];
    }
  }
  tarn_tensor *out = tarn__arena_array(b->arena, (size_t)step->outputs, sizeof *out);
  if (!out) return TARN_NO_MEMORY;
  const tarn_status status = tarn__step_compute(b->context, step, value, out);
  if (status == TARN_NO_MEMORY) return status;
  if (status != TARN_OK) return TARN_OK;
  b->folded_growth += (size_t)growth;
  for (int i = 0; i < step->outputs; i++) set_constant(block, step->out[i], &out[i]);
  return TARN_OK;
}

/* A step with everything fixed: shape inference for its actual inputs, the choice of a kernel, and
 * one call of it. Used while planning (known shapes, constant folding) and while running (shapes
 * that were not known). */
#ifndef TARN_GRAPH_EXEC_BINDING_H
#define TARN_GRAPH_EXEC_BINDING_H

#include "graph/plan.h"

/* Runs the op's shape function. in[] fully known; value[i] NULL where elements are not known. out[]
 * is set, rank -1 where not known yet. Handles are scalars. */
tarn_status tarn__step_infer(const tarn_step *step, const tarn_dtype *in_dtype,
                             const tarn_shape *in, const tarn_tensor *const *value,
                             tarn_shape *out);

/* Chooses a kernel for the step: of the back end that is asked for, else the measured choice
 * (tuning, which may be NULL), else the cheapest. The binding is one block of `a`
 * (tarn__binding_free), or of the plan's arena when a is NULL. TARN_UNSUPPORTED when no kernel
 * can. */
tarn_status tarn__binding_make(const tarn_allocator *a, tarn_arena *arena, const tarn_step *step,
                               const tarn_dtype *in_dtype, const tarn_shape *in,
                               const tarn_shape *out, const bool *stable,
                               const tarn_machine *machine, tarn_target backend,
                               tarn_precision precision, const struct tarn_tuning *tuning,
                               tarn_binding **binding);
/* The same of the plan's arena, with a kernel that is chosen already. */
tarn_status tarn__binding_make_for(tarn_arena *arena, const tarn_step *step,
                                   const tarn_dtype *in_dtype, const tarn_shape *in,
                                   const tarn_shape *out, const bool *stable,
                                   tarn_kernel_ref kernel, int threads, tarn_binding **binding);
/* Another kernel for the same problem; nothing has been prepared yet. */
void tarn__binding_change(tarn_binding *binding, tarn_kernel_ref kernel, int threads);
void tarn__binding_free(const tarn_allocator *a, tarn_binding *binding);
/* true when the binding was made for these inputs and outputs. */
bool tarn__binding_fits(const tarn_binding *binding, const tarn_dtype *in_dtype,
                        const tarn_shape *in, const tarn_shape *out);

/* Computes a step whose inputs are all at hand into fresh outputs (constant folding):
 * out[step->outputs], of which those nobody uses are computed too. Nothing is left in out on
 * failure. */
tarn_status tarn__step_compute(const tarn_plan_context *context, const tarn_step *step,
                               const tarn_tensor *const *in, tarn_tensor *out);

#endif

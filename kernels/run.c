/* What kernels ask of a run: outputs whose shape only they know, handles, and whether to stop. */
#include "kernels/run.h"

#include "core/thread/cpu.h"
#include "core/trace/trace.h"

tarn_status tarn__call_allocate(const tarn_call *call, int i, const tarn_shape *shape) {
  tarn_tensor made;
  const tarn_tensor *out = call->out[i];
  /* planned, where the problem knows shapes: kernels that others call may have none */
  const bool planned = call->problem->out_shape && call->problem->out_shape[i].rank >= 0;
  if (planned && tarn__dtype_in(out->dtype, TARN_PLAIN) && out->data &&
      tarn__shape_equal(&out->shape, shape))
    return TARN_OK;
  TARN_TRY(
      tarn__tensor_new_raw(tarn__call_allocator(call), call->problem->out_dtype[i], shape, &made));
  tarn__tensor_clear(call->out[i]);
  *call->out[i] = made;
  return TARN_OK;
}

tarn_status tarn__call_share(const tarn_call *call, int i, const tarn_tensor *from,
                             const tarn_shape *shape) {
  char had[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  tarn_shape checked;
  TARN_TRY(tarn__shape_make(shape->rank, shape->dim, &checked));
  if (tarn__shape_elements(&checked) != tarn__tensor_elements(from))
    return tarn_fail(TARN_SHAPE, "elements of %s as %s", tarn__shape_print(&from->shape, had),
                     tarn__shape_print(&checked, wanted));
  tarn_tensor made;
  TARN_TRY(tarn__tensor_own(tarn__call_allocator(call), from, &made));
  made.shape = checked;
  tarn__tensor_clear(call->out[i]);
  *call->out[i] = made;
  return TARN_OK;
}

tarn_status tarn__call_handle(const tarn_call *call, int i, void *object) {
  tarn_shape scalar = tarn__shape_scalar();
  tarn_tensor *out = call->out[i];
  /* A planned output is there already, but may be in memory that does not count references. */
  if (out->dtype == TARN_NO_DTYPE || !out->buffer || out->shape.rank != 0) {
    tarn_status status = tarn__call_allocate(call, i, &scalar);
    if (status != TARN_OK) {
      tarn__object_release(object);
      return status;
    }
  }
  tarn__object_set(out, 0, object);
  return TARN_OK;
}

tarn_status tarn__call_object(const tarn_call *call, int i, const tarn_object_type *type,
                              void **object) {
  const tarn_tensor *in = call->in[i];
  if (in->dtype != TARN_RESOURCE && in->dtype != TARN_VARIANT)
    return tarn_fail(TARN_DTYPE, "input %d: expected a handle, got %s", i,
                     tarn_dtype_name(in->dtype));
  if (tarn__tensor_elements(in) != 1)
    return tarn_fail(TARN_SHAPE, "input %d: expected one handle, got %lld", i,
                     (long long)tarn__tensor_elements(in));
  tarn_object *found = tarn__object_get(in, 0);
  if (!found)
    return tarn_fail(TARN_INVALID, "input %d: the handle of a %s is empty", i, type->name);
  if (found->type != type)
    return tarn_fail(TARN_INVALID, "input %d: expected the handle of a %s, got that of a %s", i,
                     type->name, found->type->name);
  *object = found;
  return TARN_OK;
}

tarn_status tarn__run_call(const tarn_run *run, const char *function, const tarn_tensor *const *in,
                           int n_in, tarn_tensor *out, int n_out) {
  if (!run || !run->caller)
    return tarn_fail(TARN_NOT_FOUND, "function '%s': there are no functions here", function);
  if (run->depth >= TARN_MAX_CALL_DEPTH)
    return tarn_fail(TARN_LIMIT, "function '%s' is called more than %d deep", function,
                     TARN_MAX_CALL_DEPTH);
  tarn_run inner = *run;
  inner.depth++;
  return run->caller->call(run->caller, &inner, function, in, n_in, out, n_out);
}

tarn_status tarn__run_check(const tarn_run *run) {
  if (!run) return TARN_OK;
  if (run->cancels &&
      atomic_load_explicit(run->cancels, memory_order_relaxed) != run->cancels_before)
    return tarn_fail(TARN_CANCELLED, "the run was cancelled");
  if (run->stop && atomic_load_explicit(run->stop, memory_order_relaxed))
    return tarn_fail(TARN_CANCELLED, "the run was stopped");
  if (run->deadline_ns && tarn__now_ns() > run->deadline_ns)
    return tarn_fail(TARN_LIMIT, "the run took longer than its time limit");
  return TARN_OK;
}

tarn_status tarn__kernel_run(const tarn_kernel *kernel, const tarn_call *call) {
  const tarn_status status = kernel->run(call);
  tarn__wide_registers_done();
  return status;
}

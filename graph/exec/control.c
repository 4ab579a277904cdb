/* Functional control flow: If and Case, While, recursive calls. Each runs blocks with slots of
 * their own. */
#include "graph/exec/exec.h"
#include "kernels/state/variable.h"

#include <string.h>

/* ---- functional control flow --------------------------------------------------------------- */

/* Runs the body of a function on `in` (borrowed, n of them) and gives its results, owned. */
static tarn_status run_body(tarn_exec *x, const tarn_block *block, const tarn_tensor *in, int n,
                            tarn_tensor *out) {
  tarn_slots *inner;
  TARN_TRY(tarn__slots_take(x, block, &inner));
  for (int i = 0; i < block->inputs && i < n; i++) tarn__slots_enter(inner, i, &in[i], false);
  tarn_status status = tarn__exec_block(x, inner);
  for (int i = 0; i < block->results && status == TARN_OK; i++) {
    if (inner->dead[block->result[i]])
      status = tarn_fail(TARN_FAILED, "result %d of a function is dead", i);
    else status = tarn__slots_leave(x, inner, block->result[i], &out[i]);
  }
  tarn__slots_give(x, inner);
  return status;
}

/* A function whose body is no block of this plan: it calls itself. */
static tarn_status run_function(tarn_exec *x, const char *name, const tarn_tensor *in, int n,
                                tarn_tensor *out, int n_out) {
  const tarn_allocator *a = x->shared->allocator;
  const tarn_tensor **inputs = tarn__alloc_zero(a, ((size_t)n + 1) * sizeof *inputs);
  if (!inputs) return TARN_NO_MEMORY;
  for (int i = 0; i < n; i++) inputs[i] = &in[i];
  const tarn_status status = tarn__run_call(x->run, name, inputs, n, out, n_out);
  tarn__free(a, inputs, ((size_t)n + 1) * sizeof *inputs);
  return status;
}

/* Inputs [first, inputs) of a step as an array of second references. */
static tarn_status arguments(tarn_exec *x, tarn_slots *f, const tarn_step *step, int first,
                             int outputs, tarn_tensor **in, tarn_tensor **out, size_t *bytes) {
  const int n = step->inputs - first;
  *bytes = (size_t)(n + outputs + 1) * sizeof(tarn_tensor);
  *in = tarn__alloc_zero(x->shared->allocator, *bytes);
  if (!*in) return TARN_NO_MEMORY;
  *out = *in + n;
  for (int i = 0; i < n; i++) {
    tarn_tensor read = {0};
    const tarn_tensor *t;
    const tarn_status status = tarn__exec_input(f, step, first + i, &read, &t);
    if (status != TARN_OK) {
      while (i-- > 0) tarn__tensor_clear(&(*in)[i]);
      tarn__free(x->shared->allocator, *in, *bytes);
      return status;
    }
    if (t == &read) (*in)[i] = read;
    else tarn__tensor_share(t, &(*in)[i]);
  }
  return TARN_OK;
}

static void drop(tarn_exec *x, tarn_tensor *in, int n, size_t bytes) {
  for (int i = 0; i < n; i++) tarn__tensor_clear(&in[i]);
  tarn__free(x->shared->allocator, in, bytes);
}

tarn_status tarn__exec_if(tarn_exec *x, tarn_slots *f, const tarn_step *step) {
  tarn_tensor read = {0};
  const tarn_tensor *selector;
  TARN_TRY(tarn__exec_input(f, step, 0, &read, &selector));
  int64_t branch = 0;
  tarn_status status = TARN_OK;
  if (strstr(step->op->name, "Case")) {
    if (selector->dtype != TARN_I32 || tarn__tensor_elements(selector) != 1)
      status = tarn_fail(TARN_INVALID, "branch_index must be one int32");
    else branch = tarn__tensor_int(selector, 0);
    if (branch < 0 || branch >= step->blocks) branch = step->blocks - 1;
  } else {
    bool yes = false;
    status = tarn__exec_truth(selector, &yes);
    branch = !yes;
  }
  tarn__tensor_clear(&read);
  TARN_TRY(status);
  tarn_tensor *in, *out;
  size_t bytes;
  TARN_TRY(arguments(x, f, step, 1, step->outputs, &in, &out, &bytes));
  const int n = step->inputs - 1;
  if (step->block[branch] && step->block[branch]->results != step->outputs)
    status = tarn_fail(TARN_INVALID, "branch %d has %d results, expected %d", (int)branch,
                       step->block[branch]->results, step->outputs);
  else
    status = step->block[branch]
                 ? run_body(x, step->block[branch], in, n, out)
                 : run_function(x, step->block_name[branch], in, n, out, step->outputs);
  for (int i = 0; i < step->outputs && status == TARN_OK; i++) {
    tarn_tensor *slot = &f->value[step->out[i]];
    tarn__tensor_clear(slot);
    *slot = out[i];
    out[i].dtype = TARN_NO_DTYPE;
    out[i].buffer = NULL;
  }
  drop(x, in, n + step->outputs, bytes);
  return status;
}

tarn_status tarn__exec_while(tarn_exec *x, tarn_slots *f, const tarn_step *step) {
  const int n = step->inputs;
  tarn_tensor *state, *next;
  size_t bytes;
  if (n != step->outputs) return tarn_fail(TARN_INVALID, "%d inputs, %d outputs", n, step->outputs);
  for (int which = 0; which < 2; which++) {
    const int wanted = which ? n : 1;
    if (step->block[which] && step->block[which]->results != wanted)
      return tarn_fail(TARN_INVALID, "function '%s' has %d results, expected %d",
                       step->block_name[which], step->block[which]->results, wanted);
  }
  TARN_TRY(arguments(x, f, step, 0, n, &state, &next, &bytes));
  tarn_status status = TARN_OK;
  for (;;) {
    TARN_GOTO(tarn__run_check(x->run));
    tarn_tensor condition = {0};
    bool yes = false;
    status = step->block[0] ? run_body(x, step->block[0], state, n, &condition)
                            : run_function(x, step->block_name[0], state, n, &condition, 1);
    if (status == TARN_OK) status = tarn__exec_truth(&condition, &yes);
    tarn__tensor_clear(&condition);
    if (status != TARN_OK || !yes) break;
    TARN_GOTO(step->block[1] ? run_body(x, step->block[1], state, n, next)
                             : run_function(x, step->block_name[1], state, n, next, n));
    for (int i = 0; i < n; i++) {
      tarn__tensor_clear(&state[i]);
      state[i] = next[i];
      next[i].dtype = TARN_NO_DTYPE;
      next[i].buffer = NULL;
    }
  }
  for (int i = 0; i < n && status == TARN_OK; i++) {
    tarn_tensor *slot = &f->value[step->out[i]];
    tarn__tensor_clear(slot);
    status = tarn__tensor_own(x->run->allocator, &state[i], slot);
  }
done:
  drop(x, state, 2 * n, bytes);
  return status;
}

tarn_status tarn__exec_call(tarn_exec *x, tarn_slots *f, const tarn_step *step) {
  tarn_tensor *in, *out;
  size_t bytes;
  TARN_TRY(arguments(x, f, step, 0, step->outputs, &in, &out, &bytes));
  const tarn_status status =
      run_function(x, step->callee->function, in, step->inputs, out, step->outputs);
  for (int i = 0; i < step->outputs && status == TARN_OK; i++) {
    tarn__tensor_clear(&f->value[step->out[i]]);
    f->value[step->out[i]] = out[i];
    out[i].dtype = TARN_NO_DTYPE;
    out[i].buffer = NULL;
  }
  drop(x, in, step->inputs + step->outputs, bytes);
  return status;
}

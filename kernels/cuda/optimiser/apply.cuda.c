/* Optimisers on whole variables of both kinds, and on rows of them, which come as their values
 * (kernels/device.h): inputs are the slots, rates, the gradient (then indices), and sometimes more
 * rates. */
#include "kernels/cuda/optimiser/apply.h"

#include "kernels/cpu/array/elements.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/cuda/index/run.h"

/* What the op of a rule takes; skipped: 1 + the rate that this form of the op does not have. */
typedef struct form {
  int rule, slots, before, after, skipped;
  unsigned demands;
} form;

static tarn_status check_slots(const tarn_call *call, const form *f, const tarn_tensor *grad) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  const tarn_tensor *var = call->in[0];
  for (int i = 0; i < f->slots; i++) {
    const tarn_tensor *slot = call->in[i];
    if (slot->dtype != grad->dtype)
      return tarn_fail(TARN_DTYPE, "the variable of input %d is %s, the gradient %s", i,
                       tarn_dtype_name(slot->dtype), tarn_dtype_name(grad->dtype));
    if (!tarn__shape_equal(&slot->shape, &var->shape))
      return tarn_fail(TARN_SHAPE, "%s: the variables of input 0 and %d have the shapes %s and %s",
                       call->problem->op, i, tarn__shape_print(&var->shape, had),
                       tarn__shape_print(&slot->shape, got));
  }
  return TARN_OK;
}

static tarn_status check_grad(const tarn_call *call, const tarn_tensor *grad,
                              const tarn_tensor *indices) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  const tarn_shape *var = &call->in[0]->shape, *g = &grad->shape;
  bool fits = tarn__shape_equal(g, var);
  if (indices) {
    fits = var->rank > 0 && g->rank == var->rank && indices->shape.rank == 1 &&
           indices->shape.dim[0] == g->dim[0];
    for (int k = 1; k < var->rank && fits; k++) fits = g->dim[k] == var->dim[k];
  }
  if (fits) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "%s: the variable has shape %s, the gradient %s", call->problem->op,
                   tarn__shape_print(var, had), tarn__shape_print(g, got));
}

/* Everything but what whole variables and rows do not share. */
static tarn_status begin(const tarn_call *call, const form *f, bool sparse, tarn_cuda_apply *work) {
  const int at = f->slots + f->before;
  const tarn_tensor *grad = call->in[at];
  *work = (tarn_cuda_apply){.rule = f->rule,
                            .flags = *(const tarn_optimiser_params *)call->problem->params,
                            .grad = grad->data,
                            .n = tarn__tensor_elements(grad)};
  TARN_TRY(check_slots(call, f, grad));
  TARN_TRY(check_grad(call, grad, sparse ? call->in[at + 1] : NULL));
  for (int i = 0; i < f->slots; i++) work->slot[i] = call->in[i]->data;
  for (int i = 0, k = 0; i < f->before + f->after; i++, k++) {
    const int input = f->slots + i + (i < f->before ? 0 : 1 + sparse);
    const tarn_tensor *rate = call->in[input];
    if (rate->shape.rank != 0) return tarn_fail(TARN_SHAPE, "input %d must be a scalar", input);
    if (k + 1 == f->skipped) k++;
    work->rate[k] = rate->data;
    work->whole |= (unsigned)(rate->dtype == TARN_I64) << k;
  }
  work->has_signs = f->demands & (sparse ? SIGNS | SIGNS_OF_ROWS : SIGNS);
  work->has_power = f->demands & SIGNS_OF_ROWS;
  return TARN_OK;
}

static tarn_status look(const tarn_call *call, tarn_dtype dtype, tarn_cuda_apply *work) {
  if (!call->fault || (!work->has_signs && !work->rows)) return TARN_OK;
  work->fault = call->fault;
  work->fault_step = call->fault_step;
  TARN_LAUNCHED(tarn__cuda_apply_check(tarn__stream(call), (int)dtype, work));
  return TARN_OK;
}

static tarn_status apply(const tarn_call *call, const form *f) {
  const tarn_dtype dtype = call->in[f->slots + f->before]->dtype;
  tarn_cuda_apply work;
  TARN_TRY(begin(call, f, false, &work));
  TARN_TRY(look(call, dtype, &work));
  if (work.n) TARN_LAUNCHED(tarn__cuda_apply(tarn__stream(call), (int)dtype, &work));
  return TARN_OK;
}

static tarn_status apply_rows(const tarn_call *call, const form *f) {
  const tarn_tensor *var = call->in[0], *indices = call->in[f->slots + f->before + 1];
  const tarn_dtype dtype = call->in[f->slots + f->before]->dtype;
  tarn_cuda_apply work;
  TARN_TRY(begin(call, f, true, &work));
  work.indices = indices->data;
  work.wide = indices->dtype == TARN_I64;
  work.rows = indices->shape.dim[0];
  work.row = tarn__dims_product(&var->shape, 1, var->shape.rank);
  work.dim = var->shape.dim[0];
  if (f->demands & FILLED_ROWS && work.row == 0)
    return tarn_fail(TARN_SHAPE, "rows of no elements");
  TARN_TRY(look(call, dtype, &work));
  if (work.n) TARN_LAUNCHED(tarn__cuda_apply_rows(tarn__stream(call), (int)dtype, &work));
  return TARN_OK;
}

#define WHOLE(OP, f, slots, before, after, skipped, demands)                                   \
  enum { GRAD_##OP = slots + before, FAULTS_##OP = ((demands)&SIGNS) != 0 };                   \
  static const form form_##OP = {TARN_CUDA_RULE_##OP, slots, before, after, skipped, demands}; \
  static tarn_status whole_##OP(const tarn_call *call) {                                       \
    return apply(call, &form_##OP);                                                            \
  }
RULES(WHOLE)
RESOURCE_RULES(WHOLE)

#define ROWS(OP, f)                                       \
  static tarn_status rows_##OP(const tarn_call *call) {   \
    return apply_rows(call, &form_##OP);                  \
  }                                                       \
  static const char *refuse_##OP(const tarn_problem *p) { \
    return tarn__cuda_refuse_index(p, GRAD_##OP + 1);     \
  }
SPARSE_RULES(ROWS)
RESOURCE_SPARSE_RULES(ROWS)

#define ROW(NAME, OP)          \
  {.op = NAME,                 \
   .dtypes = EACH_FLOAT_BITS,  \
   .keyed = GRAD_##OP,         \
   .faults = FAULTS_##OP != 0, \
   .run = whole_##OP},
#define RESOURCE_ROW(OP, f, slots, before, after, skipped, demands) ROW("ResourceApply" #OP, OP)
#define BOTH_ROWS(OP, f, slots, before, after, skipped, demands) \
  ROW("Apply" #OP, OP) ROW("ResourceApply" #OP, OP)
#define SPARSE_ROW(NAME, OP)  \
  {.op = NAME,                \
   .name = "rows",            \
   .dtypes = EACH_FLOAT_BITS, \
   .keyed = GRAD_##OP,        \
   .faults = true,            \
   .supports = refuse_##OP,   \
   .run = rows_##OP},
#define RESOURCE_SPARSE_ROW(OP, f) SPARSE_ROW("ResourceSparseApply" #OP, OP)
#define SPARSE_ROWS(OP, f) \
  SPARSE_ROW("SparseApply" #OP, OP) SPARSE_ROW("ResourceSparseApply" #OP, OP)

const tarn_kernel tarn_kernels_optimiser_apply_cuda[] = {
    RULES(BOTH_ROWS) RESOURCE_RULES(RESOURCE_ROW) SPARSE_RULES(SPARSE_ROWS)
        RESOURCE_SPARSE_RULES(RESOURCE_SPARSE_ROW){0},
};

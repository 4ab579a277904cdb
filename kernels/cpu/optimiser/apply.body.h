/* Optimisers: a rule of rules.body.h on a whole variable (Apply*) or on the rows that indices name
 * (SparseApply*), for variables of both kinds. Inputs are the slots, scalar rates, the gradient
 * (then indices) and sometimes more rates. */
#include "core/memory.h"
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/optimiser/rules.h"
#include "kernels/cpu/optimiser/step.h"
#include "kernels/fault.h"
#include "kernels/params/padding.h"
#include "kernels/run.h"
#include "kernels/state/variable.h"

#include <tgmath.h>
#undef I
#ifdef __F16C__
#include <immintrin.h>
#endif

#define AS_IS(x) (x)
/* Sums and products are rounded one by one, as TensorFlow's are, and the elements of a rule do not
 * meet. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off")
#define TARN_APART _Pragma("GCC ivdep")
#else
#define TARN_APART
#endif
#define S float
#define A float
#define GET AS_IS
#define PUT AS_IS
#define NUMBER creal
#define NAME(f) f##_f32
#include "kernels/cpu/optimiser/loops.body.h"
#define S double
#define A double
#define GET AS_IS
#define PUT AS_IS
#define NUMBER creal
#define NAME(f) f##_f64
#include "kernels/cpu/optimiser/loops.body.h"
#define S float _Complex
#define A float _Complex
#define GET AS_IS
#define PUT AS_IS
#define NUMBER AS_IS
#define NAME(f) f##_c64
#define COMPLEX
#include "kernels/cpu/optimiser/loops.body.h"
#define S double _Complex
#define A double _Complex
#define GET AS_IS
#define PUT AS_IS
#define NUMBER AS_IS
#define NAME(f) f##_c128
#define COMPLEX
#include "kernels/cpu/optimiser/loops.body.h"

/* What a rule takes: inputs are slots, `before` rates, the gradient (and indices), `after`
 * rates. */
typedef struct rule {
  int slots, before, after;
  int skipped; /* 1 + the rate that only a newer form of the op has: 0 for this one */
  unsigned demands;
  tarn_step_rule f32, f64, c64, c128;   /* NULL: not for this dtype */
} rule;

static tarn_step_rule of_dtype(const rule *r, tarn_dtype dtype) {
  switch ((int)dtype) {
    case TARN_F32: return r->f32;
    case TARN_F64: return r->f64;
    case TARN_F16:
    case TARN_BF16: return r->f32;   /* through `run_rule` */
    case TARN_C64: return r->c64;
    case TARN_C128: return r->c128;
    default: return NULL;
  }
}

/* ---- the variables of a step ---------------------------------------------------------------- */

typedef struct locked {
  int count;
  tarn_variable *variable[TARN_STEP_SLOTS];   /* in the op's order */
  tarn_tensor *value[TARN_STEP_SLOTS];
  int order[TARN_STEP_SLOTS]; /* by address: all steps lock in one order, so none waits for another
                                 in a ring */
} locked;

static void unlock(locked *l, int held) {
  while (held-- > 0) tarn__variable_end(l->variable[l->order[held]]);
}

static tarn_status lock(const tarn_call *call, int slots, locked *l) {
  l->count = slots;
  for (int i = 0; i < slots; i++) {
    void *object;
    TARN_TRY(tarn__call_object(call, i, &tarn__variable_type, &object));
    l->variable[i] = object;
    int at = i;
    for (; at > 0 && (uintptr_t)l->variable[l->order[at - 1]] > (uintptr_t)object; at--)
      l->order[at] = l->order[at - 1];
    if (at > 0 && l->variable[l->order[at - 1]] == object)
      return tarn_fail(TARN_INVALID, "variable '%s' is both input %d and input %d",
                       l->variable[i]->name, l->order[at - 1], i);
    l->order[at] = i;
  }
  tarn_residence *residence = l->variable[0]->residence;
  tarn_status status = TARN_OK;
  if (residence) tarn__residence_lock(residence);
  for (int k = 0; k < slots && status == TARN_OK; k++) {
    const int i = l->order[k];
    status = tarn__variable_begin(l->variable[i], &l->value[i]);
    if (status != TARN_OK) unlock(l, k);
  }
  if (residence) tarn__residence_unlock(residence);
  return status;
}

static tarn_status check(const tarn_call *call, const locked *l, const tarn_tensor *grad,
                         const tarn_tensor *indices) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  const tarn_tensor *var = l->value[0];
  for (int i = 0; i < l->count; i++) {
    if (l->value[i]->dtype != grad->dtype)
      return tarn_fail(TARN_DTYPE, "variable '%s' is %s, the gradient %s", l->variable[i]->name,
                       tarn_dtype_name(l->value[i]->dtype), tarn_dtype_name(grad->dtype));
    if (!tarn__shape_equal(&l->value[i]->shape, &var->shape))
      return tarn_fail(TARN_SHAPE, "'%s' and '%s' do not have the same shape: %s and %s",
                       l->variable[0]->name, l->variable[i]->name,
                       tarn__shape_print(&var->shape, had),
                       tarn__shape_print(&l->value[i]->shape, got));
  }
  bool fits = tarn__shape_equal(&grad->shape, &var->shape);
  if (indices) {
    fits = var->shape.rank > 0 && grad->shape.rank == var->shape.rank && indices->shape.rank == 1 &&
           indices->shape.dim[0] == grad->shape.dim[0];
    for (int k = 1; k < var->shape.rank && fits; k++)
      fits = grad->shape.dim[k] == var->shape.dim[k];
  }
  if (!fits)
    return tarn_fail(TARN_SHAPE, "%s: variable '%s' has shape %s, the gradient %s",
                     call->problem->op, l->variable[0]->name, tarn__shape_print(&var->shape, had),
                     tarn__shape_print(&grad->shape, got));
  return TARN_OK;
}

static tarn_status rate(const tarn_call *call, int i, double _Complex *value) {
  const tarn_tensor *t = call->in[i];
  if (t->shape.rank != 0) return tarn_fail(TARN_SHAPE, "input %d must be a scalar", i);
  switch ((int)t->dtype) {
    case TARN_F32: *value = (double)*(const float *)t->data; return TARN_OK;
    case TARN_F64: *value = *(const double *)t->data; return TARN_OK;
    case TARN_F16: *value = (double)tarn__f16_to_f32(*(const uint16_t *)t->data); return TARN_OK;
    case TARN_BF16: *value = (double)tarn__bf16_to_f32(*(const uint16_t *)t->data); return TARN_OK;
    case TARN_C64: *value = (double _Complex)*(const float _Complex *)t->data; return TARN_OK;
    case TARN_C128: *value = *(const double _Complex *)t->data; return TARN_OK;
    case TARN_I64: *value = (double)*(const int64_t *)t->data; return TARN_OK;
    default: return tarn_fail(TARN_UNSUPPORTED, "a rate of %s", tarn_dtype_name(t->dtype));
  }
}

static tarn_status read_rates(const tarn_call *call, const rule *r, int more, tarn_step_data *d) {
  int k = 0;
  for (int i = 0; i < r->before + r->after; i++, k++) {
    if (k + 1 == r->skipped) d->rate[k++] = 0;
    TARN_TRY(rate(call, r->slots + i + (i < r->before ? 0 : more), &d->rate[k]));
  }
  return TARN_OK;
}

static tarn_status check_demands(const rule *r, bool sparse, const tarn_step_data *d,
                                 const tarn_shape *var) {
  if (sparse && (r->demands & FILLED_ROWS) && tarn__dims_product(var, 1, var->rank) == 0)
    return tarn_fail(TARN_SHAPE, "rows of no elements");
  if (!(r->demands & (sparse ? SIGNS | SIGNS_OF_ROWS : SIGNS))) return TARN_OK;
  tarn_fault bad = {.kind = TARN_FAULT_NONE};
  for (int k = 0; k < TARN_FAULT_RATES; k++) bad.rate[k] = creal(d->rate[k]);
  const double *rate = bad.rate;
  if (!(rate[0] > 0) && !(rate[0] == 0 && d->flags->linear_by_lr)) bad.kind = TARN_FAULT_RATE;
  else if (!(rate[1] >= 0) || !(rate[2] >= 0)) bad.kind = TARN_FAULT_L1_L2;
  else if (!(r->demands & SIGNS) && (!(rate[3] >= 0) || !(rate[4] <= 0)))
    bad.kind = TARN_FAULT_POWER;
  return bad.kind ? tarn__fault_fail(&bad) : TARN_OK;
}

/* ---- running a rule -------------------------------------------------------------------------- */

enum { CHUNK = 1 << 14, BLOCK = 256 };

typedef struct job {
  tarn_step_rule rule;
  const tarn_step_data *data;
  int64_t n;
  int slots;
  tarn_dtype dtype;
} job;

/* 16-bit floats are computed with as floats, a block at a time, and rounded once. */
static void widen(tarn_dtype dtype, const uint16_t *x, float *y, int64_t n) {
  int64_t i = 0;
  if (dtype == TARN_BF16) {
    for (; i < n; i++) y[i] = tarn__bf16_to_f32(x[i]);
    return;
  }
#ifdef __F16C__
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(y + i,
                     _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(x + i))));
#endif
  for (; i < n; i++) y[i] = tarn__f16_to_f32(x[i]);
}

static void narrow(tarn_dtype dtype, const float *x, uint16_t *y, int64_t n) {
  int64_t i = 0;
  if (dtype == TARN_BF16) {
    for (; i < n; i++) y[i] = tarn__f32_to_bf16(x[i]);
    return;
  }
#ifdef __F16C__
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128((__m128i *)(void *)(y + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
#endif
  for (; i < n; i++) y[i] = tarn__f32_to_f16(x[i]);
}

/* The rule on n elements of the slots from `at` and of the gradient from `from`. */
static void run_rule(const job *j, int64_t at, int64_t from, int64_t n) {
  if (tarn_dtype_bytes(j->dtype) > 2) {
    j->rule(j->data, at, from, n);
    return;
  }
  float slot[TARN_STEP_SLOTS][BLOCK], grad[BLOCK];
  tarn_step_data d = *j->data;
  d.grad = grad;
  for (int k = 0; k < j->slots; k++) d.slot[k] = slot[k];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t part = n - i < BLOCK ? n - i : BLOCK;
    for (int k = 0; k < j->slots; k++)
      widen(j->dtype, (const uint16_t *)j->data->slot[k] + at + i, slot[k], part);
    widen(j->dtype, (const uint16_t *)j->data->grad + from + i, grad, part);
    j->rule(&d, 0, 0, part);
    for (int k = 0; k < j->slots; k++)
      narrow(j->dtype, slot[k], (uint16_t *)j->data->slot[k] + at + i, part);
  }
}

static tarn_status chunk(void *argument, int64_t c, int worker) {
  const job *j = argument;
  const int64_t at = c * CHUNK;
  (void)worker;
  run_rule(j, at, at, j->n - at < CHUNK ? j->n - at : CHUNK);
  return TARN_OK;
}

/* Indices may repeat: one row after another. All are checked before anything is written. */
static tarn_status rows(const job *j, const tarn_shape *var, const tarn_tensor *indices) {
  const int64_t row = tarn__dims_product(var, 1, var->rank);
  int64_t n = indices->shape.dim[0];
  while (n > 0 && j->data->flags->padded &&
         tarn__index_at(indices, n - 1) == TARN_PADDING(indices->dtype == TARN_I64))
    n--;
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = tarn__index_at(indices, i);
    if (at < 0 || at >= var->dim[0])
      return tarn__fault_fail(&(tarn_fault){.kind = TARN_FAULT_OFFSET, .at = i, .index = {at}});
  }
  for (int64_t i = 0; i < n; i++) run_rule(j, tarn__index_at(indices, i) * row, i * row, row);
  return TARN_OK;
}

static tarn_status apply(const tarn_call *call, const rule *r, bool sparse) {
  const tarn_tensor *grad = call->in[r->slots + r->before],
                    *indices = sparse ? call->in[r->slots + r->before + 1] : NULL;
  tarn_step_data d = {.grad = grad->data, .flags = call->problem->params};
  locked l;
  const tarn_step_rule f = of_dtype(r, grad->dtype);
  if (!f)
    return tarn_fail(TARN_UNSUPPORTED, "%s of %s", call->problem->op, tarn_dtype_name(grad->dtype));
  TARN_TRY(read_rates(call, r, sparse ? 2 : 1, &d));
  TARN_TRY(lock(call, r->slots, &l));
  tarn_status status = check(call, &l, grad, indices);
  if (status == TARN_OK) status = check_demands(r, sparse, &d, &l.value[0]->shape);
  for (int i = 0; i < r->slots; i++) d.slot[i] = l.value[i]->data;
  job j = {f, &d, tarn__tensor_elements(grad), r->slots, grad->dtype};
  if (status == TARN_OK && sparse) {
    status = rows(&j, &l.value[0]->shape, indices);
  } else if (status == TARN_OK) {
    status = tarn__pool_run(call->pool, (j.n + CHUNK - 1) / CHUNK, chunk, &j);
  }
  unlock(&l, l.count);
  TARN_TRY(status);
  return call->problem->outputs ? tarn__call_handle(call, 0, tarn__object_retain(l.variable[0]))
                                : TARN_OK;
}

#define REAL(OP, f, slots, before, after, skipped, demands)                 \
  static const rule rule_##OP = {slots,   before,  after, skipped, demands, \
                                 f##_f32, f##_f64, NULL,  NULL};
#define FIELD(OP, f, slots, before, after, skipped, demands)                  \
  static const rule rule_##OP = {slots,   before,  after,   skipped, demands, \
                                 f##_f32, f##_f64, f##_c64, f##_c128};
#define DENSE(OP, f, slots, before, after, skipped, demands) \
  static tarn_status dense_##OP(const tarn_call *call) { return apply(call, &rule_##OP, false); }
#define SPARSE(OP, f) \
  static tarn_status sparse_##OP(const tarn_call *call) { return apply(call, &rule_##OP, true); }
FIELD_RULES(FIELD)
RESOURCE_FIELD_RULES(FIELD)
REAL_RULES(REAL)
RESOURCE_REAL_RULES(REAL)
RULES(DENSE)
RESOURCE_RULES(DENSE)
SPARSE_RULES(SPARSE)
RESOURCE_SPARSE_RULES(SPARSE)

#define RESOURCE_ROW(OP, f, slots, before, after, skipped, demands) \
  {.op = "ResourceApply" #OP, .name = #f, .run = dense_##OP},
#define DENSE_ROWS(OP, f, slots, before, after, skipped, demands) \
  {.op = "Apply" #OP, .name = #f, .run = dense_##OP},             \
      RESOURCE_ROW(OP, f, slots, before, after, skipped, demands)
#define RESOURCE_SPARSE_ROW(OP, f) \
  {.op = "ResourceSparseApply" #OP, .name = "rows", .run = sparse_##OP},
#define SPARSE_ROWS(OP, f) \
  {.op = "SparseApply" #OP, .name = "rows", .run = sparse_##OP}, RESOURCE_SPARSE_ROW(OP, f)

#define ROWS \
  RULES(DENSE_ROWS) \
  RESOURCE_RULES(RESOURCE_ROW) \
  SPARSE_RULES(SPARSE_ROWS) \
  RESOURCE_SPARSE_RULES(RESOURCE_SPARSE_ROW)

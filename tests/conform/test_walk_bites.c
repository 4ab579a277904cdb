/* Kernels with one fault each, on tables of this program's own: the walk must find every one of
 * them, and pass the one that has none. */
#include "graph/op.h"
#include "kernels/kernel.h"
#include "walk.h"

#include <math.h>

/* y = 2 x, by all of these. */
static void twice(const tarn_call *call) {
  const float *x = call->in[0]->data;
  float *y = call->out[0]->data;
  for (int64_t i = 0; i < tarn__tensor_elements(call->in[0]); i++) y[i] = 2 * x[i];
}
static tarn_status right(const tarn_call *call) {
  twice(call);
  return TARN_OK;
}
static tarn_status last_is_wrong(const tarn_call *call) {
  twice(call);
  int64_t n = tarn__tensor_elements(call->out[0]);
  if (n) ((float *)call->out[0]->data)[n - 1] *= 1.001f;
  return TARN_OK;
}
static tarn_status last_is_left_out(const tarn_call *call) {
  float *y = call->out[0]->data;
  int64_t n = tarn__tensor_elements(call->out[0]);
  float kept = n ? y[n - 1] : 0;
  twice(call);
  if (n) y[n - 1] = kept;
  return TARN_OK;
}
static tarn_status writes_before(const tarn_call *call) {
  twice(call);
  ((float *)call->out[0]->data)[-1] = 1;
  return TARN_OK;
}
static tarn_status writes_behind(const tarn_call *call) {
  twice(call);
  ((float *)call->out[0]->data)[tarn__tensor_elements(call->out[0])] = 1;
  return TARN_OK;
}
static tarn_status counts_threads(const tarn_call *call) {
  twice(call);
  if (tarn__tensor_elements(call->out[0]))
    ((float *)call->out[0]->data)[0] *= tarn__pool_threads(call->pool) > 1 ? 1 + 0x1p-23f : 1;
  return TARN_OK;
}
static tarn_status needs_alignment(const tarn_call *call) {
  twice(call);
  if ((uintptr_t)call->in[0]->data % 64 && tarn__tensor_elements(call->out[0]))
    ((float *)call->out[0]->data)[0] += 1;
  return TARN_OK;
}
static tarn_status not_in_place(const tarn_call *call) {
  const float *x = call->in[0]->data;
  float *y = call->out[0]->data;
  int64_t n = tarn__tensor_elements(call->in[0]);
  for (int64_t i = 0; i < n; i++) y[i] = 0;
  for (int64_t i = 0; i < n; i++) y[i] = 2 * x[i];
  return TARN_OK;
}
static tarn_status loses_nan(const tarn_call *call) {
  twice(call);
  float *y = call->out[0]->data;
  for (int64_t i = 0; i < tarn__tensor_elements(call->out[0]); i++)
    if (isnan(y[i])) y[i] = 0;
  return TARN_OK;
}
static tarn_status fails(const tarn_call *call) {
  (void)call;
  return tarn_fail(TARN_FAILED, "not today");
}
static size_t packed_bytes(const tarn_problem *p) { return p->stable && p->stable[0] ? 64 : 0; }
static tarn_status pack(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                        tarn_pool *pool) {
  (void)p;
  (void)in;
  (void)pool;
  *(float *)memory = 3;
  return TARN_OK;
}
static tarn_status packs_wrongly(const tarn_call *call) {
  twice(call);
  if (call->prepared && tarn__tensor_elements(call->out[0]))
    ((float *)call->out[0]->data)[0] *= *(const float *)call->prepared;
  return TARN_OK;
}

/* X(op, run of the kernel beside the reference) */
#define FAULTS(X)               \
  X(LastIsWrong, last_is_wrong) \
  X(LastIsLeftOut, last_is_left_out) \
  X(WritesBefore, writes_before) \
  X(WritesBehind, writes_behind) \
  X(CountsThreads, counts_threads) \
  X(NeedsAlignment, needs_alignment) \
  X(NotInPlace, not_in_place)   \
  X(LosesNan, loses_nan)        \
  X(Fails, fails)               \
  X(PacksWrongly, packs_wrongly)

#define OP(text)                  \
  {.name = text,                  \
   .inputs = "x: T",              \
   .outputs = "y: T",             \
   .attrs = "T: {float, double}", \
   .inplace = 1,                  \
   .cases = {"x=T[37]", "x=T[0]"}},
#define X(op, run) OP(#op)
static const tarn_op ops[] = {
    OP("Right") OP("NoReference") FAULTS(X){.name = "Placeholder",
                                            .outputs = "output: dtype",
                                            .attrs = "dtype: type",
                                            .flags = TARN_OP_CONTROL},
    {0},
};
#undef X
const tarn_op_file tarn__op_files[] = {{ops, "graph/ops/bites.c"}, {0}};

#define X(op_name, fault) {.op = #op_name, .dtypes = TARN_BIT(TARN_F32), .run = right},
static const tarn_kernel references[] = {
  {.op = "Right", .dtypes = TARN_BIT(TARN_F32), .run = right},
  {.op = "NoReference", .dtypes = TARN_BIT(TARN_I32), .run = right},
  FAULTS(X) {0},
};
#undef X
#define X(op_name, fault)          \
  {.op = #op_name,                 \
   .dtypes = TARN_BIT(TARN_F32),   \
   .run = fault,                   \
   .prepared_bytes = packed_bytes, \
   .prepare = pack},
static const tarn_kernel faulty[] = {
  {.op = "Right", .dtypes = TARN_BIT(TARN_F32), .run = right},
  FAULTS(X) {0},
};
#undef X
const tarn_kernel_file tarn__kernel_files[] = {
  {references, "plain", TARN_TARGET_REFERENCE, "kernels/cpu/a/plain.reference.c"},
  {faulty, "strange", TARN_TARGET_REFERENCE, "kernels/cpu/b/strange.reference.c"},
  {0},
};

static int walk(const char *op, long *failures) {
  walk_tally counts;
  if (walk_kernels(NULL, op, NULL, &counts) != TARN_OK) {
    fprintf(stderr, "%s\n", tarn_error());
    return 1;
  }
  *failures = counts.failures;
  return 0;
}

int main(void) {
  long failures;
  if (walk("Right", &failures)) return 1;
  int wrong = failures != 0;
  if (failures) printf("Right: %ld failures, and there is none\n", failures);
#define X(op, fault)                                       \
  if (walk(#op, &failures)) return 1;                      \
  if (!failures) printf("%s: not found\n", #op), wrong = 1;
  FAULTS(X)
#undef X
  if (walk("NoReference", &failures)) return 1;
  if (!failures) printf("NoReference: not found\n"), wrong = 1;
  return wrong;
}

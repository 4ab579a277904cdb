/* Accumulators; sums and waits are in kernels/state/waiting/accumulator.c. */
#include "kernels/state/waiting/accumulator.h"

#include "kernels/params/waiting.h"
#include "kernels/state/name.h"

static tarn_status make(const tarn_call *call) {
  const tarn_accumulator_params *p = call->problem->params;
  const tarn_accumulator_spec spec = {
      .dtype = p->dtype, .shape = p->shape, .sparse = p->sparse, .sum = p->sum};
  tarn_state_name name;
  tarn_accumulator *a;
  TARN_TRY(tarn__state_name(call, &p->shared_name, &name));
  const tarn_status status = tarn__accumulator_get(call->run->resources, name.text, &spec, &a);
  tarn__state_name_clear(&name);
  TARN_TRY(status);
  return tarn__call_handle(call, 0, a);
}

static tarn_status accumulator_of(const tarn_call *call, tarn_accumulator **a) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__accumulator_type, &object));
  *a = object;
  return TARN_OK;
}

static tarn_status apply(const tarn_call *call) {
  tarn_accumulator *a;
  TARN_TRY(accumulator_of(call, &a));
  const tarn_gradient g = {.values = *call->in[2], .indices = {.dtype = TARN_NO_DTYPE}};
  return tarn__accumulator_apply(a, tarn__tensor_int(call->in[1], 0), &g);
}

static tarn_status apply_rows(const tarn_call *call) {
  const bool *known = call->problem->params;
  tarn_accumulator *a;
  TARN_TRY(accumulator_of(call, &a));
  tarn_gradient g = {
      .values = *call->in[3], .indices = *call->in[2], .shape = {.dtype = TARN_NO_DTYPE}};
  if (*known) g.shape = *call->in[4];
  return tarn__accumulator_apply(a, tarn__tensor_int(call->in[1], 0), &g);
}

static tarn_status count(const tarn_call *call) {
  tarn_accumulator *a;
  TARN_TRY(accumulator_of(call, &a));
  *(int32_t *)call->out[0]->data = (int32_t)tarn__accumulator_count(a);
  return TARN_OK;
}

static tarn_status set_step(const tarn_call *call) {
  tarn_accumulator *a;
  TARN_TRY(accumulator_of(call, &a));
  tarn__accumulator_set_step(a, tarn__tensor_int(call->in[1], 0));
  return TARN_OK;
}

static void put(const tarn_call *call, int o, const tarn_tensor *value) {
  tarn__tensor_clear(call->out[o]);
  *call->out[o] = *value;
}

static tarn_status take_gradient(const tarn_call *call, tarn_dtype dtype, tarn_gradient *g) {
  tarn_accumulator *a;
  TARN_TRY(accumulator_of(call, &a));
  return tarn__accumulator_take(a, call->run, tarn__tensor_int(call->in[1], 0), dtype, g);
}

static tarn_status take(const tarn_call *call) {
  tarn_gradient g;
  TARN_TRY(take_gradient(call, call->problem->out_dtype[0], &g));
  put(call, 0, &g.values);
  tarn__tensor_clear(&g.indices);
  tarn__tensor_clear(&g.shape);
  return TARN_OK;
}

static tarn_status take_rows(const tarn_call *call) {
  tarn_gradient g;
  TARN_TRY(take_gradient(call, call->problem->out_dtype[1], &g));
  put(call, 0, &g.indices);
  put(call, 1, &g.values);
  put(call, 2, &g.shape);
  return TARN_OK;
}

#define ROWS(R)                                                                 \
  {.op = R "ConditionalAccumulator", .name = "make", .run = make},              \
  {.op = R "AccumulatorApplyGradient", .name = "apply", .run = apply},          \
  {.op = R "AccumulatorNumAccumulated", .name = "count", .run = count},         \
  {.op = R "AccumulatorSetGlobalStep", .name = "set_step", .run = set_step},    \
  {.op = R "AccumulatorTakeGradient", .name = "take", .run = take},

const tarn_kernel tarn_kernels_waiting_accumulator_reference[] = {
  ROWS("")
  ROWS("Resource")
  {.op = "SparseConditionalAccumulator", .name = "make", .run = make},
  {.op = "SparseAccumulatorApplyGradient", .name = "apply_rows", .run = apply_rows},
  {.op = "SparseAccumulatorTakeGradient", .name = "take_rows", .run = take_rows},
  {0},
};

/* Random ops whose stream is the state in a variable. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/random/fill.h"
#include "kernels/cpu/random/state.h"
#include "kernels/state/variable.h"

tarn_status tarn__random_state_take(const tarn_call *call, int64_t algorithm, uint64_t samples,
                                    int64_t before[3], tarn_philox *start) {
  void *object;
  tarn_tensor *state;
  tarn_status status = TARN_OK;
  if (algorithm != 1)
    return tarn_fail(TARN_INVALID, "Unsupported algorithm id: %lld", (long long)algorithm);
  TARN_TRY(tarn__call_object(call, 0, &tarn__variable_type, &object));
  TARN_TRY(tarn__variable_begin(object, &state));
  if (state->dtype != TARN_I64)
    status = tarn_fail(TARN_INVALID, "dtype of RNG state variable must be int64, not %s",
                       tarn_dtype_name(state->dtype));
  else if (state->shape.rank != 1)
    status = tarn_fail(TARN_INVALID, "RNG state must have one and only one dimension, not %d",
                       state->shape.rank);
  else if (state->shape.dim[0] < 3)
    status = tarn_fail(TARN_INVALID,
                       "For the Philox algorithm, the size of state must be at least 3; got %lld",
                       (long long)state->shape.dim[0]);
  if (status == TARN_OK) {
    int64_t *word = state->data;
    const uint64_t low = (uint64_t)word[0], high = (uint64_t)word[1], key = (uint64_t)word[2];
    for (int i = 0; before && i < 3; i++) before[i] = word[i];
    *start = (tarn_philox){
        .counter = {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)},
        .key = {(uint32_t)key, (uint32_t)(key >> 32)}};
    tarn_philox next = *start;
    tarn__philox_skip(&next, samples * TARN_RANDOM_RESERVE);
    word[0] = (int64_t)(next.counter[0] | (uint64_t)next.counter[1] << 32);
    word[1] = (int64_t)(next.counter[2] | (uint64_t)next.counter[3] << 32);
  }
  tarn__variable_end(object);
  return status;
}

static tarn_status draw(const tarn_call *call, int64_t algorithm, tarn_draw what, uint64_t low,
                        uint64_t range) {
  tarn_philox start;
  TARN_TRY(tarn__random_state_take(call, algorithm, (uint64_t)tarn__tensor_elements(call->out[0]),
                                   NULL, &start));
  return tarn__random_fill(what, start, low, range, call->out[0], call->pool);
}
static int64_t algorithm(const tarn_call *call) { return tarn__index_at(call->in[1], 0); }

static tarn_status uniform(const tarn_call *call) {
  return draw(call, algorithm(call), TARN_DRAW_UNIFORM, 0, 0);
}
static tarn_status normal(const tarn_call *call) {
  return draw(call, algorithm(call), TARN_DRAW_NORMAL, 0, 0);
}
static tarn_status truncated(const tarn_call *call) {
  return draw(call, algorithm(call), TARN_DRAW_TRUNCATED, 0, 0);
}
static tarn_status full(const tarn_call *call) {
  return draw(call, algorithm(call), TARN_DRAW_FULL, 0, 0);
}

static tarn_status integer(const tarn_call *call) {
  const int64_t low = tarn__index_at(call->in[3], 0), high = tarn__index_at(call->in[4], 0);
  const bool above = call->in[3]->dtype == TARN_U64 ? (uint64_t)low < (uint64_t)high : low < high;
  if (!above)
    return tarn_fail(TARN_INVALID, "Need minval < maxval, got %lld >= %lld", (long long)low,
                     (long long)high);
  return draw(call, algorithm(call), TARN_DRAW_INTEGER, (uint64_t)low,
              (uint64_t)high - (uint64_t)low);
}

static tarn_status skip(const tarn_call *call) {
  tarn_philox start;
  return tarn__random_state_take(call, algorithm(call), (uint64_t)tarn__index_at(call->in[2], 0),
                                 NULL, &start);
}
static tarn_status read_and_skip(const tarn_call *call) {
  tarn_philox start;
  return tarn__random_state_take(call, algorithm(call), (uint64_t)tarn__index_at(call->in[2], 0),
                                 call->out[0]->data, &start);
}

#define FLOATS .dtypes = TARN_FLOATS, .keyed = -1
#define INTEGERS                                                                               \
  .dtypes = TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64) | TARN_BIT(TARN_U32) | TARN_BIT(TARN_U64), \
  .keyed = -1

const tarn_kernel tarn_kernels_random_stateful_reference[] = {
  {.op = "StatefulUniform", .name = "uniform", FLOATS, .run = uniform},
  {.op = "StatefulStandardNormalV2", .name = "normal", FLOATS, .run = normal},
  {.op = "StatefulTruncatedNormal", .name = "truncated", FLOATS, .run = truncated},
  {.op = "StatefulUniformFullInt", .name = "full", INTEGERS, .run = full},
  {.op = "StatefulUniformInt", .name = "integer", INTEGERS, .run = integer},
  {.op = "RngSkip", .name = "skip", .run = skip},
  {.op = "RngReadAndSkip", .name = "skip", .run = read_and_skip},
  {0},
};

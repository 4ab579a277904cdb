/* Random ops whose numbers follow from a seed, or a key and a counter, that they are given. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/random/fill.h"
#include "kernels/cpu/random/multinomial.h"
#include "kernels/cpu/random/stream.h"
#include "kernels/run.h"

static tarn_philox of_seed(const tarn_tensor *seed) {
  return tarn__philox_of_seed((uint64_t)tarn__index_at(seed, 0), (uint64_t)tarn__index_at(seed, 1));
}

static tarn_status of_key(const tarn_call *call, tarn_philox *g) {
  const uint64_t *key = call->in[1]->data, *counter = call->in[2]->data;
  const int64_t algorithm = tarn__tensor_int(call->in[3], 0);
  if (algorithm != 1 && algorithm != 3)
    return tarn_fail(TARN_UNSUPPORTED, "random algorithm %lld: only Philox (1) and auto (3)",
                     (long long)algorithm);
  *g = (tarn_philox){.counter = {(uint32_t)counter[0], (uint32_t)(counter[0] >> 32),
                                 (uint32_t)counter[1], (uint32_t)(counter[1] >> 32)},
                     .key = {(uint32_t)key[0], (uint32_t)(key[0] >> 32)}};
  return TARN_OK;
}

static tarn_status draw(const tarn_call *call, tarn_draw what, const tarn_philox *g) {
  return tarn__random_fill(what, *g, 0, 0, call->out[0], call->pool);
}

static tarn_status integer(const tarn_call *call, const tarn_philox *g, int minval) {
  const int64_t low = tarn__index_at(call->in[minval], 0),
                high = tarn__index_at(call->in[minval + 1], 0);
  if (low >= high)
    return tarn_fail(TARN_INVALID, "Need minval < maxval, got %lld >= %lld", (long long)low,
                     (long long)high);
  return tarn__random_fill(TARN_DRAW_INTEGER, *g, (uint64_t)low, (uint64_t)high - (uint64_t)low,
                           call->out[0], call->pool);
}

#define SEEDED(name, what)                         \
  static tarn_status name(const tarn_call *call) { \
    const tarn_philox g = of_seed(call->in[1]);    \
    return draw(call, what, &g);                   \
  }                                                \
  static tarn_status name##_v2(const tarn_call *call) { \
    tarn_philox g;                                      \
    TARN_TRY(of_key(call, &g));                         \
    return draw(call, what, &g);                        \
  }
SEEDED(uniform, TARN_DRAW_UNIFORM)
SEEDED(normal, TARN_DRAW_NORMAL)
SEEDED(truncated, TARN_DRAW_TRUNCATED)
SEEDED(full, TARN_DRAW_FULL)
#undef SEEDED

static tarn_status uniform_int(const tarn_call *call) {
  const tarn_philox g = of_seed(call->in[1]);
  return integer(call, &g, 2);
}
static tarn_status uniform_int_v2(const tarn_call *call) {
  tarn_philox g;
  TARN_TRY(of_key(call, &g));
  return integer(call, &g, 4);
}

static tarn_status multinomial(const tarn_call *call) {
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  return tarn__multinomial(call->run->allocator, call->in[0], of_seed(call->in[2]), call->out[0]);
}

static tarn_status key_counter(const tarn_call *call) {
  const tarn_philox g = of_seed(call->in[0]);
  uint64_t *key = call->out[0]->data, *counter = call->out[1]->data;
  key[0] = g.key[0] | (uint64_t)g.key[1] << 32;
  counter[0] = g.counter[0] | (uint64_t)g.counter[1] << 32;
  counter[1] = g.counter[2] | (uint64_t)g.counter[3] << 32;
  if (call->problem->outputs > 2) *(int32_t *)call->out[2]->data = 1;
  return TARN_OK;
}

static tarn_status algorithm(const tarn_call *call) {
  *(int32_t *)call->out[0]->data = 1;
  return TARN_OK;
}

#define FLOATS .dtypes = TARN_FLOATS, .keyed = -1
#define INTEGERS                                                                               \
  .dtypes = TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64) | TARN_BIT(TARN_U32) | TARN_BIT(TARN_U64), \
  .keyed = -1

const tarn_kernel tarn_kernels_random_stateless_reference[] = {
  {.op = "StatelessRandomUniform", .name = "uniform", FLOATS, .run = uniform},
  {.op = "StatelessRandomNormal", .name = "normal", FLOATS, .run = normal},
  {.op = "StatelessTruncatedNormal", .name = "truncated", FLOATS, .run = truncated},
  {.op = "StatelessRandomUniformFullInt", .name = "full", INTEGERS, .run = full},
  {.op = "StatelessRandomUniformInt", .name = "integer", INTEGERS, .run = uniform_int},
  {.op = "StatelessRandomUniformV2", .name = "uniform", FLOATS, .run = uniform_v2},
  {.op = "StatelessRandomNormalV2", .name = "normal", FLOATS, .run = normal_v2},
  {.op = "StatelessTruncatedNormalV2", .name = "truncated", FLOATS, .run = truncated_v2},
  {.op = "StatelessRandomUniformFullIntV2", .name = "full", INTEGERS, .run = full_v2},
  {.op = "StatelessRandomUniformIntV2", .name = "integer", INTEGERS, .run = uniform_int_v2},
  {.op = "StatelessMultinomial", .name = "multinomial", .dtypes = TARN_REALS, .run = multinomial},
  {.op = "StatelessRandomGetKeyCounter", .name = "key", .run = key_counter},
  {.op = "StatelessRandomGetKeyCounterAlg", .name = "key", .run = key_counter},
  {.op = "StatelessRandomGetAlg", .name = "algorithm", .run = algorithm},
  {0},
};

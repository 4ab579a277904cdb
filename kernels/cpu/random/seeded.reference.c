/* Random ops with generators of their own, which go on from run to run. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/random/fill.h"
#include "kernels/cpu/random/multinomial.h"
#include "kernels/cpu/random/stream.h"
#include "kernels/params/random.h"
#include "kernels/run.h"
#include "kernels/state/generator.h"

static tarn_status reserve(const tarn_call *call, uint64_t blocks, tarn_philox *start) {
  const tarn_random_params *p = call->problem->params;
  return tarn__generator_reserve(call, p->seed, p->seed2, blocks, start);
}

static tarn_status draw(const tarn_call *call, tarn_draw what, uint64_t low, uint64_t range) {
  tarn_philox start;
  TARN_TRY(
      reserve(call, (uint64_t)tarn__tensor_elements(call->out[0]) * TARN_RANDOM_RESERVE, &start));
  return tarn__random_fill(what, start, low, range, call->out[0], call->pool);
}

static tarn_status uniform(const tarn_call *call) { return draw(call, TARN_DRAW_UNIFORM, 0, 0); }
static tarn_status normal(const tarn_call *call) { return draw(call, TARN_DRAW_NORMAL, 0, 0); }
static tarn_status truncated(const tarn_call *call) {
  return draw(call, TARN_DRAW_TRUNCATED, 0, 0);
}

static tarn_status integer(const tarn_call *call) {
  const int64_t low = tarn__index_at(call->in[1], 0), high = tarn__index_at(call->in[2], 0);
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  if (low >= high)
    return tarn_fail(TARN_INVALID, "Need minval < maxval, got %lld >= %lld", (long long)low,
                     (long long)high);
  return draw(call, TARN_DRAW_INTEGER, (uint64_t)low, (uint64_t)high - (uint64_t)low);
}

typedef struct wide { uint64_t low, high; } wide;
enum { AHEAD = 32 }; /* places whose partners are drawn, and asked for, before they are exchanged */

/* Fisher and Yates from the front: place i takes one of those from i on. */
#define SHUFFLE(NAME, T)                                                           \
  static void NAME(T *x, int64_t n, tarn_stream *s) {                              \
    for (int64_t first = 0; first < n - 1; first += AHEAD) {                       \
      const int64_t count = n - 1 - first < AHEAD ? n - 1 - first : AHEAD;         \
      int64_t partner[AHEAD];                                                      \
      for (int64_t k = 0; k < count; k++) {                                        \
        partner[k] = first + k + tarn__stream_word(s) % (uint32_t)(n - first - k); \
        __builtin_prefetch(x + partner[k], 1);                                     \
      }                                                                            \
      for (int64_t k = 0; k < count; k++) {                                        \
        const T kept = x[first + k];                                               \
        x[first + k] = x[partner[k]];                                              \
        x[partner[k]] = kept;                                                      \
      }                                                                            \
    }                                                                              \
  }
SHUFFLE(shuffle_1, uint8_t)
SHUFFLE(shuffle_2, uint16_t)
SHUFFLE(shuffle_4, uint32_t)
SHUFFLE(shuffle_8, uint64_t)
SHUFFLE(shuffle_16, wide)
#undef SHUFFLE

/* Elements by themselves are exchanged where they are, longer rows and strings by their numbers. */
static tarn_status shuffle(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  const int64_t n = x->shape.rank ? x->shape.dim[0] : 1, elements = tarn__tensor_elements(x);
  tarn_philox start;
  if (n <= 1 || elements <= 1) return tarn__move(y, 0, x, 0, elements);
  if (n > UINT32_MAX) return tarn_fail(TARN_LIMIT, "shuffling %lld rows", (long long)n);
  TARN_TRY(reserve(call, ((uint64_t)n - 1 + 3) / 4, &start));
  tarn_stream s = tarn__stream(start);
  const int64_t row = elements / n;
  if (row == 1 && tarn__is_plain(x->dtype)) {
    TARN_TRY(tarn__move(y, 0, x, 0, elements));
    switch (tarn_dtype_bytes(x->dtype)) {
      case 1: shuffle_1(y->data, n, &s); break;
      case 2: shuffle_2(y->data, n, &s); break;
      case 4: shuffle_4(y->data, n, &s); break;
      case 8: shuffle_8(y->data, n, &s); break;
      default: shuffle_16(y->data, n, &s); break;
    }
    return TARN_OK;
  }
  const size_t bytes = (size_t)n * sizeof(uint32_t);
  uint32_t *order = tarn__alloc(call->run->allocator, bytes);
  if (!order) return TARN_NO_MEMORY;
  for (int64_t i = 0; i < n; i++) order[i] = (uint32_t)i;
  shuffle_4(order, n, &s);
  tarn_status status = TARN_OK;
  for (int64_t i = 0; i < n && status == TARN_OK; i++)
    status = tarn__move(y, i * row, x, order[i] * row, row);
  tarn__free(call->run->allocator, order, bytes);
  return status;
}

static tarn_status multinomial(const tarn_call *call) {
  const tarn_shape *y = &call->out[0]->shape;
  tarn_philox start;
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  const uint64_t samples = ((uint64_t)y->dim[1] + 3) / 4 * 4;   /* doubles take two words */
  TARN_TRY(reserve(call, (uint64_t)y->dim[0] * samples * 2 * TARN_RANDOM_RESERVE, &start));
  return tarn__multinomial(call->run->allocator, call->in[0], start, call->out[0]);
}

static tarn_status from_the_system(const tarn_call *call) {
  const tarn_philox start = tarn__philox_of_seed(tarn__random_seed(), tarn__random_seed());
  return tarn__random_fill(TARN_DRAW_FULL, start, 0, 0, call->out[0], call->pool);
}

const tarn_kernel tarn_kernels_random_seeded_reference[] = {
    {.op = "RandomUniform", .name = "uniform", .dtypes = TARN_FLOATS, .keyed = -1, .run = uniform},
    {.op = "RandomStandardNormal",
     .name = "normal",
     .dtypes = TARN_FLOATS,
     .keyed = -1,
     .run = normal},
    {.op = "TruncatedNormal",
     .name = "truncated",
     .dtypes = TARN_FLOATS,
     .keyed = -1,
     .run = truncated},
    {.op = "RandomUniformInt",
     .name = "integer",
     .dtypes = TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64),
     .keyed = -1,
     .run = integer},
    {.op = "RandomShuffle", .name = "shuffle", .run = shuffle},
    {.op = "Multinomial", .name = "multinomial", .dtypes = TARN_REALS, .run = multinomial},
    {.op = "NonDeterministicInts",
     .name = "full",
     .dtypes = TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64) | TARN_BIT(TARN_U32) | TARN_BIT(TARN_U64),
     .keyed = -1,
     .run = from_the_system},
    {0},
};

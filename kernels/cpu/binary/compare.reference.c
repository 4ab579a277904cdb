/* Comparisons, of every dtype for equality. Complex numbers are equal in both parts, strings in all
 * bytes. */
#include "kernels/cpu/binary/binary.h"

#include <string.h>

#include "kernels/params/compare.h"

static inline bool same_string(tarn_string a, tarn_string b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

#define QUANTIZED_ROWS(X, NAME, E)                              \
  X(NAME, E, TARN_QI8, qi8, int8_t, int8_t, TARN_AS_IS, )       \
  X(NAME, E, TARN_QU8, qu8, uint8_t, uint8_t, TARN_AS_IS, )     \
  X(NAME, E, TARN_QI16, qi16, int16_t, int16_t, TARN_AS_IS, )   \
  X(NAME, E, TARN_QU16, qu16, uint16_t, uint16_t, TARN_AS_IS, ) \
  X(NAME, E, TARN_QI32, qi32, int32_t, int32_t, TARN_AS_IS, )
#define TARN_PLAIN_ROWS(X, NAME, E) \
  TARN_ORDERED_ROWS(X, NAME, E)     \
  TARN_COMPLEX_ROWS(X, NAME, E) QUANTIZED_ROWS(X, NAME, E) TARN_BOOL_ROWS(X, NAME, E)
#define TARN_PLAIN_BITS TARN_PLAIN
#define TARN_TEXT_ROWS(X, NAME, E) \
  X(NAME, E, TARN_STRING, str, tarn_string, tarn_string, TARN_AS_IS, )
#define TARN_TEXT_BITS TARN_BIT(TARN_STRING)

#define EQUALITY(X)                         \
  X(Equal, PLAIN, a == b)                   \
  X(Equal, TEXT, same_string(a, b))         \
  X(NotEqual, PLAIN, a != b)                \
  X(NotEqual, TEXT, !same_string(a, b))

#define ORDER(X)                            \
  X(Less, ORDERED, a < b)                   \
  X(LessEqual, ORDERED, a <= b)             \
  X(Greater, ORDERED, a > b)                \
  X(GreaterEqual, ORDERED, a >= b)

#define COMPARE_LOOP(NAME, E, DT, SUFFIX, S, A, GET, PUT) \
  TARN_BINARY_LOOP_TO(NAME, E, SUFFIX, S, A, GET, bool, (bool))
#define COMPARE_DEFINE(NAME, ROWS, E) TARN_BINARY_DEFINE_WITH(COMPARE_LOOP, NULL, NAME, ROWS, E)

EQUALITY(COMPARE_DEFINE)
ORDER(COMPARE_DEFINE)

/* With incompatible_shape_error=false, tensors whose shapes do not fit are unequal as wholes. */
static tarn_status as_wholes(const tarn_call *call, tarn_status (*run)(const tarn_call *),
                             bool unequal) {
  tarn_shape ignored;
  const tarn_equal_params *p = call->problem->params;
  if (p->incompatible_is_unequal &&
      tarn__shape_broadcast(&call->in[0]->shape, &call->in[1]->shape, &ignored) != TARN_OK) {
    *(bool *)call->out[0]->data = unequal;
    return TARN_OK;
  }
  return run(call);
}
static tarn_status equal(const tarn_call *call) { return as_wholes(call, run_Equal_PLAIN, false); }
static tarn_status not_equal(const tarn_call *call) {
  return as_wholes(call, run_NotEqual_PLAIN, true);
}
static tarn_status equal_text(const tarn_call *call) {
  return as_wholes(call, run_Equal_TEXT, false);
}
static tarn_status not_equal_text(const tarn_call *call) {
  return as_wholes(call, run_NotEqual_TEXT, true);
}

/* |a - b| <= tolerance, with the tolerance in the tensors' type; the distance of two integers may
 * not fit their type. */
#define NEAR(X)                                                                         \
  X(ApproximateEqual, FLOAT, fabs(a - b) <= limit)                                      \
  X(ApproximateEqual, INT,                                                              \
    (a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a) <= (uint64_t)limit) \
  X(ApproximateEqual, COMPLEX, fabs(a - b) <= creal(limit))

#define NEAR_CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT)            \
  case DT: {                                                      \
    const S *as = call->in[0]->data, *bs = call->in[1]->data;     \
    const A limit = (A)tolerance;                                 \
    int64_t i = 0;                                                \
    for (; i + 64 <= n; i += 64) {                                \
      bool near[64]; /* of a fixed length: it becomes vectors */  \
      for (int k = 0; k < 64; k++) {                              \
        const A a = GET(as[i + k]), b = GET(bs[i + k]);           \
        near[k] = E;                                              \
      }                                                           \
      memcpy(y + i, near, sizeof near);                           \
    }                                                             \
    for (; i < n; i++) {                                          \
      const A a = GET(as[i]), b = GET(bs[i]);                     \
      y[i] = E;                                                   \
    }                                                             \
    break;                                                        \
  }
#define NEAR_ROWS(NAME, ROWS, E) TARN_##ROWS##_ROWS(NEAR_CASE, NAME, E)

static tarn_status approximate_equal(const tarn_call *call) {
  const float tolerance = ((const tarn_near_params *)call->problem->params)->tolerance;
  bool *y = call->out[0]->data;
  int64_t n = tarn__tensor_elements(call->out[0]);
  switch ((int)call->in[0]->dtype) {
    NEAR(NEAR_ROWS)
    default: break;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_binary_compare_reference[] = {
  {.op = "Equal", .dtypes = TARN_PLAIN_BITS, .run = equal},
  {.op = "Equal", .dtypes = TARN_TEXT_BITS, .run = equal_text},
  {.op = "NotEqual", .dtypes = TARN_PLAIN_BITS, .run = not_equal},
  {.op = "NotEqual", .dtypes = TARN_TEXT_BITS, .run = not_equal_text},
  ORDER(TARN_BINARY_KERNEL)
  {.op = "ApproximateEqual", .dtypes = TARN_RING_BITS, .run = approximate_equal},
  {0},
};

#include "kernels/state/combine.h"

#include "kernels/cpu/array/numeric.h"

static tarn_status unsupported(const tarn_tensor *y, const char *what) {
  return tarn_fail(TARN_UNSUPPORTED, "%s elements of %s", what, tarn_dtype_name(y->dtype));
}

#define LOOP(S, E)                                       \
  {                                                      \
    S *a = (S *)y->data + y_at;                          \
    const S *b = (const S *)x->data + x_at;              \
    for (int64_t i = 0; i < n; i++, b += x_step) a[i] = E; \
    return TARN_OK;                                      \
  }
#define RING(DT, S, A, GET, PUT)                                          \
  case DT:                                                                \
    if (how == TARN_COMBINE_ADD) LOOP(S, PUT(GET(a[i]) + GET(*b)))        \
    if (how == TARN_COMBINE_SUB) LOOP(S, PUT(GET(a[i]) - GET(*b)))        \
    LOOP(S, PUT(GET(a[i]) * GET(*b)))
#define ORDER(DT, S, A, GET, PUT)                                          \
  case DT:                                                                 \
    if (how == TARN_COMBINE_MIN) LOOP(S, GET(*b) < GET(a[i]) ? *b : a[i])  \
    LOOP(S, GET(*b) > GET(a[i]) ? *b : a[i])

static tarn_status ring(tarn_combine how, tarn_tensor *y, int64_t y_at, const tarn_tensor *x,
                        int64_t x_at, int x_step, int64_t n) {
  switch ((int)y->dtype) {
    TARN_RING_ROWS(RING)
    case TARN_BOOL: /* as C++ adds and subtracts bools */
      if (how == TARN_COMBINE_ADD) LOOP(bool, a[i] || *b)
      if (how == TARN_COMBINE_SUB) LOOP(bool, a[i] != *b)
      LOOP(bool, a[i] && *b)
    default: return unsupported(y, "sums and products of");
  }
}

static tarn_status order(tarn_combine how, tarn_tensor *y, int64_t y_at, const tarn_tensor *x,
                         int64_t x_at, int x_step, int64_t n) {
  switch ((int)y->dtype) {
    TARN_ORDERED_ROWS(ORDER)
    default: return unsupported(y, "an order of");
  }
}

#define FLOATS(DT, S, A, GET, PUT) case DT: LOOP(S, PUT(GET(a[i]) / GET(*b)))
/* The least number over -1 wraps. */
#define INTEGER(DT, S, QUOTIENT)                                       \
  case DT: {                                                           \
    S *a = (S *)y->data + y_at;                                        \
    const S *b = (const S *)x->data + x_at;                            \
    for (int64_t i = 0; i < n; i++, b += x_step) {                     \
      if (*b == 0) return tarn_fail(TARN_INVALID, "division by zero"); \
      a[i] = (S)(QUOTIENT);                                            \
    }                                                                  \
    return TARN_OK;                                                    \
  }
#define SIGNED(DT, S, U) INTEGER(DT, S, *b == -1 ? (S)(0 - (U)a[i]) : a[i] / *b)
#define UNSIGNED(DT, S) INTEGER(DT, S, a[i] / *b)

static tarn_status divide(tarn_tensor *y, int64_t y_at, const tarn_tensor *x, int64_t x_at,
                          int x_step, int64_t n) {
  switch ((int)y->dtype) {
    TARN_FLOAT_ROWS(FLOATS)
    case TARN_C64: LOOP(float _Complex, a[i] / *b)
    case TARN_C128: LOOP(double _Complex, a[i] / *b)
    SIGNED(TARN_I8, int8_t, uint8_t)
    SIGNED(TARN_I16, int16_t, uint16_t)
    SIGNED(TARN_I32, int32_t, uint32_t)
    SIGNED(TARN_I64, int64_t, uint64_t)
    UNSIGNED(TARN_U8, uint8_t)
    UNSIGNED(TARN_U16, uint16_t)
    UNSIGNED(TARN_U32, uint32_t)
    UNSIGNED(TARN_U64, uint64_t)
    default: return unsupported(y, "quotients of");
  }
}

static tarn_status put(tarn_tensor *y, int64_t y_at, const tarn_tensor *x, int64_t x_at, int x_step,
                       int64_t n) {
  const size_t size = tarn_dtype_bytes(y->dtype);
  if (x_step == 1 && tarn__dtype_in(y->dtype, TARN_PLAIN)) {
    if (n > 0)
      memmove((char *)y->data + (size_t)y_at * size, (const char *)x->data + (size_t)x_at * size,
              (size_t)n * size);
    return TARN_OK;
  }
  for (int64_t i = 0; i < n; i++)
    TARN_TRY(tarn__tensor_copy_elements(y, y_at + i, x, x_at + i * x_step, 1));
  return TARN_OK;
}

tarn_status tarn__combine(tarn_combine how, tarn_tensor *y, int64_t y_at, const tarn_tensor *x,
                          int64_t x_at, int x_step, int64_t n) {
  switch (how) {
    case TARN_COMBINE_PUT: return put(y, y_at, x, x_at, x_step, n);
    case TARN_COMBINE_ADD:
    case TARN_COMBINE_SUB:
    case TARN_COMBINE_MUL: return ring(how, y, y_at, x, x_at, x_step, n);
    case TARN_COMBINE_DIV: return divide(y, y_at, x, x_at, x_step, n);
    case TARN_COMBINE_MIN:
    case TARN_COMBINE_MAX: return order(how, y, y_at, x, x_at, x_step, n);
  }
  return TARN_OK;
}

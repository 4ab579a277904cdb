/* Quotients and remainders. Integer division by zero is an error; the least integer by -1 wraps
 * round, where the processor would trap. TruncateDiv and Mod round towards zero, FloorDiv and
 * FloorMod down. */
#include "kernels/cpu/binary/binary.h"

#define BY_ZERO "Integer division by zero"

static inline int64_t quotient(int64_t a, int64_t b, bool *bad) {
  if (b == 0) *bad = true;
  return b == 0 ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}
static inline int64_t remainder_of(int64_t a, int64_t b, bool *bad) {
  if (b == 0) *bad = true;
  return b == 0 || b == -1 ? 0 : a % b;
}
static inline int64_t floor_quotient(int64_t a, int64_t b, bool *bad) {
  int64_t q = quotient(a, b, bad), r = remainder_of(a, b, bad);
  return r != 0 && (r < 0) != (b < 0) ? q - 1 : q;
}
static inline int64_t floor_remainder(int64_t a, int64_t b, bool *bad) {
  int64_t r = remainder_of(a, b, bad);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
static inline uint64_t u_quotient(uint64_t a, uint64_t b, bool *bad) {
  if (b == 0) *bad = true;
  return b == 0 ? 0 : a / b;
}
static inline uint64_t u_remainder(uint64_t a, uint64_t b, bool *bad) {
  if (b == 0) *bad = true;
  return b == 0 ? 0 : a % b;
}
/* r = fmod(a, b), of a's sign, moved to b's. */
#define FLOOR_MOD(r, b) ((r) != 0 && ((r) < 0) != ((b) < 0) ? (r) + (b) : (r))

#define INTEGERS(X)                                    \
  X(Div, SIGNED, quotient(a, b, &bad))                 \
  X(Div, UNSIGNED, u_quotient(a, b, &bad))             \
  X(TruncateDiv, SIGNED, quotient(a, b, &bad))         \
  X(TruncateDiv, UNSIGNED, u_quotient(a, b, &bad))     \
  X(FloorDiv, SIGNED, floor_quotient(a, b, &bad))      \
  X(FloorDiv, UNSIGNED, u_quotient(a, b, &bad))        \
  X(Mod, SIGNED, remainder_of(a, b, &bad))             \
  X(TruncateMod, SIGNED, remainder_of(a, b, &bad))     \
  X(FloorMod, SIGNED, floor_remainder(a, b, &bad))     \
  X(FloorMod, UNSIGNED, u_remainder(a, b, &bad))

#define FLOATS(X)                                      \
  X(Div, FIELD, a / b)                                 \
  X(RealDiv, FIELD, a / b)                             \
  X(DivNoNan, FIELD, b == 0 ? 0 : a / b)               \
  X(Xdivy, FIELD, a == 0 ? 0 : a / b)                  \
  X(FloorDiv, WIDE_FLOAT, floor(a / b))                \
  X(FloorDiv, F16, floor(tarn__f16_round(a / b)))      \
  X(FloorDiv, BF16, floor(tarn__bf16_round(a / b)))    \
  X(TruncateDiv, WIDE_FLOAT, trunc(a / b))             \
  X(TruncateDiv, F16, trunc(tarn__f16_round(a / b)))   \
  X(TruncateDiv, BF16, trunc(tarn__bf16_round(a / b))) \
  X(Mod, FLOAT, fmod(a, b))                            \
  X(TruncateMod, FLOAT, fmod(a, b))                    \
  X(FloorMod, FLOAT, FLOOR_MOD(fmod(a, b), b))

#define INTEGER_DEFINE(NAME, ROWS, E) \
  TARN_BINARY_DEFINE_WITH(TARN_BINARY_LOOP, BY_ZERO, NAME, ROWS, E)

INTEGERS(INTEGER_DEFINE)
FLOATS(TARN_BINARY_DEFINE)

const tarn_kernel tarn_kernels_binary_division_reference[] = {
  INTEGERS(TARN_BINARY_KERNEL)
  FLOATS(TARN_BINARY_KERNEL)
  {0},
};

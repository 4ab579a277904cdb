/* Integers as bits, and truth values. A shift by less than 0 is by 0, by more than the width by one
 * less than it. */
#include "kernels/cpu/binary/binary.h"

static inline unsigned clamped(int64_t by, size_t bytes) {
  int64_t most = (int64_t)(8 * bytes - 1);
  return (unsigned)(by < 0 ? 0 : by > most ? most : by);
}
static inline unsigned u_clamped(uint64_t by, size_t bytes) {
  uint64_t most = 8 * bytes - 1;
  return (unsigned)(by > most ? most : by);
}

/* Left shifts go through uint64_t: shifting a negative number is not defined. gcc shifts negative
 * numbers right arithmetically, as TensorFlow's builds do. */
#define LIST(X)                                                                \
  X(BitwiseAnd, WRAP, a & b)                                                   \
  X(BitwiseOr, WRAP, a | b)                                                    \
  X(BitwiseXor, WRAP, a ^ b)                                                   \
  X(LeftShift, SIGNED, (uint64_t)a << clamped(b, sizeof a))                    \
  X(LeftShift, UNSIGNED, (uint64_t)a << u_clamped(b, sizeof a))                \
  X(RightShift, SIGNED, a >> clamped(b, sizeof a))                             \
  X(RightShift, UNSIGNED, a >> u_clamped(b, sizeof a))                         \
  X(LogicalAnd, BOOL, a && b)                                                  \
  X(LogicalOr, BOOL, a || b)

LIST(TARN_BINARY_DEFINE)

const tarn_kernel tarn_kernels_binary_bits_reference[] = {LIST(TARN_BINARY_KERNEL) {0}};

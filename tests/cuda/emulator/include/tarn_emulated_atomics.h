/* Atomic functions: threads are switched only at barriers and shuffles, so these are plain, but for
 * what is told to the checker. */
#ifndef TARN_EMULATED_ATOMICS_H
#define TARN_EMULATED_ATOMICS_H

#define TARN_ATOMIC(NAME, EXPRESSION)          \
  template <typename T>                        \
  T NAME(T *at, std::common_type_t<T> value) { \
    const tarn_emulated::atomic_access checked(at, sizeof *at); \
    const T old = *at;                         \
    *at = static_cast<T>(EXPRESSION);          \
    return old;                                \
  }
TARN_ATOMIC(atomicAdd, old + value)
TARN_ATOMIC(atomicSub, old - value)
TARN_ATOMIC(atomicMin, value < old ? value : old)
TARN_ATOMIC(atomicMax, value > old ? value : old)
TARN_ATOMIC(atomicAnd, old & value)
TARN_ATOMIC(atomicOr, old | value)
TARN_ATOMIC(atomicXor, old ^ value)
TARN_ATOMIC(atomicExch, value)
TARN_ATOMIC(atomicInc, old >= value ? 0 : old + 1)
TARN_ATOMIC(atomicDec, old == 0 || old > value ? value : old - 1)
#undef TARN_ATOMIC

template <typename T>
T atomicCAS(T *at, std::common_type_t<T> wanted, std::common_type_t<T> value) {
  const tarn_emulated::atomic_access checked(at, sizeof *at);
  const T old = *at;
  if (memcmp(&old, &wanted, sizeof old) == 0) *at = value;
  return old;
}

#endif

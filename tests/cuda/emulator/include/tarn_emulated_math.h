/* CUDA's functions of numbers that C++ has under other names, or not. The fast ones (__expf) are
 * the exact ones here. */
#ifndef TARN_EMULATED_MATH_H
#define TARN_EMULATED_MATH_H

#include <cmath>

using std::isfinite;
using std::isinf;
using std::isnan;
using std::signbit;

template <typename T>
T max(T a, std::common_type_t<T> b) { return a > b ? a : b; }
template <typename T>
T min(T a, std::common_type_t<T> b) { return a < b ? a : b; }
inline float max(float a, float b) { return fmaxf(a, b); }
inline float min(float a, float b) { return fminf(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline double min(double a, double b) { return fmin(a, b); }

inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline double rsqrt(double x) { return 1 / sqrt(x); }
inline float sinpif(float x) {
  return static_cast<float>(sin(M_PI * fmod(static_cast<double>(x), 2)));
}
inline float cospif(float x) {
  return static_cast<float>(cos(M_PI * fmod(static_cast<double>(x), 2)));
}
inline double sinpi(double x) { return sin(M_PI * fmod(x, 2)); }
inline double cospi(double x) { return cos(M_PI * fmod(x, 2)); }
inline float __saturatef(float x) { return x > 0 ? x < 1 ? x : 1 : 0; }

#define TARN_FAST(NAME, FUNCTION) \
  inline float NAME(float x) { return FUNCTION(x); }
TARN_FAST(__expf, expf)
TARN_FAST(__logf, logf)
TARN_FAST(__log2f, log2f)
TARN_FAST(__log10f, log10f)
TARN_FAST(__sinf, sinf)
TARN_FAST(__cosf, cosf)
TARN_FAST(__tanf, tanf)
TARN_FAST(__fsqrt_rn, sqrtf)
#undef TARN_FAST
inline float __powf(float x, float y) { return powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1 / x; }
inline float __frsqrt_rn(float x) { return 1 / sqrtf(x); }

/* One rounding each, never joined to a multiply-add. */
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline double __dadd_rn(double x, double y) { return x + y; }
inline double __dsub_rn(double x, double y) { return x - y; }
inline double __dmul_rn(double x, double y) { return x * y; }
inline double __ddiv_rn(double x, double y) { return x / y; }
inline double __fma_rn(double x, double y, double z) { return fma(x, y, z); }

template <typename TO, typename FROM>
TO tarn_emulated_bits(FROM from) {
  static_assert(sizeof(TO) == sizeof(FROM), "the same bits");
  TO to;
  memcpy(&to, &from, sizeof to);
  return to;
}
inline int __float_as_int(float x) { return tarn_emulated_bits<int>(x); }
inline unsigned __float_as_uint(float x) { return tarn_emulated_bits<unsigned>(x); }
inline float __int_as_float(int x) { return tarn_emulated_bits<float>(x); }
inline float __uint_as_float(unsigned x) { return tarn_emulated_bits<float>(x); }
inline long long __double_as_longlong(double x) { return tarn_emulated_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return tarn_emulated_bits<double>(x); }
inline int __float2int_rn(float x) { return static_cast<int>(nearbyintf(x)); }
inline int __float2int_rz(float x) { return static_cast<int>(x); }
inline int __float2int_rd(float x) { return static_cast<int>(floorf(x)); }
inline int __float2int_ru(float x) { return static_cast<int>(ceilf(x)); }

inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((uint64_t{a} * b) >> 32);
}
inline int __mulhi(int a, int b) { return static_cast<int>((int64_t{a} * b) >> 32); }
__extension__ typedef unsigned __int128 tarn_emulated_wide;
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>((static_cast<tarn_emulated_wide>(a) * b) >> 64);
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(static_cast<unsigned>(x)) : 32; }
inline int __clzll(long long x) {
  return x ? __builtin_clzll(static_cast<unsigned long long>(x)) : 64;
}
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
  unsigned y = 0;
  for (int i = 0; i < 32; i++) y |= (x >> i & 1) << (31 - i);
  return y;
}

template <typename T>
T __ldg(const T *at) { return *at; }
template <typename T>
T __ldcs(const T *at) { return *at; }
template <typename T>
T __ldcg(const T *at) { return *at; }
template <typename T>
void __stcs(T *at, std::common_type_t<T> value) { *at = value; }
template <typename T>
void __stcg(T *at, std::common_type_t<T> value) { *at = value; }

#endif

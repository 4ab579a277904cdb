/* Vectors of floats by one set of names, so that a body compiles for AVX2 and for AVX-512.
 *
 * Include this from <method>.<target>.c files and from the *.body.h headers that only they include:
 * the target follows from the compiler's flags, and everything here is static inline, so no code of
 * a wider instruction set can be linked into a file that runs on older machines.
 *
 *   vf          VF floats (8 or 16)              vm     a mask of VF lanes
 *   vi          VF 32-bit integers               vm_first(n)  lanes [0, n), n in [0, VF]
 *
 * Masked loads give 0 in lanes that are off and touch no memory there; masked stores leave it
 * alone. */
#ifndef TARN_KERNELS_CPU_SIMD_VEC_H
#define TARN_KERNELS_CPU_SIMD_VEC_H

#include <immintrin.h>
#include <stdint.h>

#if defined(__AVX512F__)

#define VF 16
#define TARN_VEC_NAME avx512
typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

static inline vf vf_zero(void) { return _mm512_setzero_ps(); }
static inline vf vf_set1(float x) { return _mm512_set1_ps(x); }
static inline vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vf_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
static inline vm vm_first(int64_t n) {
  return (vm)_cvtu32_mask16(n >= 16 ? 0xffffu : (1u << n) - 1u);
}
static inline vf vf_load_m(const float *p, vm m) { return _mm512_maskz_loadu_ps(m, p); }
static inline void vf_store_m(float *p, vm m, vf x) { _mm512_mask_storeu_ps(p, m, x); }
static inline vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }     /* a*b + c */
static inline vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }   /* c - a*b */
static inline vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
static inline vf vf_neg(vf a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
static inline vf vf_abs(vf a) { return _mm512_abs_ps(a); }
/* b where either is NaN, as the instructions do: put the value whose NaN must survive second. */
static inline vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
static inline vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
static inline vf vf_round(vf a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline vf vf_floor(vf a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
static inline vf vf_ceil(vf a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}
static inline float vf_sum(vf a) { return _mm512_reduce_add_ps(a); }
static inline float vf_top(vf a) { return _mm512_reduce_max_ps(a); }   /* no NaN among the lanes */
static inline vm vf_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
static inline vm vf_le(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
static inline vm vf_gt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
static inline vm vf_eq(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
static inline vm vf_nan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
static inline vf vf_pick(vm m, vf yes, vf no) { return _mm512_mask_blend_ps(m, no, yes); }
static inline unsigned vm_bits(vm m) { return (unsigned)m; }
static inline vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
static inline vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
static inline vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
static inline vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
static inline vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
static inline vi vi_shl(vi a, int n) { return _mm512_slli_epi32(a, (unsigned)n); }
static inline vi vi_sar(vi a, int n) { return _mm512_srai_epi32(a, (unsigned)n); }
static inline vi vi_pick(vm m, vi yes, vi no) { return _mm512_mask_blend_epi32(m, no, yes); }
static inline vi vi_iota(void) {
  return _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}
static inline void vi_store(int32_t *p, vi x) { _mm512_storeu_si512(p, x); }
static inline vi vf_bits(vf a) { return _mm512_castps_si512(a); }
static inline vf vi_float_bits(vi a) { return _mm512_castsi512_ps(a); }
static inline vi vf_to_int(vf a) {
  return _mm512_cvtps_epi32(a);
} /* round to nearest even */
static inline vf vi_to_float(vi a) { return _mm512_cvtepi32_ps(a); }
/* a * 2^n for integral n, with overflow to infinity and gradual underflow. */
static inline vf vf_scale(vf a, vf n) { return _mm512_scalef_ps(a, n); }

#elif defined(__AVX2__)

#define VF 8
#define TARN_VEC_NAME avx2
typedef __m256 vf;
typedef __m256i vi;
typedef __m256i vm;   /* lanes of all ones or all zeros */

static inline vf vf_zero(void) { return _mm256_setzero_ps(); }
static inline vf vf_set1(float x) { return _mm256_set1_ps(x); }
static inline vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vf_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
static inline vm vm_first(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)n),
                            _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}
static inline vf vf_load_m(const float *p, vm m) { return _mm256_maskload_ps(p, m); }
static inline void vf_store_m(float *p, vm m, vf x) { _mm256_maskstore_ps(p, m, x); }
static inline vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }     /* a*b + c */
static inline vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }   /* c - a*b */
static inline vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
static inline vf vf_neg(vf a) { return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f)); }
static inline vf vf_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
/* b where either is NaN, as the instructions do: put the value whose NaN must survive second. */
static inline vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
static inline vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vf vf_round(vf a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline vf vf_floor(vf a) { return _mm256_floor_ps(a); }
static inline vf vf_ceil(vf a) { return _mm256_ceil_ps(a); }
static inline float vf_sum(vf a) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
static inline float vf_top(vf a) {   /* no NaN among the lanes */
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
static inline vm vf_lt(vf a, vf b) { return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LT_OQ)); }
static inline vm vf_le(vf a, vf b) { return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LE_OQ)); }
static inline vm vf_gt(vf a, vf b) { return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_GT_OQ)); }
static inline vm vf_eq(vf a, vf b) { return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)); }
static inline vm vf_nan(vf a) { return _mm256_castps_si256(_mm256_cmp_ps(a, a, _CMP_UNORD_Q)); }
static inline vf vf_pick(vm m, vf yes, vf no) {
  return _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(m));
}
static inline unsigned vm_bits(vm m) {
  return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(m));
}
static inline vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
static inline vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
static inline vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
static inline vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
static inline vi vi_or(vi a, vi b) { return _mm256_or_si256(a, b); }
static inline vi vi_shl(vi a, int n) { return _mm256_slli_epi32(a, n); }
static inline vi vi_sar(vi a, int n) { return _mm256_srai_epi32(a, n); }
static inline vi vi_pick(vm m, vi yes, vi no) { return _mm256_blendv_epi8(no, yes, m); }
static inline vi vi_iota(void) { return _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0); }
static inline void vi_store(int32_t *p, vi x) { _mm256_storeu_si256((__m256i *)(void *)p, x); }
static inline vi vf_bits(vf a) { return _mm256_castps_si256(a); }
static inline vf vi_float_bits(vi a) { return _mm256_castsi256_ps(a); }
static inline vi vf_to_int(vf a) {
  return _mm256_cvtps_epi32(a);
} /* round to nearest even */
static inline vf vi_to_float(vi a) { return _mm256_cvtepi32_ps(a); }
/* a * 2^n for integral n, with overflow to infinity and gradual underflow. Two factors of half the
 * exponent each, as one would leave the normal range; n is clamped to where the result is 0 or
 * infinity anyway. */
static inline vf vf_scale(vf a, vf n) {
  vi e = vf_to_int(vf_max(vf_set1(-252.0f), vf_min(vf_set1(254.0f), n)));
  vi half = vi_sar(e, 1), bias = vi_set1(127);
  vf f = vi_float_bits(vi_shl(vi_add(half, bias), 23));
  vf g = vi_float_bits(vi_shl(vi_add(vi_sub(e, half), bias), 23));
  return vf_mul(vf_mul(a, f), g);
}

#else
#error "kernels/cpu/simd/vec.h needs the flags of an avx2 or avx512 file"
#endif

#define TARN_VEC_CAT2(a, b) a##b
#define TARN_VEC_CAT(a, b) TARN_VEC_CAT2(a, b)
/* The name of a symbol that exists once per target: TARN_VEC_SYMBOL(tarn__x_) is tarn__x_avx2 or
 * tarn__x_avx512. */
#define TARN_VEC_SYMBOL(prefix) TARN_VEC_CAT(prefix, TARN_VEC_NAME)

#endif

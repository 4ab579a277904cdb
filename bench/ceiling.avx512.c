#include "bench/ceiling.h"

#include "core/thread/cpu.h"

#include <immintrin.h>

typedef __m512 vec;
#define WIDTH 16
#define SET1(x) _mm512_set1_ps(x)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define ADD(a, b) _mm512_add_ps(a, b)
#define LOAD(p) _mm512_load_ps(p)
static double sum(vec v) {
  float x[WIDTH];
  double all = 0;
  _mm512_storeu_ps(x, v);
  for (int i = 0; i < WIDTH; i++) all += (double)x[i];
  return all;
}
#define SUM(v) sum(v)
#include "bench/ceiling.body.h"

/* Sums of products of 32 bfloat16, and of 64 pairs of 8 bits, a vector at a time; as many sums side
 * by side as above. */
__attribute__((target("avx512f,avx512bf16"))) static double dot_bf16(long rounds, double *flops) {
  __m512 s[SUMS];
  const __m512bh a = (__m512bh)_mm512_set1_epi16(0x3f00), b = (__m512bh)_mm512_set1_epi16(0x2f00);
  for (int i = 0; i < SUMS; i++) s[i] = _mm512_set1_ps((float)i);
  for (long r = 0; r < rounds; r++) {
    _Pragma("GCC unroll 12") for (int i = 0; i < SUMS; i++) s[i] = _mm512_dpbf16_ps(s[i], a, b);
  }
  __m512 all = s[0];
  for (int i = 1; i < SUMS; i++) all = _mm512_add_ps(all, s[i]);
  *flops = 2.0 * 32 * SUMS * (double)rounds;
  return sum(all);
}

__attribute__((target("avx512f,avx512vnni"))) static double dot_int8(long rounds, double *flops) {
  __m512i s[SUMS];
  const __m512i a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(1);
  for (int i = 0; i < SUMS; i++) s[i] = _mm512_set1_epi32(i);
  for (long r = 0; r < rounds; r++) {
    _Pragma("GCC unroll 12") for (int i = 0; i < SUMS; i++) s[i] = _mm512_dpbusd_epi32(s[i], a, b);
  }
  __m512i all = s[0];
  for (int i = 1; i < SUMS; i++) all = _mm512_add_epi32(all, s[i]);
  *flops = 2.0 * 64 * SUMS * (double)rounds;
  return (double)_mm512_reduce_add_epi32(all);
}

static double (*bf16(void))(long, double *) { return tarn__cpu()->avx512_bf16 ? dot_bf16 : NULL; }
static double (*int8(void))(long, double *) { return tarn__cpu()->avx512_vnni ? dot_int8 : NULL; }

const tarn_ceiling_loops tarn__ceiling_avx512 = {multiply_add, read_all, bf16, int8};

#include "bench/ceiling.h"

#include <immintrin.h>

typedef __m256 vec;
#define WIDTH 8
#define SET1(x) _mm256_set1_ps(x)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define ADD(a, b) _mm256_add_ps(a, b)
#define LOAD(p) _mm256_load_ps(p)
static double sum(vec v) {
  float x[WIDTH];
  double all = 0;
  _mm256_storeu_ps(x, v);
  for (int i = 0; i < WIDTH; i++) all += (double)x[i];
  return all;
}
#define SUM(v) sum(v)
#include "bench/ceiling.body.h"

/* Without a dot product of its own, 8 bits go through 16 and 32: three instructions for 32
 * products. There is nothing like it for bfloat16. */
static double dot_int8(long rounds, double *flops) {
  __m256i s[8];
  __m256i a = _mm256_set1_epi8(1);
  const __m256i b = _mm256_set1_epi8(1), ones = _mm256_set1_epi16(1);
  for (int i = 0; i < 8; i++) s[i] = _mm256_set1_epi32(i);
  for (long r = 0; r < rounds; r++) {
    __asm__ volatile("" : "+x"(a)); /* the products would be the same in every round */
    _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) {
      __m256i pairs = _mm256_maddubs_epi16(a, b);
      __asm__ volatile("" : "+x"(pairs));
      s[i] = _mm256_add_epi32(s[i], _mm256_madd_epi16(pairs, ones));
    }
  }
  __m256i all = s[0];
  for (int i = 1; i < 8; i++) all = _mm256_add_epi32(all, s[i]);
  *flops = 2.0 * 32 * 8 * (double)rounds;
  return (double)_mm256_extract_epi32(all, 0);
}

static double (*int8(void))(long, double *) { return dot_int8; }

const tarn_ceiling_loops tarn__ceiling_avx2 = {multiply_add, read_all, NULL, int8};

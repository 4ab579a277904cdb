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

const tarn_ceiling_loops tarn__ceiling_avx2 = {multiply_add, read_all};

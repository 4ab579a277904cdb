#include "bench/ceiling.h"

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

const tarn_ceiling_loops tarn__ceiling_avx512 = {multiply_add, read_all};

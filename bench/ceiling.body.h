/* The loops of a ceiling, from WIDTH (floats in a vector), vec, FMA, ADD, LOAD, SET1 and SUM.
 * Twelve sums run side by side: more than latency times units (4 cycles x 2) of any x86-64 so far,
 * and they fit in 16 registers with two factors. */
enum { SUMS = 12 };

static double multiply_add(long rounds, double *flops) {
  vec s[SUMS], a = SET1(0.999999f), b = SET1(1e-7f);
  for (int i = 0; i < SUMS; i++) s[i] = SET1((float)i);
  for (long r = 0; r < rounds; r++) {
    _Pragma("GCC unroll 12") for (int i = 0; i < SUMS; i++) s[i] = FMA(s[i], a, b);
  }
  vec all = s[0];
  for (int i = 1; i < SUMS; i++) all = ADD(all, s[i]);
  *flops = 2.0 * WIDTH * SUMS * (double)rounds;
  return SUM(all);
}

static double read_all(const float *x, size_t n) {
  vec s[8];
  for (int i = 0; i < 8; i++) s[i] = SET1(0);
  for (size_t at = 0; at + 8 * WIDTH <= n; at += 8 * WIDTH) {
    _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) s[i] =
        ADD(s[i], LOAD(x + at + (size_t)i * WIDTH));
  }
  vec all = s[0];
  for (int i = 1; i < 8; i++) all = ADD(all, s[i]);
  return SUM(all);
}

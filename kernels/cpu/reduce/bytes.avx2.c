/* The greatest and least of bytes, and of truth, for AVX2. All six are the greatest of bytes that
 * are turned round on the way in and out, so that unsigned comparison puts them in order: the
 * signed by their top bit, the least by all of them. A run ends with a vector that overlaps what
 * was read before: nothing is greater for being seen twice. */
#include <immintrin.h>

#include "kernels/cpu/reduce/reduce.h"

static __m256i vector(const uint8_t *x) {
  return _mm256_loadu_si256((const __m256i *)(const void *)x);
}

static uint8_t greatest(const uint8_t *x, int64_t n, uint8_t turn, uint8_t most) {
  if (n < 32) {
    for (int64_t i = 0; i < n; i++) most = (x[i] ^ turn) > most ? x[i] ^ turn : most;
    return most;
  }
  const __m256i turned = _mm256_set1_epi8((char)turn);
  __m256i a = _mm256_xor_si256(vector(x), turned), b = _mm256_xor_si256(vector(x + n - 32), turned);
  int64_t i = 32;
  for (; i + 64 <= n; i += 64) {
    a = _mm256_max_epu8(a, _mm256_xor_si256(vector(x + i), turned));
    b = _mm256_max_epu8(b, _mm256_xor_si256(vector(x + i + 32), turned));
  }
  if (i + 32 <= n) a = _mm256_max_epu8(a, _mm256_xor_si256(vector(x + i), turned));
  a = _mm256_max_epu8(a, b);
  __m128i c = _mm_max_epu8(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  c = _mm_max_epu8(
      c,
      _mm_srli_epi16(c, 8)); /* the least of 16 bits is an instruction: of what is turned round */
  c = _mm_minpos_epu16(_mm_xor_si128(_mm_and_si128(c, _mm_set1_epi16(0xff)), _mm_set1_epi16(0xff)));
  const uint8_t found = (uint8_t)(_mm_cvtsi128_si32(c) ^ 0xff);
  return found > most ? found : most;
}

static void start(void *acc, int64_t n) { memset(acc, 0, (size_t)n); }

#define BYTES(NAME, TURN)                                                         \
  static void add_##NAME(void *acc, const void *x, int64_t n) {                   \
    uint8_t *a = acc;                                                             \
    *a = greatest(x, n, TURN, *a);                                                \
  }                                                                               \
  static void row_##NAME(void *acc, const void *from, int64_t n) {                \
    uint8_t *a = acc;                                                             \
    const uint8_t *x = from;                                                      \
    for (int64_t i = 0; i < n; i++) {                                             \
      const uint8_t turned = (uint8_t)(x[i] ^ TURN);                              \
      a[i] = turned > a[i] ? turned : a[i];                                       \
    }                                                                             \
  }                                                                               \
  static void runs_##NAME(void *acc, const void *x, int64_t n, int64_t run) {     \
    uint8_t *a = acc;                                                             \
    for (int64_t i = 0; i < n; i++)                                               \
      a[i] = greatest((const uint8_t *)x + i * run, run, TURN, a[i]);             \
  }                                                                               \
  static void finish_##NAME(const void *acc, void *y, int64_t n, int64_t terms) { \
    const uint8_t *a = acc;                                                       \
    (void)terms;                                                                  \
    for (int64_t i = 0; i < n; i++) ((uint8_t *)y)[i] = (uint8_t)(a[i] ^ TURN);   \
  }                                                                               \
  static const tarn_reducer reducer_##NAME = {.accumulator_bytes = 1,             \
                                              .start = start,                     \
                                              .add_run = add_##NAME,              \
                                              .add_row = row_##NAME,              \
                                              .add_runs = runs_##NAME,            \
                                              .finish = finish_##NAME};
BYTES(max_u8, 0)
BYTES(max_i8, 0x80)
BYTES(min_u8, 0xff)
BYTES(min_i8, 0x7f)
BYTES(any, 0)
BYTES(all, 1)

static tarn_status run_max(const tarn_call *call) {
  return tarn__reduce(call, call->in[0]->dtype == TARN_U8 ? &reducer_max_u8 : &reducer_max_i8);
}
static tarn_status run_min(const tarn_call *call) {
  return tarn__reduce(call, call->in[0]->dtype == TARN_U8 ? &reducer_min_u8 : &reducer_min_i8);
}
static tarn_status run_any(const tarn_call *call) { return tarn__reduce(call, &reducer_any); }
static tarn_status run_all(const tarn_call *call) { return tarn__reduce(call, &reducer_all); }

#define OF_BYTES (TARN_BIT(TARN_U8) | TARN_BIT(TARN_I8))
const tarn_kernel tarn_kernels_reduce_bytes_avx2[] = {
  {.op = "Max", .dtypes = OF_BYTES, .run = run_max},
  {.op = "Min", .dtypes = OF_BYTES, .run = run_min},
  {.op = "Any", .dtypes = TARN_BIT(TARN_BOOL), .run = run_any},
  {.op = "All", .dtypes = TARN_BIT(TARN_BOOL), .run = run_all},
  {0},
};

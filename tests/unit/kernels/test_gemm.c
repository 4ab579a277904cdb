/* The loops of kernels/cpu/gemm against sums in float64: B packed beforehand, as it lies and
 * transposed, K in one pass and in blocks, A copied and in place; the same bits whatever the number
 * of threads; scratch no larger than was said. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/thread/cpu.h"
#include "core/thread/threads.h"
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/kernel.h"
#include "tests/unit/suite.h"

typedef enum form { PACKED, RAW, RAW_TRANSPOSED, FORMS } form;

typedef struct operands {
  int64_t M, N, K;
  float *a, *b, *turned, *bias, *add; /* b: [K,N]; turned: [N,K] */
  double *wanted;                     /* max(A B + bias + add, 0) */
} operands;

static float *numbers(int64_t n, uint32_t seed) {
  float *x = malloc((size_t)n * sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (int64_t i = 0; i < n; i++) {
    seed ^= seed << 13, seed ^= seed >> 17, seed ^= seed << 5;
    x[i] = (float)(int32_t)seed * 0x1p-31f;
  }
  return x;
}

static operands make(int64_t M, int64_t N, int64_t K) {
  operands o = {M,
                N,
                K,
                numbers(M * K, 12345),
                numbers(K * N, 67890),
                malloc((size_t)(N * K) * sizeof(float)),
                numbers(N, 333),
                numbers(M * N, 4444),
                calloc((size_t)(M * N), sizeof(double))};
  ck_assert(o.turned && o.wanted);
  for (int64_t m = 0; m < M; m++) {
    double *row = o.wanted + m * N;
    for (int64_t k = 0; k < K; k++)
      for (int64_t j = 0; j < N; j++) row[j] += (double)o.a[m * K + k] * (double)o.b[k * N + j];
    for (int64_t j = 0; j < N; j++)
      row[j] = fmax(row[j] + (double)o.bias[j] + (double)o.add[m * N + j], 0);
  }
  for (int64_t k = 0; k < K; k++)
    for (int64_t j = 0; j < N; j++) o.turned[j * K + k] = o.b[k * N + j];
  return o;
}

static void drop(operands *o) {
  free(o->a), free(o->b), free(o->turned), free(o->bias), free(o->add), free(o->wanted);
}

static float *room(size_t bytes) {
  float *p = bytes ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
  ck_assert(p || !bytes);
  return p;
}

static void product(const tarn_gemm_isa *isa, const operands *o, form f, int threads, float *c) {
  tarn_pool *pool;
  ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), threads, &pool), TARN_OK);
  tarn_gemm g = {.M = o->M,
                 .N = o->N,
                 .K = o->K,
                 .a = o->a,
                 .lda = o->K,
                 .c = c,
                 .ldc = o->N,
                 .taps = 1,
                 .bias = o->bias,
                 .add = o->add,
                 .activation = TARN_ACT_RELU,
                 .roomy = true};
  float *packed = f == PACKED ? room(tarn__gemm_packed_bytes(isa, o->K, o->N)) : NULL;
  if (packed)
    ck_assert_int_eq(tarn__gemm_pack(isa, o->K, o->N, o->b, o->N, false, packed, pool), TARN_OK);
  g.b = packed;
  g.raw = f == RAW ? o->b : o->turned;
  g.ldb = f == RAW ? o->N : o->K;
  g.raw_transposed = f == RAW_TRANSPOSED;
  float *scratch = room(tarn__gemm_room_bytes(isa, &g, threads));
  for (int64_t i = 0; i < o->M * o->N; i++) c[i] = NAN;
  ck_assert_int_eq(tarn__gemm_run(isa, &g, scratch, pool), TARN_OK);
  free(scratch);
  free(packed);
  tarn__pool_destroy(pool);
}

static void compare(const operands *o, const float *c, const char *isa, form f) {
  /* Sums of K products of at most 1 are some sqrt(K) / 3 large, and each addition rounds: in all
   * some 2e-8 K, of which this is seven times the standard deviation. */
  const double bound = 1.5e-7 * (double)o->K + 1e-6;
  for (int64_t i = 0; i < o->M * o->N; i++)
    ck_assert_msg(fabs((double)c[i] - o->wanted[i]) <= bound,
                  "%s, form %d, %lldx%lldx%lld, element %lld: %g, not %g", isa, f, (long long)o->M,
                  (long long)o->K, (long long)o->N, (long long)i, (double)c[i], o->wanted[i]);
}

START_TEST(test_gemm_is_exact_enough_in_every_form) {
  static const int64_t sizes[][3] = {
      {1, 7, 3},        {5, 33, 1},     {13, 40, 70},
      {29, 97, 300},    {30, 70, 1030}, /* K in blocks where B is not packed */
      {258, 520, 1030},                 /* K in blocks, A copied */
      {260, 513, 1024},                 /* rows of A that share sets of L1 */
      {900, 33, 1040},                  /* many ranges of rows: B packed whole */
      {600, 330, 40},                   /* all of B one group, rows asked for ahead */
  };
  static const struct {
    const tarn_gemm_isa *isa;
    tarn_target target;
    const char *name;
  } isas[] = {{&tarn__gemm_avx2, TARN_TARGET_AVX2, "avx2"},
              {&tarn__gemm_avx512, TARN_TARGET_AVX512, "avx512"}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    operands o = make(sizes[s][0], sizes[s][1], sizes[s][2]);
    const size_t bytes = (size_t)(o.M * o.N) * sizeof(float);
    float *c = malloc(bytes), *again = malloc(bytes);
    ck_assert(c && again);
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
      if (tarn__target_refusal(isas[i].target)) continue;
      for (int f = 0; f < FORMS; f++) {
        product(isas[i].isa, &o, (form)f, 1, c);
        compare(&o, c, isas[i].name, (form)f);
        for (int threads = 2; threads <= (o.M < 100 ? 3 : 2); threads++) {
          product(isas[i].isa, &o, (form)f, threads, again);
          ck_assert_msg(!memcmp(c, again, bytes), "%s, form %d: %d threads give other bits",
                        isas[i].name, f, threads);
        }
      }
    }
    free(c), free(again);
    drop(&o);
  }
}
END_TEST

SUITE_MAIN("gemm", test_gemm_is_exact_enough_in_every_form)

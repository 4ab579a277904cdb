/* Sessions that let products round their factors: near the exact numbers but not equal to them, by
 * row and not by what lies beside it, NaN where the input has one. */
#include "core/thread/cpu.h"
#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

#include <math.h>

static tarn_graph *g;
static void teardown(void) { tarn__graph_destroy(g); }

enum { M = 512, K = 96, N = 64 };

/* y = x w with a weight whose columns differ in size a thousandfold. */
static void product(void) {
  g = new_graph();
  static float w[K * N];
  for (int k = 0; k < K; k++)
    for (int j = 0; j < N; j++)
      w[k * N + j] = (float)((k * 37 + j * 11) % 101 - 50) * (j % 2 ? 1e-3f : 1.0f);
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,96]");
  floats(g, "w", 2, (int64_t[]){K, N}, w);
  node(g, "y", "MatMul", "x w", "T=float");
  OK(tarn__graph_finish(g));
}

static tarn_tensor *input(int64_t rows) {
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){rows, K}, NULL);
  for (int64_t i = 0; i < rows * K;
       i++) /* rows of very different sizes, and all of one sign in every third */
    ((float *)tarn_tensor_data(x))[i] =
        (float)((i * 29) % 97 - (i / K % 3 ? 48 : 0)) * ldexpf(1, (int)(i / K % 7));
  return x;
}

static tarn_tensor *run_with(const char *precision, tarn_tensor *x) {
  tarn_session *s;
  tarn_tensor *y;
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 2, .precision = precision},
                          NULL, &s));
  OK(run_one(s, "x", x, "y", &y));
  tarn_session_destroy(s);
  return y;
}

static const float *numbers(const tarn_tensor *t) { return tarn_tensor_data_const(t); }

/* The largest error of a row's elements, over the row's size times the column's. */
static double error_of(const tarn_tensor *y, const tarn_tensor *want, int64_t rows) {
  double worst = 0;
  for (int64_t m = 0; m < rows; m++)
    for (int parity = 0; parity < 2; parity++) {
      double size = 0, error = 0;
      for (int64_t j = parity; j < N; j += 2) {
        size = fmax(size, fabs((double)numbers(want)[m * N + j]));
        error = fmax(error, fabs((double)numbers(want)[m * N + j] - (double)numbers(y)[m * N + j]));
      }
      worst = fmax(worst, error / size);
    }
  return worst;
}

START_TEST(test_precision_is_near) {
  product();
  tarn_tensor *x = input(M), *exact = run_with(NULL, x), *same = run_with("f32", x);
  ck_assert_mem_eq(numbers(exact), numbers(same), sizeof(float) * M * N);
  tarn_tensor *int8 = run_with("int8", x), *bf16 = run_with("bf16", x);
  const double off8 = error_of(int8, exact, M), off16 = error_of(bf16, exact, M);
  ck_assert_double_le(off8, 0.03);
  ck_assert_double_le(off16, 0.01);
  if (tarn__cpu()->avx512_vnni) ck_assert_double_gt(off8, 0); /* or nothing was quantized at all */
  tarn_tensor *all[] = {x, exact, same, int8, bf16};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) tarn_tensor_release(all[i]);
}
END_TEST

START_TEST(test_precision_is_by_row) {
  product();
  tarn_tensor *x = input(M), *one = input(1), *many = run_with("int8", x), *alone;
  for (int row = 0; row < M; row += 171) {
    memcpy(tarn_tensor_data(one), numbers(x) + row * K, sizeof(float) * K);
    tarn_session *s;
    OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1, .precision = "int8"},
                            NULL, &s));
    OK(run_one(s, "x", one, "y", &alone));
    for (int j = 0; j < N; j++)
      ck_assert_double_eq_tol(numbers(alone)[j], numbers(many)[row * N + j],
                              0.03 * (j % 2 ? 5e3 : 5e6));
    tarn_tensor_release(alone);
    tarn_session_destroy(s);
  }
  ((float *)tarn_tensor_data(x))[5 * K + 3] = NAN;
  tarn_tensor *spoilt = run_with("int8", x);
  for (int m = 0; m < M; m++)
    for (int j = 0; j < N; j++) ck_assert_int_eq(isnan(numbers(spoilt)[m * N + j]) != 0, m == 5);
  tarn_tensor *all[] = {x, one, many, spoilt};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) tarn_tensor_release(all[i]);
}
END_TEST

START_TEST(test_precision_has_names) {
  g = new_graph();
  tarn_session *s;
  FAILS(tarn__session_create(g, NULL, &(tarn_session_options){.precision = "int4"}, NULL, &s),
        TARN_INVALID, "there is no precision 'int4'");
}
END_TEST

SUITE_MAIN_TEARDOWN("precision", teardown, test_precision_is_near, test_precision_is_by_row,
                    test_precision_has_names)

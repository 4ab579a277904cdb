/* Eigen- and singular values by every kernel that this machine runs, against their definitions:
 * what is put together again, what is orthonormal, what is in order; matrices of low rank, of
 * zeros, very large and very small ones, NaN. */
#include "graph/case/case.h"
#include "kernels/cpu/linalg/dense.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

enum { MOST = 40 * 40 * 2 };

static tarn_case made;
static tarn_tensor out[3];

static void clear(void) {
  for (int i = 0; i < 3; i++) tarn__tensor_clear(&out[i]);
  tarn__case_clear(&made);
}

static void make(const char *op, const char *text) {
  clear();
  ck_assert_msg(tarn__case_make(tarn__allocator_default(), tarn__op_find(op), text, TARN_NO_DTYPE,
                                7, &made) == TARN_OK,
                "%s: %s", text, tarn_error());
}

static tarn_status run(tarn_kernel_ref k) {
  for (int i = 0; i < 3; i++) tarn__tensor_clear(&out[i]);
  return tarn__case_run(&made, k, NULL, out);
}

/* The b-th matrix of t as numbers. */
static const tarn_z *matrix(const tarn_tensor *t, int64_t b, int64_t n, tarn_z *x) {
  tarn__dense_load(t, b * n, n, x);
  return x;
}

/* The largest element of x^H x - 1, of rows by columns. */
static double lack(const tarn_z *x, int64_t rows, int64_t columns) {
  double most = 0;
  for (int64_t i = 0; i < columns; i++)
    for (int64_t j = 0; j < columns; j++) {
      tarn_z sum = i == j ? -1 : 0;
      for (int64_t k = 0; k < rows; k++) sum += conj(x[k * columns + i]) * x[k * columns + j];
      if (!(cabs(sum) <= most)) most = cabs(sum);
    }
  return most;
}

/* In units of the dtype's rounding at the matrix's size. */
static double rounding(int64_t n) {
  const bool narrow = made.in[0].dtype == TARN_F32 || made.in[0].dtype == TARN_C64;
  return 8 * (double)(n + 2) * (narrow ? 0x1p-24 : 0x1p-53);
}

static void check_eigen(const char *text) {
  static tarn_z a[MOST], e[MOST], v[MOST];
  const tarn_matrices g = tarn__matrices_of(&made.in[0].shape);
  const int64_t n = g.N;
  for (int64_t b = 0; b < g.B; b++) {
    double size = 0, off = 0;
    matrix(&made.in[0], b, n * n, a);
    matrix(&out[0], b, n, e);
    matrix(&out[1], b, n * n, v);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) {
        if (j > i) a[i * n + j] = conj(a[j * n + i]);
        else if (j == i) a[i * n + i] = creal(a[i * n + i]);
        if (cabs(a[i * n + j]) > size) size = cabs(a[i * n + j]);
      }
    for (int64_t i = 0; i < n; i++) {
      if (i > 0)
        ck_assert_msg(creal(e[i - 1]) <= creal(e[i]),
                      "%s: values %d and the next are not ascending", text, (int)i - 1);
      for (int64_t j = 0; j < n; j++) {
        tarn_z sum = -v[i * n + j] * e[j];
        for (int64_t k = 0; k < n; k++) sum += a[i * n + k] * v[k * n + j];
        if (!(cabs(sum) <= off)) off = cabs(sum);
      }
    }
    ck_assert_msg(off <= rounding(n) * size * (double)n, "%s: a v - v e is up to %g", text, off);
    ck_assert_msg(lack(v, n, n) <= rounding(n), "%s: vectors are %g from orthonormal", text,
                  lack(v, n, n));
  }
}

static void check_singular(const char *text) {
  static tarn_z a[MOST], s[MOST], u[MOST], v[MOST];
  const tarn_matrices g = tarn__matrices_of(&made.in[0].shape),
                      gu = tarn__matrices_of(&out[1].shape), gv = tarn__matrices_of(&out[2].shape);
  const int64_t least = g.M < g.N ? g.M : g.N;
  for (int64_t b = 0; b < g.B; b++) {
    double size = 0, off = 0;
    matrix(&made.in[0], b, g.M * g.N, a);
    matrix(&out[0], b, least, s);
    matrix(&out[1], b, gu.M * gu.N, u);
    matrix(&out[2], b, gv.M * gv.N, v);
    for (int64_t i = 0; i < least; i++)
      ck_assert_msg(creal(s[i]) >= (i + 1 < least ? creal(s[i + 1]) : 0),
                    "%s: value %d is out of order", text, (int)i);
    for (int64_t i = 0; i < g.M; i++)
      for (int64_t j = 0; j < g.N; j++) {
        tarn_z sum = -a[i * g.N + j];
        if (cabs(sum) > size) size = cabs(sum);
        for (int64_t k = 0; k < least; k++) sum += u[i * gu.N + k] * s[k] * conj(v[j * gv.N + k]);
        if (!(cabs(sum) <= off)) off = cabs(sum);
      }
    const double most = rounding(g.M + g.N);
    ck_assert_msg(off <= most * size * (double)least, "%s: u s v^H - a is up to %g", text, off);
    ck_assert_msg(lack(u, gu.M, gu.N) <= most && lack(v, gv.M, gv.N) <= most,
                  "%s: vectors are not orthonormal", text);
  }
}

/* Scales the input by `by`, or makes all of its columns alike (0), or all zero (-1). */
static void change(double by) {
  static tarn_z a[MOST];
  tarn_tensor *t = &made.in[0];
  const int64_t n = tarn__tensor_elements(t), columns = t->shape.dim[t->shape.rank - 1];
  matrix(t, 0, n, a);
  for (int64_t i = 0; i < n; i++) a[i] = by > 0 ? a[i] * by : by < 0 ? 0 : a[i - i % columns];
  tarn__dense_store(t, 0, n, a);
}

static void check_all(const char *op, const char *const *shapes, void (*check)(const char *)) {
  static const char *const dtypes[] = {"f32", "f64", "c64", "c128"};
  static const double changes[] = {1, 0, -1, 1e30, 1e-30};
  size_t count;
  const tarn_kernel_ref *kernels = tarn__kernels_of(op, &count);
  int ran = 0;
  for (size_t k = 0; k < count; k++) {
    if (tarn__target_refusal(kernels[k].file->target)) continue;
    ran++;
    for (int s = 0; shapes[s]; s++)
      for (int d = 0; d < 4; d++)
        for (int c = 0; c < 5; c++) {
          char text[120];
          snprintf(text, sizeof text, "input=%s%s", dtypes[d], shapes[s]);
          make(op, text);
          change(changes[c]);
          ck_assert_msg(run(kernels[k]) == TARN_OK, "%s, %s: %s", text, kernels[k].file->path,
                        tarn_error());
          snprintf(text + strlen(text), sizeof text - strlen(text), " by %g, kernel %d", changes[c],
                   (int)k);
          check(text);
        }
  }
  ck_assert_int_ge(ran, 1);
  clear();
}

START_TEST(test_spectral_eigen) {
  static const char *const shapes[] = {"[1x1]", "[2x2]", "[2x3x3]", "[2x9x9]", "[33x33]", NULL};
  check_all("SelfAdjointEigV2", shapes, check_eigen);
}
END_TEST

START_TEST(test_spectral_singular) {
  static const char *const shapes[] = {"[1x1]",
                                       "[2x2x2]",
                                       "[2x5x5]",
                                       "[9x4] full_matrices=true",
                                       "[2x4x9] full_matrices=true",
                                       "[20x7]",
                                       "[7x20]",
                                       "[33x33]",
                                       "[1x6]",
                                       "[6x1] full_matrices=true",
                                       NULL};
  check_all("Svd", shapes, check_singular);
}
END_TEST

START_TEST(test_spectral_of_what_is_not_finite) {
  size_t count;
  const tarn_kernel_ref *eigen = tarn__kernels_of("SelfAdjointEigV2", &count), *singular;
  for (size_t k = 0; k < count; k++) {
    if (tarn__target_refusal(eigen[k].file->target)) continue;
    make("SelfAdjointEigV2", "input=f32[5x5]");
    ((float *)made.in[0].data)[5] = NAN;
    ck_assert_int_eq(run(eigen[k]), TARN_INVALID);
    make("SelfAdjointEigV2", "input=f64[5x5] compute_v=false");
    ((double *)made.in[0].data)[12] = HUGE_VAL;
    ck_assert_int_eq(run(eigen[k]), TARN_INVALID);
  }
  singular = tarn__kernels_of("Svd", &count);
  for (size_t k = 0; k < count; k++) {
    if (tarn__target_refusal(singular[k].file->target)) continue;
    make("Svd", "input=f32[5x3]");
    ((float *)made.in[0].data)[4] = -HUGE_VALF;
    ck_assert_int_eq(run(singular[k]), TARN_OK);
    for (int o = 0; o < 3; o++)
      for (int64_t i = 0; i < tarn__tensor_elements(&out[o]); i++)
        ck_assert(isnan(((const float *)out[o].data)[i]));
  }
  clear();
}
END_TEST

SUITE_MAIN_TEARDOWN("spectral", clear, test_spectral_eigen, test_spectral_singular,
                    test_spectral_of_what_is_not_finite)

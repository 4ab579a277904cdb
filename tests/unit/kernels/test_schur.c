/* Eigenvalues and functions of square matrices against their definitions: x v = v e, roots squared,
 * logarithms raised again, and what has none. */
#include <stdio.h>
#include <string.h>

#include "graph/case/case.h"
#include "kernels/cpu/linalg/dense.h"
#include "tests/unit/suite.h"

enum { MOST = 33 * 33 * 2 };

static tarn_case made;
static tarn_tensor out[2];
static tarn_z x[MOST], y[MOST], z[MOST];

static void teardown(void) {
  for (int i = 0; i < 2; i++) tarn__tensor_clear(&out[i]);
  tarn__case_clear(&made);
}

static tarn_status run(const char *op) {
  size_t count;
  const tarn_kernel_ref *kernels = tarn__kernels_of(op, &count);
  ck_assert_uint_ge(count, 1);
  for (int i = 0; i < 2; i++) tarn__tensor_clear(&out[i]);
  return tarn__case_run(&made, kernels[0], NULL, out);
}
static void make(const char *op, const char *text) {
  teardown();
  ck_assert_msg(tarn__case_make(tarn__allocator_default(), tarn__op_find(op), text, TARN_NO_DTYPE,
                                11, &made) == TARN_OK,
                "%s: %s", text, tarn_error());
}
static void does(const char *op, const char *text) {
  ck_assert_msg(run(op) == TARN_OK, "%s, %s: %s", op, text, tarn_error());
}

static double largest(const tarn_z *a, int64_t n) {
  double most = 0;
  for (int64_t i = 0; i < n; i++)
    if (!(cabs(a[i]) <= most)) most = cabs(a[i]);
  return most;
}
/* The largest element of a b - c. */
static double product_off(const tarn_z *a, const tarn_z *b, const tarn_z *c, int64_t n) {
  double most = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      tarn_z sum = -c[i * n + j];
      for (int64_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      if (!(cabs(sum) <= most)) most = cabs(sum);
    }
  return most;
}
static double rounding(int64_t n) {
  const bool narrow = made.in[0].dtype == TARN_F32 || made.in[0].dtype == TARN_C64;
  return 16 * (double)(n + 2) * (narrow ? 0x1p-24 : 0x1p-53);
}

static const char *const dtypes[] = {"f32", "f64", "c64", "c128"};
static const int sizes[] = {1, 2, 3, 4, 9, 33};

START_TEST(test_schur_eigen) {
  for (int d = 0; d < 4; d++)
    for (int s = 0; s < 6; s++) {
      const int64_t n = sizes[s];
      char text[96];
      snprintf(text, sizeof text, "input=%s[2x%dx%d] Tout=%s", dtypes[d], sizes[s], sizes[s],
               d % 2 ? "c128" : "c64");
      make("Eig", text);
      does("Eig", text);
      for (int64_t b = 0; b < 2; b++) {
        tarn_z e[33];
        double off = 0;
        tarn__dense_load(&made.in[0], b * n * n, n * n, x);
        tarn__dense_load(&out[0], b * n, n, e);
        tarn__dense_load(&out[1], b * n * n, n * n, y);
        for (int64_t j = 0; j < n; j++) {
          double length = 0;
          for (int64_t i = 0; i < n; i++) {
            tarn_z sum = -y[i * n + j] * e[j];
            for (int64_t k = 0; k < n; k++) sum += x[i * n + k] * y[k * n + j];
            if (!(cabs(sum) <= off)) off = cabs(sum);
            length = hypot(length, cabs(y[i * n + j]));
          }
          ck_assert_msg(fabs(length - 1) <= rounding(n), "%s: length %g", text, length);
          if (d >= 2) {
            if (j > 0) ck_assert_msg(cabs(e[j - 1]) <= cabs(e[j]), "%s: not ascending", text);
          } else if (cimag(e[j]) > 0) {
            ck_assert_msg(j + 1 < n && e[j + 1] == conj(e[j]), "%s: no pair", text);
          } else if (cimag(e[j]) < 0) {
            ck_assert_msg(j > 0 && e[j - 1] == conj(e[j]), "%s: no pair", text);
          } else {
            for (int64_t i = 0; i < n; i++) ck_assert(cimag(y[i * n + j]) == 0);
          }
        }
        ck_assert_msg(off <= rounding(n) * largest(x, n * n) * (double)n, "%s: x v - v e is %g",
                      text, off);
      }
      tarn_z with[33];
      tarn__dense_load(&out[0], 0, n, with);
      snprintf(text + strlen(text), sizeof text - strlen(text), " compute_v=false");
      make("Eig", text);
      does("Eig", text);
      tarn__dense_load(&out[0], 0, n, x);
      ck_assert_int_eq(tarn__tensor_elements(&out[1]), 0);
      for (int64_t i = 0; i < n; i++)
        ck_assert_msg(cabs(x[i] - with[i]) <= rounding(n) * cabs(with[i]), "%s: other values",
                      text);
    }
}
END_TEST

/* Symmetric and defective matrices, whose eigenvalues meet. */
START_TEST(test_schur_eigen_that_are_equal) {
  static const double jordan[9] = {2, 1, 0, 0, 2, 1, 0, 0, 2};
  make("Eig", "input=f64[3x3] Tout=c128");
  memcpy(made.in[0].data, jordan, sizeof jordan);
  does("Eig", "a Jordan block");
  tarn__dense_load(&out[0], 0, 3, x);
  for (int i = 0; i < 3; i++) ck_assert(cabs(x[i] - 2) < 1e-4);
  memset(made.in[0].data, 0, sizeof jordan);
  does("Eig", "zeros");
  tarn__dense_load(&out[0], 0, 3, x);
  ck_assert(largest(x, 3) == 0);
  ((double *)made.in[0].data)[4] = NAN;
  ck_assert_int_eq(run("Eig"), TARN_INVALID);
}
END_TEST

START_TEST(test_schur_roots_and_logarithms) {
  for (int d = 2; d < 4; d++)
    for (int s = 0; s < 5; s++) {
      const int64_t n = sizes[s];
      char text[96];
      snprintf(text, sizeof text, "input=%s[%dx%d]", dtypes[d], sizes[s], sizes[s]);
      make("MatrixSquareRoot", text);
      tarn__dense_load(&made.in[0], 0, n * n, x);
      does("MatrixSquareRoot", text);
      tarn__dense_load(&out[0], 0, n * n, y);
      const double size = largest(y, n * n);
      ck_assert_msg(product_off(y, y, x, n) <= rounding(n) * size * size * (double)n,
                    "%s: y y - x is %g", text, product_off(y, y, x, n));
      does("MatrixLogarithm", text);
      const double log_size = largest((tarn__dense_load(&out[0], 0, n * n, y), y), n * n);
      tarn__dense_store(&made.in[0], 0, n * n, y);
      does("MatrixExponential", text);
      tarn__dense_load(&out[0], 0, n * n, z);
      for (int64_t i = 0; i < n * n; i++) z[i] -= x[i];
      ck_assert_msg(largest(z, n * n) <= 8 * rounding(n) * largest(x, n * n) * (1 + log_size),
                    "%s: exp log x - x is %g", text, largest(z, n * n));
    }
}
END_TEST

/* Turns by an angle, large and small, and numbers. */
START_TEST(test_schur_exponential) {
  static const double angles[] = {0, 1e-9, 0.7, 3, 40};
  make("MatrixExponential", "input=f64[2x2]");
  for (int i = 0; i < 5; i++) {
    double *a = made.in[0].data;
    a[0] = a[3] = 0;
    a[1] = -(a[2] = angles[i]);
    does("MatrixExponential", "a turn");
    const double *got = out[0].data;
    ck_assert_double_eq_tol(got[0], cos(angles[i]), 1e-13);
    ck_assert_double_eq_tol(got[2], sin(angles[i]), 1e-13);
    ck_assert_double_eq_tol(got[1], -got[2], 1e-13);
  }
  make("MatrixExponential", "input=f32[1x1]");
  *(float *)made.in[0].data = -20;
  does("MatrixExponential", "a number");
  ck_assert_float_eq_tol(*(float *)out[0].data, (float)exp(-20), 1e-15f);
}
END_TEST

/* Of what has no real root, or none at all. */
START_TEST(test_schur_no_root) {
  make("MatrixSquareRoot", "input=f64[2x2]");
  double *a = made.in[0].data;
  memcpy(a, (double[]){-1, 0, 0, -4}, 4 * sizeof *a);
  does("MatrixSquareRoot", "negative");
  ck_assert(isnan(*(double *)out[0].data));
  memcpy(a, (double[]){0, 1, 0, 0}, 4 * sizeof *a);
  does("MatrixSquareRoot", "nilpotent");
  ck_assert(!isfinite(((double *)out[0].data)[1]));
  a[2] = NAN;
  does("MatrixSquareRoot", "NaN");
  ck_assert(isnan(*(double *)out[0].data));
  memcpy(a, (double[]){0, -4, 1, 0}, 4 * sizeof *a); /* eigenvalues 2i and -2i */
  does("MatrixSquareRoot", "a turn");
  tarn__dense_load(&made.in[0], 0, 4, x);
  tarn__dense_load(&out[0], 0, 4, y);
  ck_assert(product_off(y, y, x, 2) < 1e-14);
}
END_TEST

SUITE_MAIN_TEARDOWN("schur", teardown, test_schur_eigen, test_schur_eigen_that_are_equal,
                    test_schur_roots_and_logarithms, test_schur_exponential, test_schur_no_root)

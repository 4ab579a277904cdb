/* Winograd's rounding: every such kernel that this machine runs, against sums in float64. The
 * bounds are those of docs/performance.md with room for other numbers: relative to the largest
 * output, as errors do not follow the single one. */
#include "core/tensor/dtype.h"
#include "graph/case/case.h"
#include "graph/op.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Element (oh, ow, oc) of a SAME convolution of [1, n, n, C], n odd, by an r x r filter. */
static double exact(const float *x, const float *w, int n, int C, int OC, int r, int stride, int oh,
                    int ow, int oc) {
  double s = 0;
  for (int kh = 0; kh < r; kh++)
    for (int kw = 0; kw < r; kw++) {
      const int ih = oh * stride - r / 2 + kh, iw = ow * stride - r / 2 + kw;
      if (ih < 0 || ih >= n || iw < 0 || iw >= n) continue;
      for (int c = 0; c < C; c++)
        s += (double)x[(ih * n + iw) * C + c] * (double)w[((kh * r + kw) * C + c) * OC + oc];
    }
  return s;
}

/* The kernel's largest error over the largest output. */
static double error_of(tarn_kernel_ref kernel, int n, int C, int r, int stride) {
  enum { OC = 24 };
  char text[200];
  snprintf(text, sizeof text,
           "input=f32[1x%dx%dx%d] filter=f32[%dx%dx%dx%d] strides=[1,%d,%d,1] padding=SAME", n, n,
           C, r, r, C, OC, stride, stride);
  tarn_case made;
  tarn_tensor y = {0};
  ck_assert_int_eq(tarn__case_make(tarn__allocator_default(), tarn__op_find("Conv2D"), text,
                                   TARN_NO_DTYPE, 7, &made),
                   TARN_OK);
  ck_assert_ptr_null(tarn__kernel_refusal(kernel, &made.problem));
  ck_assert_int_eq(tarn__case_run(&made, kernel, NULL, &y), TARN_OK);
  double worst = 0, largest = 0;
  const float *got = y.data;
  const int side = (n + stride - 1) / stride;
  for (int at = 0; at < side * side * OC; at++) {
    const double want = exact(made.in[0].data, made.in[1].data, n, C, OC, r, stride,
                              at / OC / side, at / OC % side, at % OC);
    const double off = fabs((double)got[at] - want);
    worst = off <= worst ? worst : off;   /* NaN is kept */
    largest = fmax(largest, fabs(want));
  }
  tarn__tensor_clear(&y);
  tarn__case_clear(&made);
  return worst / largest;
}

START_TEST(test_winograd_error_is_bounded) {
  static const struct {
    const char *method;
    int filter, stride;
    double bound[2];           /* at 64 and at 512 channels */
  } rows[] = {{"f2", 3, 1, {1e-6, 2e-6}},
              {"f4", 3, 1, {4e-6, 1e-5}},
              {"f3", 3, 1, {2e-6, 5e-6}},
              {"f3x5", 5, 1, {4e-6, 1e-5}},
              {"f2s2", 3, 2, {1e-6, 2e-6}}};
  size_t count;
  const tarn_kernel_ref *kernels = tarn__kernels_of("Conv2D", &count);
  for (size_t k = 0; k < count; k++)
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      if (strcmp(tarn__kernel_name(kernels[k]), rows[i].method) ||
          tarn__target_refusal(kernels[k].file->target))
        continue;
      char name[100];
      for (int many = 0; many < 2; many++) {
        const double e = error_of(kernels[k], 13, many ? 512 : 64, rows[i].filter, rows[i].stride);
        ck_assert_msg(e <= rows[i].bound[many], "%s: error %g, at most %g",
                      tarn__kernel_full_name(kernels[k], name, sizeof name), e,
                      rows[i].bound[many]);
      }
    }
}
END_TEST

SUITE_MAIN("winograd", test_winograd_error_is_bounded)

/* Functions of one float over the whole range of floats, in units of the last place.
 *
 *   conform_functions            every 1009th float: all exponents, both signs, infinities; seconds
 *   conform_functions all [OP]   every float
 *
 * Each kernel of each function below, but `reference`, runs on them as in a session (denormals are
 * zero), and is compared with the function of C's library in double, whose own error is far below a
 * float's. Inputs that are denormal are left out; results that are may be anything up to the least
 * normal number. Prints the largest error of each kernel. */
#include "core/thread/cpu.h"
#include "graph/case/case.h"
#include "graph/case/case_input.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double reciprocal(double x) { return 1 / x; }
static double rsqrt(double x) { return 1 / sqrt(x); }
static double square(double x) { return x * x; }
static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }
static double softsign(double x) { return x / (1 + fabs(x)); }
static double elu(double x) { return x < 0 ? expm1(x) : x; }
/* TensorFlow's constants: "Self-Normalizing Neural Networks", Klambauer et al., 2017. */
static double selu(double x) {
  return x < 0 ? 1.7580993408473768599402175208123 * expm1(x)
               : 1.0507009873554804934193349852946 * x;
}

typedef struct function {
  const char *op, *input;
  double (*exact)(double);
  double ulp;                   /* what is promised */
} function;

static const function functions[] = {
  {"Abs", "x", fabs, 0}, {"Ceil", "x", ceil, 0}, {"Floor", "x", floor, 0}, {"Rint", "x", rint, 0},
  {"Square", "x", square, 0.5}, {"Sqrt", "x", sqrt, 0.5}, {"Rsqrt", "x", rsqrt, 2},
  {"Reciprocal", "x", reciprocal, 0.5}, {"Exp", "x", exp, 2}, {"Expm1", "x", expm1, 2},
  {"Log", "x", log, 1}, {"Log1p", "x", log1p, 3}, {"Sigmoid", "x", sigmoid, 3},
  {"Tanh", "x", tanh, 3}, {"Sinh", "x", sinh, 3}, {"Cosh", "x", cosh, 3}, {"Asinh", "x", asinh, 3},
  {"Acosh", "x", acosh, 3}, {"Atanh", "x", atanh, 3}, {"Sin", "x", sin, 2}, {"Cos", "x", cos, 2},
  {"Tan", "x", tan, 3}, {"Asin", "x", asin, 3}, {"Acos", "x", acos, 3}, {"Atan", "x", atan, 3},
  {"Erf", "x", erf, 2}, {"Erfc", "x", erfc, 2}, {"Softplus", "features", softplus, 3},
  {"Softsign", "features", softsign, 2}, {"Elu", "features", elu, 3}, {"Selu", "features", selu, 3},
};

enum { BLOCK = 1 << 16 };

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* Units of the last place between a float and the exact number; HUGE_VAL where they are of
 * different kinds. */
static double distance(float got, double exact) {
  if (isnan(exact)) return isnan(got) ? 0 : HUGE_VAL;
  if (isnan(got)) return HUGE_VAL;
  const float nearest = (float)exact;
  if (isinf(nearest) || isinf(got)) {
    if ((double)got == (double)nearest) return 0;
    /* The step from the largest number to infinity is one. */
    return fabs(exact) >= (double)nextafterf(FLT_MAX, 0) && (isinf(got) || fabsf(got) == FLT_MAX)
               ? 1
               : HUGE_VAL;
  }
  if (fabs(exact) < (double)FLT_MIN) return fabsf(got) <= FLT_MIN ? 0 : HUGE_VAL;
  int exponent;
  frexp(exact, &exponent);
  return fabs((double)got - exact) / ldexp(1, exponent - 24);
}

typedef struct worst {
  double ulp;
  float x, got;
} worst;

static tarn_status run_block(tarn_case *made, tarn_kernel_ref k, const function *f, uint32_t first,
                             uint32_t step, worst *w) {
  float *x = made->in[0].data;
  for (uint32_t i = 0; i < BLOCK; i++) x[i] = float_of(first + i * step);
  tarn_tensor out[TARN_CASE_MAX_INPUTS] = {{0}};
  const unsigned saved = tarn__denormals_off();
  const tarn_status status = tarn__case_run(made, k, NULL, out);
  tarn__denormals_restore(saved);
  if (status != TARN_OK) return status;
  const float *y = out[0].data;
  for (int i = 0; i < BLOCK; i++) {
    if (x[i] != 0 && fabsf(x[i]) < FLT_MIN) continue;
    const double off = distance(y[i], f->exact((double)x[i]));
    if (off > w->ulp) *w = (worst){off, x[i], y[i]};
  }
  tarn__tensor_clear(&out[0]);
  return TARN_OK;
}

static int test_function(const function *f, bool all) {
  const tarn_op *op = tarn__op_find(f->op);
  char text[80];
  tarn_case made;
  if (!op) return printf("FAIL there is no op %s\n", f->op), 1;
  snprintf(text, sizeof text, "%s=f32[%d]", f->input, BLOCK);
  if (tarn__case_make(tarn__allocator_default(), op, text, TARN_F32, 1, &made) != TARN_OK)
    return printf("FAIL %s: %s\n", f->op, tarn_error()), 1;
  size_t count;
  int failures = 0;
  const tarn_kernel_ref *kernels = tarn__kernels_of(f->op, &count);
  for (size_t i = 0; i < count; i++) {
    char name[160];
    tarn__kernel_full_name(kernels[i], name, sizeof name);
    if (kernels[i].file->target == TARN_TARGET_REFERENCE ||
        tarn__kernel_refusal(kernels[i], &made.problem))
      continue;
    worst w = {.ulp = 0};
    const uint32_t step = all ? 1 : 1009;
    uint64_t first = 0;
    tarn_status status = TARN_OK;
    /* The last block wraps round to the first floats. */
    for (; first < UINT64_C(1) << 32 && status == TARN_OK; first += (uint64_t)BLOCK * step)
      status = run_block(&made, kernels[i], f, (uint32_t)first, step, &w);
    const bool bad = status != TARN_OK || !(w.ulp <= f->ulp);
    failures += bad;
    if (status != TARN_OK) printf("FAIL %s: %s\n", name, tarn_error());
    else
      printf("%s%-12s %-36s %6.3f ULP of %.3g, at x = %.9g: %.9g, exactly %.17g\n",
             bad ? "FAIL " : "", f->op, name, w.ulp, f->ulp, (double)w.x, (double)w.got,
             f->exact((double)w.x));
  }
  tarn__case_clear(&made);
  return failures;
}

int main(int argc, char **argv) {
  const bool all = argc > 1 && !strcmp(argv[1], "all");
  int failures = 0, tested = 0;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (argc > 2 && strcmp(argv[2], functions[i].op) != 0) continue;
    failures += test_function(&functions[i], all);
    tested++;
  }
  printf("%d functions, %d failures\n", tested, failures);
  return failures || !tested;
}

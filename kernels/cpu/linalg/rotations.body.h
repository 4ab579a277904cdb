/* Eigenvalues of a real symmetric tridiagonal matrix and singular values of a real bidiagonal one,
 * by implicitly shifted QR steps (Golub and Van Loan, Matrix Computations, 8.3.3 and 8.6). A step
 * is a sequence of plane rotations; those of a step are kept and then applied to the rows of the
 * vectors at once. Included by spectral.body.h. */

enum { STEPS = 60 };   /* for each value, on average; two or three are usual */

/* Rotation k takes rows (x, y) to (c x - s y, s x + c y). */
typedef struct turns { double *c, *s; } turns;

/* Rows first + k and first + k + 1 of z, of n columns, are turned by rotation k, from k = 0 on;
 * four rotations in one pass. */
static void turn_rows(double *z, int64_t n, int64_t first, int64_t count, turns t) {
  int64_t k = 0;
  for (; k + 4 <= count; k += 4) {
    double *r0 = z + (first + k) * n, *r1 = r0 + n, *r2 = r1 + n, *r3 = r2 + n, *r4 = r3 + n;
    const double *c = t.c + k, *s = t.s + k;
    const double c0 = c[0], c1 = c[1], c2 = c[2], c3 = c[3], s0 = s[0], s1 = s[1], s2 = s[2],
                 s3 = s[3];
    TARN_EACH_LANE
    for (int64_t j = 0; j < n; j++) {
      const double x1 = r1[j], x2 = r2[j], x3 = r3[j], x4 = r4[j];
      double x = r0[j];
      r0[j] = c0 * x - s0 * x1;
      x = s0 * x + c0 * x1;
      r1[j] = c1 * x - s1 * x2;
      x = s1 * x + c1 * x2;
      r2[j] = c2 * x - s2 * x3;
      x = s2 * x + c2 * x3;
      r3[j] = c3 * x - s3 * x4;
      r4[j] = s3 * x + c3 * x4;
    }
  }
  for (; k < count; k++) {
    double *r0 = z + (first + k) * n, *r1 = r0 + n;
    const double c = t.c[k], s = t.s[k];
    TARN_EACH_LANE
    for (int64_t j = 0; j < n; j++) {
      const double x = r0[j], y = r1[j];
      r0[j] = c * x - s * y;
      r1[j] = s * x + c * y;
    }
  }
}

/* c p - s q = the length of (p, q) up to its sign, s p + c q = 0. Signs are chosen as Eigen's, on
 * which the signs of the vectors that TensorFlow gives depend. */
static void rotation_of(double p, double q, double *c, double *s) {
  if (q == 0) {
    *c = p < 0 ? -1 : 1;
    *s = 0;
  } else if (p == 0) {
    *c = 0;
    *s = q < 0 ? 1 : -1;
  } else if (fabs(p) > fabs(q)) {
    const double t = q / p;
    *c = copysign(1, p) / sqrt(1 + t * t);
    *s = -t * *c;
  } else {
    const double t = p / q;
    *s = -copysign(1, q) / sqrt(1 + t * t);
    *c = -t * *s;
  }
}

/* One step on rows [first, last] of the tridiagonal matrix of diagonal d and subdiagonal e, with
 * Wilkinson's shift. Returns the number of rotations. */
static int64_t tridiagonal_step(double *d, double *e, int64_t first, int64_t last, turns t) {
  const double half = (d[last - 1] - d[last]) / 2, below = e[last - 1];
  double shift = d[last];
  if (half == 0) shift -= fabs(below);
  else if (below != 0) {
    const double far = half + copysign(hypot(half, below), half);
    shift -= below * below == 0 ? below / (far / below) : below * below / far;
  }
  double x = d[first] - shift, z = e[first];
  int64_t k = first;
  for (; k < last && z != 0; k++) {
    double c, s;
    rotation_of(x, z, &c, &s);
    const double left = s * d[k] + c * e[k], right = s * e[k] + c * d[k + 1];
    d[k] = c * (c * d[k] - s * e[k]) - s * (c * e[k] - s * d[k + 1]);
    d[k + 1] = s * left + c * right;
    e[k] = c * left - s * right;
    if (k > first) e[k - 1] = c * e[k - 1] - s * z;
    x = e[k];
    if (k < last - 1) {
      z = -s * e[k + 1];
      e[k + 1] *= c;
    }
    t.c[k - first] = c;
    t.s[k - first] = s;
  }
  return k - first;
}

static tarn_status go_on(const tarn_run *run) { return run ? tarn__run_check(run) : TARN_OK; }

static tarn_status no_success(void) {
  return tarn_fail(
      TARN_INVALID,
      "Self-adjoint eigendecomposition was not successful. The input might not be valid.");
}

/* The eigenvalues, ascending, in d; rows of z (n by n, or NULL) become the eigenvectors' when it
 * begins as the unit matrix. narrow: the tensor's numbers are floats at most, and off-diagonal
 * elements are as good as 0 where they would be to floats: another step could turn a vector's sign
 * round. */
static tarn_status tridiagonal_values(const tarn_run *run, int64_t n, bool narrow, double *d,
                                      double *e, double *z, turns t) {
  const double eps = narrow ? (double)FLT_EPSILON : DBL_EPSILON,
               tiny = narrow ? (double)FLT_MIN : DBL_MIN;
  int64_t last = n - 1, first = 0;
  for (int64_t step = 0; last > 0; step++) {
    for (int64_t i = first; i < last; i++)
      if (fabs(e[i]) < tiny || (e[i] / eps) * (e[i] / eps) <= fabs(d[i]) + fabs(d[i + 1])) e[i] = 0;
    while (last > 0 && e[last - 1] == 0) last--;
    if (last <= 0) break;
    if (step >= STEPS * n) return no_success();
    for (first = last - 1; first > 0 && e[first - 1] != 0;) first--;
    const int64_t count = tridiagonal_step(d, e, first, last, t);
    if (z) turn_rows(z, n, first, count, t);
    if (step % 8 == 0) TARN_TRY(go_on(run));
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t least = i;
    for (int64_t j = i + 1; j < n; j++)
      if (d[j] < d[least]) least = j;
    if (least == i) continue;
    const double kept = d[i];
    d[i] = d[least];
    d[least] = kept;
    for (int64_t j = 0; z && j < n; j++) {
      const double other = z[i * n + j];
      z[i * n + j] = z[least * n + j];
      z[least * n + j] = other;
    }
  }
  return TARN_OK;
}

/* The square of the shift over d[first], and 0 where a value is as good as 0: a step without shift
 * splits it off. */
static double bidiagonal_shift(const double *d, const double *e, int64_t first, int64_t last,
                               double none) {
  for (int64_t i = first; i <= last; i++)
    if (fabs(d[i]) <= none) return 0;
  const double m = d[last - 1], l = d[last], f = e[last - 1],
               g = last - 1 > first ? e[last - 2] : 0;
  const double a = m * m + g * g, b = l * l + f * f, off = m * f, half = (a - b) / 2;
  const double far = half + copysign(hypot(half, off), half);
  return (far == 0 ? b : b - off * off / far) / d[first];
}

/* One step on rows [first, last] of the bidiagonal matrix of diagonal d and superdiagonal e:
 * rotations of columns (right) and of rows (left). */
static void bidiagonal_step(double *d, double *e, int64_t first, int64_t last, double none,
                            turns left, turns right) {
  double y = d[first] - bidiagonal_shift(d, e, first, last, none), z = e[first];
  for (int64_t k = first; k < last; k++) {
    double c, s;
    rotation_of(y, z, &c, &s);
    right.c[k - first] = c;
    right.s[k - first] = s;
    if (k > first) e[k - 1] = c * y - s * z;
    y = c * d[k] - s * e[k];
    e[k] = s * d[k] + c * e[k];
    z = -s * d[k + 1];
    d[k + 1] *= c;
    rotation_of(y, z, &c, &s);
    left.c[k - first] = c;
    left.s[k - first] = s;
    d[k] = c * y - s * z;
    y = c * e[k] - s * d[k + 1];
    d[k + 1] = s * e[k] + c * d[k + 1];
    if (k < last - 1) {
      z = -s * e[k + 1];
      e[k + 1] *= c;
    }
  }
  e[last - 1] = y;
}

/* The singular values, descending, in d; rows of u and v (n by n, or NULL) become those of the
 * vectors when they begin as unit matrices: B = u^T diag(d) v. narrow: the tensor's numbers are
 * floats at most. */
static tarn_status bidiagonal_values(const tarn_run *run, int64_t n, bool narrow, double *d,
                                     double *e, double *u, double *v, turns left, turns right) {
  double most = 0;
  for (int64_t i = 0; i < n; i++) {
    if (fabs(d[i]) > most) most = fabs(d[i]);
    if (i < n - 1 && fabs(e[i]) > most) most = fabs(e[i]);
  }
  const double none = (narrow ? 0x1p-32 : 0x1p-53) * most;
  for (int64_t step = 0, last = n - 1; last > 0; step++) {
    if (fabs(e[last - 1]) <= none) {
      e[--last] = 0;
      continue;
    }
    int64_t first = last - 1;
    while (first > 0 && fabs(e[first - 1]) > none) first--;
    if (step >= STEPS * n)
      return tarn_fail(TARN_INVALID, "the singular values were not found in %lld steps",
                       (long long)step);
    bidiagonal_step(d, e, first, last, none, left, right);
    if (u) turn_rows(u, n, first, last - first, left);
    if (v) turn_rows(v, n, first, last - first, right);
    if (step % 8 == 0) TARN_TRY(go_on(run));
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t largest = i;
    for (int64_t j = i + 1; j < n; j++)
      if (fabs(d[j]) > fabs(d[largest])) largest = j;
    const double found = d[largest];
    d[largest] = d[i];
    d[i] = fabs(found);
    for (int64_t j = 0; v && j < n; j++) {
      const double vector = v[largest * n + j], other = u[largest * n + j];
      v[largest * n + j] = v[i * n + j];
      v[i * n + j] = found < 0 ? -vector : vector;
      u[largest * n + j] = u[i * n + j];
      u[i * n + j] = other;
    }
  }
  return TARN_OK;
}

/* Householder reflections take a to Hessenberg form, then QR steps with one shift take off an
 * eigenvalue at a time from the end (Golub and Van Loan, Matrix Computations, 7.4 and 7.5). */
#include "kernels/cpu/linalg/schur/schur.h"

#include <float.h>

static double size1(tarn_z z) {
  return fabs(creal(z)) + fabs(cimag(z));
}

/* Zeros below the subdiagonal; u collects the reflections I - 2 v v^H. */
static void to_hessenberg(tarn_z *a, int64_t n, tarn_z *u, tarn_z *v) {
  for (int64_t i = 0; i < n * n; i++) u[i] = i % (n + 1) == 0;
  for (int64_t k = 0; k + 2 < n; k++) {
    double tail = 0, length = 0;
    for (int64_t i = k + 1; i < n; i++) {
      v[i] = a[i * n + k];
      if (i > k + 1) tail += creal(v[i] * conj(v[i]));
    }
    if (tail == 0) continue;
    const double norm = sqrt(tail + creal(v[k + 1] * conj(v[k + 1]))), first = cabs(v[k + 1]);
    v[k + 1] += first == 0 ? norm : v[k + 1] / first * norm;
    for (int64_t i = k + 1; i < n; i++) length += creal(v[i] * conj(v[i]));
    length = sqrt(length);
    for (int64_t i = k + 1; i < n; i++) v[i] /= length;
    for (int64_t j = k; j < n; j++) { /* from the left */
      tarn_z dot = 0;
      for (int64_t i = k + 1; i < n; i++) dot += conj(v[i]) * a[i * n + j];
      for (int64_t i = k + 1; i < n; i++) a[i * n + j] -= 2 * v[i] * dot;
    }
    for (int64_t i = 0; i < n; i++) { /* from the right, of a and of u */
      tarn_z dot = 0, dot_u = 0;
      for (int64_t j = k + 1; j < n; j++) {
        dot += a[i * n + j] * v[j];
        dot_u += u[i * n + j] * v[j];
      }
      for (int64_t j = k + 1; j < n; j++) {
        a[i * n + j] -= 2 * dot * conj(v[j]);
        u[i * n + j] -= 2 * dot_u * conj(v[j]);
      }
    }
    for (int64_t i = k + 2; i < n; i++) a[i * n + k] = 0;
  }
}

/* The eigenvalue of the last 2 x 2 block that is nearer to its last element; now and then another
 * number, for matrices that this one leaves as they are. */
static tarn_z shift_of(const tarn_z *a, int64_t n, int64_t last, int step) {
  const tarn_z *upper = a + (last - 1) * n + last - 1, *lower = upper + n;
  if (step % 10 == 9) {
    const double far = last > 1 ? size1(a[(last - 1) * n + last - 2]) : 0;
    return size1(lower[0]) + far;
  }
  const tarn_z half = (upper[0] - lower[1]) / 2, product = upper[1] * lower[0];
  const tarn_z root = csqrt(half * half + product);
  const tarn_z to = creal(conj(half) * root) >= 0 ? half + root : half - root;
  return to == 0 ? lower[1] : lower[1] - product / to;
}

/* A rotation that takes (x, y) to (r, 0): [c, s; -conj(s), c], c real. */
static tarn_z rotation(tarn_z x, tarn_z y, double *c, tarn_z *s) {
  const double length = hypot(cabs(x), cabs(y));
  if (length == 0) {
    *c = 1;
    *s = 0;
    return 0;
  }
  if (x == 0) {
    *c = 0;
    *s = conj(y) / cabs(y);
    return cabs(y);
  }
  const tarn_z phase = x / cabs(x);
  *c = cabs(x) / length;
  *s = phase * conj(y) / length;
  return phase * length;
}

/* Columns k and k + 1 of the first rows, by the adjoint of a rotation. */
static void turn_columns(tarn_z *x, int64_t n, int64_t rows, int64_t k, double c, tarn_z s) {
  for (int64_t i = 0; i < rows; i++) {
    tarn_z *z = x + i * n + k;
    const tarn_z left = z[0];
    z[0] = c * left + conj(s) * z[1];
    z[1] = -s * left + c * z[1];
  }
}

/* One step on rows and columns first..last, with all of t and u following. Column k is turned from
 * the right as soon as rows k and k + 1 have been turned from the left, and column k + 1 has been.
 */
static void qr_step(tarn_z *a, int64_t n, int64_t first, int64_t last, tarn_z shift, tarn_z *u) {
  tarn_z x = a[first * n + first] - shift, y = a[(first + 1) * n + first];
  for (int64_t k = first; k < last; k++) {
    double c;
    tarn_z s;
    const tarn_z r = rotation(x, y, &c, &s);
    tarn_z *p = a + k * n, *q = p + n;
    if (k > first) {
      p[k - 1] = r;
      q[k - 1] = 0;
    }
    for (int64_t j = k; j < n; j++) {
      const tarn_z above = p[j];
      p[j] = c * above + s * q[j];
      q[j] = -conj(s) * above + c * q[j];
    }
    turn_columns(a, n, k + 2 < last ? k + 3 : last + 1, k, c, s);
    turn_columns(u, n, n, k, c, s);
    if (k + 1 < last) {
      x = a[(k + 1) * n + k];
      y = a[(k + 2) * n + k];
    }
  }
}

tarn_status tarn__schur(const tarn_run *run, tarn_z *a, int64_t n, tarn_z *u, tarn_z *v,
                        bool *found) {
  *found = true;
  for (int64_t i = 0; i < n * n && *found; i++)
    *found = isfinite(creal(a[i])) && isfinite(cimag(a[i]));
  if (!*found) return TARN_OK;
  to_hessenberg(a, n, u, v);
  for (int64_t last = n - 1, step = 0; last > 0; step++) {
    int64_t first = last;
    for (; first > 0; first--) {
      tarn_z *below = &a[first * n + first - 1];
      const double near = size1(a[(first - 1) * n + first - 1]) + size1(a[first * n + first]);
      if (size1(*below) > DBL_EPSILON * near && size1(*below) > DBL_MIN) continue;
      *below = 0;
      break;
    }
    if (first == last) {
      last--;
      step = -1;
      continue;
    }
    if (step >= 300) {
      *found = false;
      return TARN_OK;
    }
    if (run) TARN_TRY(tarn__run_check(run));
    qr_step(a, n, first, last, shift_of(a, n, last, (int)step), u);
  }
  return TARN_OK;
}

void tarn__schur_back(const tarn_z *t, int64_t n, const tarn_z *u, tarn_z *product, tarn_z *out) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      tarn_z sum = 0;
      for (int64_t k = 0; k <= j; k++) sum += u[i * n + k] * t[k * n + j];
      product[i * n + j] = sum;
    }
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      tarn_z sum = 0;
      for (int64_t k = 0; k < n; k++) sum += product[i * n + k] * conj(u[j * n + k]);
      out[i * n + j] = sum;
    }
}

#include "kernels/cpu/linalg/dense.h"

void tarn__dense_load(const tarn_tensor *t, int64_t at, int64_t n, tarn_z *x) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t k = at + i;
    switch (t->dtype) {
      case TARN_F16: x[i] = (double)tarn__f16_to_f32(((const uint16_t *)t->data)[k]); break;
      case TARN_F32: x[i] = (double)((const float *)t->data)[k]; break;
      case TARN_F64: x[i] = ((const double *)t->data)[k]; break;
      case TARN_C64: x[i] = (tarn_z)((const float _Complex *)t->data)[k]; break;
      default: x[i] = ((const tarn_z *)t->data)[k]; break;
    }
  }
}

void tarn__dense_store(tarn_tensor *t, int64_t at, int64_t n, const tarn_z *x) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t k = at + i;
    switch (t->dtype) {
      case TARN_F16: ((uint16_t *)t->data)[k] = tarn__f32_to_f16((float)creal(x[i])); break;
      case TARN_F32: ((float *)t->data)[k] = (float)creal(x[i]); break;
      case TARN_F64: ((double *)t->data)[k] = creal(x[i]); break;
      case TARN_C64: ((float _Complex *)t->data)[k] = (float _Complex)x[i]; break;
      default: ((tarn_z *)t->data)[k] = x[i]; break;
    }
  }
}

void tarn__dense_adjoint(tarn_z *a, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    a[i * n + i] = conj(a[i * n + i]);
    for (int64_t j = i + 1; j < n; j++) {
      const tarn_z upper = a[i * n + j];
      a[i * n + j] = conj(a[j * n + i]);
      a[j * n + i] = conj(upper);
    }
  }
}

static void exchange(tarn_z *a, int64_t columns, int64_t i, int64_t j) {
  for (int64_t c = 0; c < columns && i != j; c++) {
    const tarn_z t = a[i * columns + c];
    a[i * columns + c] = a[j * columns + c];
    a[j * columns + c] = t;
  }
}

bool tarn__dense_lu(tarn_z *a, int64_t n, int64_t *pivot, int *sign) {
  bool regular = true;
  *sign = 1;
  for (int64_t k = 0; k < n; k++) {
    int64_t best = k;
    for (int64_t i = k + 1; i < n; i++)
      if (cabs(a[i * n + k]) > cabs(a[best * n + k])) best = i;
    pivot[k] = best;
    if (best != k) *sign = -*sign;
    exchange(a, n, k, best);
    const double size = cabs(a[k * n + k]);
    if (size == 0 || (k == 0 && isnan(size)))
      regular = false; /* TensorFlow's minimum passes over a later NaN */
    if (a[k * n + k] == 0) continue;
    for (int64_t i = k + 1; i < n; i++) {
      const tarn_z factor = a[i * n + k] /= a[k * n + k];
      for (int64_t j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return regular;
}

void tarn__dense_triangular_solve(const tarn_z *t, int64_t n, bool lower, bool unit, tarn_z *x,
                                  int64_t k) {
  for (int64_t step = 0; step < n; step++) {
    const int64_t i = lower ? step : n - 1 - step;
    for (int64_t j = lower ? 0 : i + 1; j < (lower ? i : n); j++)
      for (int64_t c = 0; c < k; c++) x[i * k + c] -= t[i * n + j] * x[j * k + c];
    for (int64_t c = 0; c < k && !unit; c++) x[i * k + c] /= t[i * n + i];
  }
}

void tarn__dense_lu_solve(const tarn_z *lu, int64_t n, const int64_t *pivot, tarn_z *x, int64_t k) {
  for (int64_t i = 0; i < n; i++) exchange(x, k, i, pivot[i]);
  tarn__dense_triangular_solve(lu, n, true, true, x, k);
  tarn__dense_triangular_solve(lu, n, false, false, x, k);
}

bool tarn__dense_cholesky(tarn_z *a, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      tarn_z sum = a[i * n + j];
      if (j > i) {
        a[i * n + j] = 0;
        continue;
      }
      for (int64_t k = 0; k < j; k++) sum -= a[i * n + k] * conj(a[j * n + k]);
      if (j < i) {
        a[i * n + j] = sum / a[j * n + j];
        continue;
      }
      if (!(creal(sum) > 0)) return false;
      a[i * n + i] = sqrt(creal(sum));
    }
  return true;
}

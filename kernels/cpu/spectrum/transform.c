#include "kernels/cpu/spectrum/transform.h"

#include <math.h>

#define PI 3.14159265358979323846

static int64_t length(int64_t n) {
  int64_t m = 1;
  if ((n & (n - 1)) == 0) return n;
  while (m < 2 * n - 1) m *= 2;
  return m;
}

int64_t tarn__transform_kept(int64_t n) {
  const int64_t m = length(n);
  return m == n ? m / 2 + 1 : m / 2 + n + m;
}
int64_t tarn__transform_work(int64_t n) { return length(n) == n ? 0 : length(n); }

static tarn_point times(tarn_point a, tarn_point b) {
  return (tarn_point){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* In place: bit-reversed order first, then butterflies of growing width. root[k * m / width] turns
 * the k-th of a width. */
static void butterflies(tarn_point *x, int64_t m, const tarn_point *root) {
  for (int64_t i = 1, j = 0; i < m; i++) {
    int64_t bit = m / 2;
    for (; j & bit; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) {
      const tarn_point kept = x[i];
      x[i] = x[j];
      x[j] = kept;
    }
  }
  for (int64_t width = 2; width <= m; width *= 2)
    for (int64_t start = 0; start < m; start += width)
      for (int64_t k = 0; k < width / 2; k++) {
        tarn_point *a = &x[start + k], *b = a + width / 2;
        const tarn_point t = times(*b, root[k * (m / width)]);
        *b = (tarn_point){a->re - t.re, a->im - t.im};
        *a = (tarn_point){a->re + t.re, a->im + t.im};
      }
}

void tarn__transform_init(tarn_transform *t, int64_t n, tarn_point *kept) {
  const int64_t m = length(n);
  *t = (tarn_transform){.n = n, .m = m, .root = kept};
  for (int64_t k = 0; k < m / 2; k++) {
    const double angle = -2 * PI * (double)k / (double)m;
    t->root[k] = (tarn_point){cos(angle), sin(angle)};
  }
  if (m == n) return;
  t->chirp = kept + m / 2;
  t->filter = t->chirp + n;
  /* exp(-pi i k^2 / n), with k^2 modulo 2n */
  for (int64_t k = 0, square = 0; k < n; square = (square + 2 * k + 1) % (2 * n), k++) {
    const double angle = -PI * (double)square / (double)n;
    t->chirp[k] = (tarn_point){cos(angle), sin(angle)};
  }
  for (int64_t k = 0; k < m; k++) t->filter[k] = (tarn_point){0, 0};
  for (int64_t k = 0; k < n; k++)
    t->filter[k] = t->filter[(m - k) % m] = (tarn_point){t->chirp[k].re, -t->chirp[k].im};
  butterflies(t->filter, m, t->root);
}

/* The inverse transform is the transform of what is conjugated, conjugated. */
static void conjugate(tarn_point *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) x[i].im = -x[i].im;
}

void tarn__transform_run(const tarn_transform *t, int inverse, tarn_point *x, tarn_point *work) {
  const int64_t n = t->n, m = t->m;
  if (inverse) conjugate(x, n);
  if (m == n) {
    butterflies(x, n, t->root);
  } else {
    /* j k = (j^2 + k^2 - (k - j)^2) / 2: chirp[k] times the convolution of x chirp with the
     * conjugate chirp */
    for (int64_t i = 0; i < m; i++) work[i] = i < n ? times(x[i], t->chirp[i]) : (tarn_point){0, 0};
    butterflies(work, m, t->root);
    for (int64_t i = 0; i < m; i++) work[i] = times(work[i], t->filter[i]);
    conjugate(work, m);
    butterflies(work, m, t->root);
    for (int64_t i = 0; i < n; i++) {
      const tarn_point y = {work[i].re / (double)m, -work[i].im / (double)m};
      x[i] = times(y, t->chirp[i]);
    }
  }
  if (inverse) conjugate(x, n);
}

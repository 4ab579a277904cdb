/* Householder reductions (Golub and Van Loan, 8.3.1 and 5.4.8): a Hermitian matrix to a real
 * tridiagonal one, any matrix to a real bidiagonal one, and the products of the reflections with
 * what the smaller problem gave. Included by spectral.body.h once for doubles and once for pairs of
 * them, with E, OF(name)      the element; a function's name for it CONJ, RE, IM     of an element
 *
 * Both reductions pass over the trailing matrix once a reflection: what the last one takes off is
 * taken off on the way to the next product with it. Reflections are 1 - tau v v^H with v[0] = 1. */

/* The loops below sum real and imaginary parts on their own: compilers make vectors of that. */
#define SUMS double re = 0, im = 0
#define ADD(a, b) (re += RE(a) * RE(b) - IM(a) * IM(b), im += RE(a) * IM(b) + IM(a) * RE(b))

/* v, of n elements, a column, becomes that of the reflection; *tau with (1 - conj(tau) v v^H) v =
 * beta e0, beta the result, real. tau 0: v was so already, but for what rounds to nothing. The
 * signs are LAPACK's and Eigen's. */
static double OF(reflector)(E *v, int64_t n, E *tau) {
  double tail = 0;
  TARN_SUM(tail)
  for (int64_t i = 1; i < n; i++) tail += RE(v[i]) * RE(v[i]) + IM(v[i]) * IM(v[i]);
  const E x = v[0];
  v[0] = 1;
  *tau = 0;
  if (tail <= DBL_MIN && IM(x) * IM(x) <= DBL_MIN)
    return RE(x); /* of a matrix whose largest element is 1 */
  const double norm = sqrt(RE(x) * RE(x) + IM(x) * IM(x) + tail), beta = RE(x) >= 0 ? -norm : norm;
  const E over = 1 / (x - beta);
  for (int64_t i = 1; i < n; i++) v[i] *= over;
  *tau = (beta - x) / beta;
  return beta;
}

/* a [n,n] with both triangles: A = Q T Q^H, T of diagonal d [n] and off-diagonal e [n-1], Q = H_0
 * H_1 ... Row k of a then has v of H_k from column k + 1 on. w [2n] is scratch. */
static tarn_status OF(tridiagonal)(const tarn_run *run, E *a, int64_t n, double *d, double *e,
                                   E *tau, E *w) {
  E *before = w, *now = w + n;   /* w of H_{k-1} from row k on, of H_k from row k + 1 on */
  for (int64_t k = 0; k < n; k++) {
    E *row = a + k * n;
    const E *last = k > 0 ? row - n : NULL;
    for (int64_t j = k; last && j < n; j++)
      row[j] -= last[k] * CONJ(before[j]) + before[k] * CONJ(last[j]);
    d[k] = RE(row[k]);
    if (k == n - 1) break;
    if (k % 16 == 0) TARN_TRY(go_on(run));
    const int64_t m = n - k - 1;
    E *v = row + k + 1;
    for (int64_t j = 0; j < m; j++) v[j] = CONJ(v[j]);
    e[k] = OF(reflector)(v, m, &tau[k]);
    for (int64_t i = k + 1; i < n; i++) {
      E *at = a + i * n + k + 1;
      SUMS;
      if (last) {
        const E f = last[i], g = before[i];
        const E *p = before + k + 1, *q = last + k + 1;
        TARN_LANE_SUMS(re, im)
        for (int64_t j = 0; j < m; j++) {
          at[j] -= f * CONJ(p[j]) + g * CONJ(q[j]);
          ADD(at[j], v[j]);
        }
      } else {
        TARN_LANE_SUMS(re, im)
        for (int64_t j = 0; j < m; j++) ADD(at[j], v[j]);
      }
      now[i] = tau[k] * JOIN(re, im);
    }
    SUMS;   /* of conj(p) v: 1/2 tau of it is taken off p */
    for (int64_t i = 0; i < m; i++) ADD(CONJ(now[k + 1 + i]), v[i]);
    const E part = 0.5 * tau[k] * JOIN(re, im);
    for (int64_t i = 0; i < m; i++) now[k + 1 + i] -= part * v[i];
    E *kept = before;
    before = now;
    now = kept;
  }
  return TARN_OK;
}

/* a [M,N], M >= N: A = Q B P^H, B of diagonal d [N] and superdiagonal e [N-1], Q = H_0 H_1 ..., P =
 * G_0 G_1 ... Row k of q [N,M] has v of H_k from column k on, row k of a u of G_k from column k + 1
 * on. w [M], z [N] are scratch. */
static tarn_status OF(bidiagonal)(const tarn_run *run, E *a, int64_t M, int64_t N, double *d,
                                  double *e, E *q, E *tau_q, E *tau_p, E *w, E *z) {
  for (int64_t k = 0; k < N; k++) {
    E *v = q + k * M, *top = a + k * N, *u = top + k + 1;
    const E *last = k > 0 ? top - N + k : NULL;   /* u of G_{k-1} from column k on */
    const int64_t m = N - k - 1;
    if (k % 16 == 0) TARN_TRY(go_on(run));
    for (int64_t i = k; i < M; i++) v[i] = a[i * N + k] - (last ? w[i] * CONJ(last[0]) : 0);
    d[k] = OF(reflector)(v + k, M - k, &tau_q[k]);
    if (m == 0) break;
    for (int64_t j = 0; j < m; j++) z[j] = 0;
    int64_t i = k;
    for (; i + 2 <= M; i += 2) {   /* z = v^H A, of A less what G_{k-1} takes off */
      E *r0 = a + i * N + k + 1, *r1 = r0 + N;
      const E v0 = CONJ(v[i]), v1 = CONJ(v[i + 1]), w0 = last ? w[i] : 0, w1 = last ? w[i + 1] : 0;
      const E *off = last ? last + 1 : u;
      TARN_EACH_LANE
      for (int64_t j = 0; j < m; j++) {
        const E x0 = r0[j] - w0 * CONJ(off[j]), x1 = r1[j] - w1 * CONJ(off[j]);
        r0[j] = x0;
        r1[j] = x1;
        z[j] += v0 * x0 + v1 * x1;
      }
    }
    for (; i < M; i++)
      for (int64_t j = 0; j < m; j++) {
        E *x = a + i * N + k + 1 + j;
        if (last) *x -= w[i] * CONJ(last[1 + j]);
        z[j] += CONJ(v[i]) * *x;
      }
    const E t = CONJ(tau_q[k]);
    for (int64_t j = 0; j < m; j++) u[j] = CONJ(u[j] - t * z[j]);
    e[k] = OF(reflector)(u, m, &tau_p[k]);
    for (i = k + 1; i < M; i++) {   /* H_k takes its part off, and w = A u */
      E *at = a + i * N + k + 1;
      const E f = t * v[i];
      SUMS;
      TARN_LANE_SUMS(re, im)
      for (int64_t j = 0; j < m; j++) {
        at[j] -= f * z[j];
        ADD(at[j], u[j]);
      }
      w[i] = tau_p[k] * JOIN(re, im);
    }
  }
  return TARN_OK;
}

/* y, of `columns` columns, becomes H_0 H_1 ... H_{count-1} y. v of H_k is v + k ld from column
 * `first` + k on, and turns the rows of y from there to its last. z [columns] is scratch. */
static tarn_status OF(reflect)(const tarn_run *run, const E *v, int64_t ld, int64_t first,
                               const E *tau, int64_t count, E *y, int64_t rows, int64_t columns,
                               E *z) {
  for (int64_t k = count - 1; k >= 0; k--) {
    const E *h = v + k * ld;
    if (tau[k] == 0) continue;
    if (k % 16 == 0) TARN_TRY(go_on(run));
    for (int64_t c = 0; c < columns; c++) z[c] = 0;
    int64_t i = first + k;
    for (; i + 4 <= rows; i += 4) {
      const E *y0 = y + i * columns, *y1 = y0 + columns, *y2 = y1 + columns, *y3 = y2 + columns;
      const E h0 = CONJ(h[i]), h1 = CONJ(h[i + 1]), h2 = CONJ(h[i + 2]), h3 = CONJ(h[i + 3]);
      TARN_EACH_LANE
      for (int64_t c = 0; c < columns; c++)
        z[c] += h0 * y0[c] + h1 * y1[c] + h2 * y2[c] + h3 * y3[c];
    }
    for (; i < rows; i++) {
      const E h0 = CONJ(h[i]);
      TARN_EACH_LANE
      for (int64_t c = 0; c < columns; c++) z[c] += h0 * y[i * columns + c];
    }
    for (i = first + k; i < rows; i++) {
      const E f = tau[k] * h[i];
      E *row = y + i * columns;
      TARN_EACH_LANE
      for (int64_t c = 0; c < columns; c++) row[c] -= f * z[c];
    }
  }
  return TARN_OK;
}

#undef SUMS
#undef ADD

/* Whole decompositions, of the reductions in condense.body.h and the steps in rotations.body.h;
 * included behind both, for E. */

/* Divides x by its largest part, so that no square overflows, and returns that; 1 of zeros. NaN
 * where x is not finite. */
static double OF(scale)(E *x, int64_t n) {
  double most = 0, all = 0;
  for (int64_t i = 0; i < n; i++) {
    const double a = fabs(RE(x[i])), b = fabs(IM(x[i]));
    most = a > most ? a : most;
    most = b > most ? b : most;
    all += 0 * a + 0 * b;        /* NaN from the first that is not finite */
  }
  if (most == 0) most = 1;
  const double over = 1 / most;
  for (int64_t i = 0; i < n; i++) x[i] = most < 1e-300 ? x[i] / most : x[i] * over;
  return most + all;
}

/* The lower triangle is read. With one output (the older ops): its row 0 has the values, the
 * vectors are below. */
static tarn_status OF(eigen)(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const tarn_call *call = j->call;
  const int64_t n = j->g.N;
  const bool joined = call->problem->outputs == 1,
             vectors = joined || tarn__tensor_elements(call->out[1]) > 0;
  E *a = (E *)(void *)((char *)call->scratch + (size_t)worker * j->bytes), *y = a + n * n,
    *tau = y + n * n, *w = tau + n, *z = w + 2 * n;
  double *zt = (double *)(void *)(z + n), *d = zt + n * n, *e = d + n;
  const turns t = {e + n, e + 2 * n};
  LOAD(call->in[0], b * n * n, n * n, a);
  for (int64_t r = 0; r < n; r++) {
    a[r * n + r] = RE(a[r * n + r]);
    for (int64_t c = r + 1; c < n; c++) a[r * n + c] = CONJ(a[c * n + r]);
  }
  const double scale = OF(scale)(a, n * n);
  if (isnan(scale)) return no_success();
  TARN_TRY(OF(tridiagonal)(call->run, a, n, d, e, tau, w));
  for (int64_t i = 0; i < n * n && vectors; i++) zt[i] = i % (n + 1) == 0;
  TARN_TRY(tridiagonal_values(call->run, n, j->narrow, d, e, vectors ? zt : NULL, t));
  for (int64_t i = 0; i < n; i++) y[i] = d[i] * scale;
  STORE(call->out[0], joined ? b * (n + 1) * n : b * n, n, y);
  if (!vectors) return TARN_OK;
  for (int64_t r = 0; r < n; r++)
    for (int64_t c = 0; c < n; c++) y[r * n + c] = zt[c * n + r];
  TARN_TRY(OF(reflect)(call->run, a, n, 1, tau, n - 1, y, n, n, z));
  STORE(call->out[joined ? 0 : 1], joined ? b * (n + 1) * n + n : b * n * n, n * n, y);
  return TARN_OK;
}

/* What singular values are made in, for a tall matrix of M rows and N columns. */
typedef struct OF(room) {
  E *a, *q, *u, *v, *tau_q, *tau_p, *w,
      *z; /* [M,N], [N,M], [M,kept], [N,N], [N], [N], [M], [kept] */
  double *ut, *vt, *d, *e;                    /* [N,N], [N,N], [N], [N] */
  turns left, right;
} OF(room);

static OF(room) OF(room_at)(void *memory, int64_t M, int64_t N, int64_t kept) {
  OF(room) r = {.a = memory};
  r.q = r.a + M * N;
  r.u = r.q + M * N;
  r.v = r.u + M * kept;
  r.tau_q = r.v + N * N;
  r.tau_p = r.tau_q + N;
  r.w = r.tau_p + N;
  r.z = r.w + M;
  r.ut = (double *)(void *)(r.z + kept);
  r.vt = r.ut + N * N;
  r.d = r.vt + N * N;
  r.e = r.d + N;
  r.left = (turns){r.e + N, r.e + 2 * N};
  r.right = (turns){r.e + 3 * N, r.e + 4 * N};
  return r;
}

/* The factor of magnitude 1 that column k of x, [rows, columns], takes for a weighted sum of it to
 * be real and positive. Weighted, so that equal elements of both signs have a side as well. */
static E OF(turn_of)(const E *x, int64_t rows, int64_t columns, int64_t k) {
  E sum = 0;
  for (int64_t i = 0; i < rows; i++)
    sum += x[i * columns + k] * (1 + fmod(0.61803398874989 * (double)i, 1));
  const double size = sqrt(RE(sum) * RE(sum) + IM(sum) * IM(sum));
  return size > 0 ? CONJ(sum) / size : 1;
}

/* Both vectors of a value could take any factor together, those of a value that is 0 each their
 * own: rounding must not choose. */
static void OF(choose_sides)(OF(room) *r, int64_t M, int64_t N, int64_t kept, double none) {
  for (int64_t k = 0; k < kept; k++) {
    const bool alone = k >= N || r->d[k] <= none;
    const E of_v = k < N ? OF(turn_of)(r->v, N, N, k) : 1,
            of_u = alone ? OF(turn_of)(r->u, M, kept, k) : of_v;
    for (int64_t i = 0; i < M; i++) r->u[i * kept + k] *= of_u;
    for (int64_t i = 0; i < N && k < N; i++) r->v[i * N + k] *= of_v;
  }
}

/* a = u diag(d) v^H, d descending; u and v are left out of values alone. Of what is not finite all
 * are NaN. */
static tarn_status OF(singular_values)(const tarn_run *run, OF(room) * r, int64_t M, int64_t N,
                                       int64_t kept, bool narrow, bool values_only) {
  const double scale = OF(scale)(r->a, M * N);
  if (isnan(scale)) {
    for (int64_t i = 0; i < N; i++) r->d[i] = scale;
    for (int64_t i = 0; i < M * kept && !values_only; i++) r->u[i] = scale;
    for (int64_t i = 0; i < N * N && !values_only; i++) r->v[i] = scale;
    return TARN_OK;
  }
  TARN_TRY(OF(bidiagonal)(run, r->a, M, N, r->d, r->e, r->q, r->tau_q, r->tau_p, r->w, r->z));
  for (int64_t i = 0; i < N * N && !values_only; i++) r->ut[i] = r->vt[i] = i % (N + 1) == 0;
  double *ut = values_only ? NULL : r->ut, *vt = values_only ? NULL : r->vt;
  TARN_TRY(bidiagonal_values(run, N, narrow, r->d, r->e, ut, vt, r->left, r->right));
  for (int64_t i = 0; i < N; i++) r->d[i] *= scale;
  if (values_only) return TARN_OK;
  for (int64_t i = 0; i < M; i++)
    for (int64_t k = 0; k < kept; k++)
      r->u[i * kept + k] = i < N && k < N ? r->ut[k * N + i] : i == k;
  for (int64_t i = 0; i < N; i++)
    for (int64_t k = 0; k < N; k++) r->v[i * N + k] = r->vt[k * N + i];
  TARN_TRY(OF(reflect)(run, r->q, M, 0, r->tau_q, N, r->u, M, kept, r->z));
  TARN_TRY(OF(reflect)(run, r->a, N, 1, r->tau_p, N - 1, r->v, N, N, r->z));
  OF(choose_sides)(r, M, N, kept, (narrow ? 0x1p-20 : 0x1p-45) * (N > 0 ? r->d[0] : 0));
  return TARN_OK;
}

static tarn_status OF(singular)(void *argument, int64_t b, int worker) {
  const job *j = argument;
  const tarn_call *call = j->call;
  const bool wide = j->g.M < j->g.N, values_only = j->params->values_only;
  const int64_t M = wide ? j->g.N : j->g.M, N = wide ? j->g.M : j->g.N,
                kept = j->params->full_matrices ? M : N;
  OF(room) r = OF(room_at)((char *)call->scratch + (size_t)worker * j->bytes, M, N, kept);
  LOAD(call->in[0], b * M * N, M * N, wide ? r.u : r.a);   /* kept >= N */
  for (int64_t i = 0; i < M && wide; i++)
    for (int64_t k = 0; k < N; k++) r.a[i * N + k] = CONJ(r.u[k * M + i]);
  TARN_TRY(OF(singular_values)(call->run, &r, M, N, kept, j->narrow, values_only));
  for (int64_t i = 0; i < N; i++) r.w[i] = r.d[i];
  STORE(call->out[0], b * N, N, r.w);
  if (values_only) return TARN_OK;
  STORE(call->out[wide ? 2 : 1], b * M * kept, M * kept, r.u);
  STORE(call->out[wide ? 1 : 2], b * N * N, N * N, r.v);
  return TARN_OK;
}

/* Eigenvalues and vectors of self-adjoint matrices, singular values and vectors: in double, by
 * Householder reductions and QR steps. Vectors are unique only up to a factor of magnitude 1 (and
 * within the space of equal values); the eigenvectors' signs are those that Eigen's method gives,
 * and mostly TensorFlow's. A chunk is a matrix of the batch. */
#include "kernels/cpu/linalg/numbers.body.h"
#include "kernels/run.h"

#include <float.h>

#ifdef __AVX2__
#define TARN_SUM(a) TARN_LANE_PRAGMA(omp simd reduction(+:a))
#else
#define TARN_SUM(a)
#undef TARN_LANE_SUMS
#define TARN_LANE_SUMS(a, b)
#endif

typedef struct job {
  const tarn_call *call;
  const tarn_linalg_params *params;
  tarn_matrices g;
  bool narrow;                   /* floats at most: what a double can tell apart is not asked for */
  size_t bytes;                  /* of a thread's scratch */
} job;

#include "kernels/cpu/linalg/rotations.body.h"

#define E double
#define OF(name) name##_real
#define CONJ(x) (x)
#define RE(x) (x)
#define IM(x) 0.0
#define JOIN(re, im) ((void)(im), (re))
#define LOAD load
#define STORE store
#include "kernels/cpu/linalg/condense.body.h"
#include "kernels/cpu/linalg/decompose.body.h"
#undef E
#undef OF
#undef CONJ
#undef RE
#undef IM
#undef JOIN
#undef LOAD
#undef STORE
#define E tarn_z
#define OF(name) name##_complex
#define CONJ(x) conj(x)
#define RE(x) creal(x)
#define IM(x) cimag(x)
#define JOIN(re, im) CMPLX(re, im)
#define LOAD tarn__dense_load
#define STORE tarn__dense_store
#include "kernels/cpu/linalg/condense.body.h"
#include "kernels/cpu/linalg/decompose.body.h"
#undef E

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Bytes of a thread's scratch: see eigen_room and singular_room. */
static size_t rounded(size_t elements, size_t doubles, const tarn_problem *p) {
  const bool pairs = p->in_dtype[0] == TARN_C64 || p->in_dtype[0] == TARN_C128;
  return (elements * (pairs ? sizeof(tarn_z) : sizeof(double)) + doubles * sizeof(double) + 63) /
         64 * 64;
}
static size_t eigen_bytes(const tarn_problem *p) {
  const size_t n = (size_t)tarn__matrices_of(&p->in_shape[0]).N;
  return rounded(2 * n * n + 4 * n, n * n + 4 * n, p);
}
static size_t singular_bytes(const tarn_problem *p) {
  const tarn_matrices g = tarn__matrices_of(&p->in_shape[0]);
  const tarn_linalg_params *params = p->params;
  const int64_t least = smaller(g.M, g.N);
  const size_t N = (size_t)least, M = (size_t)(g.M + g.N - least),
               kept = params->full_matrices ? M : N;
  return rounded(2 * M * N + M * kept + N * N + 2 * N + M + kept, 2 * N * N + 6 * N, p);
}

/* Workers beyond the first get scratch only where there are matrices for them. */
static size_t for_all(const tarn_problem *p, int threads, size_t bytes) {
  return tarn__matrices_of(&p->in_shape[0]).B > 1 ? (size_t)threads * bytes : bytes;
}
static size_t eigen_scratch(const tarn_problem *p, int threads) {
  return for_all(p, threads, eigen_bytes(p));
}
static size_t singular_scratch(const tarn_problem *p, int threads) {
  return for_all(p, threads, singular_bytes(p));
}

static tarn_status run_each(const tarn_call *call, tarn_chunk body, size_t bytes) {
  const tarn_problem *p = call->problem;
  job j = {
      .call = call, .params = p->params, .g = tarn__matrices_of(&p->in_shape[0]), .bytes = bytes};
  j.narrow = p->in_dtype[0] != TARN_F64 && p->in_dtype[0] != TARN_C128;
  bool some = false;             /* there may be very many matrices, or rows, of nothing */
  for (int i = 0; i < p->outputs; i++) some |= tarn__tensor_elements(call->out[i]) > 0;
  if (!some) return TARN_OK;
  return j.g.B == 1 ? body(&j, 0, 0) : tarn__pool_run(call->pool, j.g.B, body, &j);
}
static bool in_pairs(const tarn_call *call) {
  return call->problem->in_dtype[0] == TARN_C64 || call->problem->in_dtype[0] == TARN_C128;
}
static tarn_status run_eigen(const tarn_call *call) {
  return run_each(call, in_pairs(call) ? eigen_complex : eigen_real, eigen_bytes(call->problem));
}
static tarn_status run_singular(const tarn_call *call) {
  return run_each(call, in_pairs(call) ? singular_complex : singular_real,
                  singular_bytes(call->problem));
}

#define EIGEN(text) \
  {.op = text, .dtypes = TARN_DECOMPOSED, .scratch_bytes = eigen_scratch, .run = run_eigen},
#define SINGULAR(text) \
  {.op = text, .dtypes = TARN_DECOMPOSED, .scratch_bytes = singular_scratch, .run = run_singular},
#define ROWS                                                                                  \
  EIGEN("SelfAdjointEig") EIGEN("SelfAdjointEigV2") EIGEN("BatchSelfAdjointEig")              \
  EIGEN("BatchSelfAdjointEigV2") SINGULAR("Svd") SINGULAR("BatchSvd")

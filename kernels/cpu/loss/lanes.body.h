/* Half of the sum of squares in vectors made by the compiler, for AVX2 and AVX-512. Blocks are
 * summed in double (half floats in float), then added in order, so that the number of threads does
 * not matter. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

enum { BLOCK = 512, BLOCKS = 64 };   /* elements; blocks of a chunk */

typedef struct job {
  const void *x;
  int64_t n;
  double *sums;                      /* of chunks */
} job;

#define SQUARES(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                              \
  static tarn_status squares_##SUFFIX(void *argument, int64_t chunk, int worker) {                \
    (void)worker;                                                                                 \
    const job *j = argument;                                                                      \
    double total = 0;                                                                             \
    for (int64_t b = chunk * BLOCKS; b < (chunk + 1) * BLOCKS && b * BLOCK < j->n; b++) {         \
      const int64_t n = j->n - b * BLOCK < BLOCK ? j->n - b * BLOCK : BLOCK;                      \
      TARN_LOOP_OF(BLOCK_OF, SUFFIX)(S, (const S *)j->x + b * BLOCK, n)                           \
      double sum = 0;                                                                             \
      _Pragma("omp simd reduction(+:sum)")                                                        \
      for (int64_t i = 0; i < n; i++) {                                                           \
        const double x = (double)TARN_LOOP_OF(VALUE, SUFFIX)(GET, xs[i]);                         \
        sum += x * x;                                                                             \
      }                                                                                           \
      total += sum;                                                                               \
    }                                                                                             \
    j->sums[chunk] = total;                                                                       \
    return TARN_OK;                                                                               \
  }
#define BLOCK_OF_PLAIN(S, FROM, N) const S *xs = FROM;
#define BLOCK_OF_BLOCKS(S, FROM, N) \
  float xs[LANE_BLOCK];             \
  lane_floats_of_halves(xs, FROM, N);
#define VALUE_PLAIN(GET, x) GET(x)
#define VALUE_BLOCKS(GET, x) (x)
TARN_FLOAT_ROWS(SQUARES, , )
_Static_assert((int)BLOCK <= (int)LANE_BLOCK, "a block is converted at once");

static int64_t chunks_of(int64_t n) { return (n + BLOCK * BLOCKS - 1) / (BLOCK * BLOCKS); }
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)chunks_of(tarn__shape_elements(&p->in_shape[0])) * sizeof(double);
}

static tarn_status run(const tarn_call *call) {
  job j = {.x = call->in[0]->data, .n = tarn__tensor_elements(call->in[0]), .sums = call->scratch};
  const int64_t chunks = chunks_of(j.n);
  tarn_chunk body = NULL;
  switch ((int)call->in[0]->dtype) {
#define CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) case DT: body = squares_##SUFFIX; break;
    TARN_FLOAT_ROWS(CASE, , )
#undef CASE
    default: return tarn_fail(TARN_DTYPE, "L2Loss of %s", tarn_dtype_name(call->in[0]->dtype));
  }
  TARN_TRY(tarn__pool_run(call->pool, chunks, body, &j));
  double sum = 0;
  for (int64_t c = 0; c < chunks; c++) sum += j.sums[c];
  sum /= 2;
  void *y = call->out[0]->data;
  switch ((int)call->in[0]->dtype) {
#define CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) case DT: *(S *)y = PUT(sum); break;
    TARN_FLOAT_ROWS(CASE, , )
#undef CASE
    default: break;
  }
  return TARN_OK;
}

#define ROWS {.op = "L2Loss", .dtypes = TARN_FLOATS, .scratch_bytes = scratch_bytes, .run = run},

/* Sums of many tensors and clipping in vectors made by the compiler, for AVX2 and AVX-512. As the
 * reference does them. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"

enum { WIDTH = 8, CHUNK = 4096 };

typedef struct job {
  const tarn_call *call;
  int inputs, first;             /* terms, and those that are added from the left */
  int64_t n;
  bool low_steps, high_steps;    /* limits of the tensor's shape */
} job;

#define SUM_PLAIN(GET, PUT)  \
  TARN_EACH_LANE             \
  for (int64_t i = 0; i < n; i++) to[i] = PUT(GET(to[i]) + GET(from[i]));
#define SUM_BLOCKS(GET, PUT) lane_add_halves(to, to, from, n);
/* Terms are added into a block of sums one after the other; 16-bit floats round at every step. */
#define SUM(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                               \
  static void add_##SUFFIX(S *to, const S *from, int64_t n) {                                  \
    TARN_LOOP_OF(SUM, SUFFIX)(GET, PUT)                                                        \
  }                                                                                            \
  static tarn_status sum_##SUFFIX(void *argument, int64_t chunk, int worker) {                 \
    (void)worker;                                                                              \
    const job *j = argument;                                                                   \
    const int64_t at = chunk * CHUNK, n = j->n - at < CHUNK ? j->n - at : CHUNK;               \
    const tarn_tensor *const *in = j->call->in;                                                \
    S sum[CHUNK], eight[CHUNK], *to = (S *)j->call->out[0]->data + at;                         \
    memcpy(sum, (const S *)in[0]->data + at, (size_t)n * sizeof(S));                           \
    for (int k = 1; k < j->first; k++) add_##SUFFIX(sum, (const S *)in[k]->data + at, n);      \
    for (int k = j->first; k < j->inputs; k += WIDTH) {                                        \
      memcpy(eight, (const S *)in[k]->data + at, (size_t)n * sizeof(S));                       \
      for (int i = 1; i < WIDTH; i++) add_##SUFFIX(eight, (const S *)in[k + i]->data + at, n); \
      add_##SUFFIX(sum, eight, n);                                                             \
    }                                                                                          \
    memcpy(to, sum, (size_t)n * sizeof(S));                                                    \
    return TARN_OK;                                                                            \
  }
#define CLIP(NAME, E, DT, SUFFIX, S, A, GET, PUT)                                \
  static tarn_status clip_##SUFFIX(void *argument, int64_t chunk, int worker) {  \
    (void)worker;                                                                \
    const job *j = argument;                                                     \
    const int64_t at = chunk * CHUNK, n = j->n - at < CHUNK ? j->n - at : CHUNK; \
    const S *x = (const S *)j->call->in[0]->data + at;                           \
    const S *low = (const S *)j->call->in[1]->data + (j->low_steps ? at : 0);    \
    const S *high = (const S *)j->call->in[2]->data + (j->high_steps ? at : 0);  \
    S *y = (S *)j->call->out[0]->data + at;                                      \
    if (!j->low_steps && !j->high_steps) {                                       \
      const A least = GET(*low), most = GET(*high);                              \
      TARN_EACH_LANE                                                             \
      for (int64_t i = 0; i < n; i++) {                                          \
        const A v = GET(x[i]), lowered = most < v ? most : v;                    \
        y[i] = PUT((lowered < least ? least : lowered));                         \
      }                                                                          \
    } else {                                                                     \
      for (int64_t i = 0; i < n; i++) {                                          \
        const A v = GET(x[i]), least = GET(low[j->low_steps ? i : 0]),           \
                most = GET(high[j->high_steps ? i : 0]);                         \
        const A lowered = most < v ? most : v;                                   \
        y[i] = PUT((lowered < least ? least : lowered));                         \
      }                                                                          \
    }                                                                            \
    return TARN_OK;                                                              \
  }
TARN_FLOAT_ROWS(SUM, , )
TARN_MODULO_ROWS(SUM, , )
TARN_ORDERED_ROWS(CLIP, , )

static tarn_status chunks(job *j, tarn_chunk body) {
  tarn_pool *pool = j->n < 8 * CHUNK ? NULL : j->call->pool;
  return tarn__pool_run(pool, (j->n + CHUNK - 1) / CHUNK, body, j);
}

static tarn_status run_sum(const tarn_call *call) {
  const int inputs = call->problem->inputs;
  const int most = inputs % WIDTH < 2 ? inputs % WIDTH + WIDTH : inputs % WIDTH;
  job j = {.call = call,
           .inputs = inputs,
           .first = inputs < most ? inputs : most,
           .n = tarn__tensor_elements(call->out[0])};
  switch ((int)call->in[0]->dtype) {
#define CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) case DT: return chunks(&j, sum_##SUFFIX);
    TARN_FLOAT_ROWS(CASE, , )
    TARN_MODULO_ROWS(CASE, , )
#undef CASE
    default: return tarn_fail(TARN_DTYPE, "sums of %s", tarn_dtype_name(call->in[0]->dtype));
  }
}

static tarn_status run_clip(const tarn_call *call) {
  job j = {.call = call,
           .n = tarn__tensor_elements(call->out[0]),
           .low_steps = call->in[1]->shape.rank > 0,
           .high_steps = call->in[2]->shape.rank > 0};
  switch ((int)call->in[0]->dtype) {
#define CASE(NAME, E, DT, SUFFIX, S, A, GET, PUT) case DT: return chunks(&j, clip_##SUFFIX);
    TARN_ORDERED_ROWS(CASE, , )
#undef CASE
    default: return tarn_fail(TARN_DTYPE, "clipping of %s", tarn_dtype_name(call->in[0]->dtype));
  }
}

#define ROWS                                                                   \
  {.op = "AddN", .dtypes = TARN_REALS, .run = run_sum},                        \
  {.op = "AccumulateNV2", .dtypes = TARN_REALS, .run = run_sum},               \
  {.op = "ClipByValue", .dtypes = TARN_ORDERED_BITS, .run = run_clip},

/* BiasAdd of half floats and doubles for AVX2 and AVX-512 (float's is in elementwise/): the bias is
 * repeated into a block, so that short rows of channels are added as long ones. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/params/bias.h"

#include <string.h>

enum { BLOCK = 512, FEW = 32768 };   /* elements */

typedef struct job {
  const char *x, *bias;
  char *y;
  int64_t n, period, step; /* elements; bias has `period` of them, or one for each run of `step` */
  size_t bytes;                  /* of an element */
  tarn_dtype dtype;
} job;

static int64_t period_of(const tarn_bias *g) {
  return g->inner > 1 ? BLOCK : g->C > BLOCK ? g->C : BLOCK / g->C * g->C;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_bias g = tarn__bias_of(p->params, &p->in_shape[0]);
  if (g.outer * g.C * g.inner == 0) return 0;
  return (size_t)(period_of(&g) * (g.inner > 1 ? threads : 1)) * tarn_dtype_bytes(p->in_dtype[0]);
}

static void add(tarn_dtype dtype, void *y, const void *x, const void *b, int64_t n) {
  if (dtype == TARN_F16) lane_add_halves(y, x, b, n);
  else if (dtype == TARN_BF16) lane_add_bf16s(y, x, b, n);
  else {
    const double *from = x, *more = b;
    double *to = y;
    TARN_EACH_LANE
    for (int64_t i = 0; i < n; i++) to[i] = from[i] + more[i];
  }
}

/* to[i] = from[i % n] for `count` elements. */
static void repeat(char *to, const char *from, int64_t n, int64_t count, size_t bytes) {
  memcpy(to, from, (size_t)n * bytes);
  for (int64_t done = n; done < count; done *= 2)
    memcpy(to + (size_t)done * bytes, to,
           (size_t)(count - done < done ? count - done : done) * bytes);
}

/* Channels last: periods of the bias. */
static tarn_status periods(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const int64_t first = chunk * j->step, last = j->n - first < j->step ? j->n : first + j->step;
  for (int64_t at = first; at < last; at += j->period) {
    const int64_t count = last - at < j->period ? last - at : j->period;
    add(j->dtype, j->y + (size_t)at * j->bytes, j->x + (size_t)at * j->bytes, j->bias, count);
  }
  return TARN_OK;
}

typedef struct planes { job j; tarn_bias g; char *scratch; } planes;

/* Channels first: one element of the bias for a plane. */
static tarn_status plane(void *argument, int64_t chunk, int worker) {
  const planes *p = argument;
  const job *j = &p->j;
  char *block = p->scratch + (size_t)(worker * BLOCK) * j->bytes;
  const int64_t inner = p->g.inner, filled = inner < BLOCK ? inner : BLOCK;
  repeat(block, j->bias + (size_t)(chunk % p->g.C) * j->bytes, 1, filled, j->bytes);
  for (int64_t i = 0; i < inner; i += BLOCK) {
    const size_t at = (size_t)(chunk * inner + i) * j->bytes;
    add(j->dtype, j->y + at, j->x + at, block, inner - i < BLOCK ? inner - i : BLOCK);
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  planes k = {.g = tarn__bias_of(p->params, &p->in_shape[0]), .scratch = call->scratch};
  job *j = &k.j;
  *j = (job){.x = call->in[0]->data,
             .bias = call->in[1]->data,
             .y = call->out[0]->data,
             .n = k.g.outer * k.g.C * k.g.inner,
             .bytes = tarn_dtype_bytes(p->in_dtype[0]),
             .dtype = p->in_dtype[0]};
  if (j->n == 0) return TARN_OK;
  tarn_pool *pool = j->n < FEW ? NULL : call->pool;
  if (k.g.inner > 1) return tarn__pool_run(pool, k.g.outer * k.g.C, plane, &k);
  j->period = period_of(&k.g);
  repeat(call->scratch, j->bias, k.g.C, j->period, j->bytes);
  j->bias = call->scratch;
  j->step = j->period < FEW ? FEW / j->period * j->period : j->period;
  return tarn__pool_run(pool, (j->n + j->step - 1) / j->step, periods, j);
}

#define DTYPES (TARN_BIT(TARN_F64) | TARN_BIT(TARN_F16) | TARN_BIT(TARN_BF16))
#define ROWS                                                                                       \
  {.op = "BiasAdd", .dtypes = DTYPES, .scratch_bytes = scratch_bytes, .run = run},                 \
  {.op = "BiasAddV1", .dtypes = DTYPES, .scratch_bytes = scratch_bytes, .run = run},

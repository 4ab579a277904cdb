/* MatMul, BatchMatMul and _FusedMatMul in f32 on the packed GEMM of kernels/cpu/gemm; the including
 * file defines ISA, TARGET, and PRECISION where the weights are packed rounded.
 *
 *   B stable (a weight)     packed once, at prepare
 *   B not stable, M <= 4    read where it lies (packing would cost more than the product)
 *   otherwise               panels of it are packed as they are used
 *   A transposed            copied the right way round into scratch (M = 1: a vector either way)
 *
 * Many small matrices: a thread takes whole ones. Few large ones: the threads share each. */
#include "kernels/cpu/gemm/epilogue.body.h"
#include "kernels/cpu/matmul/pieces.h"
#include "kernels/kernel.h"

#include <string.h>

enum { FEW = 4 };
#ifndef PRECISION
#define PRECISION TARN_PRECISION_F32
#endif
/* Of the multiply-adds a second; widening B in registers takes some. */
#define SHARE (PRECISION == TARN_PRECISION_F32 ? 0.9 : 0.84)

/* What one product needs beyond its operands. */
typedef struct plan {
  tarn_matmul g;
  int64_t batches;
  bool ta, tb, packed;             /* packed: B at prepare */
  bool few;
  size_t a_bytes, room_bytes, packed_bytes;   /* scratch of one product; one packed B */
} plan;

static plan plan_of(const tarn_problem *p, int threads) {
  const tarn_matmul_params *params = p->params;
  plan t = {.g = tarn__matmul_geometry(p)};
  t.batches = 1;
  for (int d = 0; d < t.g.batch.rank; d++) t.batches *= t.g.batch.dim[d];
  t.packed = p->stable && p->stable[1];
  t.ta = params->transpose_a && t.g.M > 1;
  t.tb = params->transpose_b;
  t.few = !t.packed && t.g.M <= FEW;
  t.packed_bytes = aligned(tarn__gemm_packed_bytes(&ISA, t.g.K, t.g.N));
  if (t.ta) t.a_bytes = aligned((size_t)(t.g.M * t.g.K) * sizeof(float));
  if (!t.few) {
    const tarn_gemm g = rows_of_product(&t.g, t.g.M, t.packed, t.tb);
    t.room_bytes = aligned(
        tarn__gemm_room_bytes(&ISA, &g, spread_products(&t.g, t.batches, threads) ? 1 : threads));
  }
  return t;
}

static const char *supports(const tarn_problem *p) {
  tarn_matmul g = tarn__matmul_geometry(p);
  if (p->in_dtype[1] != TARN_F32 || p->out_dtype[0] != TARN_F32) return "mixed dtypes";
  if (PRECISION != TARN_PRECISION_F32 && !(p->stable && p->stable[1]))
    return "the second factor is no constant";
  if (!tarn__gemm_fits(g.M, g.N, g.K)) return "the matrices are too large to pack";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  plan t = plan_of(p, 1);
  double M = (double)t.g.M, N = (double)t.g.N, K = (double)t.g.K, n = (double)t.batches;
  /* Rows are padded up to whole vectors of columns; one row alone is bound by reading B. */
  double wide = (double)((t.g.N + ISA.nr / 2 - 1) / (ISA.nr / 2) * (ISA.nr / 2));
  double flops = 2 * n * M * wide * K / (1e3 * m->gflops[TARGET] * SHARE);
  double b_bytes = K * N * ISA.b_bytes * (t.packed || t.few ? 1 : 2);
  double bytes = n * (b_bytes + 4 * (M * K * (t.ta ? 4 : 1) + M * N)) / (1e3 * m->gbytes_per_s);
  double work = flops > bytes ? flops : bytes;
  return 0.3 + (work > 20 ? work / m->threads : work);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  plan t = plan_of(p, threads);
  return (t.a_bytes + t.room_bytes) *
         (size_t)(spread_products(&t.g, t.batches, threads) ? threads : 1);
}

static size_t prepared_bytes(const tarn_problem *p) {
  const plan t = plan_of(p, 1);
  return t.packed ? packed_matrices_bytes(p, &t.g, t.packed_bytes) : 0;
}

static uint64_t prepared_key(const tarn_problem *p) { return plan_of(p, 1).tb; }

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  const plan t = plan_of(p, 1);
  return pack_matrices(&ISA, &t.g, t.tb, in[1], t.packed_bytes, memory, pool);
}

typedef struct product {
  const tarn_call *call;
  const plan *t;
  const float *bias, *add;       /* what the micro-kernels do of a fused op's epilogue */
  tarn_activation activation;
} product;

static tarn_status one(const product *job, int64_t batch, char *scratch, tarn_pool *pool) {
  const plan *t = job->t;
  const tarn_matmul *g = &t->g;
  int64_t a_at, b_at;
  tarn__matmul_offsets(g, batch, &a_at, &b_at);
  const float *a = (const float *)job->call->in[0]->data + a_at,
              *b = (const float *)job->call->in[1]->data + b_at;
  float *c = (float *)job->call->out[0]->data + batch * g->M * g->N;
  if (t->ta) {
    float *copy = (float *)scratch;
    TARN_TRY(tarn__gemm_transpose(g->M, g->K, a, g->M, copy, pool));
    a = copy;
  }
  if (t->few && g->K > 0)
    return tarn__gemm_few_rows(&ISA, g->M, g->N, g->K, a, g->K, b, t->tb ? g->K : g->N, t->tb, c,
                               g->N, pool);
  if (g->K == 0) {
    memset(c, 0, (size_t)(g->M * g->N) * sizeof *c);
    return TARN_OK;
  }
  tarn_gemm gemm = rows_of_product(g, g->M, t->packed, t->tb);
  gemm.a = a, gemm.c = c;
  gemm.bias = job->bias, gemm.add = job->add, gemm.activation = job->activation;
  gemm.backwards = job->call->turn & 1;
  if (t->packed)
    gemm.b = (const float *)(const void *)((const char *)job->call->prepared +
                                              (size_t)(b_at / (g->K * g->N)) * t->packed_bytes);
  else
    gemm.raw = b;
  return tarn__gemm_run(&ISA, &gemm, scratch + t->a_bytes, pool);
}

static tarn_status one_of_many(void *argument, int64_t chunk, int worker) {
  const product *job = argument;
  char *scratch =
      (char *)job->call->scratch + (size_t)worker * (job->t->a_bytes + job->t->room_bytes);
  return one(job, chunk, scratch, NULL);
}

static tarn_status run(const tarn_call *call) {
  const int threads = tarn__pool_threads(call->pool);
  plan t = plan_of(call->problem, threads);
  if (t.g.M == 0 || t.g.N == 0 || t.batches == 0) return TARN_OK;
  tarn_epilogue e = tarn__epilogue_of(call->problem);
  product job = {.call = call, .t = &t};
  bool fused = e.bias || e.add || e.activation;
  if (fused && (t.few || t.g.K == 0 || !tarn__epilogue_in_registers(e.activation))) {
    TARN_TRY(one(&job, 0, call->scratch, call->pool));
    return epilogue_pass(call->out[0]->data, tarn__epilogue_input(call, e.bias),
                         tarn__epilogue_input(call, e.add), e.activation, t.g.M, t.g.N, call->pool);
  }
  job.bias = tarn__epilogue_input(call, e.bias);
  job.add = tarn__epilogue_input(call, e.add);
  job.activation = tarn__epilogue_activation(e.activation);
  if (spread_products(&t.g, t.batches, threads)) {
    return tarn__pool_run(pool_of_products(&t.g, t.batches, call->pool), t.batches, one_of_many,
                          &job);
  }
  for (int64_t i = 0; i < t.batches; i++) TARN_TRY(one(&job, i, call->scratch, call->pool));
  return TARN_OK;
}

#define ROW(OP)                                                                           \
  {                                                                                       \
    .op = OP, .dtypes = TARN_BIT(TARN_F32), .precision = PRECISION, .supports = supports, \
    .cost_us = cost_us, .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes, \
    .prepared_key = prepared_key, .prepare = prepare, .run = run                          \
  }

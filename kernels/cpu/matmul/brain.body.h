/* MatMul and BatchMatMul of bfloat16 on the GEMM of kernels/cpu/gemm whose B is packed in bfloat16;
 * the including file defines ISA and TARGET. Factors are exact, sums are f32 and rounded once.
 *
 *   A       widened (and turned, where it lies transposed) into scratch
 *   B       packed once where it is stable, else as it is used
 *   C       f32 in scratch, then rounded
 *
 * A is some hundred rows at a time, so that what is widened and what is rounded stay in the caches.
 * Few rows times a B that is used once are for lanes.body.h: packing is all there would be. */
#include "kernels/cpu/matmul/pieces.h"
#include "kernels/cpu/simd/half.h"
#include "kernels/kernel.h"

enum { FEW = 4, BLOCK_ROWS = 504, PIECE = 8192 };

typedef struct plan {
  tarn_matmul g;
  int64_t batches, block; /* rows at a time */
  bool ta, tb, packed;
  size_t a_bytes, c_bytes, room_bytes, packed_bytes; /* scratch of one block; one packed B */
} plan;

static plan plan_of(const tarn_problem *p, int threads) {
  const tarn_matmul_params *params = p->params;
  plan t = {.g = tarn__matmul_geometry(p), .ta = params->transpose_a, .tb = params->transpose_b};
  t.batches = tarn__shape_elements(&t.g.batch);
  t.packed = p->stable && p->stable[1];
  /* A B that is packed as it is used would be packed again for every block. */
  t.block = t.packed && t.g.M > BLOCK_ROWS ? BLOCK_ROWS : t.g.M;
  t.packed_bytes = aligned(tarn__gemm_packed_bytes(&ISA, t.g.K, t.g.N));
  t.a_bytes = aligned((size_t)(t.block * t.g.K) * sizeof(float));
  t.c_bytes = aligned((size_t)(t.block * t.g.N) * sizeof(float));
  const int64_t last = t.block > 0 ? t.g.M % t.block : 0;
  const tarn_gemm g = rows_of_product(&t.g, t.block, t.packed, t.tb),
                  rest = rows_of_product(&t.g, last > 0 ? last : t.block, t.packed, t.tb);
  const int sharers = spread_products(&t.g, t.batches, threads) ? 1 : threads;
  const size_t room = tarn__gemm_room_bytes(&ISA, &g, sharers);
  const size_t rest_room = tarn__gemm_room_bytes(&ISA, &rest, sharers);
  t.room_bytes = aligned(room > rest_room ? room : rest_room);
  return t;
}

static const char *supports(const tarn_problem *p) {
  const tarn_matmul g = tarn__matmul_geometry(p);
  if (p->in_dtype[1] != TARN_BF16 || p->out_dtype[0] != TARN_BF16) return "the types differ";
  if (tarn__shape_elements(&p->out_shape[0]) == 0 || g.K == 0)
    return "there is nothing to multiply";
  if (!tarn__gemm_fits(g.M, g.N, g.K) || !tarn__gemm_fits(g.M, 1, g.N))
    return "the matrices are too large to pack";
  if (!(p->stable && p->stable[1]) && g.M <= FEW) return "few rows of a matrix that is used once";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const plan t = plan_of(p, 1);
  const double M = (double)t.g.M, N = (double)t.g.N, K = (double)t.g.K, n = (double)t.batches;
  const double wide = (double)((t.g.N + ISA.nr / 2 - 1) / (ISA.nr / 2) * (ISA.nr / 2));
  const double flops = 2 * n * M * wide * K / (1e3 * m->gflops[TARGET] * 0.84);
  const double b_bytes = K * N * (t.packed ? 2 : 6);
  const double bytes = n * (b_bytes + 10 * M * (K * (t.ta ? 2 : 1) + N)) / (1e3 * m->gbytes_per_s);
  const double work = flops > bytes ? flops : bytes;
  return 0.5 + (work > 20 ? work / m->threads : work);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const plan t = plan_of(p, threads);
  return (t.a_bytes + t.c_bytes + t.room_bytes) *
         (size_t)(spread_products(&t.g, t.batches, threads) ? threads : 1);
}

static size_t prepared_bytes(const tarn_problem *p) {
  const plan t = plan_of(p, 1);
  return t.packed ? packed_matrices_bytes(p, &t.g, t.packed_bytes) : 0;
}

static uint64_t prepared_key(const tarn_problem *p) {
  return plan_of(p, 1).tb;
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  const plan t = plan_of(p, 1);
  return pack_matrices(&ISA, &t.g, t.tb, in[1], t.packed_bytes, memory, pool);
}

/* Rows of A as floats, and floats as rows of C. */
typedef struct conversion {
  const plan *t;
  int64_t first, rows; /* of the block */
  const uint16_t *a;
  uint16_t *c;
  float *wide;
} conversion;

static tarn_status widen(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const conversion *j = argument;
  const int64_t K = j->t->g.K, M = j->t->g.M;
  if (j->t->ta) { /* squares of sixteen rows and columns */
    const int64_t r0 = chunk * 16, r1 = r0 + 16 < j->rows ? r0 + 16 : j->rows;
    for (int64_t k0 = 0; k0 < K; k0 += 16)
      for (int64_t r = r0; r < r1; r++)
        for (int64_t k = k0; k < K && k < k0 + 16; k++)
          j->wide[r * K + k] = tarn__bf16_to_f32(j->a[k * M + j->first + r]);
    return TARN_OK;
  }
  const uint16_t *from = j->a + j->first * K;
  const int64_t at = chunk * PIECE, left = j->rows * K - at;
  lane_floats_of_bf16s(j->wide + at, from + at, left < PIECE ? left : PIECE);
  return TARN_OK;
}

static tarn_status round_off(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const conversion *j = argument;
  uint16_t *to = j->c + j->first * j->t->g.N;
  const int64_t at = chunk * PIECE, left = j->rows * j->t->g.N - at;
  lane_bf16s_of_floats(to + at, j->wide + at, left < PIECE ? left : PIECE);
  return TARN_OK;
}

typedef struct product {
  const tarn_call *call;
  const plan *t;
} product;

static tarn_status one(const product *job, int64_t batch, char *scratch, tarn_pool *pool) {
  const plan *t = job->t;
  const tarn_matmul *g = &t->g;
  int64_t a_at, b_at;
  tarn__matmul_offsets(g, batch, &a_at, &b_at);
  float *a = (float *)(void *)scratch, *c = (float *)(void *)(scratch + t->a_bytes);
  conversion j = {.t = t,
                  .a = (const uint16_t *)job->call->in[0]->data + a_at,
                  .c = (uint16_t *)job->call->out[0]->data + batch * g->M * g->N};
  for (j.first = 0; j.first < g->M; j.first += t->block) {
    j.rows = g->M - j.first < t->block ? g->M - j.first : t->block;
    const int64_t in = j.rows * g->K, out = j.rows * g->N;
    j.wide = a;
    TARN_TRY(tarn__pool_run(in < 4 * PIECE ? NULL : pool,
                            t->ta ? (j.rows + 15) / 16 : (in + PIECE - 1) / PIECE, widen, &j));
    tarn_gemm gemm = rows_of_product(g, j.rows, t->packed, t->tb);
    gemm.a = a, gemm.c = c;
    gemm.backwards = job->call->turn & 1;
    if (t->packed)
      gemm.b = (const char *)job->call->prepared + (size_t)(b_at / (g->K * g->N)) * t->packed_bytes;
    else
      gemm.raw = (const uint16_t *)job->call->in[1]->data + b_at;
    TARN_TRY(tarn__gemm_run(&ISA, &gemm, scratch + t->a_bytes + t->c_bytes, pool));
    j.wide = c;
    TARN_TRY(
        tarn__pool_run(out < 4 * PIECE ? NULL : pool, (out + PIECE - 1) / PIECE, round_off, &j));
  }
  return TARN_OK;
}

static tarn_status one_of_many(void *argument, int64_t chunk, int worker) {
  const product *job = argument;
  const plan *t = job->t;
  return one(
      job, chunk,
      (char *)job->call->scratch + (size_t)worker * (t->a_bytes + t->c_bytes + t->room_bytes),
      NULL);
}

static tarn_status run(const tarn_call *call) {
  const int threads = tarn__pool_threads(call->pool);
  const plan t = plan_of(call->problem, threads);
  const product job = {.call = call, .t = &t};
  if (spread_products(&t.g, t.batches, threads)) {
    return tarn__pool_run(pool_of_products(&t.g, t.batches, call->pool), t.batches, one_of_many,
                          (void *)&job);
  }
  for (int64_t i = 0; i < t.batches; i++) TARN_TRY(one(&job, i, call->scratch, call->pool));
  return TARN_OK;
}

#define ROW(OP)                                                                        \
  {                                                                                    \
    .op = OP, .dtypes = TARN_BIT(TARN_BF16), .supports = supports, .cost_us = cost_us, \
    .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes,                  \
    .prepared_key = prepared_key, .prepare = prepare, .run = run                       \
  }

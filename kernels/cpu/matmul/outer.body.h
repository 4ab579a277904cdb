/* MatMul in f32 whose first factor lies transposed, and few rows of both are multiplied: the
 * gradient of a layer's weights. Nothing is packed or transposed, as it would be read but once:
 *
 *   c[m, n] = sum over k of a[k, m] b[k, n]
 *
 *   for 14 (6) rows of c                                   56 (24) are a chunk
 *     for two vectors of its columns                       accumulators: ../gemm/outer.body.h
 *       for k: 14 neighbours of a by broadcast, times b    b stays in L2
 *
 * Bound by writing c; a large c is written past the caches, which spares reading its lines
 * first. */
#include "kernels/cpu/gemm/outer.body.h"
#include "kernels/kernel.h"
#include "kernels/params/matmul.h"

#define TARGET (VF == 16 ? TARN_TARGET_AVX512 : TARN_TARGET_AVX2)
enum { CHUNK_ROWS = 4 * MAX_ROWS, FEW = 256, SMALL = 65536 };
#define PAST_BYTES ((int64_t)4 << 20)

static const char *supports(const tarn_problem *p) {
  const tarn_matmul_params *params = p->params;
  const tarn_matmul g = tarn__matmul_geometry(p);
  if (!params->transpose_a || params->transpose_b)
    return "not the first factor alone is transposed";
  if (g.K > FEW) return "many rows are multiplied: packing pays";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_matmul g = tarn__matmul_geometry(p);
  const double M = (double)((g.M + 3) / 4 * 4), N = (double)((g.N + VF - 1) / VF * VF),
               K = (double)g.K;
  const double flops = 2 * M * N * K / (1e3 * m->gflops[TARGET] * (K < 64 ? 0.8 : 0.65));
  const double bytes = 4 * M * N / (1e3 * m->gbytes_per_s);
  const double work = flops > bytes ? flops : bytes;
  return 0.5 + (work > 20 ? work / m->threads : work);
}

typedef struct job {
  tarn_matmul g;
  const float *a, *b;
  float *c;
  bool past;
} job;

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const int64_t M = j->g.M, N = j->g.N,
                end = (chunk + 1) * CHUNK_ROWS < M ? (chunk + 1) * CHUNK_ROWS : M;
  const int64_t first = chunk * CHUNK_ROWS, pieces = (end - first + MAX_ROWS - 1) / MAX_ROWS;
  for (int64_t piece = 0; piece < pieces; piece++) {
    const int64_t r0 = first + (end - first) * piece / pieces,
                  r1 = first + (end - first) * (piece + 1) / pieces;
    for (int64_t n = 0; n < N; n += COLS) {
      const line all = {j->a + r0, j->b + n};
      const int cols = (int)(N - n < COLS ? N - n : COLS);
      const tile t = {.lines = &all,
                      .count = 1,
                      .outputs = j->g.K,
                      .x_step = M,
                      .dy_step = N,
                      .dw = j->c + r0 * N + n,
                      .ld = N,
                      .cols = cols,
                      .first = true,
                      .past = j->past && cols == COLS};
      tile_run(&t, (int)(r1 - r0));
    }
  }
  if (j->past) _mm_sfence();
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  job j = {.g = tarn__matmul_geometry(call->problem),
           .a = call->in[0]->data,
           .b = call->in[1]->data,
           .c = call->out[0]->data};
  if (j.g.M == 0 || j.g.N == 0) return TARN_OK;
  const bool whole = j.g.N % VF == 0 && ((uintptr_t)j.c & (VF * sizeof(float) - 1)) == 0;
  j.past = whole && j.g.M * j.g.N * (int64_t)sizeof(float) >= PAST_BYTES;
  const bool small = (double)j.g.M * (double)j.g.N * (double)j.g.K < SMALL;
  return tarn__pool_run(small ? NULL : call->pool, (j.g.M + CHUNK_ROWS - 1) / CHUNK_ROWS, chunk_run,
                        &j);
}

#define ROWS                     \
  {.op = "MatMul",               \
   .dtypes = TARN_BIT(TARN_F32), \
   .supports = supports,         \
   .cost_us = cost_us,           \
   .run = run},

/* MatMul and BatchMatMul in every dtype but f32, which packed.body.h has: see
 * kernels/cpu/contract. */
#include "kernels/cpu/contract/contract.h"
#include "kernels/params/matmul.h"

static const char *supports(const tarn_problem *p) {
  /* the tables of the other dims could be large all the same */
  if (tarn__shape_elements(&p->out_shape[0]) == 0) return "there is nothing to multiply";
  return p->in_dtype[0] == p->in_dtype[1] && p->in_dtype[0] == p->out_dtype[0] ? NULL
                                                                               : "the types differ";
}

/* Half of the ceiling, less for wider elements; what OpenBLAS has it does better. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_matmul g = tarn__matmul_geometry(p);
  const double n = (double)tarn__shape_elements(&g.batch),
               wide = (double)tarn_dtype_bytes(p->in_dtype[0]) / 4;
  const double flops = 2 * n * (double)g.M * (double)g.N * (double)g.K * (wide > 1 ? wide : 1);
  return 1 + n * 0.5 + flops / (1e3 * 0.35 * m->gflops[TARN_TARGET_AVX2]) / m->threads;
}

/* Tables of 8 bytes before the threads' scratch. */
static int64_t table_bytes(const tarn_matmul *g) {
  return (8 * (3 * tarn__shape_elements(&g->batch) + 2 * (g->M + g->N + g->K)) + 63) / 64 * 64;
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_matmul g = tarn__matmul_geometry(p);
  return (size_t)table_bytes(&g) + (size_t)threads * tarn__contract_scratch(g.M, g.N, g.K);
}

static int64_t *steps(int64_t *table, int64_t n, int64_t step) {
  for (int64_t i = 0; i < n; i++) table[i] = i * step;
  return table + n;
}

static tarn_status run(const tarn_call *call) {
  const tarn_matmul_params *p = call->problem->params;
  const tarn_matmul g = tarn__matmul_geometry(call->problem);
  const int64_t batches = tarn__shape_elements(&g.batch);
  int64_t *a_i = call->scratch, *b_i = a_i + batches, *c_i = b_i + batches, *a_m = c_i + batches;
  for (int64_t i = 0; i < batches; i++) {
    tarn__matmul_offsets(&g, i, &a_i[i], &b_i[i]);
    c_i[i] = i * g.M * g.N;
  }
  int64_t *c_m = steps(a_m, g.M, p->transpose_a ? 1 : g.K), *b_n = steps(c_m, g.M, g.N);
  int64_t *c_n = steps(b_n, g.N, p->transpose_b ? g.K : 1), *a_k = steps(c_n, g.N, 1);
  int64_t *b_k = steps(a_k, g.K, p->transpose_a ? g.M : 1);
  steps(b_k, g.K, p->transpose_b ? 1 : g.N);
  const tarn_contract job = {.batches = batches,
                             .M = g.M,
                             .N = g.N,
                             .K = g.K,
                             .a_i = a_i,
                             .b_i = b_i,
                             .c_i = c_i,
                             .a_m = a_m,
                             .c_m = c_m,
                             .b_n = b_n,
                             .c_n = c_n,
                             .a_k = a_k,
                             .b_k = b_k,
                             .conjugate_a = p->conjugate && p->transpose_a,
                             .conjugate_b = p->conjugate && p->transpose_b,
                             .a = call->in[0]->data,
                             .b = call->in[1]->data,
                             .c = call->out[0]->data};
  return CONTRACT(&job, call->problem->in_dtype[0], (char *)call->scratch + table_bytes(&g),
                  call->pool);
}

#define DTYPES ((TARN_REALS | TARN_COMPLEX) & ~TARN_BIT(TARN_F32))
#define ROW(text)                  \
  {.op = text,                     \
   .dtypes = DTYPES,               \
   .supports = supports,           \
   .cost_us = cost_us,             \
   .scratch_bytes = scratch_bytes, \
   .run = run},
#define ROWS ROW("MatMul") ROW("BatchMatMul") ROW("BatchMatMulV2") ROW("BatchMatMulV3")

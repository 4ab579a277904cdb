/* MatMul and _FusedMatMul of f32 with narrowed factors (../narrow); the including file has ISA,
 * TARGET, PRECISION, SPEED (how many times f32's multiply-adds a second) and REFUSAL (why this
 * processor cannot, or NULL) from ../narrow/as_*.h. B is a weight, packed at prepare; A is narrowed
 * into scratch, for int8 with a scale for each row. */
#include "kernels/cpu/gemm/epilogue.body.h"
#include "kernels/cpu/narrow/narrow.h"
#include "kernels/kernel.h"
#include "kernels/params/matmul.h"

typedef struct plan {
  tarn_matmul g;
  bool transposed;
  int64_t groups;               /* of a row of A */
  size_t row_bytes, a_bytes;
  tarn_narrow_matrix b;
} plan;

static plan plan_of(const tarn_problem *p) {
  const tarn_matmul_params *params = p->params;
  plan t = {.g = tarn__matmul_geometry(p), .transposed = params->transpose_b};
  t.groups = tarn__narrow_round_up(&ISA, t.g.K) / tarn__narrow_group(&ISA);
  t.row_bytes = (size_t)t.groups * 4;
  t.a_bytes = ((size_t)t.g.M * t.row_bytes + 63) / 64 * 64;
  t.b = (tarn_narrow_matrix){.taps = 1, .parts = 1, .part = t.g.K, .N = t.g.N,
                             .ldb = t.transposed ? t.g.K : t.g.N, .transposed = t.transposed};
  return t;
}

static const char *supports(const tarn_problem *p) {
  if (REFUSAL) return REFUSAL;
  const tarn_matmul_params *params = p->params;
  const tarn_matmul g = tarn__matmul_geometry(p);
  if (p->in_dtype[1] != TARN_F32 || p->out_dtype[0] != TARN_F32) return "mixed dtypes";
  if (!p->stable || !p->stable[1]) return "the second factor is no constant";
  if (params->transpose_a) return "transposed first factor";
  if (g.batch.rank) return "a batch of products";
  if (g.K == 0) return "an empty sum";
  if (g.K > 32768) return "sums of so many products do not fit 32 bits";
  if (g.M > INT32_MAX || g.N > INT32_MAX) return "the matrices are too large";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const plan t = plan_of(p);
  const double M = (double)t.g.M, N = (double)t.g.N, K = (double)t.g.K;
  const double wide = (double)((t.g.N + ISA.nr - 1) / ISA.nr * ISA.nr);
  const double flops = 2 * M * wide * K / (1e3 * m->gflops[TARGET] * SPEED * 0.9);
  const double bytes =
      (K * N * ISA.element_bytes + M * K * (4 + 2 * ISA.element_bytes) + 4 * M * N) /
      (1e3 * m->gbytes_per_s);
  const double work = flops > bytes ? flops : bytes;
  return 0.5 + (work > 20 ? work / m->threads : work);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const plan t = plan_of(p);
  return t.a_bytes + (ISA.quantized ? (size_t)t.g.M * sizeof(tarn_narrow_scale) : 0);
}

static size_t prepared_bytes(const tarn_problem *p) {
  const plan t = plan_of(p);
  return tarn__narrow_packed_bytes(&ISA, &t.b);
}

static uint64_t prepared_key(const tarn_problem *p) { return plan_of(p).transposed; }

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  plan t = plan_of(p);
  t.b.from = in[1]->data;
  return tarn__narrow_pack(&ISA, &t.b, memory, pool);
}

/* Some rows of A. */
enum { ROWS = 16 };
typedef struct narrowing {
  const plan *t;
  const float *x;
  char *to;
  tarn_narrow_scale *scale;
} narrowing;

static tarn_status narrow_rows(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const narrowing *job = argument;
  const int64_t K = job->t->g.K,
                last = chunk * ROWS + ROWS < job->t->g.M ? chunk * ROWS + ROWS : job->t->g.M;
  for (int64_t m = chunk * ROWS; m < last; m++) {
    char *row = job->to + (size_t)m * job->t->row_bytes;
    memset(row + job->t->row_bytes - 4, 0, 4);
    if (job->scale) {
      float least, most;
      ISA.range(job->x + m * K, K, &least, &most);
      job->scale[m] = tarn__narrow_scale_of(least, most);
    }
    ISA.narrow(job->x + m * K, K, job->scale ? &job->scale[m] : NULL, row);
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const plan t = plan_of(call->problem);
  if (t.g.M == 0 || t.g.N == 0) return TARN_OK;
  const tarn_epilogue e = tarn__epilogue_of(call->problem);
  narrowing job = {&t, call->in[0]->data, call->scratch, NULL};
  if (ISA.quantized) job.scale = (tarn_narrow_scale *)(void *)((char *)call->scratch + t.a_bytes);
  TARN_TRY(tarn__pool_run(t.g.M * t.g.K < 65536 ? NULL : call->pool, (t.g.M + ROWS - 1) / ROWS,
                          narrow_rows, &job));
  static const int64_t none = 0;
  const tarn_narrow_gemm g = {.M = t.g.M,
                              .N = t.g.N,
                              .taps = 1,
                              .depth = t.groups,
                              .tap = &none,
                              .a = job.to,
                              .row_bytes = (int64_t)t.row_bytes,
                              .scale_a = job.scale,
                              .range = 1,
                              .b = call->prepared,
                              .c = call->out[0]->data,
                              .ldc = t.g.N,
                              .bias = tarn__epilogue_input(call, e.bias),
                              .add = tarn__epilogue_input(call, e.add),
                              .activation = tarn__epilogue_activation(e.activation)};
  TARN_TRY(tarn__narrow_run(&ISA, &g, call->pool));
  if (tarn__epilogue_in_registers(e.activation)) return TARN_OK;
  return epilogue_pass(call->out[0]->data, NULL, NULL, e.activation, t.g.M, t.g.N, call->pool);
}

#define ROW(OP)                                                                           \
  {                                                                                       \
    .op = OP, .dtypes = TARN_BIT(TARN_F32), .precision = PRECISION, .supports = supports, \
    .cost_us = cost_us, .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes, \
    .prepared_key = prepared_key, .prepare = prepare, .run = run                          \
  }

/* MatMul, BatchMatMul and _FusedMatMul in f32 and f64 by OpenBLAS: nothing packed ahead,
 * transposition is OpenBLAS's. */
#include "kernels/cpu/gemm/blas.h"
#include "kernels/cpu/gemm/blas_finish.h"
#include "kernels/kernel.h"
#include "kernels/params/matmul.h"

#include <string.h>

static const char *supports(const tarn_problem *p) {
  tarn_matmul g = tarn__matmul_geometry(p);
  if (p->in_dtype[1] != p->in_dtype[0] || p->out_dtype[0] != p->in_dtype[0]) return "mixed dtypes";
  if (!tarn__blas_fits(g.M, g.N, g.K)) return "a dimension does not fit an int";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  tarn_matmul g = tarn__matmul_geometry(p);
  double M = (double)g.M, N = (double)g.N, K = (double)g.K,
         n = (double)tarn__shape_elements(&g.batch);
  double wide = p->in_dtype[0] == TARN_F64 ? 2 : 1;
  double flops = 2 * n * M * N * K * wide / (1e3 * m->gflops[TARN_TARGET_OPENBLAS] * 0.75);
  double bytes = 4 * wide * n * (2 * K * N + 2 * M * K + M * N) / (1e3 * m->gbytes_per_s);
  double work = flops > bytes ? flops : bytes;
  return n * 0.5 + (work > 50 ? work / m->threads : work);
}

static void finish(const tarn_call *call, const tarn_matmul *g) {
  tarn_epilogue e = tarn__epilogue_of(call->problem);
  tarn__blas_finish(call->problem->in_dtype[0] == TARN_F64, call->out[0]->data, g->N, g->M, g->N,
                    e.bias ? call->in[e.bias]->data : NULL, e.add ? call->in[e.add]->data : NULL,
                    e.activation);
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_matmul_params *params = p->params;
  tarn_matmul g = tarn__matmul_geometry(p);
  int64_t batches = tarn__shape_elements(&g.batch);
  size_t bytes = tarn_dtype_bytes(p->in_dtype[0]);
  if (g.M == 0 || g.N == 0) return TARN_OK;
  if (g.K == 0) {
    memset(call->out[0]->data, 0, tarn__tensor_bytes(call->out[0]));
    finish(call, &g);
    return TARN_OK;
  }
  for (int64_t i = 0; i < batches; i++) {
    int64_t a, b;
    tarn__matmul_offsets(&g, i, &a, &b);
    tarn_blas_gemm job = {
        .f64 = bytes == 8,
        .ta = params->transpose_a,
        .tb = params->transpose_b,
        .M = g.M,
        .N = g.N,
        .K = g.K,
        .a = (const char *)call->in[0]->data + (size_t)a * bytes,
        .b = (const char *)call->in[1]->data + (size_t)b * bytes,
        .c = (char *)call->out[0]->data + (size_t)(i * g.M * g.N) * bytes,
        .lda = params->transpose_a ? g.M : g.K,
        .ldb = params->transpose_b ? g.K : g.N,
        .ldc = g.N,
    };
    TARN_TRY(tarn__blas_gemm(&job, call->pool));
  }
  finish(call, &g);
  return TARN_OK;
}

#define ROW(OP)                                                                        \
  {                                                                                    \
    .op = OP, .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .supports = supports, \
    .cost_us = cost_us, .run = run                                                     \
  }

const tarn_kernel tarn_kernels_matmul_gemm_openblas[] = {
    ROW("MatMul"),        ROW("BatchMatMul"),  ROW("BatchMatMulV2"),
    ROW("BatchMatMulV3"), ROW("_FusedMatMul"), {0},
};

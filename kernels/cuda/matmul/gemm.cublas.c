/* MatMul, BatchMatMul and _FusedMatMul by cuBLAS.
 *
 * Row-major C = A B is column-major C' = B' A', so the operands change places. f32 is multiplied as
 * f32 unless the problem's precision allows less: then as TF32. 16-bit floats sum in f32. Batches
 * are one strided call for the axes along which both operands have one step, and a loop over the
 * others. Bias, added tensor and Relu of f32 go into cuBLASLt's epilogue where it has an algorithm
 * (lt.c); else one pass of epilogue/finish.cu follows. */
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/epilogue/finish.h"
#include "kernels/cuda/matmul/lt.h"
#include "kernels/cuda/matmul/types.h"
#include "kernels/params/fused.h"

static const char *supports(const tarn_problem *p) {
  if (p->in_dtype[1] != p->in_dtype[0] || p->out_dtype[0] != p->in_dtype[0]) return "mixed dtypes";
  return NULL;
}

/* Half the peak of f32 for f64; tensor cores give 16-bit floats some eight times it. A launch is
 * some 5 us. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_matmul g = tarn__matmul_geometry(p);
  const double rate = p->in_dtype[0] == TARN_F64 ? 0.5 : p->in_dtype[0] == TARN_F32 ? 1 : 8;
  const double n = (double)tarn__shape_elements(&g.batch), M = (double)g.M, N = (double)g.N,
               K = (double)g.K;
  const double flops = 2 * n * M * N * K / (1e3 * m->gflops[TARN_TARGET_CUBLAS] * 0.7 * rate);
  const double bytes = (double)tarn_dtype_bytes(p->in_dtype[0]) * n * (K * N + M * K + M * N) /
                       (1e3 * m->gbytes_per_s);
  return 5 + (flops > bytes ? flops : bytes);
}

static tarn_status finish(const tarn_call *call, const tarn_matmul *g) {
  const tarn_epilogue e = tarn__epilogue_of(call->problem);
  if (!e.bias && !e.add && !e.activation) return TARN_OK;
  const tarn_cuda_finish work = {.bias = e.bias ? call->in[e.bias]->data : NULL,
                                 .add = e.add ? call->in[e.add]->data : NULL,
                                 .activation = (int)e.activation,
                                 .elements = g->M * g->N,
                                 .C = g->N,
                                 .inner = 1};
  TARN_LAUNCHED(tarn__cuda_finish(tarn__stream(call), (int)call->problem->in_dtype[0], &work,
                                  call->out[0]->data));
  return TARN_OK;
}

/* The innermost batch axes that are one: from axis *first on, with one step each for a and b. */
static int64_t inner_batches(const tarn_matmul *g, int *first, int64_t *a_step, int64_t *b_step) {
  int64_t n = 1;
  *a_step = *b_step = 0;
  for (*first = g->batch.rank; *first > 0; --*first) {
    const int d = *first - 1;
    if (g->batch.dim[d] == 1) continue;
    if (n == 1) {
      *a_step = g->a_stride[d];
      *b_step = g->b_stride[d];
    } else if (g->a_stride[d] != *a_step * n || g->b_stride[d] != *b_step * n) {
      break;
    }
    n *= g->batch.dim[d];
  }
  return n;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_matmul_params *params = p->params;
  const tarn_matmul g = tarn__matmul_geometry(p);
  const int64_t batches = tarn__shape_elements(&g.batch);
  if (g.M == 0 || g.N == 0 || batches == 0) return TARN_OK;
  if (g.K == 0) {
    TARN_CUDA(cudaMemsetAsync(call->out[0]->data, 0, tarn__tensor_bytes(call->out[0]),
                              tarn__stream(call)));
    return finish(call, &g);
  }
  bool done = false;
  TARN_TRY(tarn__matmul_lt(call, &g, &done));
  if (done) return TARN_OK;

  const double one64 = 1, zero64 = 0;
  const float one32 = 1, zero32 = 0;
  const bool wide = p->in_dtype[0] == TARN_F64;
  const void *one = wide ? (const void *)&one64 : &one32,
             *zero = wide ? (const void *)&zero64 : &zero32;
  const cudaDataType_t type = tarn__blas_type(p->in_dtype[0]);
  const size_t bytes = tarn_dtype_bytes(p->in_dtype[0]);
  cublasHandle_t blas;
  TARN_TRY(tarn__queue_blas(call->queue, &blas));
  int first;
  int64_t a_step, b_step;
  const int64_t inner = inner_batches(&g, &first, &a_step, &b_step);
  for (int64_t i = 0; i < batches; i += inner) {
    int64_t a, b;
    tarn__matmul_offsets(&g, i, &a, &b);
    TARN_BLAS(cublasGemmStridedBatchedEx_64(
        blas, params->transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
        params->transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, g.N, g.M, g.K, one,
        (const char *)call->in[1]->data + (size_t)b * bytes, type, params->transpose_b ? g.K : g.N,
        b_step, (const char *)call->in[0]->data + (size_t)a * bytes, type,
        params->transpose_a ? g.M : g.K, a_step, zero,
        (char *)call->out[0]->data + (size_t)(i * g.M * g.N) * bytes, type, g.N, g.M * g.N, inner,
        tarn__blas_compute(p), CUBLAS_GEMM_DEFAULT));
  }
  return finish(call, &g);
}

#define ROW(OP, DTYPES) \
  { .op = OP, .dtypes = DTYPES, .supports = supports, .cost_us = cost_us, .run = run }
const tarn_kernel tarn_kernels_matmul_gemm_cublas[] = {
    ROW("MatMul", TARN_FLOATS),        ROW("BatchMatMul", TARN_FLOATS),
    ROW("BatchMatMulV2", TARN_FLOATS), ROW("BatchMatMulV3", TARN_FLOATS),
    ROW("_FusedMatMul", TARN_FLOATS),  {0},
};

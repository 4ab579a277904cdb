#include "kernels/cuda/matmul/lt.h"

#include "kernels/params/fused.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNED = 16 }; /* what algorithms are asked for and pointers checked against */

/* What names a plan; no padding. */
typedef struct key {
  const void *table;
  int64_t M, N, K;
  int32_t transpose_a, transpose_b, dtype, tf32, bias, add, relu, unused;
} key;

typedef struct plan {
  cublasLtMatmulDesc_t product;
  cublasLtMatrixLayout_t a, b, c; /* a is TensorFlow's b: column-major operands change places */
  cublasLtMatmulAlgo_t algorithm;
  bool found;
} plan;

static void destroy(void *object) {
  plan *p = object;
  if (p->product) cublasLtMatmulDescDestroy(p->product);
  if (p->a) cublasLtMatrixLayoutDestroy(p->a);
  if (p->b) cublasLtMatrixLayoutDestroy(p->b);
  if (p->c) cublasLtMatrixLayoutDestroy(p->c);
  free(p);
}

static cudaDataType_t type_of(int dtype) {
  return dtype == TARN_F16 ? CUDA_R_16F : dtype == TARN_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

static tarn_status describe(plan *p, const key *k) {
  const cudaDataType_t type = type_of(k->dtype);
  TARN_BLAS(cublasLtMatmulDescCreate(
      &p->product, k->tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F, CUDA_R_32F));
  const cublasOperation_t first = k->transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
                          second = k->transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasLtEpilogue_t epilogue =
      k->bias ? (k->relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
              : (k->relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT);
  TARN_BLAS(cublasLtMatmulDescSetAttribute(p->product, CUBLASLT_MATMUL_DESC_TRANSA, &first,
                                           sizeof first));
  TARN_BLAS(cublasLtMatmulDescSetAttribute(p->product, CUBLASLT_MATMUL_DESC_TRANSB, &second,
                                           sizeof second));
  TARN_BLAS(cublasLtMatmulDescSetAttribute(p->product, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                           sizeof epilogue));
  const uint64_t N = (uint64_t)k->N, M = (uint64_t)k->M, K = (uint64_t)k->K;
  TARN_BLAS(cublasLtMatrixLayoutCreate(&p->a, type, k->transpose_b ? K : N, k->transpose_b ? N : K,
                                       k->transpose_b ? k->K : k->N));
  TARN_BLAS(cublasLtMatrixLayoutCreate(&p->b, type, k->transpose_a ? M : K, k->transpose_a ? K : M,
                                       k->transpose_a ? k->M : k->K));
  TARN_BLAS(cublasLtMatrixLayoutCreate(&p->c, type, N, M, k->N));
  return TARN_OK;
}

/* The heuristics' first choice; none at all is not a failure. */
static tarn_status choose(cublasLtHandle_t lt, plan *p, cublasLtMatmulPreference_t preference,
                          size_t workspace) {
  const uint32_t aligned = ALIGNED;
  /* What several blocks sum is joined in f32, not in the output's type. */
  const uint32_t joined = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  static const cublasLtMatmulPreferenceAttributes_t operands[] = {
      CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
      CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES};
  TARN_BLAS(cublasLtMatmulPreferenceSetAttribute(
      preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace));
  TARN_BLAS(cublasLtMatmulPreferenceSetAttribute(
      preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &joined, sizeof joined));
  for (size_t i = 0; i < sizeof operands / sizeof *operands; i++)
    TARN_BLAS(
        cublasLtMatmulPreferenceSetAttribute(preference, operands[i], &aligned, sizeof aligned));
  cublasLtMatmulHeuristicResult_t result;
  int count = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      lt, p->product, p->a, p->b, p->c, p->c, preference, 1, &result, &count);
  if (status == CUBLAS_STATUS_SUCCESS && count > 0 && result.state == CUBLAS_STATUS_SUCCESS) {
    p->algorithm = result.algo;
    p->found = true;
  } else if (status != CUBLAS_STATUS_NOT_SUPPORTED) {
    TARN_BLAS(status);
  }
  return TARN_OK;
}

static tarn_status make(tarn_queue *queue, const void *context, void **object) {
  void *workspace;
  size_t bytes;
  cublasLtHandle_t lt;
  TARN_TRY(tarn__queue_workspace(queue, &workspace, &bytes));
  TARN_TRY(tarn__queue_blas_lt(queue, &lt));
  plan *p = calloc(1, sizeof *p);
  if (!p) return tarn_fail(TARN_NO_MEMORY, "no memory for the plan of a matrix product");
  cublasLtMatmulPreference_t preference = NULL;
  tarn_status status = describe(p, context);
  if (status == TARN_OK && cublasLtMatmulPreferenceCreate(&preference) != CUBLAS_STATUS_SUCCESS)
    status = tarn_fail(TARN_NO_MEMORY, "cuBLASLt: no memory for a preference");
  if (status == TARN_OK) status = choose(lt, p, preference, bytes);
  if (preference) cublasLtMatmulPreferenceDestroy(preference);
  if (status != TARN_OK) {
    destroy(p);
    return status;
  }
  *object = p;
  return TARN_OK;
}

static bool aligned(const void *p) {
  return ((uintptr_t)p & (ALIGNED - 1)) == 0;
}

tarn_status tarn__matmul_lt(const tarn_call *call, const tarn_matmul *g, bool *done) {
  const tarn_problem *p = call->problem;
  const tarn_matmul_params *params = p->params;
  const tarn_epilogue e = tarn__epilogue_of(p);
  *done = false;
  if (p->in_dtype[0] == TARN_F64 ||
      (e.activation != TARN_FUSED_NONE && e.activation != TARN_FUSED_RELU))
    return TARN_OK;
  if (!e.bias && !e.add && !e.activation) return TARN_OK;
  const void *a = call->in[0]->data, *b = call->in[1]->data,
             *add = e.add ? call->in[e.add]->data : NULL;
  const void *bias = e.bias ? call->in[e.bias]->data : NULL;
  void *y = call->out[0]->data;
  if (!aligned(a) || !aligned(b) || !aligned(y) || !aligned(add) || !aligned(bias)) return TARN_OK;
  static const char table; /* of this file's plans */
  const key k = {.table = &table,
                 .M = g->M,
                 .N = g->N,
                 .K = g->K,
                 .transpose_a = params->transpose_a,
                 .transpose_b = params->transpose_b,
                 .dtype = (int32_t)p->in_dtype[0],
                 .tf32 = p->in_dtype[0] == TARN_F32 && p->precision >= TARN_PRECISION_TF32,
                 .bias = e.bias != 0,
                 .add = e.add != 0,
                 .relu = e.activation == TARN_FUSED_RELU};
  void *object, *workspace;
  size_t bytes;
  cublasLtHandle_t lt;
  TARN_TRY(tarn__queue_keep(call->queue, &k, sizeof k, make, destroy, &k, &object));
  plan *chosen = object;
  if (!chosen->found) return TARN_OK;
  TARN_TRY(tarn__queue_workspace(call->queue, &workspace, &bytes));
  TARN_TRY(tarn__queue_blas_lt(call->queue, &lt));
  if (bias)
    TARN_BLAS(cublasLtMatmulDescSetAttribute(chosen->product, CUBLASLT_MATMUL_DESC_BIAS_POINTER,
                                             &bias, sizeof bias));
  const float one = 1, beta = add ? 1 : 0;
  TARN_BLAS(cublasLtMatmul(lt, chosen->product, &one, b, chosen->a, a, chosen->b, &beta,
                           add ? add : y, chosen->c, y, chosen->c, &chosen->algorithm, workspace,
                           bytes, tarn__stream(call)));
  *done = true;
  return TARN_OK;
}

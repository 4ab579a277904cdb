/* Stand-ins for the matrix products of cuBLAS and cuBLASLt: plain loops over column-major matrices, sums in the order of k. */
#include "device.h"
#include "element.h"
#include "libraries.h"

#include <cublasLt.h>
#include <cublas_v2.h>

#include <algorithm>
#include <vector>

using namespace tarn_emulated;

namespace {

struct matrix {
  const void *data;
  element type;
  int64_t rows, columns, leading, step;   /* step: from one of the batch to the next, in elements */
};

bool fits(const matrix &m, int64_t batches) {
  if (m.type == element::none || m.leading < std::max<int64_t>(m.rows, 1)) return false;
  if (!m.rows || !m.columns || !batches) return true;
  const int64_t last = (batches - 1) * m.step + (m.columns - 1) * m.leading + m.rows;
  return allocated(m.data, static_cast<size_t>(last) * bytes_of(m.type));
}

struct product {
  bool transpose_a, transpose_b, tensor_cores, wide, relu;
  int64_t m, n, k, batches;
  double alpha, beta;
  matrix a, b, c, d;
  const void *bias;   /* by rows, of d's type; NULL: none */
};

/* One matrix of a batch as doubles, as the factors of a product are taken: the elements that are
 * summed over lie side by side. */
std::vector<double> factors(const product &p, const matrix &m, int64_t batch, bool summed_over_rows,
                            int64_t lines) {
  std::vector<double> to(static_cast<size_t>(lines * p.k));
  for (int64_t line = 0; line < lines; line++)
    for (int64_t k = 0; k < p.k; k++) {
      const int64_t at = summed_over_rows ? k + line * m.leading : line + k * m.leading;
      const double x = load(m.type, m.data, batch * m.step + at);
      to[static_cast<size_t>(line * p.k + k)] = p.tensor_cores ? tf32(x) : x;
    }
  return to;
}

cudaError_t multiply(const product &p) {
  if (!fits(p.a, p.batches) || !fits(p.b, p.batches) || !fits(p.c, p.batches) ||
      !fits(p.d, p.batches))
    return fault("cuBLAS: a matrix reaches outside of the device's allocations");
  for (int64_t i = 0; i < p.batches; i++) {
    const std::vector<double> a = factors(p, p.a, i, p.transpose_a, p.m);
    const std::vector<double> b = factors(p, p.b, i, !p.transpose_b, p.n);
    for (int64_t column = 0; column < p.n; column++)
      for (int64_t row = 0; row < p.m; row++) {
        const double *x = a.data() + row * p.k, *y = b.data() + column * p.k;
        double sum = 0;
        for (int64_t k = 0; k < p.k; k++) sum = accumulate(p.wide, sum, x[k], y[k]);
        double value = p.alpha * sum;
        const int64_t at = row + column * p.c.leading + i * p.c.step;
        if (p.beta != 0) value += p.beta * load(p.c.type, p.c.data, at);
        if (p.bias) value += load(p.d.type, p.bias, row);
        if (p.relu && value < 0) value = 0;
        store(p.d.type, const_cast<void *>(p.d.data), row + column * p.d.leading + i * p.d.step,
              value);
      }
  }
  return cudaSuccess;
}

cublasStatus_t enqueue_product(cudaStream_t stream, const product &p) {
  if (fails_now()) return CUBLAS_STATUS_EXECUTION_FAILED;
  return enqueue_work(stream, "a product", [p] { return multiply(p); }) == cudaSuccess
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_EXECUTION_FAILED;
}

bool known(cublasComputeType_t compute) {
  return compute == CUBLAS_COMPUTE_32F || compute == CUBLAS_COMPUTE_32F_FAST_TF32 || compute == CUBLAS_COMPUTE_64F;
}
double scale(cublasComputeType_t compute, const void *at) {
  return compute == CUBLAS_COMPUTE_64F ? *static_cast<const double *>(at) : static_cast<double>(*static_cast<const float *>(at));
}

/* ---- cuBLASLt's descriptors ---------------------------------------------------------------- */

struct description {
  cublasComputeType_t compute;
  cublasOperation_t a = CUBLAS_OP_N, b = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void *bias = nullptr;
};
struct layout {
  cudaDataType type;
  uint64_t rows, columns;
  int64_t leading, step = 0;
  int32_t batches = 1;
};
struct preference {
  uint64_t workspace = 0;
};

description *of(cublasLtMatmulDesc_t d) { return reinterpret_cast<description *>(d); }
layout *of(cublasLtMatrixLayout_t l) { return reinterpret_cast<layout *>(l); }
preference *of(cublasLtMatmulPreference_t p) { return reinterpret_cast<preference *>(p); }

template <typename T>
cublasStatus_t take(T *to, const void *from, size_t bytes) {
  if (bytes != sizeof *to) return CUBLAS_STATUS_INVALID_VALUE;
  memcpy(to, from, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

matrix matrix_of(const layout *l, const void *data) {
  return {data, element_of(l->type), static_cast<int64_t>(l->rows), static_cast<int64_t>(l->columns), l->leading, l->step};
}

constexpr size_t WORKSPACE = 4096;   /* what the one algorithm wants of it */

}  // namespace

extern "C" {

cublasStatus_t cublasGemmStridedBatchedEx_64(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int64_t m,
                                             int64_t n, int64_t k, const void *alpha, const void *A, cudaDataType Atype, int64_t lda,
                                             long long strideA, const void *B, cudaDataType Btype, int64_t ldb, long long strideB,
                                             const void *beta, void *C, cudaDataType Ctype, int64_t ldc, long long strideC,
                                             int64_t batches, cublasComputeType_t compute, cublasGemmAlgo_t) {
  if (m < 0 || n < 0 || k < 0 || batches < 0) return CUBLAS_STATUS_INVALID_VALUE;
  if (!known(compute) || transa == CUBLAS_OP_C || transb == CUBLAS_OP_C) return CUBLAS_STATUS_NOT_SUPPORTED;
  const bool ta = transa == CUBLAS_OP_T, tb = transb == CUBLAS_OP_T;
  const bool fast = compute == CUBLAS_COMPUTE_32F_FAST_TF32 || handle->math == CUBLAS_TF32_TENSOR_OP_MATH;
  const matrix c = {C, element_of(Ctype), m, n, ldc, strideC};
  return enqueue_product(handle->stream,
                         {ta, tb, fast && Atype == CUDA_R_32F, compute == CUBLAS_COMPUTE_64F, false, m, n, k, batches, scale(compute, alpha),
                          scale(compute, beta), {A, element_of(Atype), ta ? k : m, ta ? m : k, lda, strideA},
                          {B, element_of(Btype), tb ? n : k, tb ? k : n, ldb, strideB}, c, c, nullptr});
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *made, cublasComputeType_t compute, cudaDataType_t) {
  if (!known(compute)) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (fails_now()) return CUBLAS_STATUS_ALLOC_FAILED;
  *made = reinterpret_cast<cublasLtMatmulDesc_t>(new description{.compute = compute});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t d) {
  delete of(d);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t name, const void *value,
                                              size_t bytes) {
  switch (name) {
    case CUBLASLT_MATMUL_DESC_TRANSA: return take(&of(d)->a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB: return take(&of(d)->b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE: return take(&of(d)->epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return take(&of(d)->bias, value, bytes);
    default: fault("cuBLASLt: attribute %d of a product is not emulated", static_cast<int>(name)); return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *made, cudaDataType type, uint64_t rows, uint64_t columns, int64_t ld) {
  if (fails_now()) return CUBLAS_STATUS_ALLOC_FAILED;
  *made = reinterpret_cast<cublasLtMatrixLayout_t>(new layout{.type = type, .rows = rows, .columns = columns, .leading = ld});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t l) {
  delete of(l);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t l, cublasLtMatrixLayoutAttribute_t name, const void *value,
                                                size_t bytes) {
  switch (name) {
    case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT: return take(&of(l)->batches, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET: return take(&of(l)->step, value, bytes);
    default: fault("cuBLASLt: attribute %d of a layout is not emulated", static_cast<int>(name)); return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *made) {
  if (fails_now()) return CUBLAS_STATUS_ALLOC_FAILED;
  *made = reinterpret_cast<cublasLtMatmulPreference_t>(new preference);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p) {
  delete of(p);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t p, cublasLtMatmulPreferenceAttributes_t name,
                                                    const void *value, size_t bytes) {
  return name == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES ? take(&of(p)->workspace, value, bytes) : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatmulPreference_t p, int,
                                              cublasLtMatmulHeuristicResult_t results[], int *count) {
  *count = 0;
  if (of(p)->workspace < WORKSPACE) return CUBLAS_STATUS_NOT_SUPPORTED;
  memset(&results[0], 0, sizeof results[0]);
  results[0].workspaceSize = WORKSPACE;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  *count = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t desc, const void *alpha, const void *A, cublasLtMatrixLayout_t la,
                              const void *B, cublasLtMatrixLayout_t lb, const void *beta, const void *C, cublasLtMatrixLayout_t lc,
                              void *D, cublasLtMatrixLayout_t ld, const cublasLtMatmulAlgo_t *, void *workspace, size_t bytes,
                              cudaStream_t stream) {
  const description *d = of(desc);
  const cublasLtEpilogue_t e = d->epilogue;
  const bool bias = e == CUBLASLT_EPILOGUE_BIAS || e == CUBLASLT_EPILOGUE_RELU_BIAS;
  const bool relu = e == CUBLASLT_EPILOGUE_RELU || e == CUBLASLT_EPILOGUE_RELU_BIAS;
  if (!bias && !relu && e != CUBLASLT_EPILOGUE_DEFAULT) {
    fault("cuBLASLt: epilogue %d is not emulated", static_cast<int>(e));
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (bytes < WORKSPACE || !allocated(workspace, bytes)) return CUBLAS_STATUS_INVALID_VALUE;
  if (bias && !in_device(d->bias)) return CUBLAS_STATUS_INVALID_VALUE;
  const bool ta = d->a == CUBLAS_OP_T;
  return enqueue_product(stream, {ta, d->b == CUBLAS_OP_T, d->compute == CUBLAS_COMPUTE_32F_FAST_TF32 && of(la)->type == CUDA_R_32F,
                                  d->compute == CUBLAS_COMPUTE_64F, relu, static_cast<int64_t>(of(ld)->rows),
                                  static_cast<int64_t>(of(ld)->columns), static_cast<int64_t>(ta ? of(la)->rows : of(la)->columns),
                                  of(ld)->batches, scale(d->compute, alpha), scale(d->compute, beta), matrix_of(of(la), A),
                                  matrix_of(of(lb), B), matrix_of(of(lc), C), matrix_of(of(ld), D), bias ? d->bias : nullptr});
}
}

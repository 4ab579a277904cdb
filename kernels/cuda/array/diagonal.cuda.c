/* MatrixBandPart, Diag, MatrixDiag, MatrixSetDiag and their parts, in every version. */
#include "kernels/cuda/array/diagonal.h"

#include <string.h>

#include "kernels/cpu/array/elements.h"
#include "kernels/cuda/cuda.h"
#include "kernels/params/diagonals.h"

static tarn_status band_part(const tarn_call *call) {
  const tarn_shape *x = &call->in[0]->shape;
  const int64_t rows = x->dim[x->rank - 2], cols = x->dim[x->rank - 1];
  const int64_t lower = tarn__index_at(call->in[1], 0), upper = tarn__index_at(call->in[2], 0);
  const tarn_cuda_band work = {.all = tarn__tensor_elements(call->out[0]),
                               .rows = rows,
                               .cols = cols,
                               .lower = lower < 0 ? rows : lower,
                               .upper = upper < 0 ? cols : upper,
                               .bytes = (int)tarn_dtype_bytes(call->in[0]->dtype),
                               .x = call->in[0]->data,
                               .y = call->out[0]->data};
  if (work.all == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_band_part(tarn__stream(call), &work));
  return TARN_OK;
}

/* Of matrices of this shape; k: the input that says which diagonals, padding: the one that says
 * what else there is; inputs of these numbers may be missing. */
static tarn_cuda_diagonals diagonals(const tarn_call *call, const tarn_shape *matrix, int k,
                                     int padding) {
  const tarn_matrix_diag_params *p = call->problem->params;
  tarn_diagonals d = {.rows = matrix->dim[matrix->rank - 2], .cols = matrix->dim[matrix->rank - 1]};
  if (call->problem->inputs > k) tarn__diagonals_k(call->in[k], &d);
  tarn_cuda_diagonals work = {.batch = tarn__dims_product(matrix, 0, matrix->rank - 2),
                              .rows = d.rows,
                              .cols = d.cols,
                              .lower = d.lower,
                              .upper = d.upper,
                              .longest = tarn__diagonals_longest(&d),
                              .left_super = p->left_super,
                              .left_sub = p->left_sub,
                              .bytes = (int)tarn_dtype_bytes(call->out[0]->dtype),
                              .to = call->out[0]->data};
  if (call->problem->inputs > padding)
    memcpy(work.padding, call->in[padding]->data, (size_t)work.bytes);
  return work;
}

static tarn_status unpack(const tarn_call *call, tarn_cuda_diagonals *work, int from) {
  work->from = call->in[from]->data;
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_diagonals_unpack(tarn__stream(call), work));
  return TARN_OK;
}
static tarn_status pack(const tarn_call *call, tarn_cuda_diagonals *work) {
  work->from = call->in[0]->data;
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_diagonals_pack(tarn__stream(call), work));
  return TARN_OK;
}

static tarn_status matrix_diag(const tarn_call *call) {
  tarn_cuda_diagonals work = diagonals(call, &call->out[0]->shape, 1, 4);
  return unpack(call, &work, 0);
}
static tarn_status matrix_diag_part(const tarn_call *call) {
  tarn_cuda_diagonals work = diagonals(call, &call->in[0]->shape, 1, 2);
  return pack(call, &work);
}
static tarn_status matrix_set_diag(const tarn_call *call) {
  tarn_cuda_diagonals work = diagonals(call, &call->in[0]->shape, 2, 3);
  work.under = call->in[0]->data;
  return unpack(call, &work, 1);
}

/* Of tensors whose dims come twice: a square matrix. */
static tarn_cuda_diagonals square(const tarn_call *call, int64_t n) {
  return (tarn_cuda_diagonals){.batch = 1,
                               .rows = n,
                               .cols = n,
                               .longest = n,
                               .left_super = true,
                               .bytes = (int)tarn_dtype_bytes(call->out[0]->dtype),
                               .to = call->out[0]->data};
}
static tarn_status diag(const tarn_call *call) {
  tarn_cuda_diagonals work = square(call, tarn__tensor_elements(call->in[0]));
  return unpack(call, &work, 0);
}
static tarn_status diag_part(const tarn_call *call) {
  tarn_cuda_diagonals work = square(call, tarn__tensor_elements(call->out[0]));
  return pack(call, &work);
}

#define ROW(OP, HOST, RUN) \
  { .op = OP, .dtypes = TARN_PLAIN, .host_in = HOST, .run = RUN }
const tarn_kernel tarn_kernels_array_diagonal_cuda[] = {
    ROW("MatrixBandPart", 6, band_part),
    ROW("BatchMatrixBandPart", 6, band_part),
    ROW("Diag", 0, diag),
    ROW("DiagPart", 0, diag_part),
    ROW("MatrixDiag", 0, matrix_diag),
    ROW("BatchMatrixDiag", 0, matrix_diag),
    ROW("MatrixDiagV2", 30, matrix_diag),
    ROW("MatrixDiagV3", 30, matrix_diag),
    ROW("MatrixDiagPart", 0, matrix_diag_part),
    ROW("BatchMatrixDiagPart", 0, matrix_diag_part),
    ROW("MatrixDiagPartV2", 6, matrix_diag_part),
    ROW("MatrixDiagPartV3", 6, matrix_diag_part),
    ROW("MatrixSetDiag", 0, matrix_set_diag),
    ROW("BatchMatrixSetDiag", 0, matrix_set_diag),
    ROW("MatrixSetDiagV2", 4, matrix_set_diag),
    ROW("MatrixSetDiagV3", 4, matrix_set_diag),
    {0},
};

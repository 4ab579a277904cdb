/* Diagonals as strided copies: a row and a column on along one side or both. */
#include "kernels/params/diagonals.h"
#include "kernels/cpu/array/elements.h"

static tarn_status band_part(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  int rank = x->shape.rank;
  int64_t rows = x->shape.dim[rank - 2], cols = x->shape.dim[rank - 1];
  int64_t lower = tarn__index_at(call->in[1], 0), upper = tarn__index_at(call->in[2], 0);
  if (lower < 0 || lower > rows) lower = rows;
  if (upper < 0 || upper > cols) upper = cols;
  int64_t all = tarn__dims_product(&x->shape, 0, rank - 1); /* rows of all matrices */
  for (int64_t r = 0; r < all; r++) {
    int64_t i = r % rows, begin = i - lower, end = i + upper + 1;
    begin = begin < 0 ? 0 : begin > cols ? cols : begin;
    end = end > cols ? cols : end;
    if (end < begin) end = begin;
    TARN_TRY(tarn__clear_elements(y, r * cols, begin));
    if (y->data != x->data)
      TARN_TRY(tarn__move(y, r * cols + begin, x, r * cols + begin, end - begin));
    TARN_TRY(tarn__clear_elements(y, r * cols + end, cols - end));
  }
  return TARN_OK;
}

/* n elements from one place to another, each with its step: a diagonal is too short to plan a copy
 * for. */
static tarn_status along(tarn_tensor *to, int64_t to_at, int64_t to_step, const tarn_tensor *from,
                         int64_t from_at, int64_t from_step, int64_t n) {
  if (!tarn__is_plain(to->dtype)) {
    for (int64_t i = 0; i < n; i++)
      TARN_TRY(
          tarn__tensor_copy_elements(to, to_at + i * to_step, from, from_at + i * from_step, 1));
    return TARN_OK;
  }
  switch (tarn_dtype_bytes(to->dtype)) {
#define ROW(T, BYTES)                                                                              \
  case BYTES:                                                                                      \
    for (int64_t i = 0; i < n; i++)                                                                \
      memcpy((T *)to->data + to_at + i * to_step, (const T *)from->data + from_at + i * from_step, \
             BYTES);                                                                               \
    break;
    ROW(uint8_t, 1)
    ROW(uint16_t, 2) ROW(uint32_t, 4) ROW(uint64_t, 8)
#undef ROW
        default : for (int64_t i = 0; i < n; i++)
                      memcpy((char *)to->data + 16 * (to_at + i * to_step),
                             (const char *)from->data + 16 * (from_at + i * from_step), 16);
      break;
  }
  return TARN_OK;
}

static tarn_status diag(const tarn_call *call) {
  int64_t n = tarn__tensor_elements(call->in[0]);
  TARN_TRY(tarn__clear_elements(call->out[0], 0, n * n));
  return along(call->out[0], 0, n + 1, call->in[0], 0, 1, n);
}

static tarn_status diag_part(const tarn_call *call) {
  int64_t n = tarn__tensor_elements(call->out[0]);
  return along(call->out[0], 0, 1, call->in[0], 0, n + 1, n);
}

/* Copies every diagonal of `matrix`'s shape from its packed rows (pack false) or into them. */
static tarn_status each(const tarn_call *call, const tarn_shape *matrix, const tarn_tensor *k,
                        bool pack, const tarn_tensor *from) {
  tarn_diagonals d = {.rows = matrix->dim[matrix->rank - 2], .cols = matrix->dim[matrix->rank - 1]};
  if (k) tarn__diagonals_k(k, &d);
  int64_t longest = tarn__diagonals_longest(&d), count = d.upper - d.lower + 1;
  int64_t batch = tarn__dims_product(matrix, 0, matrix->rank - 2);
  if (longest <= 0) return TARN_OK;
  for (int64_t b = 0; b < batch; b++)
    for (int64_t r = 0; r < count; r++) {
      int64_t diagonal = d.upper - r, length = tarn__diagonal_length(&d, diagonal);
      int64_t packed =
          (b * count + r) * longest + tarn__diagonal_offset(&d, call->problem->params, diagonal);
      int64_t row = diagonal < 0 ? -diagonal : 0, col = diagonal > 0 ? diagonal : 0;
      const int64_t at = (b * d.rows + row) * d.cols + col, step = d.cols + 1;
      if (pack) TARN_TRY(along(call->out[0], packed, 1, from, at, step, length));
      else TARN_TRY(along(call->out[0], at, step, from, packed, 1, length));
    }
  return TARN_OK;
}

/* Everything is padding_value (input `padding`) first, or 0 where there is no such input. */
static tarn_status fill(const tarn_call *call, int padding) {
  int64_t n = tarn__tensor_elements(call->out[0]);
  if (call->problem->inputs > padding)
    return tarn__repeat(call->out[0], 0, n, call->in[padding], 0);
  return tarn__clear_elements(call->out[0], 0, n);
}

static tarn_status matrix_diag(const tarn_call *call) {
  TARN_TRY(fill(call, 4));
  return each(call, &call->out[0]->shape, call->problem->inputs > 1 ? call->in[1] : NULL, false,
              call->in[0]);
}

static tarn_status matrix_diag_part(const tarn_call *call) {
  TARN_TRY(fill(call, 2));
  return each(call, &call->in[0]->shape, call->problem->inputs > 1 ? call->in[1] : NULL, true,
              call->in[0]);
}

static tarn_status matrix_set_diag(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  if (call->out[0]->data != x->data)
    TARN_TRY(tarn__move(call->out[0], 0, x, 0, tarn__tensor_elements(x)));
  return each(call, &x->shape, call->problem->inputs > 2 ? call->in[2] : NULL, false, call->in[1]);
}

const tarn_kernel tarn_kernels_array_diag_reference[] = {
  {.op = "MatrixBandPart", .run = band_part},
  {.op = "BatchMatrixBandPart", .run = band_part},
  {.op = "Diag", .run = diag},
  {.op = "DiagPart", .run = diag_part},
  {.op = "MatrixDiag", .run = matrix_diag},
  {.op = "BatchMatrixDiag", .run = matrix_diag},
  {.op = "MatrixDiagV2", .run = matrix_diag},
  {.op = "MatrixDiagV3", .run = matrix_diag},
  {.op = "MatrixDiagPart", .run = matrix_diag_part},
  {.op = "BatchMatrixDiagPart", .run = matrix_diag_part},
  {.op = "MatrixDiagPartV2", .run = matrix_diag_part},
  {.op = "MatrixDiagPartV3", .run = matrix_diag_part},
  {.op = "MatrixSetDiag", .run = matrix_set_diag},
  {.op = "BatchMatrixSetDiag", .run = matrix_set_diag},
  {.op = "MatrixSetDiagV2", .run = matrix_set_diag},
  {.op = "MatrixSetDiagV3", .run = matrix_set_diag},
  {0},
};

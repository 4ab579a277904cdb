/* Diagonals of matrices: making, reading and writing them. The last two dims are the matrix; those
 * before, a batch. */
#include "graph/op.h"
#include "kernels/params/diagonals.h"

static tarn_status band_part_infer(tarn_infer *t) {
  const tarn_shape *x = &t->in[0];
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 2));
  TARN_TRY(tarn__infer_scalar(t, 1));
  TARN_TRY(tarn__infer_scalar(t, 2));
  if (!t->value[1] || !t->value[2]) return TARN_OK;
  for (int i = 0; i < 2; i++)
    if (tarn__infer_int(t, 1 + i, 0) > x->dim[x->rank - 2 + i])
      return tarn_fail(TARN_INVALID, "a band of %lld in a dim of %lld",
                       (long long)tarn__infer_int(t, 1 + i, 0), (long long)x->dim[x->rank - 2 + i]);
  t->out[0] = *x;
  return TARN_OK;
}

static tarn_status diag_infer(tarn_infer *t) {
  const tarn_shape *x = &t->in[0];
  int64_t dims[2 * TARN_MAX_RANK];
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  for (int d = 0; d < 2 * x->rank; d++) dims[d] = x->dim[d % x->rank];
  return tarn__shape_make(2 * x->rank, dims, &t->out[0]);
}

static tarn_status diag_part_infer(tarn_infer *t) {
  const tarn_shape *x = &t->in[0];
  int half = x->rank / 2;
  char text[TARN_SHAPE_TEXT];
  bool fits = x->rank % 2 == 0;
  for (int d = 0; fits && d < half; d++) fits = x->dim[d] == x->dim[half + d];
  if (!fits)
    return tarn_fail(TARN_SHAPE, "expected the same dims twice, got %s",
                     tarn__shape_print(x, text));
  t->out[0] = *x;
  t->out[0].rank = half;
  return TARN_OK;
}

static tarn_status matrix_parse(const tarn_attrs *attrs, void *params) {
  tarn_matrix_diag_params *p = params;
  bool aligned = tarn__attr_find(attrs, "align") != NULL;
  p->left_super = !aligned || tarn__attr_is(attrs, "align", "LEFT_RIGHT") ||
                  tarn__attr_is(attrs, "align", "LEFT_LEFT");
  p->left_sub = !aligned || tarn__attr_is(attrs, "align", "RIGHT_LEFT") ||
                tarn__attr_is(attrs, "align", "LEFT_LEFT");
  return TARN_OK;
}

/* k is input k_at, or the main diagonal where there is no such input. known: false where it must
 * wait. */
static tarn_status read_k(const tarn_infer *t, int k_at, tarn_diagonals *d, bool *known) {
  *known = true;
  *d = (tarn_diagonals){.lower = 0};
  if (k_at >= t->inputs) return TARN_OK;
  if (t->in[k_at].rank > 1) return tarn__infer_vector(t, k_at);
  int64_t n = tarn__shape_elements(&t->in[k_at]);
  if (n < 1 || n > 2)
    return tarn_fail(TARN_SHAPE, "k must be one or two numbers, it has %lld", (long long)n);
  *known = t->value[k_at] != NULL;
  if (!*known) return TARN_OK;
  tarn__diagonals_k(t->value[k_at], d);
  if (d->lower > d->upper)
    return tarn_fail(TARN_INVALID, "k is [%lld,%lld]: the first must not be larger",
                     (long long)d->lower, (long long)d->upper);
  return TARN_OK;
}

static tarn_status within(const tarn_diagonals *d) {
  const int64_t k[2] = {d->lower, d->upper};
  for (int i = 0; i < 2; i++)
    if (k[i] != 0 && (k[i] <= -d->rows || k[i] >= d->cols))
      return tarn_fail(TARN_INVALID, "a matrix of %lld by %lld has no diagonal %lld",
                       (long long)d->rows, (long long)d->cols, (long long)k[i]);
  return TARN_OK;
}

/* The shape of the diagonals of a matrix x: [batch, (their number,) the longest]. */
static tarn_status packed_shape(const tarn_shape *x, tarn_diagonals *d, tarn_shape *out) {
  int rank = x->rank - 2;
  d->rows = x->dim[rank];
  d->cols = x->dim[rank + 1];
  TARN_TRY(within(d));
  *out = (tarn_shape){.rank = rank};
  memcpy(out->dim, x->dim, sizeof out->dim);
  if (d->lower != d->upper) out->dim[out->rank++] = d->upper - d->lower + 1;
  out->dim[out->rank++] = tarn__diagonals_longest(d);
  return tarn__shape_make(out->rank, out->dim, out);
}

static tarn_status matrix_diag_part_infer(tarn_infer *t) {
  tarn_diagonals d;
  bool known;
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 2));
  if (t->inputs > 2) TARN_TRY(tarn__infer_scalar(t, 2));
  TARN_TRY(read_k(t, 1, &d, &known));
  return known ? packed_shape(&t->in[0], &d, &t->out[0]) : TARN_OK;
}

static tarn_status matrix_set_diag_infer(tarn_infer *t) {
  tarn_diagonals d;
  tarn_shape packed;
  bool known;
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 2));
  TARN_TRY(tarn__infer_rank_at_least(t, 1, 1));
  TARN_TRY(read_k(t, 2, &d, &known));
  if (!known) return TARN_OK;
  TARN_TRY(packed_shape(&t->in[0], &d, &packed));
  if (!tarn__shape_equal(&packed, &t->in[1]))
    return tarn_fail(TARN_SHAPE, "the diagonals are %s, what is put there is %s",
                     tarn__shape_print(&packed, a), tarn__shape_print(&t->in[1], b));
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status matrix_diag_infer(tarn_infer *t) {
  const tarn_shape *x = &t->in[0];
  tarn_diagonals d;
  bool known;
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  TARN_TRY(read_k(t, 1, &d, &known));
  int64_t rows = -1, cols = -1;
  if (t->inputs > 1) {
    for (int i = 2; i < 5; i++) TARN_TRY(tarn__infer_scalar(t, i));
    if (!known || !t->value[2] || !t->value[3]) return TARN_OK;
    rows = tarn__infer_int(t, 2, 0);
    cols = tarn__infer_int(t, 3, 0);
  }
  int batch = x->rank - 1;
  int64_t longest = x->dim[batch], min_rows, min_cols;
  if (d.lower != d.upper) {
    TARN_TRY(tarn__infer_rank_at_least(t, 0, 2));
    batch--;
    if (x->dim[batch] != d.upper - d.lower + 1)
      return tarn_fail(TARN_SHAPE, "k names %lld diagonals, there are %lld",
                       (long long)(d.upper - d.lower + 1), (long long)x->dim[batch]);
  }
  if (tarn__add_overflow(longest, d.upper < 0 ? -d.upper : 0, &min_rows) ||
      tarn__add_overflow(longest, d.lower > 0 ? d.lower : 0, &min_cols))
    return tarn_fail(TARN_LIMIT, "the matrix would be too large");
  d.rows = rows == -1 ? min_rows : rows;
  d.cols = cols == -1 ? min_cols : cols;
  if (rows == -1 && cols == -1) d.rows = d.cols = min_rows > min_cols ? min_rows : min_cols;
  if (d.rows < min_rows || d.cols < min_cols || (d.rows != min_rows && d.cols != min_cols))
    return tarn_fail(TARN_INVALID,
                     "%lld by %lld is no size for diagonals of %lld, which need %lld by %lld",
                     (long long)d.rows, (long long)d.cols, (long long)longest, (long long)min_rows,
                     (long long)min_cols);
  int64_t dims[TARN_MAX_RANK + 1];
  memcpy(dims, x->dim, (size_t)batch * sizeof dims[0]);
  dims[batch] = d.rows;
  dims[batch + 1] = d.cols;
  return tarn__shape_make(batch + 2, dims, &t->out[0]);
}

#define PARAMS .params_bytes = sizeof(tarn_matrix_diag_params), .parse = matrix_parse
#define ALIGN \
  "T: type; align: {'LEFT_RIGHT', 'RIGHT_LEFT', 'LEFT_LEFT', 'RIGHT_RIGHT'} = 'RIGHT_LEFT'"
#define MAKE .outputs = "output: T", PARAMS, .infer = matrix_diag_infer, \
  .formula = "output[.., i, i + k] = the elements of diagonal k; else padding_value"
#define READ .outputs = "diagonal: T", PARAMS, .infer = matrix_diag_part_infer, \
  .formula = "diagonal k of each matrix: input[.., i, i + k]; the highest k first"
#define WRITE .outputs = "output: T", PARAMS, .infer = matrix_set_diag_infer, .inplace = 1, \
  .formula = "output = input with diagonals k replaced"
#define PLAIN_MAKE \
  .inputs = "diagonal: T", .attrs = "T: type", MAKE, .cases = {"diagonal=T[2x3]", "diagonal=T[0]"}
#define PLAIN_READ \
  .inputs = "input: T", .attrs = "T: type", READ, .cases = {"input=T[2x3x5]", "input=T[3x0]"}
#define PLAIN_WRITE .inputs = "input: T, diagonal: T", .attrs = "T: type", WRITE, \
  .cases = {"input=T[2x3x5] diagonal=T[2x3]", "input=T[3x0] diagonal=T[0]"}
#define BAND                                                    \
  .outputs = "band: T", .infer = band_part_infer, .inplace = 1, \
  .formula =                                                    \
      "band = input where i - j <= num_lower and j - i <= num_upper (negative: no limit), else 0"

const tarn_op tarn_ops_diag[] = {
    {.name = "MatrixBandPart",
     .inputs = "input: T, num_lower: Tindex, num_upper: Tindex",
     .attrs = "T: type; Tindex: {int32, int64} = int64",
     BAND,
     .cases = {"input=T[2x5x7] num_lower=i64(1) num_upper=i64(2)",
               "input=T[5x3] num_lower=i32(-1) num_upper=i32(0)",
               "input=T[0x3] num_lower=i64(0) num_upper=i64(0)"}},
    {.name = "BatchMatrixBandPart",
     .inputs = "input: T, num_lower: int64, num_upper: int64",
     .attrs = "T: type",
     BAND,
     .cases = {"input=T[2x5x7] num_lower=i64(1) num_upper=i64(2)"}},
    {.name = "Diag",
     .inputs = "diagonal: T",
     .outputs = "output: T",
     .attrs = "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
     .infer = diag_infer,
     .formula = "output[i.., i..] = diagonal[i..], else 0",
     .cases = {"diagonal=T[5]", "diagonal=T[2x3]", "diagonal=T[0]"}},
    {.name = "DiagPart",
     .inputs = "input: T",
     .outputs = "diagonal: T",
     .attrs = "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
     .infer = diag_part_infer,
     .formula = "diagonal[i..] = input[i.., i..]",
     .cases = {"input=T[5x5]", "input=T[2x3x2x3]", "input=T[0x0]"}},
    {.name = "MatrixDiag", PLAIN_MAKE},
    {.name = "BatchMatrixDiag", PLAIN_MAKE},
    {.name = "MatrixDiagV2",
     .inputs = "diagonal: T, k: int32, num_rows: int32, num_cols: int32, padding_value: T",
     .attrs = "T: type",
     MAKE,
     .cases = {"diagonal=T[2x3] k=i32(1) num_rows=i32(-1) num_cols=i32(-1) padding_value=T[]"}},
    {.name = "MatrixDiagV3",
     .inputs = "diagonal: T, k: int32, num_rows: int32, num_cols: int32, padding_value: T",
     .attrs = ALIGN,
     MAKE,
     .cases = {"diagonal=T[3x4] k=i32{-1,1} num_rows=i32(-1) num_cols=i32(-1) padding_value=T[]",
               "diagonal=T[2x3x4] k=i32{0,2} num_rows=i32(4) num_cols=i32(5) padding_value=T[] "
               "align=LEFT_RIGHT",
               "diagonal=T[3] k=i32(-2) num_rows=i32(5) num_cols=i32(3) padding_value=T[]"}},
    {.name = "MatrixDiagPart", PLAIN_READ},
    {.name = "BatchMatrixDiagPart", PLAIN_READ},
    {.name = "MatrixDiagPartV2",
     .inputs = "input: T, k: int32, padding_value: T",
     .attrs = "T: type",
     READ,
     .cases = {"input=T[2x3x5] k=i32{-1,2} padding_value=T[]"}},
    {.name = "MatrixDiagPartV3",
     .inputs = "input: T, k: int32, padding_value: T",
     .attrs = ALIGN,
     READ,
     .cases = {"input=T[2x3x5] k=i32{-2,3} padding_value=T[]",
               "input=T[5x3] k=i32{-3,-1} padding_value=T[] align=LEFT_LEFT",
               "input=T[4x4] k=i32(2) padding_value=T[]",
               "input=T[5x3] k=i32{-2,2} padding_value=T[] align=RIGHT_RIGHT"}},
    {.name = "MatrixSetDiag", PLAIN_WRITE},
    {.name = "BatchMatrixSetDiag", PLAIN_WRITE},
    {.name = "MatrixSetDiagV2",
     .inputs = "input: T, diagonal: T, k: int32",
     .attrs = "T: type",
     WRITE,
     .cases = {"input=T[2x3x5] diagonal=T[2x3x3] k=i32{-1,1}"}},
    {.name = "MatrixSetDiagV3",
     .inputs = "input: T, diagonal: T, k: int32",
     .attrs = ALIGN,
     WRITE,
     .cases = {"input=T[2x3x5] diagonal=T[2x3x3] k=i32{-1,1}",
               "input=T[3x5] diagonal=T[2x3] k=i32{2,3} align=LEFT_RIGHT",
               "input=T[3x5] diagonal=T[2] k=i32(-1)"}},
    {0},
};

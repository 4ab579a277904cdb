/* Stitching, partitioning and counting by index. */
#include "kernels/cpu/array/elements.h"
#include "kernels/params/array.h"

enum { READ = 256 };   /* indices at once, in one type whatever theirs is */

/* Rows of `bytes` of a plain dtype, from the i-th on, to where their indices say. */
static void stitch_rows(char *to, const char *from, const int64_t *at, int64_t n, size_t bytes) {
  switch (bytes) {
    case 4:
      for (int64_t i = 0; i < n; i++) memcpy(to + at[i] * 4, from + i * 4, 4);
      break;
    case 8:
      for (int64_t i = 0; i < n; i++) memcpy(to + at[i] * 8, from + i * 8, 8);
      break;
    default:
      for (int64_t i = 0; i < n; i++)
        tarn__copy_short(to + (size_t)at[i] * bytes, from + (size_t)i * bytes, bytes);
      break;
  }
}

/* Rows that no index names are zeros. */
static tarn_status stitch(const tarn_call *call) {
  int n = call->problem->inputs / 2;
  const tarn_tensor *const *indices = call->in, *const *data = call->in + n;
  int64_t rows = 0;
  for (int k = 0; k < n; k++) {
    int64_t count = tarn__tensor_elements(indices[k]);
    for (int64_t first = 0; first < count; first += READ) {
      int64_t at[READ], m = count - first < READ ? count - first : READ, least = 0, most = -1;
      tarn__indices_read(indices[k], first, m, at);
      for (int64_t i = 0; i < m; i++) {
        least = at[i] < least ? at[i] : least;
        most = at[i] > most ? at[i] : most;
      }
      if (least < 0) return tarn_fail(TARN_INVALID, "indices %d hold %lld", k, (long long)least);
      if (most >= rows) rows = most + 1;
    }
  }
  int lead = indices[0]->shape.rank;
  tarn_shape shape = {.rank = 1 + data[0]->shape.rank - lead, .dim = {rows}};
  for (int d = 1; d < shape.rank; d++) shape.dim[d] = data[0]->shape.dim[lead + d - 1];
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  tarn_tensor *y = call->out[0];
  int64_t row = tarn__dims_product(&shape, 1, shape.rank);
  TARN_TRY(tarn__clear_elements(y, 0, rows * row));
  const bool plain = tarn__is_plain(y->dtype);
  const size_t bytes = plain ? (size_t)row * tarn_dtype_bytes(y->dtype) : 0;
  for (int k = 0; k < n; k++) {
    int64_t count = tarn__tensor_elements(indices[k]);
    for (int64_t first = 0; first < count; first += READ) {
      int64_t at[READ], m = count - first < READ ? count - first : READ;
      tarn__indices_read(indices[k], first, m, at);
      if (plain && bytes > 0)
        stitch_rows(y->data, (const char *)data[k]->data + (size_t)first * bytes, at, m, bytes);
      for (int64_t i = 0; i < m && !plain; i++)
        TARN_TRY(tarn__move(y, at[i] * row, data[k], (first + i) * row, row));
    }
  }
  return TARN_OK;
}

/* Rows of one element. at[p]: how many are in part p already. */
static void part_elements(const tarn_call *call, int64_t n, int64_t *at) {
  const tarn_tensor *data = call->in[0], *partitions = call->in[1];
  switch (tarn_dtype_bytes(data->dtype)) {
#define ROW(SIZE)                                                                              \
  case SIZE:                                                                                   \
    for (int64_t i = 0; i < n; i++) {                                                          \
      const int64_t p = tarn__index_at(partitions, i);                                         \
      memcpy((char *)call->out[p]->data + at[p]++ * SIZE, (const char *)data->data + i * SIZE, \
             SIZE);                                                                            \
    }                                                                                          \
    break;
    ROW(1) ROW(2) ROW(4) ROW(8) ROW(16)
#undef ROW
    default: break;
  }
}

static tarn_status partition(const tarn_call *call) {
  const tarn_tensor *data = call->in[0], *partitions = call->in[1];
  int parts = call->problem->outputs, lead = partitions->shape.rank;
  int64_t *at = call->scratch, n = tarn__tensor_elements(partitions);
  for (int p = 0; p < parts; p++) at[p] = 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t p = tarn__index_at(partitions, i);
    if (p < 0 || p >= parts)
      return tarn_fail(TARN_INVALID, "partitions[%lld] is %lld, not in [0, %d)", (long long)i,
                       (long long)p, parts);
    at[p]++;
  }
  tarn_shape shape = {.rank = 1 + data->shape.rank - lead};
  for (int d = 1; d < shape.rank; d++) shape.dim[d] = data->shape.dim[lead + d - 1];
  int64_t row = tarn__dims_product(&shape, 1, shape.rank);
  for (int p = 0; p < parts; p++) {
    shape.dim[0] = at[p];
    TARN_TRY(tarn__call_allocate(call, p, &shape));
    at[p] = 0;
  }
  if (row == 1 && tarn__is_plain(data->dtype)) {
    part_elements(call, n, at);
    return TARN_OK;
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t p = tarn__index_at(partitions, i);
    TARN_TRY(tarn__move(call->out[p], at[p]++ * row, data, i * row, row));
  }
  return TARN_OK;
}

static size_t partition_scratch(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)p->outputs * sizeof(int64_t);
}

enum { COUNTING = 512 };

/* Counts n elements, which say bin[k], into the `size` bins from `bins` on; those past the last are
 * not counted. Weights may be NULL: ones. Stops at one below 0; how many were counted. */
static int64_t count(tarn_tensor *y, int64_t bins, int64_t size, const int64_t *bin,
                     const tarn_tensor *weights, int64_t at, int64_t n, bool binary) {
  switch ((int)y->dtype) {
#define ROW(DT, S, A)                                                                      \
  case DT: {                                                                               \
    S *to = (S *)y->data + bins;                                                           \
    const S *w = weights ? (const S *)weights->data + at : NULL;                           \
    for (int64_t k = 0; k < n; k++) {                                                      \
      if (bin[k] < 0) return k;                                                            \
      if (bin[k] < size) to[bin[k]] = binary ? 1 : (S)((A)to[bin[k]] + (w ? (A)w[k] : 1)); \
    }                                                                                      \
    break;                                                                                 \
  }
    ROW(TARN_F32, float, float)
    ROW(TARN_F64, double, double)
    ROW(TARN_I32, int32_t, uint32_t)
    ROW(TARN_I64, int64_t, uint64_t)
#undef ROW
    default: break;
  }
  return n;
}

static tarn_status bincount(const tarn_call *call) {
  const tarn_bincount_params *p = call->problem->params;
  const tarn_tensor *x = call->in[0], *weights = call->in[2];
  tarn_tensor *y = call->out[0];
  int64_t n = tarn__tensor_elements(x), size = y->shape.dim[y->shape.rank - 1];
  int64_t row = y->shape.rank == 2 && y->shape.dim[0] ? n / y->shape.dim[0] : n;
  bool weighted = tarn__tensor_elements(weights) > 0, binary = p && p->binary;
  int64_t bin[COUNTING];
  TARN_TRY(tarn__clear_elements(y, 0, tarn__tensor_elements(y)));
  for (int64_t first = 0, bins = 0; first < n; first += row, bins += size)
    for (int64_t i = 0; i < row; i += COUNTING) {
      const int64_t part = row - i < COUNTING ? row - i : COUNTING;
      tarn__indices_read(x, first + i, part, bin);
      const int64_t counted =
          count(y, bins, size, bin, weighted ? weights : NULL, first + i, part, binary);
      if (counted < part)
        return tarn_fail(TARN_INVALID, "element %lld is %lld, indices must not be negative",
                         (long long)(first + i + counted), (long long)bin[counted]);
    }
  return TARN_OK;
}

#define COUNTED (TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64) | TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64))

const tarn_kernel tarn_kernels_index_dynamic_reference[] = {
  {.op = "DynamicStitch", .run = stitch},
  {.op = "ParallelDynamicStitch", .run = stitch},
  {.op = "DynamicPartition", .run = partition, .scratch_bytes = partition_scratch},
  {.op = "Bincount", .run = bincount, .keyed = 2, .dtypes = COUNTED},
  {.op = "DenseBincount", .run = bincount, .keyed = 2, .dtypes = COUNTED},
  {0},
};

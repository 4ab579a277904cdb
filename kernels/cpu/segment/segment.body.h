/* Reductions by segment: rows are taken in order and combined into the row of their segment. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/array/numeric.h"

#include <float.h>
#ifdef __AVX2__
#include "kernels/cpu/simd/half.h"
#endif

typedef enum way { SUM, PRODUCT, SMALLEST, LARGEST } way;

static void add_or_multiply(bool add, tarn_tensor *y, int64_t at, const tarn_tensor *x,
                            int64_t from, int64_t n) {
#ifdef __AVX2__
  if (add && y->dtype == TARN_F16) {
    uint16_t *to = (uint16_t *)y->data + at;
    lane_add_halves(to, to, (const uint16_t *)x->data + from, n);
    return;
  }
#endif
  switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                                 \
  case DT: {                                                                                    \
    S *a = (S *)y->data + at;                                                                   \
    const S *b = (const S *)x->data + from;                                                     \
    if (add)                                                                                    \
      for (int64_t i = 0; i < n; i++) a[i] = PUT(GET(a[i]) + GET(b[i]));                        \
    else                                                                                        \
      for (int64_t i = 0; i < n; i++) a[i] = PUT(GET(a[i]) * GET(b[i]));                        \
    break;                                                                                      \
  }
    TARN_RING_ROWS(ROW)
#undef ROW
    default: break;
  }
}

/* A NaN stays only where it comes last, as with the processor's own min and max. */
static void extreme(bool smallest, tarn_tensor *y, int64_t at, const tarn_tensor *x, int64_t from,
                    int64_t n) {
  switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                                 \
  case DT: {                                                                                    \
    S *a = (S *)y->data + at;                                                                   \
    const S *b = (const S *)x->data + from;                                                     \
    if (smallest)                                                                               \
      for (int64_t i = 0; i < n; i++) a[i] = GET(a[i]) < GET(b[i]) ? a[i] : b[i];               \
    else                                                                                        \
      for (int64_t i = 0; i < n; i++) a[i] = GET(a[i]) > GET(b[i]) ? a[i] : b[i];               \
    break;                                                                                      \
  }
    TARN_ORDERED_ROWS(ROW)
#undef ROW
    default: break;
  }
}

/* Segments of plain sums and products: `rows` rows of x from `from` on into one of y, which the
 * first begins. */
static void fold_rows(bool add, tarn_tensor *y, int64_t at, const tarn_tensor *x, int64_t from,
                      int64_t n, int64_t rows) {
  switch ((int)y->dtype) {
#define ROW(DT, S)                                                                              \
  case DT: {                                                                                    \
    S *to = (S *)y->data + at;                                                                  \
    const S *b = (const S *)x->data + from;                                                     \
    memcpy(to, b, (size_t)n * sizeof *to);                                                      \
    for (int64_t r = 1; r < rows; r++) {                                                        \
      const S *row = b + r * n;                                                                 \
      if (add)                                                                                  \
        for (int64_t i = 0; i < n; i++) to[i] = to[i] + row[i];                                 \
      else                                                                                      \
        for (int64_t i = 0; i < n; i++) to[i] = to[i] * row[i];                                 \
    }                                                                                           \
    break;                                                                                      \
  }
    ROW(TARN_F32, float)
    ROW(TARN_F64, double)
#undef ROW
    default: break;
  }
}

static void combine(way how, tarn_tensor *y, int64_t at, const tarn_tensor *x, int64_t from,
                    int64_t n) {
  if (how == SUM || how == PRODUCT) add_or_multiply(how == SUM, y, at, x, from, n);
  else extreme(how == SMALLEST, y, at, x, from, n);
}

/* n elements that change nothing: 0 or 1, the largest or the smallest finite number. */
static tarn_status identities(way how, tarn_tensor *y, int64_t n) {
  union {
    float f;
    double d;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64; float _Complex c; double _Complex z;
  } v;
  if (how == SUM || n == 0) return tarn__clear_elements(y, 0, n);
  memset(&v, 0, sizeof v);
  switch ((int)y->dtype) {
#define ROW(DT, FIELD, ONE, LOW, HIGH)                             \
  case DT:                                                         \
    v.FIELD = how == PRODUCT ? ONE : how == SMALLEST ? HIGH : LOW; \
    break;
    ROW(TARN_F32, f, 1, -FLT_MAX, FLT_MAX)
    ROW(TARN_F64, d, 1, -DBL_MAX, DBL_MAX)
    ROW(TARN_F16, u16, 0x3c00, 0xfbff, 0x7bff)
    ROW(TARN_BF16, u16, 0x3f80, 0xff7f, 0x7f7f)
    ROW(TARN_I8, i8, 1, INT8_MIN, INT8_MAX)
    ROW(TARN_I16, i16, 1, INT16_MIN, INT16_MAX)
    ROW(TARN_I32, i32, 1, INT32_MIN, INT32_MAX)
    ROW(TARN_I64, i64, 1, INT64_MIN, INT64_MAX)
    ROW(TARN_U8, u8, 1, 0, UINT8_MAX)
    ROW(TARN_U16, u16, 1, 0, UINT16_MAX)
    ROW(TARN_U32, u32, 1, 0, UINT32_MAX)
    ROW(TARN_U64, u64, 1, 0, UINT64_MAX)
    ROW(TARN_C64, c, 1, 0, 0)
    ROW(TARN_C128, z, 1, 0, 0)
#undef ROW
    default: break;
  }
  const tarn_tensor one = {.dtype = y->dtype, .data = &v};
  return tarn__repeat(y, 0, n, &one, 0);
}

/* ---- sorted ids --------------------------------------------------------------------------- */

/* n elements of y over a count; integers towards zero. */
static void divide(tarn_tensor *y, int64_t at, int64_t n, int64_t count) {
  switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT)                                             \
  case DT:                                                                  \
    for (int64_t i = 0; i < n; i++)                                         \
      ((S *)y->data)[at + i] = PUT(GET(((S *)y->data)[at + i]) / (A)count); \
    break;
    TARN_FLOAT_ROWS(ROW)
    ROW(TARN_I8, int8_t, int64_t, TARN_AS_IS, (int8_t))
    ROW(TARN_I16, int16_t, int64_t, TARN_AS_IS, (int16_t))
    ROW(TARN_I32, int32_t, int64_t, TARN_AS_IS, (int32_t))
    ROW(TARN_I64, int64_t, int64_t, TARN_AS_IS, TARN_AS_IS)
    ROW(TARN_U8, uint8_t, uint64_t, TARN_AS_IS, (uint8_t))
    ROW(TARN_U16, uint16_t, uint64_t, TARN_AS_IS, (uint16_t))
    ROW(TARN_U32, uint32_t, uint64_t, TARN_AS_IS, (uint32_t))
    ROW(TARN_U64, uint64_t, uint64_t, TARN_AS_IS, TARN_AS_IS)
    ROW(TARN_C64, float _Complex, float, TARN_AS_IS, TARN_AS_IS)
    ROW(TARN_C128, double _Complex, double, TARN_AS_IS, TARN_AS_IS)
#undef ROW
    default: break;
  }
}

/* Segments without a row are 0, or 1 for products. */
static tarn_status sorted(const tarn_call *call, way how, bool mean) {
  const tarn_tensor *x = call->in[0], *ids = call->in[1];
  int64_t n = x->shape.dim[0], row = tarn__dims_product(&x->shape, 1, x->shape.rank), before = -1;
  for (int64_t i = 0; i < n; i++) {
    int64_t id = tarn__index_at(ids, i);
    if (id < 0)
      return tarn_fail(TARN_INVALID, "segment_ids[%lld] is %lld", (long long)i, (long long)id);
    if (id < before)
      return tarn_fail(TARN_INVALID, "segment_ids[%lld] is %lld after %lld: ids must not decrease",
                       (long long)i, (long long)id, (long long)before);
    before = id;
  }
  if (before == INT64_MAX)
    return tarn_fail(TARN_LIMIT, "segment id %lld is too large", (long long)before);
  tarn_shape shape = x->shape;
  shape.dim[0] = before + 1;
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  tarn_tensor *y = call->out[0];
  TARN_TRY(identities(how == PRODUCT ? PRODUCT : SUM, y, tarn__tensor_elements(y)));
  int64_t count = 0;
  if ((how == SUM || how == PRODUCT) && row > 0 && (x->dtype == TARN_F32 || x->dtype == TARN_F64)) {
    for (int64_t i = 0; i < n; i += count) {
      const int64_t id = tarn__index_at(ids, i);
      for (count = 1; i + count < n && tarn__index_at(ids, i + count) == id;) count++;
      fold_rows(how == SUM, y, id * row, x, i * row, row, count);
      if (mean) divide(y, id * row, row, count);
    }
    return TARN_OK;
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t id = tarn__index_at(ids, i);
    bool first = i == 0 || tarn__index_at(ids, i - 1) != id,
         last = i == n - 1 || tarn__index_at(ids, i + 1) != id;
    count = first ? 1 : count + 1;
    if (first) TARN_TRY(tarn__move(y, id * row, x, i * row, row));
    else combine(how, y, id * row, x, i * row, row);
    if (mean && last) divide(y, id * row, row, count);
  }
  return TARN_OK;
}

static tarn_status sum(const tarn_call *call) { return sorted(call, SUM, false); }
static tarn_status mean(const tarn_call *call) { return sorted(call, SUM, true); }
static tarn_status product(const tarn_call *call) { return sorted(call, PRODUCT, false); }
static tarn_status smallest(const tarn_call *call) { return sorted(call, SMALLEST, false); }
static tarn_status largest(const tarn_call *call) { return sorted(call, LARGEST, false); }

/* ---- ids in any order --------------------------------------------------------------------- */

/* n rows of one element, from `at` on. */
static void add_ones(tarn_tensor *y, const tarn_tensor *x, const int64_t *id, int64_t at,
                     int64_t n) {
  switch ((int)y->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                  \
  case DT:                                                                       \
    for (int64_t i = 0; i < n; i++)                                              \
      if (id[i] >= 0)                                                            \
        ((S *)y->data)[id[i]] =                                                  \
            PUT(GET(((S *)y->data)[id[i]]) + GET(((const S *)x->data)[at + i])); \
    break;
    TARN_RING_ROWS(ROW)
#undef ROW
    default: break;
  }
}

static tarn_status unsorted(const tarn_call *call, way how) {
  const tarn_tensor *x = call->in[0], *ids = call->in[1];
  tarn_tensor *y = call->out[0];
  int64_t n = tarn__tensor_elements(ids), segments = y->shape.dim[0];
  int64_t row = tarn__dims_product(&x->shape, ids->shape.rank, x->shape.rank);
  if (row == 0) return TARN_OK;
  for (int64_t i = 0; i < n; i++)
    if (tarn__index_at(ids, i) >= segments)
      return tarn_fail(TARN_INVALID, "segment_ids[%lld] is %lld of %lld segments", (long long)i,
                       (long long)tarn__index_at(ids, i), (long long)segments);
  TARN_TRY(identities(how, y, tarn__tensor_elements(y)));
  if (row == 1 && how == SUM) {
    int64_t id[512];
    for (int64_t i = 0; i < n; i += 512) {
      const int64_t part = n - i < 512 ? n - i : 512;
      tarn__indices_read(ids, i, part, id);
      add_ones(y, x, id, i, part);
    }
    return TARN_OK;
  }
  for (int64_t i = 0; i < n; i++)
    if (tarn__index_at(ids, i) >= 0) combine(how, y, tarn__index_at(ids, i) * row, x, i * row, row);
  return TARN_OK;
}

static tarn_status unsorted_sum(const tarn_call *call) { return unsorted(call, SUM); }
static tarn_status unsorted_product(const tarn_call *call) { return unsorted(call, PRODUCT); }
static tarn_status unsorted_smallest(const tarn_call *call) { return unsorted(call, SMALLEST); }
static tarn_status unsorted_largest(const tarn_call *call) { return unsorted(call, LARGEST); }

#define ROWS \
  {.op = "SegmentSum", .run = sum, .dtypes = TARN_RING}, \
  {.op = "SegmentMean", .run = mean, .dtypes = TARN_RING}, \
  {.op = "SegmentProd", .run = product, .dtypes = TARN_RING}, \
  {.op = "SegmentMin", .run = smallest, .dtypes = TARN_REALS}, \
  {.op = "SegmentMax", .run = largest, .dtypes = TARN_REALS}, \
  {.op = "UnsortedSegmentSum", .run = unsorted_sum, .dtypes = TARN_RING}, \
  {.op = "UnsortedSegmentProd", .run = unsorted_product, .dtypes = TARN_RING}, \
  {.op = "UnsortedSegmentMin", .run = unsorted_smallest, .dtypes = TARN_REALS}, \
  {.op = "UnsortedSegmentMax", .run = unsorted_largest, .dtypes = TARN_REALS},

/* Picking by a condition: element by element, with strides of 0 where an input is broadcast. */
#include "kernels/cpu/array/elements.h"

/* W: a word of the element's size. The result may be t or e itself. */
#define ROW(SIZE, W)                                                                             \
  static void row_##SIZE(char *y, const uint8_t *c, const char *t, const char *e, int64_t n,     \
                         int64_t sc, int64_t st, int64_t se) {                                   \
    W *to = (W *)(void *)y;                                                                      \
    const W *yes = (const W *)(const void *)t, *no = (const W *)(const void *)e, one_yes = *yes, \
            one_no = *no;                                                                        \
    if (sc == 1 && st == 1 && se == 1)                                                           \
      PICK(W, yes[i], no[i])                                                                     \
    else if (sc == 1 && st == 1 && se == 0)                                                      \
      PICK(W, yes[i], one_no)                                                                    \
    else if (sc == 1 && st == 0 && se == 1)                                                      \
      PICK(W, one_yes, no[i])                                                                    \
    else if (sc == 1 && st == 0)                                                                 \
      PICK(W, one_yes, one_no)                                                                   \
    else if (sc == 0 && st == 1 && se == 1 && y != (*c ? t : e))                                 \
      memcpy(y, *c ? t : e, (size_t)n *SIZE);                                                    \
    else                                                                                         \
      for (int64_t i = 0; i < n; i++) to[i] = *(c[i * sc] ? yes + i * st : no + i * se);         \
  }
#define PICK(W, A, B)                                             \
  {                                                               \
    TARN_APART                                                    \
    for (int64_t i = 0; i < n; i++) {                             \
      const W a = (A), b = (B);                                   \
      to[i] = c[i] ? a : b;                                       \
    }                                                             \
  }
#if defined(__GNUC__) && !defined(__clang__)
#define TARN_APART _Pragma("GCC ivdep")
#else
#define TARN_APART
#endif
ROW(1, uint8_t)
ROW(2, uint16_t)
ROW(4, uint32_t)
ROW(8, uint64_t)
#undef ROW
#undef PICK

static void row_16(char *y, const uint8_t *c, const char *t, const char *e, int64_t n, int64_t sc,
                   int64_t st, int64_t se) {
  for (int64_t i = 0; i < n; i++)
    memcpy(y + i * 16, c[i * sc] ? t + i * st * 16 : e + i * se * 16, 16);
}

/* n elements of y from offset `at`; offsets and strides of condition, t and e count elements. */
static tarn_status pick(const tarn_call *call, int64_t at, int64_t n, const int64_t from[3],
                        const int64_t step[3]) {
  tarn_tensor *y = call->out[0];
  const uint8_t *c = (const uint8_t *)call->in[0]->data + from[0];
  if (n == 0) return TARN_OK;    /* there is no element to look at */
  if (!tarn__is_plain(y->dtype)) {
    for (int64_t i = 0; i < n; i++) {
      int k = c[i * step[0]] ? 1 : 2;
      TARN_TRY(tarn__move(y, at + i, call->in[k], from[k] + i * step[k], 1));
    }
    return TARN_OK;
  }
  int64_t size = (int64_t)tarn_dtype_bytes(y->dtype);
  char *to = (char *)y->data + at * size;
  const char *t = (const char *)call->in[1]->data + from[1] * size;
  const char *e = (const char *)call->in[2]->data + from[2] * size;
  switch (size) {
    case 1: row_1(to, c, t, e, n, step[0], step[1], step[2]); break;
    case 2: row_2(to, c, t, e, n, step[0], step[1], step[2]); break;
    case 4: row_4(to, c, t, e, n, step[0], step[1], step[2]); break;
    case 8: row_8(to, c, t, e, n, step[0], step[1], step[2]); break;
    default: row_16(to, c, t, e, n, step[0], step[1], step[2]); break;
  }
  return TARN_OK;
}

static tarn_status select_v1(const tarn_call *call) {
  const tarn_tensor *c = call->in[0], *t = call->in[1], *e = call->in[2];
  tarn_tensor *y = call->out[0];
  int64_t n = tarn__tensor_elements(y), rows = tarn__tensor_elements(c);
  if (tarn__shape_equal(&c->shape, &t->shape))
    return pick(call, 0, n, (const int64_t[3]){0, 0, 0}, (const int64_t[3]){1, 1, 1});
  int64_t row = rows ? n / rows : 0;
  for (int64_t r = 0; r < rows; r++)
    TARN_TRY(tarn__move(y, r * row, ((const uint8_t *)c->data)[r] ? t : e, r * row, row));
  return TARN_OK;
}

static tarn_status select_v2(const tarn_call *call) {
  tarn_tensor *y = call->out[0];
  const tarn_shape *s = &y->shape;
  int64_t stride[3][TARN_MAX_RANK] = {{0}}, index[TARN_MAX_RANK] = {0}, from[3] = {0, 0, 0};
  int64_t n = tarn__tensor_elements(y);
  bool whole = true;
  for (int k = 0; k < 3; k++) {
    const tarn_shape *x = &call->in[k]->shape;
    int64_t own[TARN_MAX_RANK];
    int lead = s->rank - x->rank;
    tarn__strides(x, own);
    for (int d = 0; d < x->rank; d++) stride[k][lead + d] = x->dim[d] == 1 ? 0 : own[d];
    whole = whole && tarn__shape_equal(x, s);
  }
  if (n == 0) return TARN_OK;
  if (whole || s->rank == 0) return pick(call, 0, n, from, (const int64_t[3]){1, 1, 1});
  int last = s->rank - 1;
  const int64_t step[3] = {stride[0][last], stride[1][last], stride[2][last]};
  for (int64_t at = 0; at < n; at += s->dim[last]) {
    TARN_TRY(pick(call, at, s->dim[last], from, step));
    for (int d = last - 1; d >= 0; d--) {
      for (int k = 0; k < 3; k++) from[k] += stride[k][d];
      if (++index[d] < s->dim[d]) break;
      for (int k = 0; k < 3; k++) from[k] -= stride[k][d] * s->dim[d];
      index[d] = 0;
    }
  }
  return TARN_OK;
}

/* ---- Where -------------------------------------------------------------------------------- */

/* X(name, type, numbers in an element, whether element i of x counts). Zeros of floats have two
 * signs. */
#define KINDS(X)                                    \
  X(byte, uint8_t, 1, x[i] != 0)                       \
  X(word, uint16_t, 1, x[i] != 0)                      \
  X(half, uint16_t, 1, (x[i] & 0x7fff) != 0)           \
  X(int32, uint32_t, 1, x[i] != 0)                     \
  X(int64, uint64_t, 1, x[i] != 0)                     \
  X(f32, float, 1, x[i] != 0)                          \
  X(f64, double, 1, x[i] != 0)                         \
  X(c64, float, 2, x[2 * i] != 0 || x[2 * i + 1] != 0) \
  X(c128, double, 2, x[2 * i] != 0 || x[2 * i + 1] != 0)

/* Which of n elements from `at` on count: into set; returns how many. */
#define MARK(NAME, S, NUMBERS, SET)                                                            \
  static int64_t mark_##NAME(const void *data, int64_t at, int64_t n, uint8_t *set) { \
    const S *x = (const S *)data + at * NUMBERS;          \
    int64_t found = 0;                                                                \
    for (int64_t i = 0; i < n; i++) set[i] = SET;                                     \
    for (int64_t i = 0; i < n; i++) found += set[i];                                  \
    return found;                                                                     \
  }
KINDS(MARK)
#undef MARK
#undef KINDS

typedef int64_t (*marker)(const void *data, int64_t at, int64_t n, uint8_t *set);

static marker marker_of(tarn_dtype dtype) {
  switch ((int)dtype) {
    case TARN_F32: return mark_f32;
    case TARN_F64: return mark_f64;
    case TARN_F16: case TARN_BF16: return mark_half;
    case TARN_C64: return mark_c64;
    case TARN_C128: return mark_c128;
    default: break;
  }
  switch (tarn_dtype_bytes(dtype)) {
    case 1: return mark_byte;
    case 2: return mark_word;
    case 4: return mark_int32;
    default: return mark_int64;
  }
}

enum { MARKED = 1024 };

/* Rows of the last dim, in blocks: which elements count is found out in vectors, then their indices
 * are written. */
static tarn_status where(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  const int rank = x->shape.rank, last = rank - 1;
  const int64_t n = tarn__tensor_elements(x), cols = rank ? x->shape.dim[last] : 1;
  const marker mark = marker_of(x->dtype);
  uint8_t set[MARKED];
  int64_t found = 0, index[TARN_MAX_RANK] = {0};
  for (int64_t i = 0; i < n; i += MARKED)
    found += mark(x->data, i, n - i < MARKED ? n - i : MARKED, set);
  const tarn_shape shape = {.rank = 2, .dim = {found, rank}};
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  int64_t *y = call->out[0]->data;
  for (int64_t row = 0; row < n; row += cols) {
    for (int64_t first = 0; first < cols; first += MARKED) {
      const int64_t part = cols - first < MARKED ? cols - first : MARKED;
      int64_t left = mark(x->data, row + first, part, set);
      if (rank == 1) { /* without branches: the next one overwrites what does not count */
        for (int64_t i = 0; left > 0; i++) *y = first + i, y += set[i], left -= set[i];
        continue;
      }
      for (int64_t i = 0; left > 0; i++) {
        if (!set[i]) continue;
        left--;
        for (int d = 0; d < last; d++) *y++ = index[d];
        if (rank) *y++ = first + i;
      }
    }
    for (int d = last - 1; d >= 0 && ++index[d] == x->shape.dim[d]; d--) index[d] = 0;
  }
  return TARN_OK;
}

#define ROWS \
  {.op = "Where", .run = where, .dtypes = TARN_PLAIN}, \
  {.op = "Select", .run = select_v1}, \
  {.op = "SelectV2", .run = select_v2},

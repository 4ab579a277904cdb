/* Dims of one element go, neighbours that are contiguous in both views become one; then the innermost dim
 * decides: contiguous in both, memcpy; else, where another dim is contiguous in the source (a transpose), blocks of
 * both, so that lines of both sides are used whole while they are in L1; else a strided loop. */
#include "kernels/cpu/array/view_copy.h"

enum { BLOCK = 16, CHUNK_BYTES = 1 << 18 };

typedef struct job {
  tarn_view_copy c;
  tarn_tensor *to;
  const tarn_tensor *from;
  size_t size;
  int inner;           /* dims that one step of the outer loop covers: 1 or 2 */
  int64_t outer, step; /* outer indices in all, and per chunk */
} job;

static void simplify(tarn_view_copy *c) {
  int r = 0;
  for (int d = 0; d < c->rank; d++) {
    if (c->dim[d] == 1) continue;
    if (r > 0 && c->to_stride[r - 1] == c->to_stride[d] * c->dim[d] &&
        c->from_stride[r - 1] == c->from_stride[d] * c->dim[d]) {
      c->dim[r - 1] *= c->dim[d];
    } else {
      c->dim[r++] = c->dim[d];
    }
    c->to_stride[r - 1] = c->to_stride[d];
    c->from_stride[r - 1] = c->from_stride[d];
  }
  c->rank = r;
  if (r == 0) tarn__view_add(c, 1, 1, 1);
}

/* Makes dim j the last but one. */
static void move_dim(tarn_view_copy *c, int j) {
  int64_t dim = c->dim[j], ts = c->to_stride[j], fs = c->from_stride[j];
  for (int d = j; d < c->rank - 2; d++) {
    c->dim[d] = c->dim[d + 1];
    c->to_stride[d] = c->to_stride[d + 1];
    c->from_stride[d] = c->from_stride[d + 1];
  }
  c->dim[c->rank - 2] = dim;
  c->to_stride[c->rank - 2] = ts;
  c->from_stride[c->rank - 2] = fs;
}

/* Loops for one element size; memcpy of a constant size is a load and a store. */
#define LOOPS(SIZE)                                                                              \
  static void row_##SIZE(char *to, const char *from, int64_t n, int64_t ts, int64_t fs) {        \
    for (int64_t i = 0; i < n; i++) memcpy(to + i * ts * SIZE, from + i * fs * SIZE, SIZE);      \
  }                                                                                              \
  static void block_##SIZE(char *to, const char *from, int64_t rows, int64_t cols, int64_t tr,   \
                           int64_t tc, int64_t fr, int64_t fc) {                                 \
    for (int64_t r0 = 0; r0 < rows; r0 += BLOCK)                                                 \
      for (int64_t c0 = 0; c0 < cols; c0 += BLOCK) {                                             \
        int64_t r1 = rows - r0 < BLOCK ? rows : r0 + BLOCK;                                      \
        int64_t c1 = cols - c0 < BLOCK ? cols : c0 + BLOCK;                                      \
        for (int64_t r = r0; r < r1; r++)                                                        \
          row_##SIZE(to + (r * tr + c0 * tc) * SIZE, from + (r * fr + c0 * fc) * SIZE, c1 - c0,  \
                     tc, fc);                                                                    \
      }                                                                                          \
  }
LOOPS(1)
LOOPS(2)
LOOPS(4)
LOOPS(8)
LOOPS(16)
#undef LOOPS

static void copy_row(char *to, const char *from, int64_t n, int64_t ts, int64_t fs, size_t size) {
  if (ts == 1 && fs == 1) {
    memcpy(to, from, (size_t)n * size);
    return;
  }
  switch (size) {
    case 1: row_1(to, from, n, ts, fs); break;
    case 2: row_2(to, from, n, ts, fs); break;
    case 4: row_4(to, from, n, ts, fs); break;
    case 8: row_8(to, from, n, ts, fs); break;
    default: row_16(to, from, n, ts, fs); break;
  }
}

static void copy_block(const job *j, char *to, const char *from) {
  const tarn_view_copy *c = &j->c;
  int a = c->rank - 2, b = c->rank - 1;
  int64_t rows = c->dim[a], cols = c->dim[b], tr = c->to_stride[a], tc = c->to_stride[b];
  int64_t fr = c->from_stride[a], fc = c->from_stride[b];
  switch (j->size) {
    case 1: block_1(to, from, rows, cols, tr, tc, fr, fc); break;
    case 2: block_2(to, from, rows, cols, tr, tc, fr, fc); break;
    case 4: block_4(to, from, rows, cols, tr, tc, fr, fc); break;
    case 8: block_8(to, from, rows, cols, tr, tc, fr, fc); break;
    default: block_16(to, from, rows, cols, tr, tc, fr, fc); break;
  }
}

static tarn_status one_step(const job *j, int64_t to_at, int64_t from_at) {
  const tarn_view_copy *c = &j->c;
  int last = c->rank - 1;
  if (!tarn__is_plain(j->to->dtype)) {
    for (int64_t i = 0; i < c->dim[last]; i++)
      TARN_TRY(tarn__tensor_copy_elements(j->to, to_at + i * c->to_stride[last], j->from,
                                          from_at + i * c->from_stride[last], 1));
    return TARN_OK;
  }
  char *to = (char *)j->to->data + to_at * (int64_t)j->size;
  const char *from = (const char *)j->from->data + from_at * (int64_t)j->size;
  if (j->inner == 2) copy_block(j, to, from);
  else copy_row(to, from, c->dim[last], c->to_stride[last], c->from_stride[last], j->size);
  return TARN_OK;
}

static tarn_status run_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_view_copy *c = &j->c;
  int64_t at = chunk * j->step, end = j->outer - at < j->step ? j->outer : at + j->step;
  int64_t index[TARN_VIEW_MAX] = {0}, to_at = c->to_at, from_at = c->from_at, rest = at;
  int dims = c->rank - j->inner;
  for (int d = dims - 1; d >= 0; d--) {
    index[d] = rest % c->dim[d];
    rest /= c->dim[d];
    to_at += index[d] * c->to_stride[d];
    from_at += index[d] * c->from_stride[d];
  }
  for (; at < end; at++) {
    TARN_TRY(one_step(j, to_at, from_at));
    for (int d = dims - 1; d >= 0; d--) {
      to_at += c->to_stride[d];
      from_at += c->from_stride[d];
      if (++index[d] < c->dim[d]) break;
      to_at -= c->dim[d] * c->to_stride[d];
      from_at -= c->dim[d] * c->from_stride[d];
      index[d] = 0;
    }
  }
  return TARN_OK;
}

tarn_status tarn__view_copy_run(const tarn_view_copy *copy, tarn_tensor *to, const tarn_tensor *from,
                                tarn_pool *pool) {
  for (int d = 0; d < copy->rank; d++)
    if (copy->dim[d] == 0) return TARN_OK;
  job j = {.c = *copy, .to = to, .from = from, .size = tarn_dtype_bytes(to->dtype), .inner = 1, .outer = 1};
  tarn_view_copy *c = &j.c;
  simplify(c);
  int last = c->rank - 1;
  bool plain = tarn__is_plain(to->dtype);
  if (plain && c->from_stride[last] != 1 && c->from_stride[last] != 0)
    for (int d = 0; d < last; d++)
      if (c->from_stride[d] == 1 || c->from_stride[d] == -1) {
        move_dim(c, d);
        j.inner = 2;
        break;
      }
  int64_t step_bytes = (int64_t)j.size * c->dim[last] * (j.inner == 2 ? c->dim[last - 1] : 1);
  for (int d = 0; d < c->rank - j.inner; d++) j.outer *= c->dim[d];
  j.step = step_bytes >= CHUNK_BYTES ? 1 : CHUNK_BYTES / step_bytes;
  if (!plain) j.step = j.outer;
  return tarn__pool_run(j.outer > j.step ? pool : NULL, (j.outer + j.step - 1) / j.step, run_chunk, &j);
}

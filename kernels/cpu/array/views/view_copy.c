/* Dims of one element go, neighbours that are contiguous in both views become one; then the
 * innermost dim decides: contiguous in both, memcpy (past the caches where the result is larger
 * than they are); one element, a fill; back to front, words turned over; else, where another dim is
 * contiguous in the source (a transpose), blocks of both, tile by tile, so that lines of both sides
 * are used whole while they are in L1 and pages while the TLB has them; else a strided loop. Rows
 * of a few elements that are none of these (a reversal of pairs) go many at a time, column by
 * column. */
#include "kernels/cpu/array/views/view_copy.h"

#include "kernels/cpu/array/stream.h"
#include "kernels/cpu/array/views/view_tile.h"

/* A block is 16 rows by 256 columns: 16 lines to write to, 256 pages to read from. */
enum { BLOCK = 16, COLUMNS = 256, CHUNK_BYTES = 1 << 18, STAGE = 1 << 14, SHORT_ROW = 4096 };
/* Rows of so few elements go by columns, of so many rows while they are in L1. */
enum { FEW = 8, MANY = 256 };

typedef struct job {
  tarn_view_copy c;
  tarn_tensor *to;
  const tarn_tensor *from;
  size_t size;
  int inner;           /* dims that one step of the outer loop covers: 1 or 2 */
  bool by_rows;        /* the last but one only counts rows: they are copied one after the other */
  bool streams;        /* the result is larger than the caches */
  bool staged; /* its rows are short and follow each other: they are put together before they are
                  streamed */
  bool by_columns;     /* rows are of a few elements that do not follow each other */
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
#define ROW(SIZE)                                                                                \
  static void row_##SIZE(char *to, const char *from, int64_t n, int64_t ts, int64_t fs) {        \
    for (int64_t i = 0; i < n; i++) memcpy(to + i * ts * SIZE, from + i * fs * SIZE, SIZE);      \
  }
/* Rows are contiguous in the source, columns in the result: tiles, and the rest element by
 * element. */
#define TURN(SIZE)                                                                            \
  static void turn_##SIZE(char *to, const char *from, int64_t rows, int64_t cols, int64_t tr, \
                          int64_t fc) {                                                       \
    const int64_t whole = rows - rows % TARN_TILE_##SIZE, side = TARN_TILE_##SIZE;            \
    int64_t c = 0;                                                                            \
    for (; c + side <= cols; c += side)                                                       \
      for (int64_t r = 0; r < whole; r += side)                                               \
        tarn__tile_##SIZE(to + (r * tr + c) * SIZE, tr * SIZE, from + (r + c * fc) * SIZE,    \
                          fc * SIZE);                                                         \
    for (int64_t r = 0; r < whole && c < cols; r++)                                           \
      row_##SIZE(to + (r * tr + c) * SIZE, from + (r + c * fc) * SIZE, cols - c, 1, fc);      \
    for (int64_t r = whole; r < rows; r++)                                                    \
      row_##SIZE(to + r * tr * SIZE, from + r * SIZE, cols, 1, fc);                           \
  }
#define BLOCKS(SIZE, TURNS)                                                                    \
  static void block_##SIZE(char *to, const char *from, int64_t rows, int64_t cols, int64_t tr, \
                           int64_t tc, int64_t fr, int64_t fc, bool streams) {                 \
    _Alignas(64) char stage[BLOCK * COLUMNS * SIZE];                                           \
    for (int64_t c0 = 0; c0 < cols; c0 += COLUMNS)                                             \
      for (int64_t r0 = 0; r0 < rows; r0 += BLOCK) {                                           \
        int64_t r1 = rows - r0 < BLOCK ? rows : r0 + BLOCK;                                    \
        int64_t n = cols - c0 < COLUMNS ? cols - c0 : COLUMNS;                                 \
        char *t = to + (r0 * tr + c0 * tc) * SIZE;                                             \
        const char *f = from + (r0 * fr + c0 * fc) * SIZE;                                     \
        if (tc == 1 && fr == 1 && streams && n == COLUMNS) {                                   \
          TURNS(SIZE, stage, f, r1 - r0, n, n, fc);                                            \
          for (int64_t r = r0; r < r1; r++, t += tr * SIZE)                                    \
            tarn__stream_copy(t, stage + (r - r0) * n * SIZE, COLUMNS * SIZE);                 \
        } else if (tc == 1 && fr == 1)                                                         \
          TURNS(SIZE, t, f, r1 - r0, n, tr, fc);                                               \
        else                                                                                   \
          for (int64_t r = r0; r < r1; r++, t += tr * SIZE, f += fr * SIZE)                    \
            row_##SIZE(t, f, n, tc, fc);                                                       \
      }                                                                                        \
  }
#define TILES(SIZE, t, f, rows, cols, tr, fc) turn_##SIZE(t, f, rows, cols, tr, fc)
#define BY_ROWS(SIZE, t, f, rows, cols, tr, fc) \
  for (int64_t r = 0; r < (rows); r++) row_##SIZE((t) + r * (tr)*SIZE, (f) + r * SIZE, cols, 1, fc)
ROW(1) TURN(1) BLOCKS(1, TILES)
ROW(2) TURN(2) BLOCKS(2, TILES)
ROW(4) TURN(4) BLOCKS(4, TILES)
ROW(8) TURN(8) BLOCKS(8, TILES)
ROW(16) BLOCKS(16, BY_ROWS)
#undef ROW
#undef TURN
#undef BLOCKS
#undef TILES
#undef BY_ROWS

/* from[0], from[-1], ...: sixteen or eight bytes at a time, their elements turned over within. */
static void backwards(char *to, const char *from, int64_t n, size_t size) {
  const uint64_t odd_bytes = UINT64_C(0x00ff00ff00ff00ff);
  const int64_t step = 8 / (int64_t)size;
  int64_t i = 0;
#ifdef __SSE2__
  for (; size >= 4 && i + 2 * step <= n; i += 2 * step) {
    const __m128i v = tarn__tile_load(from - (i + 2 * step - 1) * (int64_t)size);
    tarn__tile_store(to + i * (int64_t)size, size == 4
                                                 ? _mm_shuffle_epi32(v, _MM_SHUFFLE(0, 1, 2, 3))
                                                 : _mm_shuffle_epi32(v, _MM_SHUFFLE(1, 0, 3, 2)));
  }
#endif
  for (; i + step <= n; i += step) {
    uint64_t v;
    memcpy(&v, from - (i + step - 1) * (int64_t)size, 8);
    if (size < 8) v = v >> 32 | v << 32;
    if (size < 4)
      v = (v & UINT64_C(0xffff0000ffff0000)) >> 16 | (v & UINT64_C(0x0000ffff0000ffff)) << 16;
    if (size < 2) v = (v >> 8 & odd_bytes) | (v & odd_bytes) << 8;
    memcpy(to + i * (int64_t)size, &v, 8);
  }
  for (; i < n; i++) memcpy(to + i * (int64_t)size, from - i * (int64_t)size, size);
}

/* A few bytes in words that may overlap: for rows that are too short for a call. */
static inline void copy_few(char *to, const char *from, size_t bytes) {
  if (bytes >= 16) {
    for (size_t k = 0; k + 16 < bytes; k += 16) memcpy(to + k, from + k, 16);
    memcpy(to + bytes - 16, from + bytes - 16, 16);
  } else if (bytes >= 8) {
    uint64_t first, last;
    memcpy(&first, from, 8), memcpy(&last, from + bytes - 8, 8);
    memcpy(to, &first, 8), memcpy(to + bytes - 8, &last, 8);
  } else if (bytes >= 4) {
    uint32_t first, last;
    memcpy(&first, from, 4), memcpy(&last, from + bytes - 4, 4);
    memcpy(to, &first, 4), memcpy(to + bytes - 4, &last, 4);
  } else {
    for (size_t k = 0; k < bytes; k++) to[k] = from[k];
  }
}

static void copy_row(const job *j, char *to, const char *from, int64_t n, int64_t ts, int64_t fs) {
  const size_t size = j->size;
  if (ts == 1 && fs == 1) {
    if ((size_t)n * size <= 64) copy_few(to, from, (size_t)n * size);
    else if (j->streams && !j->staged) tarn__stream_copy(to, from, (size_t)n * size);
    else memcpy(to, from, (size_t)n * size);
    return;
  }
  if (ts == 1 && fs == 0) {
    tarn__fill_elements(to, from, size, n, j->streams && !j->staged);
    return;
  }
  if (ts == 1 && fs == -1 && size <= 8) {
    backwards(to, from, n, size);
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
    case 1: block_1(to, from, rows, cols, tr, tc, fr, fc, j->streams); break;
    case 2: block_2(to, from, rows, cols, tr, tc, fr, fc, j->streams); break;
    case 4: block_4(to, from, rows, cols, tr, tc, fr, fc, j->streams); break;
    case 8: block_8(to, from, rows, cols, tr, tc, fr, fc, j->streams); break;
    default: block_16(to, from, rows, cols, tr, tc, fr, fc, j->streams); break;
  }
}

static void copy_rows(const job *j, char *to, const char *from) {
  const tarn_view_copy *c = &j->c;
  const int last = c->rank - 1;
  const int64_t to_step = c->to_stride[last - 1] * (int64_t)j->size,
                from_step = c->from_stride[last - 1] * (int64_t)j->size;
  for (int64_t r = 0; r < c->dim[last - 1]; r++)
    copy_row(j, to + r * to_step, from + r * from_step, c->dim[last], c->to_stride[last],
             c->from_stride[last]);
}

/* n rows from there on, tr elements apart. */
static void copy_columns(const job *j, char *to, const char *from, int64_t n, int64_t tr) {
  const tarn_view_copy *c = &j->c;
  const int last = c->rank - 1;
  const int64_t fr = c->from_stride[last - 1], ts = c->to_stride[last];
  for (int64_t k = 0; k < c->dim[last]; k++) {
    char *t = to + k * ts * (int64_t)j->size;
    const char *f = from + k * c->from_stride[last] * (int64_t)j->size;
    switch (j->size) {
      case 1: row_1(t, f, n, tr, fr); break;
      case 2: row_2(t, f, n, tr, fr); break;
      case 4: row_4(t, f, n, tr, fr); break;
      case 8: row_8(t, f, n, tr, fr); break;
      default: row_16(t, f, n, tr, fr); break;
    }
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
  if (j->by_rows) copy_rows(j, to, from);
  else if (j->inner == 2) copy_block(j, to, from);
  else copy_row(j, to, from, c->dim[last], c->to_stride[last], c->from_stride[last]);
  return TARN_OK;
}

/* Rows on their way to a result that is streamed: whole lines are written, what is left of one
 * waits for the next row. */
typedef struct stage {
  _Alignas(64) char bytes[STAGE + SHORT_ROW];
  size_t held;
  char *to;
} stage;

static void stage_flush(stage *s, bool all) {
  const size_t whole = all ? s->held : s->held - ((uintptr_t)(s->to + s->held) & 63);
  tarn__stream_copy(s->to, s->bytes, whole);
  memmove(s->bytes, s->bytes + whole, s->held - whole);
  s->to += whole;
  s->held -= whole;
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
  stage s;
  s.held = 0;
  s.to = (char *)j->to->data + to_at * (int64_t)j->size;
  for (int64_t step = 1; at < end; at += step) {
    if (j->by_columns) {
      const int64_t n = c->dim[dims], left = c->dim[dims - 1] - index[dims - 1];
      const int64_t most = j->staged ? SHORT_ROW / (n * (int64_t)j->size) : MANY;
      step = left < end - at ? left : end - at;
      if (step > most) step = most;
      char *to = j->staged ? s.bytes + s.held : (char *)j->to->data + to_at * (int64_t)j->size;
      copy_columns(j, to, (const char *)j->from->data + from_at * (int64_t)j->size, step,
                   j->staged ? n : c->to_stride[dims - 1]);
      if (j->staged) s.held += (size_t)(step * n) * j->size;
      if (j->staged && s.held >= STAGE) stage_flush(&s, false);
    } else if (j->staged) {
      const int64_t n = c->dim[c->rank - 1];
      copy_row(j, s.bytes + s.held, (const char *)j->from->data + from_at * (int64_t)j->size, n, 1,
               c->from_stride[c->rank - 1]);
      s.held += (size_t)n * j->size;
      if (s.held >= STAGE) stage_flush(&s, false);
    } else {
      TARN_TRY(one_step(j, to_at, from_at));
    }
    for (int64_t d = dims - 1, by = step; d >= 0; d--, by = 1) {
      to_at += by * c->to_stride[d];
      from_at += by * c->from_stride[d];
      if ((index[d] += by) < c->dim[d]) break;
      to_at -= c->dim[d] * c->to_stride[d];
      from_at -= c->dim[d] * c->from_stride[d];
      index[d] = 0;
    }
  }
  if (j->staged) stage_flush(&s, true);
  if (j->streams) tarn__stream_end();
  return TARN_OK;
}

/* Do the steps of the outer loop write one behind the other? */
static bool dense(const tarn_view_copy *c) {
  int64_t stride = 1;
  for (int d = c->rank - 1; d >= 0; d--) {
    if (c->to_stride[d] != stride) return false;
    stride *= c->dim[d];
  }
  return true;
}

tarn_status tarn__view_copy_run(const tarn_view_copy *copy, tarn_tensor *to,
                                const tarn_tensor *from, tarn_pool *pool) {
  for (int d = 0; d < copy->rank; d++)
    if (copy->dim[d] == 0) return TARN_OK;
  job j = {.c = *copy,
           .to = to,
           .from = from,
           .size = tarn_dtype_bytes(to->dtype),
           .inner = 1,
           .outer = 1};
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
  const bool large = plain && tarn__tensor_bytes(to) >= TARN_STREAM_BYTES;
  j.staged = large && j.inner == 1 && step_bytes <= SHORT_ROW && dense(c);
  j.streams = large && (j.staged || step_bytes > SHORT_ROW);
  j.by_columns = plain && j.inner == 1 && last > 0 && c->dim[last] <= FEW &&
                 c->from_stride[last] != 1 && c->from_stride[last] != 0 &&
                 c->dim[last - 1] >= FEW && (!large || j.staged);
  if (plain && j.inner == 1 && last > 0 && !j.staged && !j.by_columns &&
      step_bytes * c->dim[last - 1] <= CHUNK_BYTES) {
    j.inner = 2;
    j.by_rows = true;
    step_bytes *= c->dim[last - 1];
  }
  for (int d = 0; d < c->rank - j.inner; d++) j.outer *= c->dim[d];
  j.step = step_bytes >= CHUNK_BYTES ? 1 : CHUNK_BYTES / step_bytes;
  if (!plain) j.step = j.outer;
  return tarn__pool_run(j.outer > j.step ? pool : NULL, (j.outer + j.step - 1) / j.step, run_chunk,
                        &j);
}

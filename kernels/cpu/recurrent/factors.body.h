/* Rows of states as factors for multiply.body.h, and what it sums up as f32.
 *
 * f32 and bf16 weights take states as they are, those in fixed point in groups of four. For int8
 * weights a state is quantized at each step,
 * by what it then holds, as ../narrow does it (quantize.body.h there):
 *
 *   a = scale (q - zero), q in 0..255       w[k][j] = scale_w[j] wq[k][j]
 *   sum over k of a w = scale scale_w[j] (sum q wq - zero sum wq), sums exact
 *
 * Every thread quantizes the rows that it meets for itself, when it first meets them in a step:
 * that is one of hundreds of a step's operations, and saves a phase. */
#include "kernels/cpu/recurrent/multiply.body.h"
#include "kernels/cpu/recurrent/pack.h"

enum { CHUNK_ROWS = 24 };   /* of the batch, in one chunk of a phase */

/* Some rows of the batch, all of one group, in one step. */
typedef struct row_set {
  int64_t s, group;
  int n, worker;
  const int64_t *b;
} row_set;

/* What rows are multiplied with a block: states, or x. */
typedef enum operand_kind { OF_STATE, OF_X, OPERAND_KINDS } operand_kind;
typedef struct operand {
  operand_kind kind;
  const float *from;   /* row b of the batch at b * ld */
  int64_t ld, depth;
} operand;

#if BYTES
#if VF == 16
#define VI_MUL(a, b) _mm512_mullo_epi32(a, b)
#else
#define VI_MUL(a, b) _mm256_mullo_epi32(a, b)
#endif
#include "kernels/cpu/narrow/quantize.body.h"

/* What a thread has quantized of one group of rows: those of step s, which were at `from`. */
typedef struct quantized_rows {
  int64_t s;
  const float *from;
} quantized_rows;

/* A thread's part of scratch: tags by kind and group, scales by kind and row, and rows of bytes. */
typedef struct factor_store {
  int64_t B, groups, kinds, ld;
  size_t tags, scales, bytes;   /* sizes; bytes of all */
  char *memory;
} factor_store;

static size_t pairs_of_lines(size_t bytes) { return (bytes + 127) / 128 * 128; }

static factor_store store_of(int64_t B, int64_t deepest, bool with_x) {
  factor_store q = {.B = B, .groups = (B + CHUNK_ROWS - 1) / CHUNK_ROWS,
                    .kinds = with_x ? OPERAND_KINDS : 1, .ld = (deepest + 63) / 64 * 64};
  q.tags = pairs_of_lines((size_t)(q.kinds * q.groups) * sizeof(quantized_rows));
  q.scales = pairs_of_lines((size_t)(q.kinds * B) * sizeof(tarn_narrow_scale));
  q.bytes = pairs_of_lines(q.tags + q.scales + (size_t)(q.kinds * B * q.ld));
  return q;
}

static quantized_rows *store_tags(const factor_store *q, int worker) {
  return (quantized_rows *)(void *)(q->memory + (size_t)worker * q->bytes);
}

static void store_start(factor_store *q, char *memory, int threads) {
  q->memory = memory;
  for (int t = 0; t < threads; t++)
    for (int64_t i = 0; i < q->kinds * q->groups; i++)
      store_tags(q, t)[i] = (quantized_rows){.s = -1};
}

static inline void store_bytes(uint8_t *to, vi x) {
#if VF == 16
  _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtusepi32_epi8(x));
#else
  const __m128i high = _mm256_extracti128_si256(x, 1);
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(x), high);
  _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(words, words));
#endif
}

static tarn_narrow_scale quantize_row(const float *from, int64_t depth, uint8_t *to) {
  float least, most;
  range(from, depth, &least, &most);
  const tarn_narrow_scale s = tarn__narrow_scale_of(least, most);
  const vf inverse = vf_set1(inverse_of(&s)), zero = vf_set1((float)s.zero);
  for (int64_t k = 0; k < depth; k += VF) {
    const vm m = vm_first(depth - k < VF ? depth - k : VF);
    store_bytes(to + k, quantized(from + k, m, inverse, zero));
  }
  return s;
}

/* tile (+)= the rows by one block, whose rows of this operand begin at w. */
static void rows_multiply(const factor_store *q, const row_set *r, const operand *o, int vectors,
                          const float *w, bool streams, bool more, float *tile) {
  char *memory = q->memory + (size_t)r->worker * q->bytes;
  quantized_rows *tag = store_tags(q, r->worker) + o->kind * q->groups + r->group;
  tarn_narrow_scale *scale = (tarn_narrow_scale *)(void *)(memory + q->tags) + o->kind * q->B;
  uint8_t *bytes = (uint8_t *)memory + q->tags + q->scales + o->kind * q->B * q->ld;
  const uint8_t *a[CHUNK_ROWS];
  const bool fresh = tag->s == r->s && tag->from == o->from;
  for (int i = 0; i < r->n; i++) {
    const int64_t b = r->b[i];
    if (!fresh) scale[b] = quantize_row(o->from + b * o->ld, o->depth, bytes + b * q->ld);
    a[i] = bytes + b * q->ld;
  }
  *tag = (quantized_rows){r->s, o->from};
  const int64_t weights = (o->depth + PER_ROW - 1) / PER_ROW, row = vectors * VF;
  float exact[CHUNK_ROWS * 4 * VF] __attribute__((aligned(64)));
  multiply(r->n, vectors, weights * PER_ROW, a, w, streams, false, exact);
  const float *scale_w = w + weights * row, *sum_w = scale_w + row;
  for (int i = 0; i < r->n; i++) {
    const tarn_narrow_scale s = scale[r->b[i]];
    for (int64_t at = 0; at < row; at += VF) {
      const vi off = VI_MUL(vi_set1(s.zero), WORDS(sum_w + at));
      const vf x = vi_to_float(vi_sub(WORDS(exact + i * row + at), off));
      const vf unit = vf_mul(vf_set1(s.scale), vf_load(scale_w + at));
      float *to = tile + i * row + at;
      vf_store(to, more ? vf_fma(x, unit, vf_load(to)) : vf_mul(x, unit));
    }
  }
}

#else

/* Nothing to keep. */
typedef struct factor_store {
  size_t bytes;
} factor_store;
static factor_store store_of(int64_t B, int64_t deepest, bool with_x) {
  (void)B, (void)deepest, (void)with_x;
  return (factor_store){0};
}
static void store_start(factor_store *q, char *memory, int threads) {
  (void)q, (void)memory, (void)threads;
}

#if FIXED
/* The same as `multiply` with weights in fixed point: what is left of the depth has factors beside
 * zeros, scales follow the sums, and then the weights that are kept as they are. */
static void multiply_fixed(int rows, int vectors, int64_t depth, const float *const *a,
                           const float *w, bool streams, bool more, float *tile) {
  const int64_t whole = depth / PER_ROW * PER_ROW, row = vectors * VF;
  const float *tail = w + (depth + PER_ROW - 1) / PER_ROW * LINES * row;
  float sum[CHUNK_ROWS * 4 * VF] __attribute__((aligned(64)));
  if (whole) multiply(rows, vectors, whole, a, w, streams, false, sum);
  if (whole < depth) {
    float last[CHUNK_ROWS][PER_ROW] = {{0}};
    const float *at[CHUNK_ROWS];
    for (int i = 0; i < rows; i++) {
      for (int64_t k = whole; k < depth; k++) last[i][k - whole] = a[i][k];
      at[i] = last[i];
    }
    multiply(rows, vectors, PER_ROW, at, w + whole / PER_ROW * LINES * row, false, whole > 0, sum);
  }
  for (int i = 0; i < rows; i++)
    for (int64_t v = 0; v < row; v += VF) {
      float *to = tile + i * row + v;
      const vf x = vf_mul(vf_load(sum + i * row + v), vf_set1(0x1p-31f)), unit = vf_load(tail + v);
      vf_store(to, more ? vf_fma(x, unit, vf_load(to)) : vf_mul(x, unit));
    }
  const tarn_block_list *list = (const tarn_block_list *)(const void *)(tail + row);
  for (int32_t e = 0; e < list->count; e++)
    for (int i = 0; i < rows; i++)
      tile[i * row + list->entry[e].column] += a[i][list->entry[e].k] * list->entry[e].w;
}
#endif

static void rows_multiply(const factor_store *q, const row_set *r, const operand *o, int vectors,
                          const float *w, bool streams, bool more, float *tile) {
  const float *a[CHUNK_ROWS];
  (void)q;
  for (int i = 0; i < r->n; i++) a[i] = o->from + r->b[i] * o->ld;
#if FIXED
  multiply_fixed(r->n, vectors, o->depth, a, w, streams, more, tile);
#else
  multiply(r->n, vectors, o->depth, a, w, streams, more, tile);
#endif
}
#endif

#include "kernels/cpu/recurrent/pack.h"

#include "core/tensor/dtype.h"

#include <math.h>
#include <string.h>

enum { MOST_LANES = 16 };

typedef struct job {
  const tarn_blocks *b;
  int64_t x, h, ld;
  bool of_h;
  const float *w;
  float *to;
} job;

/* Some columns of one gate, to one vector of each of a block's rows. */
typedef struct strip {
  const float *from;        /* rows ld apart */
  int64_t depth, ld, some;  /* some <= lanes columns */
  char *to;                 /* rows row_bytes apart, zeroed */
  size_t row_bytes;
} strip;

static void pack_f32(const strip *s) {
  for (int64_t k = 0; k < s->depth; k++)
    memcpy(s->to + (size_t)k * s->row_bytes, s->from + k * s->ld, (size_t)s->some * sizeof(float));
}

/* The lane that is nearest to w among those whose lower half is given. Floats of one sign are
 * ordered as their bits are, so nearest is counted in those. */
static uint32_t nearest_above(uint32_t low, float w) {
  enum { NOT_FINITE = 0x7f80, QUIET = 0x40 };
  uint32_t bits;
  memcpy(&bits, &w, sizeof bits);
  const uint32_t sign = bits & 0x80000000u, size = bits & 0x7fffffffu;
  uint32_t high = size + 0x8000u > low ? (size + 0x8000u - low) >> 16 : 0;
  if (isnan(w)) high = NOT_FINITE | QUIET;
  else if (high >= NOT_FINITE) high = NOT_FINITE - 1;
  return sign | high << 16 | low;
}

static void pack_bf16(const strip *s) {
  for (int64_t k = 0; k < s->depth; k += 2) {
    const float *first = s->from + k * s->ld, *second = first + s->ld;
    uint32_t *to = (uint32_t *)(void *)(s->to + (size_t)(k / 2) * s->row_bytes);
    for (int64_t i = 0; i < s->some; i++) {
      to[i] = tarn__f32_to_bf16(first[i]);
      if (k + 1 == s->depth) continue;
      if (isinf(second[i]) && isfinite(first[i])) memcpy(&to[i], &second[i], sizeof to[i]);
      else to[i] = nearest_above(to[i], second[i]);
    }
  }
}

static void pack_int8(const strip *s) {
  const size_t rows = ((size_t)s->depth + 3) / 4;
  float *scale = (float *)(void *)(s->to + rows * s->row_bytes), inverse[MOST_LANES];
  int32_t *sum = (int32_t *)(void *)(s->to + (rows + 1) * s->row_bytes);
  for (int64_t k = 0; k < s->depth; k++)
    for (int64_t i = 0; i < s->some; i++) {
      const float size = fabsf(s->from[k * s->ld + i]);
      scale[i] = size <= scale[i] || isnan(scale[i]) ? scale[i] : size;
    }
  for (int64_t i = 0; i < s->some; i++) {
    scale[i] = isfinite(scale[i]) ? scale[i] / 127 : NAN;
    inverse[i] = scale[i] > 0 ? 1 / scale[i] : 0;
  }
  for (int64_t k = 0; k < s->depth; k++) {
    char *to = s->to + (size_t)(k / 4) * s->row_bytes + k % 4;
    for (int64_t i = 0; i < s->some; i++) {
      const float w = s->from[k * s->ld + i] * inverse[i];
      const int8_t q = w >= 127 ? 127 : w <= -127 ? -127 : isnan(w) ? 0 : (int8_t)rintf(w);
      memcpy(to + 4 * i, &q, 1);
      sum[i] += q;
    }
  }
}

static tarn_status pack_block(void *argument, int64_t chunk, int worker) {
  static void (*const form[TARN_PRECISIONS])(const strip *) = {
      [TARN_PRECISION_F32] = pack_f32, [TARN_PRECISION_BF16] = pack_bf16,
      [TARN_PRECISION_INT8] = pack_int8};
  const job *j = argument;
  const tarn_blocks *b = j->b;
  const int64_t lanes = b->lanes, spans = tarn__block_spans(b, chunk);
  const int64_t row = b->gates * spans * lanes, depth = j->of_h ? j->h : j->x;
  const int64_t before = j->of_h ? tarn__block_rows(b, j->x) : 0;
  float *to = j->to + tarn__block_at(b, chunk, j->x, j->h) + before * row;
  (void)worker;
  memset(to, 0, (size_t)(tarn__block_rows(b, depth) * row) * sizeof *to);
  for (int64_t v = 0; v < b->gates * spans && depth; v++) {
    const int64_t unit = chunk * tarn__blocks_units(b) + v % spans * lanes, left = b->width - unit;
    const strip s = {.from = j->w + b->column[v / spans] + unit, .depth = depth, .ld = j->ld,
                     .some = left < lanes ? left : lanes, .to = (char *)(to + v * lanes),
                     .row_bytes = (size_t)row * sizeof *to};
    form[b->form](&s);
  }
  return TARN_OK;
}

tarn_status tarn__blocks_pack(const tarn_blocks *b, int64_t x, int64_t h, bool of_h, const float *w,
                              int64_t ld, float *to, tarn_pool *pool) {
  job j = {b, x, h, ld, of_h, w, to};
  return tarn__pool_run(pool, tarn__blocks_count(b), pack_block, &j);
}

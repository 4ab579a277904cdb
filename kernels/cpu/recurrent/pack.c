#include "kernels/cpu/recurrent/pack.h"

#include "core/tensor/dtype.h"

#include <float.h>
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
  int32_t first;            /* of the block's columns */
  tarn_block_list *list;    /* of the block's, in fixed point */
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

/* Beyond which size weights are kept apart: so many times the root mean square of those within it,
 * as long as the list has room for the others. */
static double limit_of(const strip *s, int64_t i, int64_t room) {
  double limit = INFINITY;
  for (;;) {
    double squares = 0;
    int64_t within = 0, beyond = 0;
    for (int64_t k = 0; k < s->depth; k++) {
      const double w = fabs((double)s->from[k * s->ld + i]);
      if (w <= limit && isfinite(w)) squares += w * w, within++;
    }
    const double next = within ? TARN_BLOCK_APART * sqrt(squares / (double)within) : 0;
    for (int64_t k = 0; k < s->depth; k++) {
      const double w = fabs((double)s->from[k * s->ld + i]);
      if (w > next && isfinite(w)) beyond++;
    }
    if (!(next < limit) || beyond > room) return limit;
    limit = next;
    if (!beyond) return limit;
  }
}

/* A column's scale, those of its weights that are kept apart being in the list; NaN where too many
 * are not finite. */
static float fixed_scale(const strip *s, int64_t i) {
  int64_t odd = 0;
  for (int64_t k = 0; k < s->depth; k++) odd += !isfinite(s->from[k * s->ld + i]);
  if (odd > TARN_BLOCK_NOT_FINITE) return NAN;
  const double limit = limit_of(s, i, tarn__block_apart(s->depth) - odd);
  float most = FLT_MIN;
  for (int64_t k = 0; k < s->depth; k++) {
    const float w = s->from[k * s->ld + i];
    if (!isfinite(w) || fabs((double)w) > limit)
      s->list->entry[s->list->count++] = (tarn_block_entry){(int32_t)k, s->first + (int32_t)i, w};
    else if (fabsf(w) > most) most = fabsf(w);
  }
  return fminf(most * (1 + FLT_EPSILON), FLT_MAX); /* so that the largest is below 2^31 units */
}

/* The nearest of 24 bits in the upper ones of a number whose lowest byte is given. */
static uint32_t fixed_above(double w, uint32_t low) {
  const double high = fmin(fmax(rint((w - low) / 256), -0x800000), 0x7fffff);
  return (uint32_t)(int32_t)high << 8 | low;
}

/* What stands for a weight that is kept apart: its sign, so that an infinite state is not
 * multiplied with 0. The weight is less by that. */
static double least_of(tarn_block_entry *kept, float scale) {
  const int sign = (kept->w > 0) - (kept->w < 0);
  kept->w -= (float)sign * 0x1p-23f * scale;
  return sign * 256.0;
}

static void pack_fixed(const strip *s) {
  const size_t rows = ((size_t)s->depth + 3) / 4 * 3;
  float *scale = (float *)(void *)(s->to + rows * s->row_bytes);
  for (int64_t i = 0; i < s->some; i++) {
    const int32_t listed = s->list->count;
    scale[i] = fixed_scale(s, i);
    const double units = scale[i] > 0 ? 0x1p31 / (double)scale[i] : 0;
    tarn_block_entry *kept = s->list->entry + listed, *end = s->list->entry + s->list->count;
    for (int64_t k = 0; k < s->depth; k += 4) {
      double w[4] = {0};
      for (int64_t j = k; j < k + 4 && j < s->depth; j++) {
        if (kept < end && kept->k == j) w[j - k] = least_of(kept++, scale[i]);
        else if (units > 0) w[j - k] = (double)s->from[j * s->ld + i] * units;
      }
      const uint32_t fourth = fixed_above(w[3], 0) >> 8;
      for (int j = 0; j < 3; j++) {
        const uint32_t lane = fixed_above(w[j], fourth >> (8 * j) & 0xff);
        memcpy(s->to + ((size_t)k / 4 * 3 + (size_t)j) * s->row_bytes + 4 * i, &lane, sizeof lane);
      }
    }
  }
}

static tarn_status pack_block(void *argument, int64_t chunk, int worker) {
  static void (*const form[TARN_BLOCK_FORMS])(const strip *) = {
      [TARN_BLOCKS_F32] = pack_f32, [TARN_BLOCKS_BF16] = pack_bf16,
      [TARN_BLOCKS_INT8] = pack_int8, [TARN_BLOCKS_FIXED] = pack_fixed};
  const job *j = argument;
  const tarn_blocks *b = j->b;
  const int64_t lanes = b->lanes, spans = tarn__block_spans(b, chunk);
  const int64_t row = b->gates * spans * lanes, depth = j->of_h ? j->h : j->x;
  const int64_t before = j->of_h ? tarn__block_rows(b, j->x) : 0;
  const int64_t weights = tarn__block_weights(b, depth);
  float *to = j->to + tarn__block_at(b, chunk, j->x, j->h) + before * row;
  (void)worker;
  memset(to, 0, (size_t)(tarn__block_rows(b, depth) * row) * sizeof *to);
  for (int64_t v = 0; v < b->gates * spans && depth; v++) {
    const int64_t unit = chunk * tarn__blocks_units(b) + v % spans * lanes, left = b->width - unit;
    const strip s = {.from = j->w + b->column[v / spans] + unit, .depth = depth, .ld = j->ld,
                     .some = left < lanes ? left : lanes, .to = (char *)(to + v * lanes),
                     .row_bytes = (size_t)row * sizeof *to, .first = (int32_t)(v * lanes),
                     .list = (tarn_block_list *)(void *)(to + (weights + 1) * row)};
    form[b->form](&s);
  }
  return TARN_OK;
}

tarn_status tarn__blocks_pack(const tarn_blocks *b, int64_t x, int64_t h, bool of_h, const float *w,
                              int64_t ld, float *to, tarn_pool *pool) {
  job j = {b, x, h, ld, of_h, w, to};
  return tarn__pool_run(pool, tarn__blocks_count(b), pack_block, &j);
}

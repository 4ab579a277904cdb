#include "kernels/cpu/recurrent/pack.h"

#include "core/dtype.h"

#include <string.h>

typedef struct job {
  const tarn_blocks *b;
  int64_t x, h, ld;
  bool of_h;
  const float *w;
  float *to;
} job;

/* Some columns of rows k and, where there is one, k + 1, rounded and side by side. */
static void pack_pair(uint32_t *to, const float *first, const float *second, int64_t some) {
  for (int64_t i = 0; i < some; i++)
    to[i] = tarn__f32_to_bf16(first[i]) |
            (second ? (uint32_t)tarn__f32_to_bf16(second[i]) << 16 : 0);
}

static tarn_status pack_block(void *argument, int64_t chunk, int worker) {
  const job *j = argument;
  const tarn_blocks *b = j->b;
  const int64_t lanes = b->lanes, spans = tarn__block_spans(b, chunk);
  const int64_t row = b->gates * spans * lanes, depth = j->of_h ? j->h : j->x;
  const int64_t before = j->of_h ? tarn__block_rows(b, j->x) : 0, step = b->halves ? 2 : 1;
  float *to = j->to + tarn__block_at(b, chunk, j->x, j->h) + before * row;
  (void)worker;
  for (int64_t v = 0; v < b->gates * spans; v++) {
    const int64_t unit = chunk * tarn__blocks_units(b) + v % spans * lanes, left = b->width - unit;
    const int64_t some = left < lanes ? left : lanes;
    const float *from = j->w + b->column[v / spans] + unit;
    for (int64_t k = 0; k < depth; k += step, from += step * j->ld) {
      float *at = to + k / step * row + v * lanes;
      memset(at + some, 0, (size_t)(lanes - some) * sizeof *at);
      if (!b->halves) memcpy(at, from, (size_t)some * sizeof *at);
      else pack_pair((uint32_t *)(void *)at, from, k + 1 < depth ? from + j->ld : NULL, some);
    }
  }
  return TARN_OK;
}

tarn_status tarn__blocks_pack(const tarn_blocks *b, int64_t x, int64_t h, bool of_h, const float *w,
                              int64_t ld, float *to, tarn_pool *pool) {
  job j = {b, x, h, ld, of_h, w, to};
  return tarn__pool_run(pool, tarn__blocks_count(b), pack_block, &j);
}

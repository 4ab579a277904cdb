#include "kernels/cpu/recurrent/pack.h"

#include <string.h>

typedef struct job {
  const tarn_blocks *b;
  int64_t depth, at, count, ld;
  const float *w;
  float *to;
} job;

static tarn_status pack_block(void *argument, int64_t chunk, int worker) {
  const job *j = argument;
  const tarn_blocks *b = j->b;
  const int64_t lanes = b->lanes, spans = tarn__block_spans(b, chunk);
  const int64_t row = b->gates * spans * lanes;
  float *to = j->to + tarn__block_at(b, chunk, j->depth) + j->at * row;
  (void)worker;
  for (int64_t v = 0; v < b->gates * spans; v++) {
    const int64_t unit = chunk * tarn__blocks_units(b) + v % spans * lanes, left = b->width - unit;
    const int64_t some = left < lanes ? left : lanes;
    const float *from = j->w + b->column[v / spans] + unit;
    for (int64_t k = 0; k < j->count; k++) {
      float *at = to + k * row + v * lanes;
      memcpy(at, from + k * j->ld, (size_t)some * sizeof *at);
      memset(at + some, 0, (size_t)(lanes - some) * sizeof *at);
    }
  }
  return TARN_OK;
}

tarn_status tarn__blocks_pack(const tarn_blocks *b, int64_t depth, int64_t at, int64_t count,
                              const float *w, int64_t ld, float *to, tarn_pool *pool) {
  job j = {b, depth, at, count, ld, w, to};
  return tarn__pool_run(pool, tarn__blocks_count(b), pack_block, &j);
}

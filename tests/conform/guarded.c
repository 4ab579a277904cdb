#include "guarded.h"

#include <stdlib.h>

#define GUARD 256
#define GUARD_BYTE 0xa5

guarded guard_make(tarn_tensor *t, tarn_dtype dtype, const tarn_shape *shape, bool misaligned) {
  guarded g = {.bytes = tarn_dtype_bytes(dtype) * (size_t)tarn__shape_elements(shape)};
  g.offset = GUARD + (misaligned ? tarn_dtype_bytes(dtype) : 0);
  g.total = (g.offset + g.bytes + GUARD + 63) / 64 * 64;
  g.block = aligned_alloc(64, g.total);
  if (!g.block) abort();
  memset(g.block, GUARD_BYTE, g.total);
  *t = (tarn_tensor){.dtype = dtype, .shape = *shape, .data = g.block + g.offset};
  return g;
}

bool guard_intact(const guarded *g) {
  bool intact = true;
  for (size_t i = 0; i < g->offset; i++) intact = intact && g->block[i] == GUARD_BYTE;
  for (size_t i = g->offset + g->bytes; i < g->total; i++)
    intact = intact && g->block[i] == GUARD_BYTE;
  return intact;
}

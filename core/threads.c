#include "core/threads.h"

struct tarn_pool {
  const tarn_allocator *allocator;
};

tarn_status tarn__pool_create(const tarn_allocator *a, int threads, tarn_pool **pool) {
  if (threads < 0 || threads > 256) return tarn_fail(TARN_INVALID, "%d threads, expected 0 to 256", threads);
  tarn_pool *p = tarn__alloc_zero(a, sizeof *p);
  if (!p) return TARN_NO_MEMORY;
  p->allocator = a;
  *pool = p;
  return TARN_OK;
}

void tarn__pool_destroy(tarn_pool *pool) {
  if (pool) tarn__free(pool->allocator, pool, sizeof *pool);
}

int tarn__pool_threads(const tarn_pool *pool) {
  (void)pool;
  return 1;
}

tarn_status tarn__pool_run(tarn_pool *pool, int64_t chunks, tarn_chunk body, void *argument) {
  (void)pool;
  for (int64_t i = 0; i < chunks; i++) TARN_TRY(body(argument, i, 0));
  return TARN_OK;
}

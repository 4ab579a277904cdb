/* Packed forms of weights, once per session: shared by all plans and threads that use the same
 * kernel on the same elements. */
#ifndef TARN_GRAPH_EXEC_PREPARED_H
#define TARN_GRAPH_EXEC_PREPARED_H

#include "graph/plan.h"

#include <pthread.h>

typedef struct tarn_prepared tarn_prepared;

typedef struct tarn_prepared_cache {
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_prepared *first;
} tarn_prepared_cache;

void tarn__prepared_cache_init(tarn_prepared_cache *cache, const tarn_allocator *a);
void tarn__prepared_cache_clear(tarn_prepared_cache *cache);   /* when no plan is left */
/* What the binding's kernel prepared from its stable inputs, made at the first call (by one thread;
 * others wait). */
tarn_status tarn__prepared_get(tarn_prepared_cache *cache, tarn_binding *binding,
                               const tarn_tensor *const *in, tarn_pool *pool, const void **memory);
/* Ends a binding's use of it; NULL passes. */
void tarn__prepared_release(tarn_prepared *prepared);

#endif

/* A session's use of packed weights: what its bindings hold of the store that the sessions of a
 * model share (packed.h), and what of that its memory limit counts. */
#ifndef TARN_GRAPH_EXEC_PREPARED_H
#define TARN_GRAPH_EXEC_PREPARED_H

#include "graph/exec/packed.h"

typedef struct tarn_prepared tarn_prepared;

typedef struct tarn_prepared_cache {
  const tarn_allocator *allocator;
  pthread_mutex_t
      lock; /* constants of plans that are given up while contexts are made (kernel.c, block.c) */
  tarn_packed_store *store;
  bool frugal;                   /* low_memory: see tarn__packed_fill */
  tarn_limited *limited; /* what forms in the store's memory are counted on; NULL: they are not */
  struct tarn_device_budget
      *device_budget;    /* what forms in a device's memory are counted on; or NULL */
  tarn_prepared *first;  /* under the store's lock */
} tarn_prepared_cache;

/* With a store of its own, in memory of `a`. */
tarn_status tarn__prepared_cache_init(tarn_prepared_cache *cache, const tarn_allocator *a);
/* Before anything was prepared: uses a store that others use too. */
void tarn__prepared_cache_share(tarn_prepared_cache *cache, tarn_packed_store *store,
                                tarn_limited *limited);
void tarn__prepared_cache_clear(tarn_prepared_cache *cache); /* when no plan is left */
/* What the binding's kernel prepared from its stable inputs, made at the first call (by one thread;
 * others wait). */
tarn_status tarn__prepared_get(tarn_prepared_cache *cache, tarn_binding *binding,
                               const tarn_tensor *const *in, tarn_pool *pool, const void **memory);
/* Ends a binding's use of it; NULL passes. */
void tarn__prepared_release(tarn_prepared *prepared);
/* The forms of all steps of the plan that every run comes to, made on all threads of the pool; then
 * the originals that only these steps had go. Before the plan has contexts. (prepare_plan.c) */
tarn_status tarn__prepare_plan(tarn_prepared_cache *cache, tarn_plan *plan, tarn_pool *pool);

/* With the store's lock held: the binding holds a form, whose user it takes over. On failure the
 * user is gone. */
tarn_status tarn__prepared_hold(tarn_prepared_cache *cache, tarn_packed *packed,
                                tarn_binding *binding);

#endif

#include "graph/exec/prepared.h"

enum { KEYS = 8 };

struct tarn_prepared {
  tarn_prepared_cache *cache;
  tarn_prepared *next;
  int users;
  const tarn_kernel *kernel;
  uint64_t key, contents[KEYS];
  size_t bytes;
  void *memory;
};

void tarn__prepared_cache_init(tarn_prepared_cache *cache, const tarn_allocator *a) {
  *cache = (tarn_prepared_cache){.allocator = a};
  pthread_mutex_init(&cache->lock, NULL);
}

void tarn__prepared_cache_clear(tarn_prepared_cache *cache) { pthread_mutex_destroy(&cache->lock); }

/* The contents numbers of the stable inputs; false when one has none (borrowed memory), so that it
 * is not shared. */
static bool contents_of(const tarn_problem *p, const tarn_tensor *const *in,
                        uint64_t contents[KEYS]) {
  int n = 0;
  for (int i = 0; i < KEYS; i++) contents[i] = 0;
  for (int i = 0; i < p->inputs; i++) {
    if (!p->stable || !p->stable[i]) continue;
    if (n == KEYS || !(contents[n++] = tarn__tensor_contents(in[i]))) return false;
  }
  return true;
}

static tarn_prepared *find(tarn_prepared_cache *cache, const tarn_prepared *like) {
  for (tarn_prepared *e = cache->first; e; e = e->next) {
    bool same = e->kernel == like->kernel && e->key == like->key && e->bytes == like->bytes;
    for (int i = 0; same && i < KEYS; i++) same = e->contents[i] == like->contents[i];
    if (same) return e;
  }
  return NULL;
}

tarn_status tarn__prepared_get(tarn_prepared_cache *cache, tarn_binding *binding,
                               const tarn_tensor *const *in, tarn_pool *pool, const void **memory) {
  tarn_prepared *entry = atomic_load_explicit(&binding->prepared, memory_order_acquire);
  if (entry) {
    *memory = entry->memory;
    return TARN_OK;
  }
  const tarn_problem *p = &binding->problem;
  const tarn_kernel *k = binding->kernel.kernel;
  tarn_status status = TARN_OK;
  tarn_prepared like = {.kernel = k,
                        .key = k->prepared_key ? k->prepared_key(p) : 0,
                        .bytes = binding->prepared_bytes};
  const bool shared = contents_of(p, in, like.contents);
  pthread_mutex_lock(&cache->lock);
  entry = atomic_load_explicit(&binding->prepared, memory_order_relaxed);
  if (!entry && shared && (entry = find(cache, &like))) entry->users++;
  if (!entry) {
    entry = tarn__alloc_zero(cache->allocator, sizeof *entry);
    void *room = entry ? tarn__alloc(cache->allocator, binding->prepared_bytes) : NULL;
    if (!room) {
      tarn__free(cache->allocator, entry, sizeof *entry);
      entry = NULL;
      status = TARN_NO_MEMORY;
    } else {
      *entry = like;
      entry->cache = cache;
      entry->users = 1;
      entry->memory = room;
      status = k->prepare(p, in, room, pool);
      if (status == TARN_OK && shared) {
        entry->next = cache->first;
        cache->first = entry;
      }
      if (status != TARN_OK) {
        tarn__free(cache->allocator, room, binding->prepared_bytes);
        tarn__free(cache->allocator, entry, sizeof *entry);
        entry = NULL;
      }
    }
  }
  if (entry) {
    atomic_store_explicit(&binding->prepared, entry, memory_order_release);
    *memory = entry->memory;
  }
  pthread_mutex_unlock(&cache->lock);
  return status;
}

void tarn__prepared_release(tarn_prepared *entry) {
  if (!entry) return;
  tarn_prepared_cache *cache = entry->cache;
  pthread_mutex_lock(&cache->lock);
  const bool last = --entry->users == 0;
  if (last)
    for (tarn_prepared **at = &cache->first; *at; at = &(*at)->next)
      if (*at == entry) {
        *at = entry->next;
        break;
      }
  pthread_mutex_unlock(&cache->lock);
  if (!last) return;
  tarn__free(cache->allocator, entry->memory, entry->bytes);
  tarn__free(cache->allocator, entry, sizeof *entry);
}

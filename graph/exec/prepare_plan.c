/* All packed weights of a plan at once, before its first run: on all threads, and in one block of
 * memory, whose pages are large and cost few faults. */
#include <stdlib.h>

#include "core/file.h"
#include "graph/exec/prepared.h"
#include "graph/plan/fold.h"

typedef struct job {
  tarn_block *block;
  tarn_step *step;
  tarn_packed *packed;
  bool mine;
  const tarn_tensor **in;
} job;

typedef struct work {
  tarn_prepared_cache *cache;
  job *jobs;
  int64_t count;
  int64_t alone; /* the first so many are done one after the other, each on all threads */
  tarn_pool *pool;
} work;

/* Of many threads each would hold a copy of large scaled weights at the same time. */
enum { FEW_THREADS = 4, LARGE_BYTES = 4 << 20 };

/* Every run comes here, and all that is packed is known. */
static bool eager(const tarn_block *block, const tarn_step *step) {
  const tarn_binding *b = step->binding;
  if (step->removed || step->kind != TARN_STEP_KERNEL || step->may_die || !b ||
      !b->prepared_bytes || !b->kernel.kernel->prepare || b->prepared)
    return false;
  for (int i = 0; i < step->inputs; i++)
    if (b->problem.stable[i]) {
      const tarn_tensor *t = &block->value[step->in[i]].constant;
      if (!t->dtype || (!t->data && !tarn__fold_of(t))) return false;
    }
  return true;
}

static bool always_runs(const tarn_block *block) {
  for (; block->parent; block = block->parent)
    if (!block->straight) return false;
  return block == block->plan->root;
}

static tarn_status gather(tarn_plan *plan, tarn_arena *arena, job **jobs, int64_t *count) {
  *count = 0;
  for (int pass = 0; pass < 2; pass++) {
    int64_t n = 0;
    for (int b = 0; b < plan->blocks; b++) {
      tarn_block *block = plan->block[b];
      if (!always_runs(block)) continue;
      for (int at = 0; at < block->steps; at++) {
        tarn_step *step = &block->step[at];
        if (!eager(block, step)) continue;
        if (pass) {
          const tarn_tensor **in = tarn__arena_array(arena, (size_t)step->inputs + 1, sizeof *in);
          if (!in) return TARN_NO_MEMORY;
          for (int i = 0; i < step->inputs; i++) in[i] = &block->value[step->in[i]].constant;
          (*jobs)[n] = (job){.block = block, .step = step, .in = in};
        }
        n++;
      }
    }
    if (pass)
      *count = n;
    else if (!(*jobs = tarn__arena_array(arena, (size_t)n + 1, sizeof **jobs)))
      return TARN_NO_MEMORY;
  }
  return TARN_OK;
}

static size_t rounded(size_t bytes) {
  return (bytes + TARN_ALIGN - 1) / TARN_ALIGN * TARN_ALIGN;
}

static bool in_slab(const job *j) {
  return j->mine && !j->packed->mapped && !tarn__packed_on_device(&j->packed->key);
}

/* One block for all that is to be made in the host's memory; what a device's kernels read has
 * memory of its own. */
static tarn_status lay_out(tarn_packed_store *store, job *jobs, int64_t count) {
  size_t bytes = 0;
  int users = 0;
  for (int64_t i = 0; i < count; i++)
    if (jobs[i].mine && tarn__packed_on_device(&jobs[i].packed->key)) {
      TARN_TRY(tarn__packed_alloc(jobs[i].packed));
    } else if (in_slab(&jobs[i])) {
      users++;
      if (tarn__add_overflow(bytes, rounded(jobs[i].packed->key.bytes), &bytes))
        return tarn_fail(TARN_NO_MEMORY, "packed weights do not fit the address space");
    }
  if (!users) return TARN_OK;
  tarn_packed_slab *slab = tarn__alloc_zero(store->allocator, sizeof *slab);
  if (!slab) return TARN_NO_MEMORY;
  *slab = (tarn_packed_slab){
      .users = users, .bytes = bytes, .memory = tarn__alloc(store->allocator, bytes)};
  if (!slab->memory) {
    tarn__free(store->allocator, slab, sizeof *slab);
    return TARN_NO_MEMORY;
  }
  tarn__pages_large(slab->memory, bytes);
  char *at = slab->memory;
  for (int64_t i = 0; i < count; i++)
    if (in_slab(&jobs[i])) {
      jobs[i].packed->slab = slab;
      jobs[i].packed->memory = at;
      at += rounded(jobs[i].packed->key.bytes);
    }
  return TARN_OK;
}

static tarn_status run_job(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const work *w = argument;
  const job *j = &w->jobs[w->alone + chunk];
  return j->mine ? tarn__packed_fill(j->packed, w->cache->allocator, w->cache->frugal,
                                     j->step->binding, j->in, NULL)
                 : TARN_OK;
}

static tarn_status make_all(work *w) {
  while (w->alone < w->count && tarn__pool_threads(w->pool) > FEW_THREADS &&
         w->jobs[w->alone].step->binding->prepared_bytes > LARGE_BYTES) {
    const job *j = &w->jobs[w->alone++];
    if (j->mine)
      TARN_TRY(tarn__packed_fill(j->packed, w->cache->allocator, w->cache->frugal, j->step->binding,
                                 j->in, w->pool));
  }
  return tarn__pool_run(w->pool, w->count - w->alone, run_job, w);
}

/* Large ones first, so that the threads end together. */
static int by_bytes(const void *a, const void *b) {
  const size_t x = ((const job *)a)->step->binding->prepared_bytes,
               y = ((const job *)b)->step->binding->prepared_bytes;
  if (x != y) return x > y ? -1 : 1;
  const uintptr_t p = (uintptr_t)((const job *)a)->step, q = (uintptr_t)((const job *)b)->step;
  return p < q ? -1 : p > q;
}

/* Originals that a step was the only one to need. */
static void give_up(const job *j) {
  for (int i = 0; i < j->step->inputs && i < 32; i++) {
    if (!(j->step->spends >> i & 1u)) continue;
    tarn_tensor *t = &j->block->value[j->step->in[i]].constant;
    const tarn_dtype dtype = t->dtype;
    const tarn_shape shape = t->shape;
    tarn__tensor_clear(t);
    t->dtype = dtype; /* what it was stays known */
    t->shape = shape;
  }
}

static tarn_status prepare(tarn_prepared_cache *cache, tarn_plan *plan, tarn_pool *pool,
                           tarn_arena *arena) {
  tarn_packed_store *store = cache->store;
  work w = {.cache = cache, .pool = pool};
  TARN_TRY(gather(plan, arena, &w.jobs, &w.count));
  qsort(w.jobs, (size_t)w.count, sizeof *w.jobs, by_bytes);
  tarn_status status = TARN_OK;
  for (int64_t i = 0; i < w.count && status == TARN_OK; i++) {
    job *j = &w.jobs[i];
    bool shared;
    const tarn_packed_key key = tarn__packed_key(store, j->step->binding, j->in, &shared);
    pthread_mutex_lock(&store->lock);
    status = tarn__packed_take(store, &key, shared, false, &j->packed, &j->mine);
    pthread_mutex_unlock(&store->lock);
  }
  if (status == TARN_OK) status = lay_out(store, w.jobs, w.count);
  if (status == TARN_OK) status = make_all(&w);
  pthread_mutex_lock(&store->lock);
  for (int64_t i = 0; i < w.count; i++) {
    job *j = &w.jobs[i];
    if (j->mine) tarn__packed_made(j->packed, status == TARN_OK);
    if (!j->packed) continue; /* another thread or an equal step makes it: the first run finds it */
    if (status == TARN_OK)
      status = tarn__prepared_hold(cache, j->packed, j->step->binding);
    else
      tarn__packed_leave(j->packed);
  }
  pthread_mutex_unlock(&store->lock);
  for (int64_t i = 0; i < w.count; i++)
    if (w.jobs[i].step->binding->prepared) give_up(&w.jobs[i]);
  return status;
}

tarn_status tarn__prepare_plan(tarn_prepared_cache *cache, tarn_plan *plan, tarn_pool *pool) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(cache->allocator, &arena));
  const tarn_status status = prepare(cache, plan, pool, arena);
  tarn__arena_destroy(arena);
  return status;
}

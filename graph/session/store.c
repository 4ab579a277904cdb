#include "graph/session/store.h"

#include <pthread.h>

/* Blocks up to LARGEST are kept, in classes of four steps to the power of two; at most KEPT bytes
 * in all unless tarn__store_keep says otherwise. */
enum { CLASSES = 80, SMALLEST = 64, LARGEST = 8 << 20, KEPT = 64 << 20 };

typedef struct spare {
  struct spare *next;
} spare;

struct tarn_store {
  tarn_allocator allocator;
  tarn_allocator base;            /* a copy: the store outlives the options that it came from */
  tarn_limited *limited;
  pthread_mutex_t lock;
  spare *kept[CLASSES];
  size_t kept_bytes, keep_bytes;  /* how many there are, and how many there may be */
  size_t blocks;                  /* handed out */
  bool closed;
};

/* The class whose blocks hold `bytes`, and how large they are. */
static int class_of(size_t bytes, size_t *rounded) {
  size_t step = SMALLEST;         /* sizes of a group: 4, 5, 6, 7 steps */
  int group = 0;
  if (bytes <= 4 * SMALLEST) {
    const size_t n = bytes ? (bytes + SMALLEST - 1) / SMALLEST : 1;
    *rounded = n * SMALLEST;
    return (int)n - 1;
  }
  while (bytes > 8 * step) {
    step *= 2;
    group++;
  }
  const size_t n = (bytes + step - 1) / step;   /* 5..8 */
  *rounded = n * step;
  return 4 + 4 * group + (int)n - 5;
}

static void end(tarn_store *store) {
  const tarn_allocator base = store->base;
  pthread_mutex_destroy(&store->lock);
  tarn__limited_destroy(store->limited);
  tarn__free(&base, store, sizeof *store);
}

/* Gives all that is kept back to the base. The lock is held. */
static void trim(tarn_store *store) {
  const tarn_allocator *from = tarn__limited_allocator(store->limited);
  for (int class = 0; class < CLASSES; class++) {
    size_t size = (size_t)SMALLEST * (size_t)(class + 1);
    if (class >= 4) size = ((size_t)SMALLEST << ((class - 4) / 4)) * (size_t)(5 + (class - 4) % 4);
    while (store->kept[class]) {
      spare *s = store->kept[class];
      store->kept[class] = s->next;
      store->kept_bytes -= size;
      from->free(from->context, s, size);
    }
  }
}

static void *store_alloc(void *context, size_t bytes, size_t align) {
  tarn_store *store = context;
  const tarn_allocator *from = tarn__limited_allocator(store->limited);
  size_t size = bytes;
  void *memory = NULL;
  const bool keep = bytes <= LARGEST && align <= TARN_ALIGN;
  const int class = keep ? class_of(bytes, &size) : 0;
  pthread_mutex_lock(&store->lock);
  if (keep && store->kept[class]) {
    memory = store->kept[class];
    store->kept[class] = store->kept[class]->next;
    store->kept_bytes -= size;
  }
  store->blocks++;
  pthread_mutex_unlock(&store->lock);
  if (!memory) memory = from->alloc(from->context, size, align < TARN_ALIGN ? TARN_ALIGN : align);
  /* what is kept counts against the limit too: without it there may be room */
  if (!memory) {
    pthread_mutex_lock(&store->lock);
    const bool again = store->kept_bytes > 0;
    if (again) trim(store);
    else store->blocks--;
    pthread_mutex_unlock(&store->lock);
    if (!again) return NULL;
    memory = from->alloc(from->context, size, align < TARN_ALIGN ? TARN_ALIGN : align);
    if (memory) return memory;
    pthread_mutex_lock(&store->lock);
    store->blocks--;
    pthread_mutex_unlock(&store->lock);
  }
  return memory;
}

static void store_free(void *context, void *memory, size_t bytes) {
  tarn_store *store = context;
  const tarn_allocator *from = tarn__limited_allocator(store->limited);
  size_t size = bytes;
  const bool keep = bytes <= LARGEST;
  const int class = keep ? class_of(bytes, &size) : 0;
  pthread_mutex_lock(&store->lock);
  const bool kept = keep && !store->closed && store->kept_bytes + size <= store->keep_bytes;
  if (kept) {
    spare *s = memory;
    s->next = store->kept[class];
    store->kept[class] = s;
    store->kept_bytes += size;
  }
  const bool last = --store->blocks == 0 && store->closed;
  pthread_mutex_unlock(&store->lock);
  if (!kept) from->free(from->context, memory, size);
  if (last) end(store);
}

tarn_status tarn__store_create(const tarn_allocator *base, size_t limit, tarn_store **store) {
  tarn_store *made = tarn__alloc_zero(base, sizeof *made);
  if (!made) return TARN_NO_MEMORY;
  made->base = *base;
  made->keep_bytes = KEPT;
  const tarn_status status = tarn__limited_create(base, limit, &made->limited);
  if (status != TARN_OK) {
    tarn__free(base, made, sizeof *made);
    return status;
  }
  pthread_mutex_init(&made->lock, NULL);
  made->allocator = (tarn_allocator){store_alloc, store_free, made};
  *store = made;
  return TARN_OK;
}

void tarn__store_keep(tarn_store *store, size_t bytes) {
  pthread_mutex_lock(&store->lock);
  store->keep_bytes = bytes;
  if (store->kept_bytes > bytes) trim(store);
  pthread_mutex_unlock(&store->lock);
}

void tarn__store_trim(tarn_store *store) {
  pthread_mutex_lock(&store->lock);
  trim(store);
  pthread_mutex_unlock(&store->lock);
}

tarn_limited *tarn__store_limited(tarn_store *store) { return store->limited; }

void tarn__store_close(tarn_store *store) {
  if (!store) return;
  pthread_mutex_lock(&store->lock);
  store->closed = true;
  trim(store);
  const bool last = store->blocks == 0;
  pthread_mutex_unlock(&store->lock);
  if (last) end(store);
}

const tarn_allocator *tarn__store_allocator(tarn_store *store) { return &store->allocator; }
size_t tarn__store_used(const tarn_store *store) { return tarn__limited_used(store->limited); }
size_t tarn__store_peak(const tarn_store *store) { return tarn__limited_peak(store->limited); }
bool tarn__store_limit_hit(const tarn_store *store) { return tarn__limited_hit(store->limited); }

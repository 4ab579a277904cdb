/* The default allocator, and the two that wrap another one. */
#include "core/memory.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The address sanitizer writes a warning when it refuses a block, which the tests would take for a
 * finding: such builds ask for less than it is told to give. */
#if defined(__SANITIZE_ADDRESS__)
#define LARGEST_BLOCK (((size_t)1 << 30) - ((size_t)1 << 16))
#else
#define LARGEST_BLOCK ((size_t)PTRDIFF_MAX)
#endif

enum { SMALL_ALIGN = 16 }; /* the least that an allocator is asked for: tarn.h */

static void *system_alloc(void *context, size_t bytes, size_t align) {
  (void)context;
  void *memory = NULL;
  if (bytes > LARGEST_BLOCK - align) return NULL;
  if (align <= _Alignof(max_align_t)) return malloc(bytes ? bytes : 1);
  return posix_memalign(&memory, align, bytes ? bytes : 1) == 0 ? memory : NULL;
}

static void system_free(void *context, void *memory, size_t bytes) {
  (void)context;
  (void)bytes;
  free(memory);
}

static const tarn_allocator system_allocator = {.alloc = system_alloc, .free = system_free};

const tarn_allocator *tarn__allocator_default(void) {
  return &system_allocator;
}

static void *take(const tarn_allocator *a, size_t bytes, size_t align) {
  void *memory = a->alloc(a->context, bytes, align);
  if (!memory) (void)tarn_fail(TARN_NO_MEMORY, "no memory for %zu bytes", bytes);
  return memory;
}

void *tarn__alloc(const tarn_allocator *a, size_t bytes) {
  return take(a, bytes, TARN_ALIGN);
}

void *tarn__alloc_small(const tarn_allocator *a, size_t bytes) {
  return take(a, bytes, SMALL_ALIGN);
}

void *tarn__alloc_zero(const tarn_allocator *a, size_t bytes) {
  void *memory = tarn__alloc(a, bytes);
  if (memory) memset(memory, 0, bytes);
  return memory;
}

void tarn__free(const tarn_allocator *a, void *memory, size_t bytes) {
  if (memory) a->free(a->context, memory, bytes);
}

/* Counted: one reference of the owner and one of each live block, so that a tensor handed out by a
 * session may outlive it. */
struct tarn_limited {
  tarn_allocator allocator, base;
  size_t limit;
  atomic_size_t used, peak, references;
  atomic_bool hit;
};

static void limited_drop(tarn_limited *limited) {
  if (atomic_fetch_sub_explicit(&limited->references, 1, memory_order_acq_rel) != 1) return;
  tarn_allocator base = limited->base;
  tarn__free(&base, limited, sizeof *limited);
}

static bool count(tarn_limited *limited, size_t bytes, size_t *after) {
  size_t used = atomic_load_explicit(&limited->used, memory_order_relaxed);
  do {
    if (tarn__add_overflow(used, bytes, after)) return false;
    if (limited->limit != 0 && *after > limited->limit) {
      atomic_store(&limited->hit, true);
      return false;
    }
  } while (!atomic_compare_exchange_weak_explicit(&limited->used, &used, *after,
                                                  memory_order_relaxed, memory_order_relaxed));
  return true;
}

static void raise_peak(tarn_limited *limited, size_t after) {
  size_t peak = atomic_load_explicit(&limited->peak, memory_order_relaxed);
  while (after > peak &&
         !atomic_compare_exchange_weak_explicit(&limited->peak, &peak, after, memory_order_relaxed,
                                                memory_order_relaxed)) {
  }
}

static void *limited_alloc(void *context, size_t bytes, size_t align) {
  tarn_limited *limited = context;
  size_t after;
  if (!count(limited, bytes, &after)) return NULL;
  void *memory = limited->base.alloc(limited->base.context, bytes, align);
  if (!memory) {
    atomic_fetch_sub_explicit(&limited->used, bytes, memory_order_relaxed);
    return NULL;
  }
  atomic_fetch_add_explicit(&limited->references, 1, memory_order_relaxed);
  raise_peak(limited, after);
  return memory;
}

bool tarn__limited_charge(tarn_limited *limited, size_t bytes) {
  size_t after;
  if (!count(limited, bytes, &after)) return false;
  raise_peak(limited, after);
  return true;
}

void tarn__limited_refund(tarn_limited *limited, size_t bytes) {
  atomic_fetch_sub_explicit(&limited->used, bytes, memory_order_relaxed);
}

static void limited_free(void *context, void *memory, size_t bytes) {
  tarn_limited *limited = context;
  limited->base.free(limited->base.context, memory, bytes);
  atomic_fetch_sub_explicit(&limited->used, bytes, memory_order_relaxed);
  limited_drop(limited);
}

tarn_status tarn__limited_create(const tarn_allocator *base, size_t limit, tarn_limited **limited) {
  tarn_limited *l = tarn__alloc_zero(base, sizeof *l);
  if (!l) return TARN_NO_MEMORY;
  l->allocator = (tarn_allocator){.alloc = limited_alloc, .free = limited_free, .context = l};
  l->base = *base;
  l->limit = limit;
  atomic_init(&l->used, 0);
  atomic_init(&l->peak, 0);
  atomic_init(&l->references, 1);
  atomic_init(&l->hit, false);
  *limited = l;
  return TARN_OK;
}

void tarn__limited_destroy(tarn_limited *limited) {
  if (limited) limited_drop(limited);
}

const tarn_allocator *tarn__limited_allocator(tarn_limited *limited) {
  return &limited->allocator;
}

size_t tarn__limited_used(const tarn_limited *limited) {
  return atomic_load_explicit(&limited->used, memory_order_relaxed);
}

size_t tarn__limited_peak(const tarn_limited *limited) {
  return atomic_load_explicit(&limited->peak, memory_order_relaxed);
}

bool tarn__limited_hit(const tarn_limited *limited) {
  return atomic_load(&limited->hit);
}

static void *failing_alloc(void *context, size_t bytes, size_t align) {
  tarn_failing *failing = context;
  long n = __atomic_fetch_add(&failing->count, 1, __ATOMIC_RELAXED);
  if (failing->fail_at >= 0 &&
      (n == failing->fail_at || (failing->and_after && n > failing->fail_at)))
    return NULL;
  void *memory = system_alloc(NULL, bytes, align);
  if (memory) __atomic_fetch_add(&failing->live, 1, __ATOMIC_RELAXED);
  return memory;
}

static void failing_free(void *context, void *memory, size_t bytes) {
  tarn_failing *failing = context;
  __atomic_fetch_sub(&failing->live, 1, __ATOMIC_RELAXED);
  system_free(NULL, memory, bytes);
}

void tarn__failing_init(tarn_failing *failing, long fail_at, bool and_after) {
  *failing = (tarn_failing){
      .allocator = {.alloc = failing_alloc, .free = failing_free, .context = failing},
      .fail_at = fail_at,
      .and_after = and_after,
  };
}

/* Memory: the default allocator, checked size arithmetic, arenas that are freed in one go, and the
 * two allocators that wrap another: one with a limit, one that fails on purpose (tests). */
#ifndef TARN_CORE_MEMORY_H
#define TARN_CORE_MEMORY_H

#include "core/status.h"

#define TARN_ALIGN 64 /* of tensor data: one cache line, one AVX-512 vector */

/* The C library's aligned allocation; never NULL. */
const tarn_allocator *tarn__allocator_default(void);

/* NULL and a TARN_NO_MEMORY message on failure. bytes 0 gives a unique pointer. */
void *tarn__alloc(const tarn_allocator *a, size_t bytes);                 /* TARN_ALIGN-aligned */
void *tarn__alloc_zero(const tarn_allocator *a, size_t bytes);
void *tarn__alloc_small(const tarn_allocator *a,
                        size_t bytes); /* 16-aligned: bytes, not elements */
void tarn__free(const tarn_allocator *a, void *memory, size_t bytes);     /* memory may be NULL */

/* true when the result does not fit (the GCC builtins, so a header may inline them). */
#define tarn__mul_overflow(x, y, result) __builtin_mul_overflow((x), (y), (result))
#define tarn__add_overflow(x, y, result) __builtin_add_overflow((x), (y), (result))

/* An allocator with a budget in bytes over `base`: alloc beyond it fails (the caller reports
 * TARN_LIMIT when tarn__limited_hit says so). Thread-safe. limit 0: counts only. `base` is copied.
 * Blocks may outlive tarn__limited_destroy: the allocator that they came from goes with the last of
 * them. */
typedef struct tarn_limited tarn_limited;
tarn_status tarn__limited_create(const tarn_allocator *base, size_t limit, tarn_limited **limited);
void tarn__limited_destroy(tarn_limited *limited);
const tarn_allocator *tarn__limited_allocator(tarn_limited *limited);
size_t tarn__limited_used(const tarn_limited *limited);
size_t tarn__limited_peak(const tarn_limited *limited);
bool tarn__limited_hit(const tarn_limited *limited);
/* Counts bytes that are used but came from elsewhere (shared with others), or ends that. false:
 * they are beyond the budget, and are not counted. */
bool tarn__limited_charge(tarn_limited *limited, size_t bytes);
void tarn__limited_refund(tarn_limited *limited, size_t bytes);

/* Fails the n-th allocation (0: the first) and, when `and_after`, all later ones; counts blocks
 * that are still live, so a test sees leaks. Wraps the default allocator. */
typedef struct tarn_failing {
  tarn_allocator allocator;
  long fail_at;      /* -1: never */
  bool and_after;
  long count, live;  /* atomic through the allocator's own functions */
} tarn_failing;
void tarn__failing_init(tarn_failing *failing, long fail_at, bool and_after);

/* A bump arena: many small objects, freed together. Not thread-safe. */
typedef struct tarn_arena tarn_arena;
tarn_status tarn__arena_create(const tarn_allocator *a, tarn_arena **arena);
void tarn__arena_destroy(tarn_arena *arena);
void *tarn__arena_alloc(tarn_arena *arena,
                        size_t bytes); /* 16-aligned, zeroed; NULL: no memory, message set */
void *tarn__arena_array(tarn_arena *arena, size_t count, size_t bytes_each); /* checked product */
char *tarn__arena_strndup(tarn_arena *arena, const char *text,
                          size_t bytes); /* zero-terminated copy */
char *tarn__arena_printf(tarn_arena *arena, const char *format, ...) TARN_PRINTF(2, 3);

#endif

/* The bump arena of memory.h: blocks of growing size, filled from the front, freed together. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"

#define FIRST_BLOCK ((size_t)4 << 10)
#define LARGEST_BLOCK ((size_t)1 << 20)

typedef struct block {
  struct block *next;
  size_t bytes, used; /* of the whole block, this head included */
} block;

#define HEAD ((sizeof(block) + 15) / 16 * 16)

struct tarn_arena {
  const tarn_allocator *allocator;
  block *blocks;     /* the one being filled comes first */
  size_t next_bytes; /* of the next ordinary block */
};

tarn_status tarn__arena_create(const tarn_allocator *a, tarn_arena **arena) {
  tarn_arena *made = tarn__alloc_zero(a, sizeof *made);
  if (!made) return TARN_NO_MEMORY;
  made->allocator = a;
  made->next_bytes = FIRST_BLOCK;
  *arena = made;
  return TARN_OK;
}

void tarn__arena_destroy(tarn_arena *arena) {
  if (!arena) return;
  const tarn_allocator *a = arena->allocator;
  block *next;
  for (block *b = arena->blocks; b; b = next) {
    next = b->next;
    tarn__free(a, b, b->bytes);
  }
  tarn__free(a, arena, sizeof *arena);
}

void *tarn__arena_alloc(tarn_arena *arena, size_t bytes) {
  if (bytes > PTRDIFF_MAX - HEAD - 16) {
    (void)tarn_fail(TARN_NO_MEMORY, "no memory for %zu bytes", bytes);
    return NULL;
  }
  size_t rounded = (bytes ? bytes + 15 : 16) / 16 * 16;
  block *b = arena->blocks;
  if (!b || rounded > b->bytes - b->used) {
    /* A large object gets a block of its own behind the current one, whose room stays in use. */
    bool own = rounded > arena->next_bytes / 4;
    size_t size = own ? HEAD + rounded : arena->next_bytes;
    b = tarn__alloc(arena->allocator, size);
    if (!b) return NULL;
    *b = (block){.bytes = size, .used = HEAD};
    if (own && arena->blocks) {
      b->next = arena->blocks->next;
      arena->blocks->next = b;
    } else {
      b->next = arena->blocks;
      arena->blocks = b;
    }
    if (!own && arena->next_bytes < LARGEST_BLOCK) arena->next_bytes *= 2;
  }
  void *memory = (char *)b + b->used;
  b->used += rounded;
  memset(memory, 0, rounded);
  return memory;
}

void *tarn__arena_array(tarn_arena *arena, size_t count, size_t bytes_each) {
  size_t bytes;
  if (tarn__mul_overflow(count, bytes_each, &bytes)) {
    (void)tarn_fail(TARN_NO_MEMORY, "no memory for %zu times %zu bytes", count, bytes_each);
    return NULL;
  }
  return tarn__arena_alloc(arena, bytes);
}

char *tarn__arena_strndup(tarn_arena *arena, const char *text, size_t bytes) {
  size_t size;
  if (tarn__add_overflow(bytes, (size_t)1, &size)) size = SIZE_MAX;
  char *copy = tarn__arena_alloc(arena, size);
  if (copy && bytes) memcpy(copy, text, bytes);
  return copy;
}

char *tarn__arena_printf(tarn_arena *arena, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int wanted = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *text = NULL;
  if (wanted < 0)
    (void)tarn_fail(TARN_NO_MEMORY, "text of '%s' cannot be formatted", format);
  else if ((text = tarn__arena_alloc(arena, (size_t)wanted + 1)) != NULL)
    (void)vsnprintf(text, (size_t)wanted + 1, format, again);
  va_end(again);
  return text;
}

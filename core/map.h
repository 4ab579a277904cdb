/* A hash map from strings to pointers, for names. Keys are borrowed: they must outlive the map.
 * Keyed SipHash-like mixing with a per-process seed, so a file cannot choose collisions. Not
 * thread-safe. */
#ifndef TARN_CORE_MAP_H
#define TARN_CORE_MAP_H

#include "core/memory.h"

typedef struct tarn_map {
  const tarn_allocator *allocator;
  struct tarn_map_slot *slots;
  size_t capacity, count;
} tarn_map;

void tarn__map_init(tarn_map *map, const tarn_allocator *a);
void tarn__map_clear(tarn_map *map);
void *tarn__map_get(const tarn_map *map, const char *key, size_t bytes);   /* NULL when absent */
/* value must not be NULL. An existing key keeps its place and takes the new value. */
tarn_status tarn__map_put(tarn_map *map, const char *key, size_t bytes, void *value);

/* The names nearest to `wanted` by edit distance, for messages: ", nearest: 'a', 'b'" or "" into
 * text. */
const char *tarn__nearest(const char *wanted, const char *const *names, size_t n, char *text,
                          size_t bytes);

#endif

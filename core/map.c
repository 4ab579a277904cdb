/* An open-addressed table with linear probing, at most three quarters full, keyed by SipHash-1-3
 * (Aumasson and Bernstein, INDOCRYPT 2012) under a seed drawn once a process. */
#include "core/map.h"

#include <pthread.h>
#include <string.h>

#include "core/random.h"

struct tarn_map_slot {
  const char *key;
  size_t bytes;
  uint64_t hash;
  void *value; /* NULL: free */
};

static uint64_t seeds[2];
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void seed(void) {
  seeds[0] = tarn__random_seed();
  seeds[1] = tarn__random_seed();
}

static uint64_t rotate(uint64_t x, int by) {
  return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4]) {
  v[0] += v[1];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[0] = rotate(v[0], 32);
  v[2] += v[3];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[2] = rotate(v[2], 32);
}

static uint64_t hash_of(const char *key, size_t bytes) {
  (void)pthread_once(&seeded, seed);
  uint64_t v[4] = {seeds[0] ^ 0x736f6d6570736575u, seeds[1] ^ 0x646f72616e646f6du,
                   seeds[0] ^ 0x6c7967656e657261u, seeds[1] ^ 0x7465646279746573u};
  for (size_t at = 0;; at += 8) {
    size_t left = bytes - at;
    uint64_t word = 0;
    if (left) memcpy(&word, key + at, left < 8 ? left : 8);
    if (left < 8) word |= (uint64_t)bytes << 56; /* the last word carries the length */
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    if (left < 8) break;
  }
  v[2] ^= 0xff;
  for (int i = 0; i < 3; i++) sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void tarn__map_init(tarn_map *map, const tarn_allocator *a) {
  *map = (tarn_map){.allocator = a};
}

void tarn__map_clear(tarn_map *map) {
  tarn__free(map->allocator, map->slots, map->capacity * sizeof *map->slots);
  map->slots = NULL;
  map->capacity = map->count = 0;
}

/* The slot of the key, or the free one where it would go. capacity is a power of two and not all
 * full. */
static struct tarn_map_slot *find(const tarn_map *map, const char *key, size_t bytes,
                                  uint64_t hash) {
  for (size_t i = hash & (map->capacity - 1);; i = (i + 1) & (map->capacity - 1)) {
    struct tarn_map_slot *slot = &map->slots[i];
    if (!slot->value) return slot;
    if (slot->hash == hash && slot->bytes == bytes &&
        (!bytes || memcmp(slot->key, key, bytes) == 0))
      return slot;
  }
}

void *tarn__map_get(const tarn_map *map, const char *key, size_t bytes) {
  return map->capacity ? find(map, key, bytes, hash_of(key, bytes))->value : NULL;
}

static tarn_status grow(tarn_map *map) {
  tarn_map bigger = *map;
  bigger.capacity = map->capacity ? map->capacity * 2 : 16;
  size_t bytes;
  if (tarn__mul_overflow(bigger.capacity, sizeof *map->slots, &bytes))
    return tarn_fail(TARN_NO_MEMORY, "no memory for a table of %zu names", bigger.capacity);
  bigger.slots = tarn__alloc_zero(map->allocator, bytes);
  if (!bigger.slots) return TARN_NO_MEMORY;
  for (size_t i = 0; i < map->capacity; i++) {
    const struct tarn_map_slot *old = &map->slots[i];
    if (old->value) *find(&bigger, old->key, old->bytes, old->hash) = *old;
  }
  tarn__free(map->allocator, map->slots, map->capacity * sizeof *map->slots);
  *map = bigger;
  return TARN_OK;
}

tarn_status tarn__map_put(tarn_map *map, const char *key, size_t bytes, void *value) {
  if (!value) return tarn_fail(TARN_INVALID, "a map holds no NULL");
  if (map->count >= map->capacity / 4 * 3) TARN_TRY(grow(map));
  uint64_t hash = hash_of(key, bytes);
  struct tarn_map_slot *slot = find(map, key, bytes, hash);
  if (slot->value) {
    slot->value = value;
  } else {
    *slot = (struct tarn_map_slot){.key = key, .bytes = bytes, .hash = hash, .value = value};
    map->count++;
  }
  return TARN_OK;
}

/* Tables from keys to values, of one dtype and one shape each. Thread-safe.
 *
 * A method sees tensors that table.c has checked: keys of [n...] + key_shape, values of [n...] +
 * value_shape. */
#ifndef TARN_KERNELS_STATE_TABLE_TABLE_H
#define TARN_KERNELS_STATE_TABLE_TABLE_H

#include "kernels/state/resources.h"

#include <pthread.h>

typedef struct tarn_lookup tarn_lookup;

extern const tarn_object_type tarn__lookup_type;

/* X(name, TensorFlow's name for messages) */
#define TARN_TABLE_KIND_MAP(X)                   \
  X(HASH, "HashTable")                           \
  X(MUTABLE, "MutableHashTable")                 \
  X(TENSORS, "MutableHashTableOfTensors")        \
  X(DENSE, "MutableDenseHashTable")

typedef enum tarn_lookup_kind {
#define X(name, text) TARN_TABLE_##name,
  TARN_TABLE_KIND_MAP(X)
#undef X
} tarn_lookup_kind;

typedef struct tarn_lookup_spec {
  tarn_lookup_kind kind;
  tarn_dtype keys, values;
  tarn_shape value_shape;
  const tarn_tensor *empty_key,
      *deleted_key; /* TARN_TABLE_DENSE: their shape is that of keys; deleted_key may be NULL */
  int64_t buckets;                              /* TARN_TABLE_DENSE, at first: a power of 2 */
  float max_load;
} tarn_lookup_spec;

/* What one kind does; the lock is held. Counts n are of keys, not of elements. */
typedef struct tarn_lookup_methods {
  int64_t (*size)(const tarn_lookup *t);
  tarn_status (*insert)(tarn_lookup *t, const tarn_tensor *keys, const tarn_tensor *values,
                        int64_t n);
  /* value i: that of key i, or value i * step of otherwise */
  tarn_status (*find)(tarn_lookup *t, const tarn_tensor *keys, int64_t n,
                      const tarn_tensor *otherwise, int step, tarn_tensor *values);
  tarn_status (*remove)(tarn_lookup *t, const tarn_tensor *keys, int64_t n);
  /* Everything becomes what an export gave. */
  tarn_status (*import)(tarn_lookup *t, const tarn_tensor *keys, const tarn_tensor *values);
  tarn_status (*export)(tarn_lookup *t, tarn_tensor *keys, tarn_tensor *values);
  void (*destroy)(tarn_lookup *t);
} tarn_lookup_methods;

/* The beginning of every kind's struct. */
struct tarn_lookup {
  tarn_object object;
  const tarn_lookup_methods *methods;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_lookup_kind kind;
  tarn_dtype key_dtype, value_dtype;
  tarn_shape key_shape, value_shape;
  int64_t key_width, value_width;   /* elements of each */
  bool filled;                   /* TARN_TABLE_HASH: initialised */
};

/* The table of that name; retained for the caller. TARN_INVALID when it was made otherwise. */
tarn_status tarn__lookup_get(tarn_resources *resources, const char *name,
                             const tarn_lookup_spec *spec, tarn_lookup **table);
/* A table without a name; the caller has the one reference. */
tarn_status tarn__lookup_new(const tarn_allocator *a, const tarn_lookup_spec *spec,
                             tarn_lookup **table);

int64_t tarn__lookup_size(tarn_lookup *table);
/* Fills a hash table once, from vectors. Again it must be with as many pairs (TARN_FAILED). */
tarn_status tarn__lookup_initialize(tarn_lookup *table, const tarn_tensor *keys,
                                    const tarn_tensor *values);
/* table[keys[i]] = values[i]; a hash table refuses: TARN_FAILED. */
tarn_status tarn__lookup_insert(tarn_lookup *table, const tarn_tensor *keys,
                                const tarn_tensor *values);
tarn_status tarn__lookup_remove(tarn_lookup *table, const tarn_tensor *keys);
/* The shape of what a find of these keys gives; checks keys and otherwise, which is one value or
 * one for each key. */
tarn_status tarn__lookup_find_shape(const tarn_lookup *table, const tarn_tensor *keys,
                                    const tarn_tensor *otherwise, tarn_shape *shape);
/* values, of that shape: those of the keys, or otherwise. */
tarn_status tarn__lookup_find(tarn_lookup *table, const tarn_tensor *keys,
                              const tarn_tensor *otherwise, tarn_tensor *values);
tarn_status tarn__lookup_import(tarn_lookup *table, const tarn_tensor *keys,
                                const tarn_tensor *values);
/* Everything; keys and values are the caller's to clear. */
tarn_status tarn__lookup_export(tarn_lookup *table, tarn_tensor *keys, tarn_tensor *values);

/* ---- for the kinds ------------------------------------------------------------------------- */

/* Makes a kind's own struct, of which `base` is filled in. (hash_table.c, dense_table.c) */
tarn_status tarn__lookup_make_hash(const tarn_allocator *a, const tarn_lookup_spec *spec,
                                   const tarn_lookup *base, tarn_lookup **table);
tarn_status tarn__lookup_make_dense(const tarn_allocator *a, const tarn_lookup_spec *spec,
                                    const tarn_lookup *base, tarn_lookup **table);
/* Whether key (or value) i of x, `width` elements of it, equals key j of y. */
bool tarn__lookup_same(const tarn_tensor *x, int64_t i, const tarn_tensor *y, int64_t j,
                       int64_t width);
/* [n] and the shape; TARN_LIMIT. */
tarn_status tarn__lookup_column(int64_t n, const tarn_shape *each, tarn_shape *shape);

#endif

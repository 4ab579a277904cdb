/* All op entries in name order, from the table that the build generates. Built on first use; the
 * first of several threads that build it at once wins. */
#include "graph/signature/signature.h"

#include <stdatomic.h>
#include <stdlib.h>

typedef struct registry {
  size_t count;
  const tarn_op *ops[];   /* by name */
} registry;

static _Atomic(registry *) shared;

static int by_name(const void *a, const void *b) {
  return strcmp((*(const tarn_op *const *)a)->name, (*(const tarn_op *const *)b)->name);
}

/* NULL: no memory. */
static const registry *get(void) {
  registry *ready = atomic_load_explicit(&shared, memory_order_acquire);
  if (ready) return ready;
  size_t count = 0;
  for (const tarn_op_file *file = tarn__op_files; file->ops; file++)
    for (const tarn_op *op = file->ops; op->name; op++) count++;
  size_t bytes = sizeof(registry) + count * sizeof(tarn_op *);
  registry *made = tarn__alloc(tarn__allocator_default(), bytes);
  if (!made) return NULL;
  made->count = 0;
  for (const tarn_op_file *file = tarn__op_files; file->ops; file++)
    for (const tarn_op *op = file->ops; op->name; op++) made->ops[made->count++] = op;
  qsort(made->ops, made->count, sizeof *made->ops, by_name);
  if (atomic_compare_exchange_strong(&shared, &ready, made)) return made;
  tarn__free(tarn__allocator_default(), made, bytes);
  return ready;
}

static int64_t find(const registry *r, const char *name) {
  size_t low = 0, high = r->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(name, r->ops[middle]->name);
    if (order == 0) return (int64_t)middle;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return -1;
}

const tarn_op *tarn__op_find(const char *name) {
  const registry *r = get();
  int64_t i = r ? find(r, name) : -1;
  return i < 0 ? NULL : r->ops[i];
}

const tarn_op *const *tarn__ops(size_t *count) {
  const registry *r = get();
  *count = r ? r->count : 0;
  return r ? r->ops : NULL;
}

int64_t tarn__op_index(const tarn_op *op) {
  const registry *r = get();
  int64_t i = r ? find(r, op->name) : -1;
  return i >= 0 && r->ops[i] == op ? i : -1;
}

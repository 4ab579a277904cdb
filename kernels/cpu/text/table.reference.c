/* Hash tables; the pairs are in kernels/state/lookup.c. */
#include "kernels/params/table.h"
#include "kernels/run.h"
#include "kernels/state/lookup.h"

#include <string.h>

static tarn_status make(const tarn_call *call, bool is_mutable) {
  const tarn_table_params *p = call->problem->params;
  const tarn_allocator *a = call->run->allocator;
  const char *name = call->problem->node;
  char *copy = NULL;
  tarn_lookup *t;
  if (p->shared_name.size) {
    copy = tarn__alloc(a, p->shared_name.size + 1);
    if (!copy) return TARN_NO_MEMORY;
    memcpy(copy, p->shared_name.data, p->shared_name.size);
    copy[p->shared_name.size] = 0;
    name = copy;
  }
  const tarn_status status = tarn__lookup_get(call->run->resources, name, p->keys, p->values, is_mutable, &t);
  if (copy) tarn__free(a, copy, p->shared_name.size + 1);
  TARN_TRY(status);
  return tarn__call_handle(call, 0, t);
}

static tarn_status fixed(const tarn_call *call) { return make(call, false); }
static tarn_status changing(const tarn_call *call) { return make(call, true); }

static tarn_status table_of(const tarn_call *call, tarn_dtype keys, tarn_dtype values, tarn_lookup **table) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__lookup_type, &object));
  *table = object;
  if (tarn__lookup_keys(*table) == keys && tarn__lookup_values(*table) == values) return TARN_OK;
  return tarn_fail(TARN_DTYPE, "a table from %s to %s, used as one from %s to %s", tarn_dtype_name(tarn__lookup_keys(*table)),
                   tarn_dtype_name(tarn__lookup_values(*table)), tarn_dtype_name(keys), tarn_dtype_name(values));
}

static tarn_status insert(const tarn_call *call, bool clear) {
  tarn_lookup *t;
  TARN_TRY(table_of(call, call->in[1]->dtype, call->in[2]->dtype, &t));
  return tarn__lookup_insert(t, call->in[1], call->in[2], clear);
}

static tarn_status add(const tarn_call *call) { return insert(call, false); }
static tarn_status replace(const tarn_call *call) { return insert(call, true); }

static tarn_status find(const tarn_call *call) {
  tarn_lookup *t;
  TARN_TRY(table_of(call, call->in[1]->dtype, call->in[2]->dtype, &t));
  return tarn__lookup_find(t, call->in[1], call->in[2], call->out[0]);
}

static tarn_status export_all(const tarn_call *call) {
  tarn_lookup *t;
  tarn_tensor keys, values;
  TARN_TRY(table_of(call, call->problem->out_dtype[0], call->problem->out_dtype[1], &t));
  TARN_TRY(tarn__lookup_export(t, &keys, &values));
  tarn__tensor_clear(call->out[0]);
  tarn__tensor_clear(call->out[1]);
  *call->out[0] = keys;
  *call->out[1] = values;
  return TARN_OK;
}

static tarn_status size(const tarn_call *call) {
  void *t;
  TARN_TRY(tarn__call_object(call, 0, &tarn__lookup_type, &t));
  *(int64_t *)call->out[0]->data = tarn__lookup_size(t);
  return TARN_OK;
}

#define ROWS(V)                                                          \
  {.op = "HashTable" V, .name = "make", .run = fixed},                   \
  {.op = "MutableHashTable" V, .name = "make", .run = changing},         \
  {.op = "InitializeTable" V, .name = "insert", .run = add},             \
  {.op = "LookupTableInsert" V, .name = "insert", .run = add},           \
  {.op = "LookupTableImport" V, .name = "insert", .run = replace},       \
  {.op = "LookupTableFind" V, .name = "find", .run = find},              \
  {.op = "LookupTableExport" V, .name = "export", .run = export_all},    \
  {.op = "LookupTableSize" V, .name = "size", .run = size},

const tarn_kernel tarn_kernels_text_table_reference[] = {
  ROWS("V2")
  ROWS("")
  {0},
};

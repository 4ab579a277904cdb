/* Tables; the pairs are in kernels/state/table/. */
#include "kernels/state/table/table.h"

#include "kernels/params/table.h"
#include "kernels/state/name.h"

static tarn_lookup_spec spec_of(const tarn_call *call, tarn_lookup_kind kind) {
  const tarn_table_params *p = call->problem->params;
  tarn_lookup_spec spec = {.kind = kind,
                           .keys = p->keys,
                           .values = p->values,
                           .value_shape = p->value_shape,
                           .buckets = p->buckets,
                           .max_load = p->max_load};
  if (call->problem->inputs > 0) spec.empty_key = call->in[0];
  if (call->problem->inputs > 1) spec.deleted_key = call->in[1];
  return spec;
}

static tarn_status make(const tarn_call *call, tarn_lookup_kind kind) {
  const tarn_lookup_spec spec = spec_of(call, kind);
  tarn_state_name name;
  tarn_lookup *t;
  TARN_TRY(tarn__state_name(call, &((const tarn_table_params *)call->problem->params)->shared_name,
                            &name));
  const tarn_status status = tarn__lookup_get(call->run->resources, name.text, &spec, &t);
  tarn__state_name_clear(&name);
  TARN_TRY(status);
  return tarn__call_handle(call, 0, t);
}

/* A table of its own each time, which ends with its last handle. */
static tarn_status make_anonymous(const tarn_call *call, tarn_lookup_kind kind) {
  const tarn_lookup_spec spec = spec_of(call, kind);
  tarn_lookup *t;
  TARN_TRY(tarn__lookup_new(call->run->allocator, &spec, &t));
  return tarn__call_handle(call, 0, t);
}

static tarn_status fixed(const tarn_call *call) { return make(call, TARN_TABLE_HASH); }
static tarn_status changing(const tarn_call *call) { return make(call, TARN_TABLE_MUTABLE); }
static tarn_status of_tensors(const tarn_call *call) { return make(call, TARN_TABLE_TENSORS); }
static tarn_status dense(const tarn_call *call) { return make(call, TARN_TABLE_DENSE); }
static tarn_status anonymous_fixed(const tarn_call *call) {
  return make_anonymous(call, TARN_TABLE_HASH);
}
static tarn_status anonymous_changing(const tarn_call *call) {
  return make_anonymous(call, TARN_TABLE_MUTABLE);
}
static tarn_status anonymous_of_tensors(const tarn_call *call) {
  return make_anonymous(call, TARN_TABLE_TENSORS);
}
static tarn_status anonymous_dense(const tarn_call *call) {
  return make_anonymous(call, TARN_TABLE_DENSE);
}

static tarn_status table_of(const tarn_call *call, tarn_lookup **t) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__lookup_type, &object));
  *t = object;
  return TARN_OK;
}

static tarn_status initialize(const tarn_call *call) {
  tarn_lookup *t;
  TARN_TRY(table_of(call, &t));
  return tarn__lookup_initialize(t, call->in[1], call->in[2]);
}

static tarn_status insert(const tarn_call *call) {
  tarn_lookup *t;
  TARN_TRY(table_of(call, &t));
  return tarn__lookup_insert(t, call->in[1], call->in[2]);
}

static tarn_status import(const tarn_call *call) {
  tarn_lookup *t;
  TARN_TRY(table_of(call, &t));
  return tarn__lookup_import(t, call->in[1], call->in[2]);
}

static tarn_status remove_keys(const tarn_call *call) {
  tarn_lookup *t;
  TARN_TRY(table_of(call, &t));
  return tarn__lookup_remove(t, call->in[1]);
}

static tarn_status find(const tarn_call *call) {
  char had[TARN_SHAPE_TEXT], planned[TARN_SHAPE_TEXT];
  tarn_lookup *t;
  tarn_shape shape;
  TARN_TRY(table_of(call, &t));
  TARN_TRY(tarn__lookup_find_shape(t, call->in[1], call->in[2], &shape));
  if (call->problem->out_shape[0].rank < 0) TARN_TRY(tarn__call_allocate(call, 0, &shape));
  else if (!tarn__shape_equal(&shape, &call->problem->out_shape[0]))
    return tarn_fail(
        TARN_SHAPE, "the table's values have shape %s, the default value makes them %s",
        tarn__shape_print(&shape, had), tarn__shape_print(&call->problem->out_shape[0], planned));
  return tarn__lookup_find(t, call->in[1], call->in[2], call->out[0]);
}

static tarn_status export_all(const tarn_call *call) {
  tarn_lookup *t;
  tarn_tensor column[2];
  TARN_TRY(table_of(call, &t));
  if (t->key_dtype != call->problem->out_dtype[0] || t->value_dtype != call->problem->out_dtype[1])
    return tarn_fail(TARN_DTYPE, "a table from %s to %s, exported as one from %s to %s",
                     tarn_dtype_name(t->key_dtype), tarn_dtype_name(t->value_dtype),
                     tarn_dtype_name(call->problem->out_dtype[0]),
                     tarn_dtype_name(call->problem->out_dtype[1]));
  TARN_TRY(tarn__lookup_export(t, &column[0], &column[1]));
  for (int o = 0; o < 2; o++) {
    tarn__tensor_clear(call->out[o]);
    *call->out[o] = column[o];
  }
  return TARN_OK;
}

static tarn_status size(const tarn_call *call) {
  tarn_lookup *t;
  TARN_TRY(table_of(call, &t));
  *(int64_t *)call->out[0]->data = tarn__lookup_size(t);
  return TARN_OK;
}

#define ROWS(V)                                                                 \
  {.op = "HashTable" V, .name = "make", .run = fixed},                          \
  {.op = "MutableHashTable" V, .name = "make", .run = changing},                \
  {.op = "MutableHashTableOfTensors" V, .name = "make", .run = of_tensors},     \
  {.op = "MutableDenseHashTable" V, .name = "make", .run = dense},              \
  {.op = "InitializeTable" V, .name = "initialize", .run = initialize},         \
  {.op = "LookupTableInsert" V, .name = "insert", .run = insert},               \
  {.op = "LookupTableImport" V, .name = "import", .run = import},               \
  {.op = "LookupTableFind" V, .name = "find", .run = find},                     \
  {.op = "LookupTableExport" V, .name = "export", .run = export_all},           \
  {.op = "LookupTableSize" V, .name = "size", .run = size},

const tarn_kernel tarn_kernels_table_table_reference[] = {
  ROWS("V2")
  ROWS("")
  {.op = "LookupTableRemoveV2", .name = "remove", .run = remove_keys},
  {.op = "AnonymousHashTable", .name = "make", .run = anonymous_fixed},
  {.op = "AnonymousMutableHashTable", .name = "make", .run = anonymous_changing},
  {.op = "AnonymousMutableHashTableOfTensors", .name = "make", .run = anonymous_of_tensors},
  {.op = "AnonymousMutableDenseHashTable", .name = "make", .run = anonymous_dense},
  {0},
};

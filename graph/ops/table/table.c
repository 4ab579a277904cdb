/* Tables. HashTable is filled once, the mutable ones may be written at any time. V1 names have a
 * Ref(string) handle. */
#include "graph/op.h"
#include "kernels/params/table.h"

static tarn_status supported(const tarn_table_params *p, tarn_dtypes keys) {
  if (tarn__dtype_in(p->keys, keys) &&
      tarn__dtype_in(p->values, TARN_PLAIN | TARN_BIT(TARN_STRING)))
    return TARN_OK;
  return tarn_fail(TARN_UNSUPPORTED, "a table from %s to %s", tarn_dtype_name(p->keys),
                   tarn_dtype_name(p->values));
}

static tarn_status scalars_parse(const tarn_attrs *attrs, void *params) {
  tarn_table_params *p = params;
  p->keys = tarn__attr_type(attrs, "key_dtype");
  p->values = tarn__attr_type(attrs, "value_dtype");
  p->value_shape = tarn__shape_scalar();
  if (tarn__attr_find(attrs, "shared_name"))
    p->shared_name = tarn__attr_string(attrs, "shared_name");
  return supported(p, TARN_BIT(TARN_STRING) | TARN_SIGNED_INTS);
}

static tarn_status tensors_parse(const tarn_attrs *attrs, void *params) {
  tarn_table_params *p = params;
  TARN_TRY(scalars_parse(attrs, p));
  p->value_shape = *tarn__attr_shape(attrs, "value_shape");
  if (!tarn__shape_known(&p->value_shape))
    return tarn_fail(TARN_SHAPE, "value_shape must be known in full");
  return TARN_OK;
}

static tarn_status dense_parse(const tarn_attrs *attrs, void *params) {
  tarn_table_params *p = params;
  TARN_TRY(tensors_parse(attrs, p));
  p->buckets = tarn__attr_int(attrs, "initial_num_buckets");
  p->max_load = (float)tarn__attr_float(attrs, "max_load_factor");
  return supported(p, TARN_BIT(TARN_STRING) | TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64));
}

static tarn_status vocabulary_parse(const tarn_attrs *attrs, void *params) {
  tarn_vocabulary_params *p = params;
  const tarn_string delimiter = tarn__attr_string(attrs, "delimiter");
  if (delimiter.size != 1) return tarn_fail(TARN_INVALID, "delimiter should be only 1 char");
  p->delimiter = delimiter.data[0];
  p->key = tarn__attr_int(attrs, "key_index");
  p->value = tarn__attr_int(attrs, "value_index");
  p->lines = tarn__attr_int(attrs, "vocab_size");
  p->offset = tarn__attr_int(attrs, "offset");
  return TARN_OK;
}

/* Keys may be vectors, and then their last dim gives way to the value's; only the table knows. A
 * scalar or vector of keys holds scalar keys, whatever the table; then the value's shape is the
 * default's, unless that has one value for each key. */
static tarn_status find_infer(tarn_infer *t) {
  if (t->in[1].rank <= 1 && t->in[2].rank == 0) t->out[0] = t->in[1];
  return TARN_OK;
}

static tarn_status initialize_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  return tarn__infer_same(t, 1, 2);
}

static tarn_status vocabulary_infer(tarn_infer *t) { return tarn__infer_scalar(t, 1); }

/* The shapes of keys are checked where the table is made. */
static tarn_status made_infer(tarn_infer *t) { return tarn__infer_scalars(t); }

#define TYPES "key_dtype: type; value_dtype: type"
#define NAMES \
  "container: string = ''; shared_name: string = ''; use_node_name_sharing: bool = false; " TYPES
#define VALUES "; value_shape: shape = []"
#define BUCKETS VALUES "; initial_num_buckets: int = 131072; max_load_factor: float = 0.8"
#define MAKE(kind)                                                                             \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_table_params), .parse = kind##_parse, \
  .infer = made_infer
#define STATE .flags = TARN_OP_STATEFUL
#define VOCABULARY_ATTRS                                                                           \
  "key_index: int >= -2; value_index: int >= -2; vocab_size: int >= -1 = -1; delimiter: string = " \
  "'\t'; offset: int = 0"

#define TABLE_OPS(V, HANDLE)                                                                       \
  {.name = "HashTable" V,                                                                          \
   .outputs = "table_handle: " HANDLE,                                                             \
   .attrs = NAMES,                                                                                 \
   MAKE(scalars),                                                                                  \
   .formula = "a table that is filled once"},                                                      \
      {.name = "MutableHashTable" V,                                                               \
       .outputs = "table_handle: " HANDLE,                                                         \
       .attrs = NAMES,                                                                             \
       MAKE(scalars),                                                                              \
       .formula = "a table"},                                                                      \
      {.name = "MutableHashTableOfTensors" V,                                                      \
       .outputs = "table_handle: " HANDLE,                                                         \
       .attrs = NAMES VALUES,                                                                      \
       MAKE(tensors),                                                                              \
       .formula = "a table whose values are vectors"},                                             \
      {.name = "MutableDenseHashTable" V,                                                          \
       .inputs = "empty_key: key_dtype" DELETED_KEY(V),                                            \
       .outputs = "table_handle: " HANDLE,                                                         \
       .attrs = NAMES BUCKETS,                                                                     \
       MAKE(dense),                                                                                \
       .formula = "a table in buckets; empty_key, as no key may be, marks the empty ones"},        \
      {.name = "InitializeTable" V,                                                                \
       .inputs = "table_handle: " HANDLE ", keys: Tkey, values: Tval",                             \
       .attrs = "Tkey: type; Tval: type",                                                          \
       STATE,                                                                                      \
       .infer = initialize_infer,                                                                  \
       .formula = "fills the table, unless it is"},                                                \
      {.name = "InitializeTableFromTextFile" V,                                                    \
       .inputs = "table_handle: " HANDLE ", filename: string",                                     \
       .attrs = VOCABULARY_ATTRS,                                                                  \
       STATE,                                                                                      \
       .params_bytes = sizeof(tarn_vocabulary_params),                                             \
       .parse = vocabulary_parse,                                                                  \
       .infer = vocabulary_infer,                                                                  \
       .formula =                                                                                  \
           "fills the table from the lines of a file: a field, the line (-2) or its number (-1)"}, \
      {.name = "LookupTableFind" V,                                                                \
       .inputs = "table_handle: " HANDLE ", keys: Tin, default_value: Tout",                       \
       .outputs = "values: Tout",                                                                  \
       .attrs = "Tin: type; Tout: type",                                                           \
       STATE,                                                                                      \
       .infer = find_infer,                                                                        \
       .formula = "values[i] = table[keys[i]], or default_value"},                                 \
      {.name = "LookupTableInsert" V,                                                              \
       .inputs = "table_handle: " HANDLE ", keys: Tin, values: Tout",                              \
       .attrs = "Tin: type; Tout: type",                                                           \
       STATE,                                                                                      \
       .formula = "table[keys[i]] = values[i]"},                                                   \
      {.name = "LookupTableImport" V,                                                              \
       .inputs = "table_handle: " HANDLE ", keys: Tin, values: Tout",                              \
       .attrs = "Tin: type; Tout: type",                                                           \
       STATE,                                                                                      \
       .formula = "the table becomes these pairs"},                                                \
      {.name = "LookupTableExport" V,                                                              \
       .inputs = "table_handle: " HANDLE,                                                          \
       .outputs = "keys: Tkeys, values: Tvalues",                                                  \
       .attrs = "Tkeys: type; Tvalues: type",                                                      \
       STATE,                                                                                      \
       .infer = tarn__infer_unknown,                                                               \
       .formula = "all pairs"},                                                                    \
  {                                                                                                \
    .name = "LookupTableSize" V, .inputs = "table_handle: " HANDLE, .outputs = "size: int64",      \
    STATE, .infer = tarn__infer_scalars, .formula = "how many keys the table has"                  \
  }

#define ANONYMOUS(kind, inputs_, attrs_, text)                                        \
  {                                                                                   \
    .name = "Anonymous" kind, .inputs = inputs_, .outputs = "table_handle: resource", \
    .attrs = attrs_, MAKE(text),                                                      \
    .formula = "as " kind ", without a name: it ends with its last handle"            \
  }

const tarn_op tarn_ops_table[] = {
#define DELETED_KEY(V) ", deleted_key: key_dtype"
    TABLE_OPS("V2", "resource"),
#undef DELETED_KEY
#define DELETED_KEY(V) ""
    TABLE_OPS("", "Ref(string)"),
#undef DELETED_KEY
    {.name = "LookupTableRemoveV2",
     .inputs = "table_handle: resource, keys: Tin",
     .attrs = "Tin: type",
     STATE,
     .formula = "removes keys and their values; absent ones are no error"},
    ANONYMOUS("HashTable", NULL, TYPES, scalars),
    ANONYMOUS("MutableHashTable", NULL, TYPES, scalars),
    ANONYMOUS("MutableHashTableOfTensors", NULL, TYPES VALUES, tensors),
    ANONYMOUS("MutableDenseHashTable", "empty_key: key_dtype, deleted_key: key_dtype",
              TYPES BUCKETS, dense),
    {0},
};

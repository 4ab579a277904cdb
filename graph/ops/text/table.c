/* Hash tables. HashTable is filled once, MutableHashTable may be written at any time. V1 names have a Ref(string) handle. */
#include "graph/op.h"
#include "kernels/params/table.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_table_params *p = params;
  p->keys = tarn__attr_type(attrs, "key_dtype");
  p->values = tarn__attr_type(attrs, "value_dtype");
  p->shared_name = tarn__attr_string(attrs, "shared_name");
  const tarn_dtypes keys = TARN_BIT(TARN_STRING) | TARN_SIGNED_INTS, values = TARN_PLAIN | TARN_BIT(TARN_STRING);
  if (!tarn__dtype_in(p->keys, keys) || !tarn__dtype_in(p->values, values))
    return tarn_fail(TARN_UNSUPPORTED, "a table from %s to %s", tarn_dtype_name(p->keys), tarn_dtype_name(p->values));
  return TARN_OK;
}

static tarn_status find_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 2));
  t->out[0] = t->in[1];
  return TARN_OK;
}

static tarn_status pairs_infer(tarn_infer *t) { return tarn__infer_same(t, 1, 2); }

#define ATTRS "container: string = ''; shared_name: string = ''; use_node_name_sharing: bool = false; key_dtype: type; value_dtype: type"
#define MAKE .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_table_params), .parse = parse, .infer = tarn__infer_scalars
#define STATE .flags = TARN_OP_STATEFUL

#define TABLE_OPS(V, HANDLE)                                                                                              \
  {.name = "HashTable" V, .outputs = "table_handle: " HANDLE, .attrs = ATTRS, MAKE, .formula = "a table that is filled once"}, \
  {.name = "MutableHashTable" V, .outputs = "table_handle: " HANDLE, .attrs = ATTRS, MAKE, .formula = "a table"},         \
  {.name = "InitializeTable" V, .inputs = "table_handle: " HANDLE ", keys: Tkey, values: Tval", .attrs = "Tkey: type; Tval: type", \
   STATE, .infer = pairs_infer, .formula = "fills the table, unless it is"},                                              \
  {.name = "LookupTableFind" V, .inputs = "table_handle: " HANDLE ", keys: Tin, default_value: Tout", .outputs = "values: Tout", \
   .attrs = "Tin: type; Tout: type", STATE, .infer = find_infer, .formula = "values[i] = table[keys[i]], or default_value"}, \
  {.name = "LookupTableInsert" V, .inputs = "table_handle: " HANDLE ", keys: Tin, values: Tout", .attrs = "Tin: type; Tout: type", \
   STATE, .infer = pairs_infer, .formula = "table[keys[i]] = values[i]"},                                                 \
  {.name = "LookupTableImport" V, .inputs = "table_handle: " HANDLE ", keys: Tin, values: Tout", .attrs = "Tin: type; Tout: type", \
   STATE, .infer = pairs_infer, .formula = "the table becomes these pairs"},                                              \
  {.name = "LookupTableExport" V, .inputs = "table_handle: " HANDLE, .outputs = "keys: Tkeys, values: Tvalues",           \
   .attrs = "Tkeys: type; Tvalues: type", STATE, .infer = tarn__infer_unknown, .formula = "all pairs"},                   \
  {.name = "LookupTableSize" V, .inputs = "table_handle: " HANDLE, .outputs = "size: int64", STATE, .infer = tarn__infer_scalars, \
   .formula = "how many keys the table has"}

const tarn_op tarn_ops_table[] = {
  TABLE_OPS("V2", "resource"),
  TABLE_OPS("", "Ref(string)"),
  {0},
};

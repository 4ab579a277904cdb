/* Examples: protobuf messages of named features, parsed into dense, sparse and ragged tensors. */
#include "graph/example.h"
#include "graph/op.h"

static tarn_status types_of(const tarn_attrs *attrs, const char *name, const tarn_dtype **types,
                            int *count) {
  const tarn_attr *list = tarn__attr_list(attrs, name);
  for (size_t i = 0; i < list->list.count; i++)
    if (!tarn__dtype_in(list->list.type[i],
                        TARN_BIT(TARN_F32) | TARN_BIT(TARN_I64) | TARN_BIT(TARN_STRING)))
      return tarn_fail(TARN_DTYPE, "%s: an Example has float, int64 and string, not %s", name,
                       tarn_dtype_name(list->list.type[i]));
  *types = list->list.type;
  *count = (int)list->list.count;
  return TARN_OK;
}

tarn_status tarn__example_dense_parse(const tarn_attrs *attrs, tarn_example_params *p) {
  const tarn_attr *shapes = tarn__attr_list(attrs, "dense_shapes");
  TARN_TRY(types_of(attrs, "sparse_types", &p->sparse_types, &p->sparse));
  TARN_TRY(types_of(attrs, "Tdense", &p->dense_types, &p->dense));
  if (shapes->list.count != (size_t)p->dense)
    return tarn_fail(TARN_INVALID, "%zu dense_shapes for %d dense features", shapes->list.count,
                     p->dense);
  p->dense_shapes = shapes->list.shape;
  for (int d = 0; d < p->dense; d++) {
    const tarn_shape *s = &p->dense_shapes[d];
    if (s->rank < 0) return tarn_fail(TARN_SHAPE, "dense_shapes[%d] has unknown rank", d);
    if (s->rank >= TARN_MAX_RANK)
      return tarn_fail(TARN_LIMIT, "dense_shapes[%d] has %d dims", d, s->rank);
    for (int k = 0; k < s->rank; k++)
      if (s->dim[k] < (k == 0 ? -1 : 0))
        return tarn_fail(TARN_SHAPE,
                         "dense_shapes[%d] has dim %d of %lld: only the first may be unknown", d, k,
                         (long long)s->dim[k]);
  }
  return TARN_OK;
}

static tarn_status ragged_of(const tarn_attrs *attrs, const char *values, const char *splits,
                             const tarn_dtype **types, const tarn_dtype **split_types, int *count) {
  const tarn_attr *list = tarn__attr_list(attrs, splits);
  TARN_TRY(types_of(attrs, values, types, count));
  if (list->list.count != (size_t)*count)
    return tarn_fail(TARN_INVALID, "%zu %s for %d ragged features", list->list.count, splits,
                     *count);
  for (int r = 0; r < *count; r++)
    if (list->list.type[r] != TARN_I32 && list->list.type[r] != TARN_I64)
      return tarn_fail(TARN_DTYPE, "row splits are int32 or int64");
  *split_types = list->list.type;
  return TARN_OK;
}

static tarn_status first_parse(const tarn_attrs *attrs, void *params) {
  return tarn__example_dense_parse(attrs, params);
}

static tarn_status second_parse(const tarn_attrs *attrs, void *params) {
  tarn_example_params *p = params;
  p->form = TARN_EXAMPLE_VECTORS;
  TARN_TRY(tarn__example_dense_parse(attrs, p));
  TARN_TRY(ragged_of(attrs, "ragged_value_types", "ragged_split_types", &p->ragged_types,
                     &p->split_types, &p->ragged));
  if (tarn__attr_int(attrs, "num_sparse") != p->sparse)
    return tarn_fail(TARN_INVALID, "num_sparse %lld but %d sparse_types",
                     (long long)tarn__attr_int(attrs, "num_sparse"), p->sparse);
  return TARN_OK;
}

tarn_status tarn__example_keys_parse(const tarn_attrs *attrs, tarn_example_params *p) {
  const tarn_attr *sparse = tarn__attr_list(attrs, "sparse_keys"),
                  *dense = tarn__attr_list(attrs, "dense_keys");
  p->form = TARN_EXAMPLE_ATTRS;
  if (sparse->list.count != (size_t)p->sparse || dense->list.count != (size_t)p->dense)
    return tarn_fail(TARN_INVALID,
                     "%zu sparse_keys for %d sparse_types, %zu dense_keys for %d dense defaults",
                     sparse->list.count, p->sparse, dense->list.count, p->dense);
  p->sparse_keys = sparse->list.s;
  p->dense_keys = dense->list.s;
  return TARN_OK;
}

static tarn_status single_parse(const tarn_attrs *attrs, void *params) {
  tarn_example_params *p = params;
  TARN_TRY(tarn__example_dense_parse(attrs, p));
  TARN_TRY(tarn__example_keys_parse(attrs, p));
  if (tarn__attr_int(attrs, "num_sparse") != p->sparse)
    return tarn_fail(TARN_INVALID, "num_sparse %lld but %d sparse_types",
                     (long long)tarn__attr_int(attrs, "num_sparse"), p->sparse);
  return TARN_OK;
}


/* The lists of a SequenceExample, and a context in the attributes whose names begin so. */
static tarn_status sequence_common(const tarn_attrs *attrs, tarn_sequence_params *p) {
  tarn_example_params *c = &p->context;
  const tarn_attr *shapes = tarn__attr_list(attrs, "feature_list_dense_shapes"),
                  *context = tarn__attr_list(attrs, "context_dense_shapes");
  TARN_TRY(types_of(attrs, "context_sparse_types", &c->sparse_types, &c->sparse));
  TARN_TRY(types_of(attrs, "Tcontext_dense", &c->dense_types, &c->dense));
  TARN_TRY(types_of(attrs, "feature_list_sparse_types", &p->sparse_types, &p->sparse));
  TARN_TRY(types_of(attrs, "feature_list_dense_types", &p->dense_types, &p->dense));
  const struct {
    const char *name;
    int count;
  } counts[] = {{"Ncontext_sparse", c->sparse},
                {"Nfeature_list_sparse", p->sparse},
                {"Nfeature_list_dense", p->dense}};
  for (int i = 0; i < 3; i++)
    if (tarn__attr_int(attrs, counts[i].name) != counts[i].count)
      return tarn_fail(TARN_INVALID, "%s is %lld but there are %d types", counts[i].name,
                       (long long)tarn__attr_int(attrs, counts[i].name), counts[i].count);
  if (shapes->list.count != (size_t)p->dense || context->list.count != (size_t)c->dense)
    return tarn_fail(
        TARN_INVALID,
        "%zu context_dense_shapes and %zu feature_list_dense_shapes for %d and %d types",
        context->list.count, shapes->list.count, c->dense, p->dense);
  p->dense_shapes = shapes->list.shape;
  c->dense_shapes = context->list.shape;
  for (int d = 0; d < p->dense; d++)
    if (!tarn__shape_known(&p->dense_shapes[d]) || p->dense_shapes[d].rank > TARN_MAX_RANK - 2)
      return tarn_fail(TARN_SHAPE,
                       "feature_list_dense_shapes[%d] must be known, and of rank %d at most", d,
                       TARN_MAX_RANK - 2);
  for (int d = 0; d < c->dense; d++)
    if (!tarn__shape_known(&c->dense_shapes[d]) || c->dense_shapes[d].rank >= TARN_MAX_RANK)
      return tarn_fail(TARN_SHAPE, "context_dense_shapes[%d] must be known", d);
  return TARN_OK;
}

static tarn_status sequences_parse(const tarn_attrs *attrs, void *params) {
  static const char *const names[] = {"context_sparse_keys", "context_dense_keys",
                                      "feature_list_sparse_keys", "feature_list_dense_keys"};
  tarn_sequence_params *p = params;
  TARN_TRY(sequence_common(attrs, p));
  const tarn_string **keys[] = {&p->context.sparse_keys, &p->context.dense_keys, &p->sparse_keys,
                                &p->dense_keys};
  const int counts[] = {p->context.sparse, p->context.dense, p->sparse, p->dense};
  for (int i = 0; i < 4; i++) {
    const tarn_attr *list = tarn__attr_list(attrs, names[i]);
    if (list->list.count != (size_t)counts[i])
      return tarn_fail(TARN_INVALID, "%zu %s for %d types", list->list.count, names[i], counts[i]);
    *keys[i] = list->list.s;
  }
  const tarn_attr *lack = tarn__attr_list(attrs, "feature_list_dense_missing_assumed_empty");
  p->may_lack = lack->list.s;
  p->may_lacks = (int)lack->list.count;
  p->context.form = TARN_EXAMPLE_ATTRS;
  p->context.defaults = 2;
  return TARN_OK;
}

static tarn_status sequence_parse(const tarn_attrs *attrs, void *params) {
  tarn_sequence_params *p = params;
  TARN_TRY(sequence_common(attrs, p));
  if (tarn__attr_int(attrs, "Ncontext_dense") != p->context.dense)
    return tarn_fail(TARN_INVALID, "Ncontext_dense is %lld but there are %d types",
                     (long long)tarn__attr_int(attrs, "Ncontext_dense"), p->context.dense);
  p->context.form = TARN_EXAMPLE_SCALARS;
  p->context.defaults = 2 + p->context.sparse + p->context.dense + p->sparse + p->dense;
  return TARN_OK;
}

static tarn_status sequences_second_parse(const tarn_attrs *attrs, void *params) {
  tarn_sequence_params *p = params;
  tarn_example_params *c = &p->context;
  TARN_TRY(sequence_common(attrs, p));
  TARN_TRY(ragged_of(attrs, "context_ragged_value_types", "context_ragged_split_types",
                     &c->ragged_types, &c->split_types, &c->ragged));
  c->form = TARN_EXAMPLE_VECTORS;
  c->defaults = 9;
  c->scalar_splits = true;
  return ragged_of(attrs, "feature_list_ragged_value_types", "feature_list_ragged_split_types",
                   &p->ragged_types, &p->split_types, &p->ragged);
}

static tarn_status sequences_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  if (t->in[1].rank != 1 || (t->in[1].dim[0] && t->in[1].dim[0] != t->in[0].dim[0]))
    return tarn_fail(TARN_SHAPE, "debug_name must be empty, or a name for each of %lld sequences",
                     (long long)t->in[0].dim[0]);
  return TARN_OK;
}

static tarn_status sequence_infer(tarn_infer *t) {
  const tarn_sequence_params *p = t->params;
  TARN_TRY(tarn__infer_scalar(t, 0));
  TARN_TRY(tarn__infer_vector(t, 1));
  for (int i = 2; i < p->context.defaults; i++) TARN_TRY(tarn__infer_scalar(t, i));
  return tarn__infer_scalar(t, t->inputs - 1);
}

/* Names are for messages: none, or one an example. */
static tarn_status names_infer(const tarn_infer *t) {
  char names[TARN_SHAPE_TEXT], examples[TARN_SHAPE_TEXT];
  if ((t->in[1].rank == 1 && t->in[1].dim[0] == 0) || tarn__shape_equal(&t->in[1], &t->in[0]))
    return TARN_OK;
  return tarn_fail(TARN_SHAPE, "names of shape %s for examples of shape %s",
                   tarn__shape_print(&t->in[1], names), tarn__shape_print(&t->in[0], examples));
}

static tarn_status first_infer(tarn_infer *t) {
  const tarn_example_params *p = t->params;
  TARN_TRY(tarn__infer_vector(t, 0));
  TARN_TRY(names_infer(t));
  for (int k = 0; k < p->sparse + p->dense; k++) TARN_TRY(tarn__infer_scalar(t, 2 + k));
  return TARN_OK;
}

static tarn_status keys_infer(const tarn_infer *t, int first, const int *counts, int n) {
  for (int k = 0; k < n; k++) {
    TARN_TRY(tarn__infer_vector(t, first + k));
    if (t->in[first + k].dim[0] != counts[k])
      return tarn_fail(TARN_SHAPE, "%lld keys for %d features", (long long)t->in[first + k].dim[0],
                       counts[k]);
  }
  return TARN_OK;
}

static tarn_status second_infer(tarn_infer *t) {
  const tarn_example_params *p = t->params;
  const int counts[] = {p->sparse, p->dense, p->ragged};
  if (t->in[0].rank > 1)
    return tarn_fail(TARN_SHAPE, "serialized must be a scalar or a vector, got rank %d",
                     t->in[0].rank);
  TARN_TRY(names_infer(t));
  return keys_infer(t, 2, counts, 3);
}

static tarn_status sequences_second_infer(tarn_infer *t) {
  const tarn_sequence_params *p = t->params;
  const int counts[] = {p->context.sparse, p->context.dense, p->context.ragged,
                        p->sparse,         p->dense,         p->ragged};
  if (t->in[0].rank > 1)
    return tarn_fail(TARN_SHAPE, "serialized must be a scalar or a vector, got rank %d",
                     t->in[0].rank);
  if (t->in[0].rank == 1 && !(t->in[1].rank == 1 && t->in[1].dim[0] == 0)) TARN_TRY(names_infer(t));
  TARN_TRY(keys_infer(t, 2, counts, 6));
  TARN_TRY(tarn__infer_vector(t, 8));
  if (t->in[8].dim[0] == p->dense) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "%lld feature_list_dense_missing_assumed_empty for %d dense lists",
                   (long long)t->in[8].dim[0], p->dense);
}

static tarn_status single_infer(tarn_infer *t) { return tarn__infer_scalar(t, 0); }

#define EXAMPLE(which) \
  .params_bytes = sizeof(tarn_example_params), .parse = which##_parse, .infer = which##_infer

#define SEQUENCE(which) \
  .params_bytes = sizeof(tarn_sequence_params), .parse = which##_parse, .infer = which##_infer
#define CONTEXT_OUTPUTS                                                                           \
  "context_sparse_indices: Ncontext_sparse * int64, context_sparse_values: context_sparse_types," \
  "context_sparse_shapes: Ncontext_sparse * int64, context_dense_values: Tcontext_dense"
#define LIST_OUTPUTS                                                                        \
  "feature_list_sparse_indices: Nfeature_list_sparse * int64, feature_list_sparse_values: " \
  "feature_list_sparse_types,"                                                              \
  "feature_list_sparse_shapes: Nfeature_list_sparse * int64, feature_list_dense_values: "   \
  "feature_list_dense_types"
#define SEQUENCE_OUTPUTS CONTEXT_OUTPUTS ", " LIST_OUTPUTS
#define SEQUENCE_ATTRS                                                                            \
  "Ncontext_sparse: int >= 0 = 0; Nfeature_list_sparse: int >= 0 = 0; Nfeature_list_dense: int "  \
  ">= 0 = 0;"                                                                                     \
  "context_sparse_types: list(type) >= 0 = []; Tcontext_dense: list(type) >= 0 = []; "            \
  "feature_list_dense_types: list(type) >= 0 = [];"                                               \
  "context_dense_shapes: list(shape) >= 0 = []; feature_list_sparse_types: list(type) >= 0 = [];" \
  "feature_list_dense_shapes: list(shape) >= 0 = []"

const tarn_op tarn_ops_example[] = {
    {.name = "ParseExample",
     .inputs = "serialized: string, names: string, sparse_keys: Nsparse * string, dense_keys: "
               "Ndense * string, dense_defaults: Tdense",
     .outputs = "sparse_indices: Nsparse * int64, sparse_values: sparse_types, sparse_shapes: "
                "Nsparse * int64, dense_values: Tdense",
     .attrs = "Nsparse: int >= 0; Ndense: int >= 0; sparse_types: list(type) >= 0; Tdense: "
              "list(type) >= 0; dense_shapes: list(shape) >= 0",
     EXAMPLE(first),
     .formula = "the features of a batch of Examples, by key"},
    {.name = "ParseExampleV2",
     .inputs = "serialized: string, names: string, sparse_keys: string, dense_keys: string, "
               "ragged_keys: string, dense_defaults: Tdense",
     .outputs = "sparse_indices: num_sparse * int64, sparse_values: sparse_types, sparse_shapes: "
                "num_sparse * int64, dense_values: Tdense,"
                "ragged_values: ragged_value_types, ragged_row_splits: ragged_split_types",
     .attrs = "Tdense: list(type) >= 0; num_sparse: int >= 0; sparse_types: list(type) >= 0; "
              "ragged_value_types: list(type) >= 0;"
              "ragged_split_types: list(type) >= 0; dense_shapes: list(shape) >= 0",
     EXAMPLE(second),
     .formula = "the features of an Example or a batch of them, by key"},
    {.name = "ParseSingleExample",
     .inputs = "serialized: string, dense_defaults: Tdense",
     .outputs = "sparse_indices: num_sparse * int64, sparse_values: sparse_types, sparse_shapes: "
                "num_sparse * int64, dense_values: Tdense",
     .attrs = "num_sparse: int >= 0; sparse_keys: list(string) >= 0; dense_keys: list(string) >= "
              "0; sparse_types: list(type) >= 0;"
              "Tdense: list(type) >= 0; dense_shapes: list(shape) >= 0",
     EXAMPLE(single),
     .formula = "the features of one Example, by key"},
    {.name = "ParseSequenceExample",
     .inputs = "serialized: string, debug_name: string, context_dense_defaults: Tcontext_dense",
     .outputs = SEQUENCE_OUTPUTS ", feature_list_dense_lengths: Nfeature_list_dense * int64",
     .attrs =
         "feature_list_dense_missing_assumed_empty: list(string) >= 0; context_sparse_keys: "
         "list(string) >= 0;"
         "context_dense_keys: list(string) >= 0; feature_list_sparse_keys: list(string) >= 0;"
         "feature_list_dense_keys: list(string) >= 0; Ncontext_dense: int >= 0 = 0;" SEQUENCE_ATTRS,
     SEQUENCE(sequences),
     .formula = "contexts and lists of features of a batch of SequenceExamples, by key"},
    {.name = "ParseSequenceExampleV2",
     .inputs = "serialized: string, debug_name: string, context_sparse_keys: string, "
               "context_dense_keys: string,"
               "context_ragged_keys: string, feature_list_sparse_keys: string, "
               "feature_list_dense_keys: string,"
               "feature_list_ragged_keys: string, feature_list_dense_missing_assumed_empty: bool, "
               "context_dense_defaults: Tcontext_dense",
     .outputs =
         CONTEXT_OUTPUTS ", context_ragged_values: context_ragged_value_types,"
                         "context_ragged_row_splits: context_ragged_split_types, " LIST_OUTPUTS
                         ", feature_list_dense_lengths: Nfeature_list_dense * int64, "
                         "feature_list_ragged_values: feature_list_ragged_value_types,"
                         "feature_list_ragged_outer_splits: feature_list_ragged_split_types,"
                         "feature_list_ragged_inner_splits: feature_list_ragged_split_types",
     .attrs = SEQUENCE_ATTRS "; context_ragged_value_types: list(type) >= 0 = []; "
                             "context_ragged_split_types: list(type) >= 0 = [];"
                             "feature_list_ragged_value_types: list(type) >= 0 = []; "
                             "feature_list_ragged_split_types: list(type) >= 0 = []",
     SEQUENCE(sequences_second),
     .formula = "context and lists of features of a SequenceExample or a batch of them, by key"},
    {.name = "ParseSingleSequenceExample",
     .inputs = "serialized: string, feature_list_dense_missing_assumed_empty: string, "
               "context_sparse_keys: Ncontext_sparse * string,"
               "context_dense_keys: Ncontext_dense * string, feature_list_sparse_keys: "
               "Nfeature_list_sparse * string,"
               "feature_list_dense_keys: Nfeature_list_dense * string, context_dense_defaults: "
               "Tcontext_dense, debug_name: string",
     .outputs = SEQUENCE_OUTPUTS,
     .attrs = "Ncontext_dense: int >= 0 = 0;" SEQUENCE_ATTRS,
     SEQUENCE(sequence),
     .formula = "context and lists of features of one SequenceExample, by key"},
    {0},
};

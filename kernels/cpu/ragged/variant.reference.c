/* Ragged tensors as elements of variant tensors: an optional of the splits from outside in and then
 * the values, so that pipelines and loops may carry them. */
#include "kernels/cpu/ragged/splits.h"
#include "kernels/data/optional.h"
#include "kernels/params/ragged.h"

/* Output i becomes *value, whose reference is taken. */
static void give(const tarn_call *call, int i, tarn_tensor *value) {
  tarn__tensor_clear(call->out[i]);
  *call->out[i] = *value;
}

/* ---- to a variant -------------------------------------------------------------------------- */

/* parts[level] = the splits of that level of rows [from, to), beginning with 0; [from, to) becomes
 * what they hold. */
static tarn_status cut_splits(const tarn_allocator *a, const tarn_tensor *splits, int64_t *from,
                              int64_t *to, tarn_tensor *part) {
  const int64_t rows = *to - *from, first = tarn__index_at(splits, *from);
  const tarn_shape shape = tarn__shape_vector(rows + 1);
  TARN_TRY(tarn__tensor_new_raw(a, splits->dtype, &shape, part));
  for (int64_t r = 0; r <= rows; r++)
    tarn__index_put(part, r, tarn__index_at(splits, *from + r) - first);
  *to = tarn__index_at(splits, *to);
  *from = first;
  return TARN_OK;
}

/* Row `row` of the outermost level, as levels - 1 splits and values; parts is zeroed. */
static tarn_status cut_row(const tarn_call *call, int levels, int64_t row, tarn_tensor *parts) {
  const tarn_allocator *a = tarn__call_allocator(call);
  const tarn_tensor *values = call->in[levels];
  int64_t from = tarn__index_at(call->in[0], row), to = tarn__index_at(call->in[0], row + 1);
  for (int level = 1; level < levels; level++)
    TARN_TRY(cut_splits(a, call->in[level], &from, &to, &parts[level - 1]));
  tarn_shape shape = values->shape;
  shape.dim[0] = to - from;
  const int64_t width = tarn__dims_product(&shape, 1, shape.rank);
  TARN_TRY(tarn__tensor_new_raw(a, values->dtype, &shape, &parts[levels - 1]));
  return tarn__move(&parts[levels - 1], 0, values, from * width, (to - from) * width);
}

static tarn_status rows_to_variant(const tarn_call *call, int levels, tarn_tensor *parts) {
  const int64_t rows = tarn__split_rows(call->in[0]);
  const tarn_shape shape = tarn__shape_vector(rows);
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  for (int64_t r = 0; r < rows; r++) {
    void *made = NULL;
    if (r % 256 == 0) TARN_TRY(tarn__run_check(call->run));
    tarn_status status = cut_row(call, levels, r, parts);
    if (status == TARN_OK)
      status = tarn__optional_create(call->run->allocator, levels, parts, &made);
    for (int i = 0; i < levels; i++) tarn__tensor_clear(&parts[i]);
    TARN_TRY(status);
    tarn__object_set(call->out[0], r, made);
  }
  return TARN_OK;
}

static tarn_status to_variant(const tarn_call *call) {
  const int levels = call->problem->inputs - 1;
  TARN_TRY(tarn__splits_check_all(call, levels));
  const size_t bytes = ((size_t)levels + 1) * sizeof(tarn_tensor);
  tarn_tensor *parts = tarn__alloc_zero(call->run->allocator, bytes);
  if (!parts) return TARN_NO_MEMORY;
  tarn_status status;
  if (((const tarn_ragged_variant_params *)call->problem->params)->batched) {
    status = rows_to_variant(call, levels, parts);
  } else { /* all of it: parts are borrowed */
    for (int i = 0; i <= levels; i++) parts[i] = *call->in[i];
    status = tarn__optional_give(call, 0, levels + 1, parts);
  }
  tarn__free(call->run->allocator, parts, bytes);
  return status;
}

/* ---- from a variant ------------------------------------------------------------------------ */

/* Element i, checked: `levels` splits that fit together, and values of rank 1 or more. */
static tarn_status element(const tarn_call *call, int64_t i, int levels,
                           const tarn_tensor **parts) {
  const tarn_object *object = tarn__object_get(call->in[0], i);
  const int outputs = call->problem->outputs;
  const tarn_dtype values = call->problem->out_dtype[outputs - 1];
  if (!object || object->type != &tarn__optional_type)
    return tarn_fail(TARN_INVALID,
                     "Input Variant element at index %lld doesn't hold a RaggedTensorVariant",
                     (long long)i);
  const tarn_optional *o = (const tarn_optional *)object;
  if (!o->has_value || o->count != levels + 1)
    return tarn_fail(TARN_INVALID, "element %lld has ragged rank %d, expected %d", (long long)i,
                     o->count - 1, levels);
  if (o->value[levels].dtype != values)
    return tarn_fail(TARN_INVALID, "Expected values Tensor dtype: %s, found: %s",
                     tarn_dtype_name(values), tarn_dtype_name(o->value[levels].dtype));
  if (o->value[levels].shape.rank < 1)
    return tarn_fail(TARN_INVALID, "element %lld: ragged values must have rank >= 1", (long long)i);
  for (int level = 0; level < levels; level++) {
    const tarn_tensor *splits = &o->value[level];
    if (splits->dtype != call->problem->out_dtype[0] || splits->shape.rank != 1)
      return tarn_fail(TARN_INVALID, "Expected row_splits Tensor dtype: %s, found: %s of rank %d",
                       tarn_dtype_name(call->problem->out_dtype[0]), tarn_dtype_name(splits->dtype),
                       splits->shape.rank);
    if (splits->shape.dim[0] < 1)
      return tarn_fail(TARN_INVALID, "element %lld: row splits are empty", (long long)i);
  }
  *parts = o->value;
  return TARN_OK;
}

/* Splits of the dims [0, rank - 1) of the variant tensor: all rows of a dim are equally long. */
static tarn_status even_splits(const tarn_call *call, const tarn_shape *outer) {
  for (int level = 0; level + 1 < outer->rank; level++) {
    const int64_t rows = outer->dim[level];
    const tarn_shape shape = tarn__shape_vector(rows + 1);
    TARN_TRY(tarn__call_allocate(call, level, &shape));
    for (int64_t r = 0; r <= rows; r++)
      tarn__index_put(call->out[level], r, r * outer->dim[level + 1]);
  }
  return TARN_OK;
}

/* Rows that element parts has at its level `level`: of level -1, the values' at `levels`. */
static int64_t rows_of(const tarn_tensor *parts, int level, int levels) {
  return level < levels ? tarn__split_rows(&parts[level]) : parts[levels].shape.dim[0];
}

/* Output `o`: splits whose rows are the elements (level -1), or those of the elements' splits. */
static tarn_status join_splits(const tarn_call *call, int o, int level, int levels, int64_t n) {
  const tarn_tensor *parts;
  int64_t rows = level < 0 ? n : 0, at = 0, sum = 0;
  for (int64_t i = 0; i < n && level >= 0; i++) {
    TARN_TRY(element(call, i, levels, &parts));
    rows += tarn__split_rows(&parts[level]);
  }
  const tarn_shape shape = tarn__shape_vector(rows + 1);
  TARN_TRY(tarn__call_allocate(call, o, &shape));
  tarn__index_put(call->out[o], at++, 0);
  for (int64_t i = 0; i < n; i++) {
    TARN_TRY(element(call, i, levels, &parts));
    const int64_t own = level < 0 ? 1 : tarn__split_rows(&parts[level]), before = sum;
    for (int64_t r = 1; r <= own; r++) {
      sum = before + (level < 0 ? rows_of(parts, 0, levels) : tarn__index_at(&parts[level], r));
      if (call->out[o]->dtype == TARN_I32 && sum > INT32_MAX)
        return tarn_fail(TARN_LIMIT, "splits beyond int32");
      tarn__index_put(call->out[o], at++, sum);
    }
  }
  return TARN_OK;
}

static tarn_status join_values(const tarn_call *call, int levels, int64_t n) {
  const int o = call->problem->outputs - 1;
  const tarn_tensor *parts;
  tarn_shape shape = tarn__shape_vector(0);
  int64_t at = 0;
  for (int64_t i = 0; i < n; i++) {
    TARN_TRY(element(call, i, levels, &parts));
    const tarn_shape *own = &parts[levels].shape;
    const int64_t so_far = i == 0 ? 0 : shape.dim[0];
    if (i == 0) shape = *own;
    shape.dim[0] = own->dim[0];
    if (!tarn__shape_equal(&shape, own))
      return tarn_fail(TARN_INVALID,
                       "the values of element %lld have another shape than those of "
                       "element 0",
                       (long long)i);
    if (tarn__add_overflow(so_far, own->dim[0], &shape.dim[0]))
      return tarn_fail(TARN_LIMIT, "too many rows");
  }
  TARN_TRY(tarn__call_allocate(call, o, &shape));
  for (int64_t i = 0; i < n; i++) {
    TARN_TRY(element(call, i, levels, &parts));
    const int64_t count = tarn__tensor_elements(&parts[levels]);
    TARN_TRY(tarn__move(call->out[o], at, &parts[levels], 0, count));
    at += count;
  }
  return TARN_OK;
}

static tarn_status from_variant(const tarn_call *call) {
  const tarn_shape *outer = &call->in[0]->shape;
  const int levels = call->problem->outputs - 1 - outer->rank;
  const int64_t n = tarn__tensor_elements(call->in[0]);
  if (outer->rank == 0) {
    const tarn_tensor *parts;
    TARN_TRY(element(call, 0, levels, &parts));
    for (int i = 0; i <= levels; i++) {
      tarn_tensor part;
      tarn__tensor_share(&parts[i], &part);
      give(call, i, &part);
    }
    return TARN_OK;
  }
  TARN_TRY(even_splits(call, outer));
  for (int level = -1; level < levels; level++)
    TARN_TRY(join_splits(call, outer->rank + level, level, levels, n));
  return join_values(call, levels, n);
}

/* ---- the gradient of the first ------------------------------------------------------------- */

/* Values of element i, or NULL where no gradient came: zeros. */
static tarn_status piece(const tarn_call *call, int64_t i, const tarn_tensor **values) {
  const tarn_object *object = tarn__object_get(call->in[0], i);
  *values = NULL;
  if (!object) return TARN_OK;
  const tarn_optional *o = (const tarn_optional *)object;
  if (object->type != &tarn__optional_type || !o->has_value || o->count < 1)
    return tarn_fail(TARN_INVALID, "element %lld is no ragged tensor", (long long)i);
  *values = &o->value[o->count - 1];
  if ((*values)->dtype == call->problem->out_dtype[0]) return TARN_OK;
  return tarn_fail(TARN_INVALID, "element %lld has values of %s, expected %s", (long long)i,
                   tarn_dtype_name((*values)->dtype), tarn_dtype_name(call->problem->out_dtype[0]));
}

static tarn_status gradient(const tarn_call *call) {
  tarn_tensor *out = call->out[0];
  const int64_t n = tarn__tensor_elements(call->in[0]);
  const tarn_tensor *values;
  if (n == 1) {
    TARN_TRY(piece(call, 0, &values));
    if (values) {
      tarn_tensor whole;
      tarn__tensor_share(values, &whole);
      give(call, 0, &whole);
      return TARN_OK;
    }
  }
  tarn_shape shape = {.rank = (int)call->in[2]->shape.dim[0]};
  for (int d = 0; d < shape.rank; d++) shape.dim[d] = tarn__tensor_int(call->in[2], d);
  tarn_shape checked;
  TARN_TRY(tarn__shape_make(shape.rank, shape.dim, &checked));
  TARN_TRY(tarn__call_allocate(call, 0, &checked));
  const int64_t total = tarn__tensor_elements(out),
                width = tarn__dims_product(&checked, 1, checked.rank);
  const int64_t pieces = tarn__tensor_elements(call->in[1]) - 1;
  int64_t at = 0;
  for (int64_t i = 0; i < n; i++) {
    TARN_TRY(piece(call, i, &values));
    if (!values && i >= pieces)
      return tarn_fail(TARN_INVALID, "%lld row splits for %lld rows", (long long)pieces + 1,
                       (long long)n);
    int64_t count = values ? tarn__tensor_elements(values)
                           : tarn__index_at(call->in[1], i + 1) - tarn__index_at(call->in[1], i);
    if (!values && (count < 0 || (width > 0 && count > total / width)))
      return tarn_fail(TARN_INVALID, "row %lld has %lld values", (long long)i, (long long)count);
    if (!values) count *= width;
    if (count > total - at)
      return tarn_fail(TARN_INVALID, "more gradients than dense_values_shape has elements");
    TARN_TRY(values ? tarn__move(out, at, values, 0, count) : tarn__clear_elements(out, at, count));
    at += count;
  }
  return at == total ? TARN_OK : tarn_fail(TARN_INVALID, "fewer gradients than elements");
}

const tarn_kernel tarn_kernels_ragged_variant_reference[] = {
    {.op = "RaggedTensorToVariant", .name = "to_variant", .run = to_variant},
    {.op = "RaggedTensorFromVariant", .name = "from_variant", .run = from_variant},
    {.op = "RaggedTensorToVariantGradient", .name = "to_variant_gradient", .run = gradient},
    {0},
};

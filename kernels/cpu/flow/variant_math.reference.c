/* What gradients do with variants: ZerosLike and AddN of TensorLists and Optionals, element by
 * element, and of what is in them. */
#include "kernels/data/optional.h"
#include "kernels/run.h"
#include "kernels/state/arrays/tensor_list.h"
#include "kernels/state/combine.h"

enum { MAX_DEPTH = 64 };   /* of lists in lists */

static tarn_status zeros_of(const tarn_allocator *a, const tarn_tensor *like, int depth,
                            tarn_tensor *zeros);
static tarn_status sum_of(const tarn_allocator *a, const tarn_tensor *x, const tarn_tensor *y,
                          int depth, tarn_tensor *sum);

static tarn_status unknown_object(const tarn_object *object) {
  return tarn_fail(TARN_UNSUPPORTED, "expected the handles of TensorLists or Optionals, got %s%s",
                   object ? "that of a " : "an empty one", object ? object->type->name : "");
}

/* ---- zeros --------------------------------------------------------------------------------- */

static tarn_status zeros_like_list(const tarn_allocator *a, const tarn_tensor_list *from, int depth,
                                   void **made) {
  tarn_tensor_list *list;
  TARN_TRY(tarn__tensor_list_create(a, from->dtype, &from->element_shape, from->max_elements,
                                    from->size, &list));
  tarn_status status = TARN_OK;
  for (int64_t i = 0; i < from->size && status == TARN_OK; i++) {
    const tarn_tensor *cell = tarn__tensor_list_get(from, i);
    tarn_tensor zeros;
    if (!cell) continue;
    status = zeros_of(a, cell, depth + 1, &zeros);
    if (status != TARN_OK) break;
    status = tarn__tensor_list_set(list, i, &zeros);
    tarn__tensor_clear(&zeros);
  }
  *made = list;
  if (status != TARN_OK) tarn__object_release(list);
  return status;
}

static void clear_all(const tarn_allocator *a, tarn_tensor *values, int n) {
  for (int i = 0; i < n; i++) tarn__tensor_clear(&values[i]);
  tarn__free(a, values, ((size_t)n + 1) * sizeof *values);
}

/* An optional of zeros like those of x (y NULL), or of sums. */
static tarn_status optional_of(const tarn_allocator *a, const tarn_optional *x,
                               const tarn_optional *y, int depth, void **made) {
  if (y && (x->has_value != y->has_value || x->count != y->count))
    return tarn_fail(TARN_INVALID, "sums of optionals of %d and %d tensors",
                     x->has_value ? x->count : 0, y->has_value ? y->count : 0);
  tarn_tensor *values = tarn__alloc_zero(a, ((size_t)x->count + 1) * sizeof *values);
  if (!values) return TARN_NO_MEMORY;
  tarn_status status = TARN_OK;
  for (int i = 0; i < x->count && status == TARN_OK; i++)
    status = y ? sum_of(a, &x->value[i], &y->value[i], depth + 1, &values[i])
               : zeros_of(a, &x->value[i], depth + 1, &values[i]);
  if (status == TARN_OK)
    status = tarn__optional_create(a, x->count, x->has_value ? values : NULL, made);
  clear_all(a, values, x->count);
  return status;
}

static tarn_status zeros_object(const tarn_allocator *a, const tarn_object *from, int depth,
                                void **made) {
  if (from && from->type == &tarn__tensor_list_type)
    return zeros_like_list(a, (const tarn_tensor_list *)from, depth, made);
  if (from && from->type == &tarn__optional_type)
    return optional_of(a, (const tarn_optional *)from, NULL, depth, made);
  return unknown_object(from);
}

static tarn_status fill_zeros(const tarn_allocator *a, const tarn_tensor *like, int depth,
                              tarn_tensor *zeros) {
  if (depth > MAX_DEPTH)
    return tarn_fail(TARN_LIMIT, "variants in variants more than %d deep", MAX_DEPTH);
  for (int64_t i = 0, n = tarn__tensor_elements(like); i < n; i++) {
    void *made;
    TARN_TRY(zeros_object(a, tarn__object_get(like, i), depth, &made));
    tarn__object_set(zeros, i, made);
  }
  return TARN_OK;
}

static tarn_status zeros_of(const tarn_allocator *a, const tarn_tensor *like, int depth,
                            tarn_tensor *zeros) {
  if (like->dtype == TARN_RESOURCE) return tarn_fail(TARN_UNSUPPORTED, "zeros like a resource");
  TARN_TRY(tarn__tensor_new(a, like->dtype, &like->shape, zeros));
  if (like->dtype != TARN_VARIANT) return TARN_OK;
  const tarn_status status = fill_zeros(a, like, depth, zeros);
  if (status != TARN_OK) tarn__tensor_clear(zeros);
  return status;
}

/* Gives out what is done; the inputs were read before, whose memory the output may have taken
 * over. */
static tarn_status give(const tarn_call *call, tarn_tensor *made) {
  tarn__tensor_clear(call->out[0]);
  *call->out[0] = *made;
  return TARN_OK;
}

static tarn_status zeros_like(const tarn_call *call) {
  tarn_tensor zeros;
  TARN_TRY(zeros_of(tarn__call_allocator(call), call->in[0], 0, &zeros));
  return give(call, &zeros);
}

/* ---- sums ---------------------------------------------------------------------------------- */

/* list[i] += from[i]; a cell that is not set is a zero. */
static tarn_status add_list(tarn_tensor_list *list, const tarn_tensor_list *from, int depth) {
  char one[TARN_SHAPE_TEXT], other[TARN_SHAPE_TEXT];
  if (from->size != list->size || from->dtype != list->dtype)
    return tarn_fail(TARN_INVALID,
                     "Trying to add two lists of tensors with different lengths or dtypes: %lld "
                     "and %lld elements",
                     (long long)list->size, (long long)from->size);
  if (!tarn__shape_compatible(&list->element_shape, &from->element_shape))
    return tarn_fail(
        TARN_INVALID,
        "Trying to add two lists of tensors with incompatible element shapes: %s and %s",
        tarn__shape_print(&list->element_shape, one),
        tarn__shape_print(&from->element_shape, other));
  for (int64_t i = 0; i < list->size; i++) {
    const tarn_tensor *mine = tarn__tensor_list_get(list, i),
                      *more = tarn__tensor_list_get(from, i);
    tarn_tensor sum;
    if (!more) continue;
    if (!mine) {
      TARN_TRY(tarn__tensor_list_set(list, i, more));
      continue;
    }
    TARN_TRY(sum_of(list->allocator, mine, more, depth + 1, &sum));
    const tarn_status status = tarn__tensor_list_set(list, i, &sum);
    tarn__tensor_clear(&sum);
    TARN_TRY(status);
  }
  return TARN_OK;
}

static tarn_status sum_objects(const tarn_allocator *a, const tarn_object *x, const tarn_object *y,
                               int depth, void **made) {
  if (!x || !y || x->type != y->type)
    return unknown_object(x && x->type == &tarn__tensor_list_type ? y : x);
  if (x->type == &tarn__optional_type)
    return optional_of(a, (const tarn_optional *)x, (const tarn_optional *)y, depth, made);
  if (x->type != &tarn__tensor_list_type) return unknown_object(x);
  const tarn_tensor_list *from = (const tarn_tensor_list *)x;
  tarn_tensor_list *list;
  TARN_TRY(tarn__tensor_list_copy(from, from->size, &list));
  const tarn_status status = add_list(list, (const tarn_tensor_list *)y, depth);
  if (status != TARN_OK) tarn__object_release(list);
  *made = list;
  return status;
}

/* sum[i] = x[i] + y[i]; sum may be x. */
static tarn_status fill_sums(const tarn_allocator *a, const tarn_tensor *x, const tarn_tensor *y,
                             int depth, tarn_tensor *sum) {
  if (depth > MAX_DEPTH)
    return tarn_fail(TARN_LIMIT, "variants in variants more than %d deep", MAX_DEPTH);
  for (int64_t i = 0, n = tarn__tensor_elements(x); i < n; i++) {
    void *made;
    TARN_TRY(sum_objects(a, tarn__object_get(x, i), tarn__object_get(y, i), depth, &made));
    tarn__object_set(sum, i, made);
  }
  return TARN_OK;
}

static tarn_status sum_of(const tarn_allocator *a, const tarn_tensor *x, const tarn_tensor *y,
                          int depth, tarn_tensor *sum) {
  char one[TARN_SHAPE_TEXT], other[TARN_SHAPE_TEXT];
  tarn_status status;
  if (x->dtype != y->dtype || !tarn__shape_equal(&x->shape, &y->shape))
    return tarn_fail(TARN_INVALID,
                     "Trying to add two tensors with incompatible element shapes: %s and %s",
                     tarn__shape_print(&x->shape, one), tarn__shape_print(&y->shape, other));
  if (x->dtype == TARN_VARIANT) {
    TARN_TRY(tarn__tensor_new(a, TARN_VARIANT, &x->shape, sum));
    status = fill_sums(a, x, y, depth, sum);
  } else {
    TARN_TRY(tarn__tensor_copy(a, x, sum));
    status = tarn__combine(TARN_COMBINE_ADD, sum, 0, y, 0, 1, tarn__tensor_elements(sum));
  }
  if (status != TARN_OK) tarn__tensor_clear(sum);
  return status;
}

static tarn_status add_n(const tarn_call *call) {
  const tarn_allocator *a = tarn__call_allocator(call);
  tarn_tensor y;
  tarn_status status = TARN_OK;
  TARN_TRY(tarn__tensor_new(a, TARN_VARIANT, &call->in[0]->shape, &y));
  for (int64_t i = 0, n = tarn__tensor_elements(&y); i < n; i++)
    tarn__object_set(&y, i, tarn__object_retain(tarn__object_get(call->in[0], i)));
  for (int k = 1; k < call->problem->inputs && status == TARN_OK; k++)
    status = fill_sums(a, &y, call->in[k], 0, &y);
  if (status == TARN_OK) return give(call, &y);
  tarn__tensor_clear(&y);
  return status;
}

const tarn_kernel tarn_kernels_flow_variant_math_reference[] = {
  {.op = "ZerosLike", .name = "variant_zeros", .dtypes = TARN_BIT(TARN_VARIANT), .run = zeros_like},
  {.op = "AddN", .name = "variant_add", .dtypes = TARN_BIT(TARN_VARIANT), .run = add_n},
  {0},
};

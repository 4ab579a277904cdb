/* TensorLists, one element at a time: made, grown, read and changed. Whole tensors are in
 * list_pack.reference.c. */
#include "kernels/cpu/flow/list_shape.h"
#include "kernels/cpu/flow/pieces.h"
#include "kernels/params/flow.h"

static tarn_status dtype_check(const tarn_tensor_list *list, tarn_dtype dtype) {
  if (list->dtype == dtype) return TARN_OK;
  return tarn_fail(TARN_INVALID, "Invalid data types; op elements %s but list elements %s",
                   tarn_dtype_name(dtype), tarn_dtype_name(list->dtype));
}

static tarn_status make(const tarn_call *call, int64_t max, int64_t size) {
  const tarn_list_params *p = call->problem->params;
  tarn_shape shape;
  tarn_tensor_list *list;
  TARN_TRY(tarn__list_shape(call->in[0], &shape));
  TARN_TRY(tarn__tensor_list_create(call->run->allocator, p->dtype, &shape, max, size, &list));
  return tarn__call_handle(call, 0, list);
}

static tarn_status empty(const tarn_call *call) {
  return make(call, tarn__tensor_int(call->in[1], 0), 0);
}
static tarn_status reserve(const tarn_call *call) {
  return make(call, -1, tarn__tensor_int(call->in[1], 0));
}

/* The list to change, at least `size` long: the input's own where the output took it over and
 * nobody else holds it, else a copy. */
static tarn_status changeable(const tarn_call *call, const tarn_tensor_list *from, int64_t size,
                              tarn_tensor_list **list) {
  const int64_t wanted = size > from->size ? size : from->size;
  tarn_object *object = tarn__object_get(call->in[0], 0);
  if (call->out[0]->buffer && call->out[0]->buffer == call->in[0]->buffer &&
      atomic_load_explicit(&object->references, memory_order_acquire) == 1) {
    *list = tarn__object_retain(object);
    const tarn_status status = tarn__tensor_list_grow(*list, wanted);
    if (status != TARN_OK) tarn__object_release(*list);
    return status;
  }
  return tarn__tensor_list_copy(from, wanted, list);
}

/* Gives out a list that is done, or drops it when the last step failed. */
static tarn_status give(const tarn_call *call, tarn_tensor_list *list, tarn_status status) {
  if (status == TARN_OK && list == tarn__object_get(call->out[0], 0)) {   /* it is there already */
    tarn__object_release(list);
    return TARN_OK;
  }
  if (status == TARN_OK) return tarn__call_handle(call, 0, list);
  tarn__object_release(list);
  return status;
}

static tarn_status push_back(const tarn_call *call) {
  const tarn_tensor_list *from;
  tarn_tensor_list *list;
  TARN_TRY(tarn__list_of(call, 0, &from));
  TARN_TRY(dtype_check(from, call->in[1]->dtype));
  if (from->max_elements >= 0 && from->size >= from->max_elements)
    return tarn_fail(TARN_INVALID,
                     "Tried to push item into a full list. list size: %lld, max_num_elements: %lld",
                     (long long)from->size, (long long)from->max_elements);
  const int64_t size = from->size;
  TARN_TRY(changeable(call, from, size + 1, &list));
  return give(call, list, tarn__tensor_list_set(list, size, call->in[1]));
}

static void put(const tarn_call *call, int i, const tarn_tensor *value) {
  tarn__tensor_clear(call->out[i]);
  *call->out[i] = *value;
}

static tarn_status pop_back(const tarn_call *call) {
  const tarn_tensor_list *from;
  tarn_tensor_list *list;
  tarn_tensor value;
  tarn_shape wanted;
  TARN_TRY(tarn__list_of(call, 0, &from));
  TARN_TRY(dtype_check(from, call->problem->out_dtype[1]));
  if (from->size == 0) return tarn_fail(TARN_INVALID, "Trying to pop from an empty list.");
  TARN_TRY(tarn__list_shape(call->in[1], &wanted));
  TARN_TRY(tarn__list_read(from, from->size - 1, &wanted, &value));
  put(call, 1, &value);
  TARN_TRY(changeable(call, from, from->size, &list));
  tarn__tensor_list_drop_last(list);
  return give(call, list, TARN_OK);
}

static tarn_status length(const tarn_call *call) {
  const tarn_tensor_list *list;
  TARN_TRY(tarn__list_of(call, 0, &list));
  *(int32_t *)call->out[0]->data = (int32_t)list->size;
  return TARN_OK;
}

static tarn_status element_shape(const tarn_call *call) {
  const tarn_tensor_list *list;
  TARN_TRY(tarn__list_of(call, 0, &list));
  const tarn_shape *s = &list->element_shape;
  const tarn_shape out = s->rank < 0 ? tarn__shape_scalar() : tarn__shape_vector(s->rank);
  TARN_TRY(tarn__call_allocate(call, 0, &out));
  for (int i = 0; i < (s->rank < 0 ? 1 : s->rank); i++) {
    const int64_t dim = s->rank < 0 ? -1 : s->dim[i];
    if (call->out[0]->dtype == TARN_I64) ((int64_t *)call->out[0]->data)[i] = dim;
    else ((int32_t *)call->out[0]->data)[i] = (int32_t)dim;
  }
  return TARN_OK;
}

static tarn_status get_item(const tarn_call *call) {
  const tarn_tensor_list *list;
  tarn_tensor value;
  tarn_shape wanted;
  const int64_t index = tarn__tensor_int(call->in[1], 0);
  TARN_TRY(tarn__list_of(call, 0, &list));
  TARN_TRY(dtype_check(list, call->problem->out_dtype[0]));
  if (index < 0 || index >= list->size)
    return tarn_fail(TARN_INVALID, "Trying to access element %lld in a list with %lld elements.",
                     (long long)index, (long long)list->size);
  TARN_TRY(tarn__list_shape(call->in[2], &wanted));
  TARN_TRY(tarn__list_read(list, index, &wanted, &value));
  put(call, 0, &value);
  return TARN_OK;
}

static tarn_status set_item(const tarn_call *call) {
  const tarn_list_params *p = call->problem->params;
  const tarn_tensor_list *from;
  tarn_tensor_list *list;
  const int64_t index = tarn__tensor_int(call->in[1], 0);
  TARN_TRY(tarn__list_of(call, 0, &from));
  if (index < 0 || (index >= from->size && !p->resize))
    return tarn_fail(TARN_INVALID, "Trying to modify element %lld in a list with %lld elements.",
                     (long long)index, (long long)from->size);
  TARN_TRY(changeable(call, from, index + 1, &list));
  return give(call, list, tarn__tensor_list_set(list, index, call->in[2]));
}

static tarn_status resize(const tarn_call *call) {
  const tarn_tensor_list *from;
  tarn_tensor_list *list;
  TARN_TRY(tarn__list_of(call, 0, &from));
  TARN_TRY(tarn__tensor_list_copy(from, tarn__tensor_int(call->in[1], 0), &list));
  return tarn__call_handle(call, 0, list);
}

static tarn_status joined(const tarn_tensor_list *a, const tarn_tensor_list *b,
                          tarn_tensor_list **list) {
  TARN_TRY(dtype_check(b, a->dtype));
  TARN_TRY(tarn__tensor_list_copy(a, a->size + b->size, list));
  tarn_status status = TARN_OK;
  for (int64_t i = 0; i < b->size && status == TARN_OK; i++)
    if (tarn__tensor_list_get(b, i))
      status = tarn__tensor_list_set(*list, a->size + i, tarn__tensor_list_get(b, i));
  if (status != TARN_OK) tarn__object_release(*list);
  return status;
}

/* Of two tensors of lists, element by element. */
static tarn_status join_all(const tarn_call *call, tarn_tensor *made) {
  const tarn_list_params *p = call->problem->params;
  for (int64_t i = 0, n = tarn__tensor_elements(made); i < n; i++) {
    const tarn_object *a = tarn__object_get(call->in[0], i), *b = tarn__object_get(call->in[1], i);
    tarn_tensor_list *list;
    if (!a || !b || a->type != &tarn__tensor_list_type || b->type != &tarn__tensor_list_type)
      return tarn_fail(TARN_INVALID, "element %lld: expected handles of TensorLists", (long long)i);
    TARN_TRY(dtype_check((const tarn_tensor_list *)a, p->dtype));
    TARN_TRY(joined((const tarn_tensor_list *)a, (const tarn_tensor_list *)b, &list));
    tarn__object_set(made, i, list);
  }
  return TARN_OK;
}

/* List i of input 0 with row i of input 1 behind its elements. */
static tarn_status push_each(const tarn_call *call, tarn_tensor *made) {
  tarn_tensor rows;
  TARN_TRY(tarn__tensor_own(tarn__call_allocator(call), call->in[1], &rows));
  tarn_status status = TARN_OK;
  for (int64_t i = 0, n = tarn__tensor_elements(made); i < n && status == TARN_OK; i++) {
    const tarn_object *from = tarn__object_get(call->in[0], i);
    tarn_tensor_list *list = NULL;
    tarn_tensor row = {0};
    if (!from || from->type != &tarn__tensor_list_type)
      status = tarn_fail(TARN_INVALID, "element %lld: expected the handle of a TensorList",
                         (long long)i);
    if (status == TARN_OK) status = dtype_check((const tarn_tensor_list *)from, rows.dtype);
    const int64_t size = status == TARN_OK ? ((const tarn_tensor_list *)from)->size : 0;
    if (status == TARN_OK)
      status = tarn__tensor_list_copy((const tarn_tensor_list *)from, size + 1, &list);
    if (status != TARN_OK) break;
    tarn__piece(&rows, i, 1, true, &row);
    status = tarn__tensor_list_set(list, size, &row);
    tarn__tensor_clear(&row);
    if (status == TARN_OK) tarn__object_set(made, i, list);
    else tarn__object_release(list);
  }
  tarn__tensor_clear(&rows);
  return status;
}

/* A tensor of lists that `fill` makes. */
static tarn_status make_lists(const tarn_call *call,
                              tarn_status (*fill)(const tarn_call *call, tarn_tensor *made)) {
  tarn_tensor made;
  TARN_TRY(tarn__tensor_new(tarn__call_allocator(call), TARN_VARIANT, &call->in[0]->shape, &made));
  const tarn_status status = fill(call, &made);
  if (status != TARN_OK) {
    tarn__tensor_clear(&made);
    return status;
  }
  tarn__tensor_clear(call->out[0]);
  *call->out[0] = made;
  return TARN_OK;
}

static tarn_status concat_lists(const tarn_call *call) { return make_lists(call, join_all); }
static tarn_status push_batch(const tarn_call *call) { return make_lists(call, push_each); }

const tarn_kernel tarn_kernels_flow_tensor_list_reference[] = {
  {.op = "EmptyTensorList", .name = "list_make", .run = empty},
  {.op = "TensorListReserve", .name = "list_make", .run = reserve},
  {.op = "TensorListPushBack", .name = "list_push", .run = push_back},
  {.op = "TensorListPopBack", .name = "list_pop", .run = pop_back},
  {.op = "TensorListLength", .name = "list_length", .run = length},
  {.op = "TensorListElementShape", .name = "list_shape", .run = element_shape},
  {.op = "TensorListGetItem", .name = "list_get", .run = get_item},
  {.op = "TensorListSetItem", .name = "list_set", .run = set_item},
  {.op = "TensorListResize", .name = "list_resize", .run = resize},
  {.op = "TensorListPushBackBatch", .name = "list_push", .run = push_batch},
  {.op = "TensorListConcatLists", .name = "list_join", .run = concat_lists},
  {0},
};

/* TensorLists from whole tensors and back. Unpacking shares the unpacked buffer. */
#include "kernels/cpu/flow/list_shape.h"
#include "kernels/cpu/flow/pieces.h"
#include "kernels/params/flow.h"

/* ---- packing ------------------------------------------------------------------------------- */

/* n cells, at indices or all in order, into output 0 as [n, shape]. */
static tarn_status pack(const tarn_call *call, const tarn_tensor_list *list,
                        const tarn_tensor *indices, int64_t n, const tarn_tensor *wanted) {
  char text[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  tarn_shape shape, stacked;
  if (list->dtype != call->problem->out_dtype[0])
    return tarn_fail(TARN_INVALID, "Invalid data types; op elements %s but list elements %s",
                     tarn_dtype_name(call->problem->out_dtype[0]), tarn_dtype_name(list->dtype));
  TARN_TRY(tarn__list_shape(wanted, &shape));
  TARN_TRY(tarn__list_merged(list, &shape, false, &shape));
  for (int64_t i = 0; i < n && !(shape.rank >= 0 && tarn__shape_known(&shape)); i++) {
    const int64_t at = indices ? tarn__tensor_int(indices, i)
                               : i; /* only the cells that are asked for say the shape */
    const tarn_tensor *cell = at >= 0 && at < list->size ? tarn__tensor_list_get(list, at) : NULL;
    if (cell) TARN_TRY(tarn__shape_merge(&shape, &cell->shape, &shape));
  }
  if (shape.rank < 0 || !tarn__shape_known(&shape))
    return tarn_fail(
        TARN_INVALID, "Tried to stack %s list with non-fully-defined element_shape: %s",
        list->size ? "elements of a" : "elements of an empty", tarn__shape_print(&shape, text));
  TARN_TRY(tarn__piece_stacked(&shape, n, &stacked));
  TARN_TRY(tarn__call_allocate(call, 0, &stacked));
  const int64_t each = tarn__shape_elements(&shape);
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = indices ? tarn__tensor_int(indices, i) : i;
    tarn_tensor value;
    if (at < 0 || at >= list->size)
      return tarn_fail(TARN_INVALID, "Trying to gather element %lld in a list with %lld elements.",
                       (long long)at, (long long)list->size);
    TARN_TRY(tarn__list_read(list, at, &shape, &value));
    tarn_status status = TARN_OK;
    if (!tarn__shape_equal(&value.shape, &shape))
      status = tarn_fail(
          TARN_INVALID,
          "Tried to stack list which only contains tensors of shape %s: element %lld has shape %s",
          tarn__shape_print(&shape, text), (long long)at, tarn__shape_print(&value.shape, got));
    else
      status = tarn__tensor_copy_elements(call->out[0], i * each, &value, 0, each);
    tarn__tensor_clear(&value);
    TARN_TRY(status);
  }
  return TARN_OK;
}

static tarn_status stack(const tarn_call *call) {
  const tarn_list_params *p = call->problem->params;
  const tarn_tensor_list *list;
  TARN_TRY(tarn__list_of(call, 0, &list));
  if (p->num_elements >= 0 && p->num_elements != list->size)
    return tarn_fail(
        TARN_INVALID,
        "Operation expected a list with %lld elements but got a list with %lld elements.",
        (long long)p->num_elements, (long long)list->size);
  return pack(call, list, NULL, list->size, call->in[1]);
}

static tarn_status gather(const tarn_call *call) {
  const tarn_tensor_list *list;
  TARN_TRY(tarn__list_of(call, 0, &list));
  return pack(call, list, call->in[1], call->in[1]->shape.dim[0], call->in[2]);
}

/* The rows of a cell that is not set, where leading_dims does not say: those of the element shape,
 * or of all cells that are set; -1 where they differ. */
static tarn_status common_rows(const tarn_tensor_list *list, const tarn_shape *wanted,
                               int64_t *rows) {
  const int64_t asked = wanted->rank > 0 ? wanted->dim[0] : -1;
  bool any = false;
  *rows = asked;
  for (int64_t i = 0; i < list->size; i++) {
    const tarn_tensor *cell = tarn__tensor_list_get(list, i);
    if (!cell) continue;
    if (cell->shape.rank < 1)
      return tarn_fail(TARN_INVALID, "Concat saw a scalar at index %lld", (long long)i);
    const int64_t here = cell->shape.dim[0];
    if (asked >= 0 && here != asked)
      return tarn_fail(TARN_INVALID,
                       "First entry of element_shape input does not match the first dim of list "
                       "element at index: %lld "
                       "Expected: %lld Actual: %lld",
                       (long long)i, (long long)asked, (long long)here);
    *rows = !any || *rows == here ? here : -1;
    any = true;
  }
  return TARN_OK;
}

/* Rows of each cell and their sum; what the cells have beyond the first dim. A cell that is not set
 * has the rows that leading_dims says, or the common ones. */
static tarn_status concat_plan(const tarn_call *call, const tarn_tensor_list *list,
                               tarn_shape *rest, int64_t *rows) {
  char text[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  const tarn_tensor *leading = call->problem->inputs > 2 ? call->in[2] : NULL;
  tarn_shape wanted = {.rank = -1};
  int64_t common, *lengths = call->out[1]->data;
  *rest = (tarn_shape){.rank = -1};
  if (call->problem->inputs > 1) TARN_TRY(tarn__list_shape(call->in[1], &wanted));
  TARN_TRY(tarn__list_merged(list, &wanted, false, &wanted));
  if (wanted.rank == 0)
    return tarn_fail(TARN_INVALID,
                     "Concat requires elements to be at least vectors, found scalars instead.");
  if (wanted.rank > 0) *rest = tarn__piece_rest(&wanted);
  TARN_TRY(common_rows(list, &wanted, &common));
  *rows = 0;
  for (int64_t i = 0; i < list->size; i++) {
    const tarn_tensor *cell = tarn__tensor_list_get(list, i);
    const bool led = leading && leading->shape.rank == 1 && i < leading->shape.dim[0];
    lengths[i] = cell ? cell->shape.dim[0] : led ? tarn__tensor_int(leading, i) : common;
    if (cell) {
      const tarn_shape mine = tarn__piece_rest(&cell->shape);
      if (!tarn__shape_compatible(rest, &mine))
        return tarn_fail(TARN_INVALID, "Tried to concat tensors with unequal shapes: %s and %s",
                         tarn__shape_print(rest, text), tarn__shape_print(&mine, got));
      *rest = mine;
    }
    if (lengths[i] < 0)
      return tarn_fail(TARN_INVALID,
                       "List contains uninitialized tensor at index %lld but leading_dims has no "
                       "such element",
                       (long long)i);
    if (tarn__add_overflow(*rows, lengths[i], rows))
      return tarn_fail(TARN_LIMIT, "too many rows to join");
  }
  if (rest->rank >= 0 && tarn__shape_known(rest)) return TARN_OK;
  return tarn_fail(TARN_INVALID,
                   "All except the first dimension must be fully defined when concating an empty "
                   "tensor list: %s",
                   tarn__shape_print(&wanted, text));
}

static tarn_status concat(const tarn_call *call) {
  const tarn_tensor_list *list;
  tarn_shape rest, shape;
  int64_t rows = 0, at = 0;
  TARN_TRY(tarn__list_of(call, 0, &list));
  if (list->dtype != call->problem->out_dtype[0])
    return tarn_fail(TARN_INVALID, "a list of %s, read as %s", tarn_dtype_name(list->dtype),
                     tarn_dtype_name(call->problem->out_dtype[0]));
  const tarn_shape lengths = tarn__shape_vector(list->size);
  TARN_TRY(tarn__call_allocate(call, 1, &lengths));
  TARN_TRY(concat_plan(call, list, &rest, &rows));
  TARN_TRY(tarn__piece_stacked(&rest, rows, &shape));
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  const int64_t each = tarn__shape_elements(&rest);
  const size_t size = tarn_dtype_bytes(list->dtype);
  for (int64_t i = 0; i < list->size; i++) {
    const tarn_tensor *cell = tarn__tensor_list_get(list, i);
    const int64_t n = ((const int64_t *)call->out[1]->data)[i] * each;
    if (cell) TARN_TRY(tarn__tensor_copy_elements(call->out[0], at, cell, 0, n));
    else if (tarn__dtype_in(list->dtype, TARN_PLAIN))
      memset((char *)call->out[0]->data + (size_t)at * size, 0, (size_t)n * size);
    at += n;
  }
  return TARN_OK;
}

/* ---- unpacking ----------------------------------------------------------------------------- */

/* A list for rows of `tensor`, of the declared shape. */
static tarn_status make(const tarn_call *call, const tarn_tensor *wanted, int64_t size,
                        tarn_tensor_list **list) {
  const tarn_list_params *p = call->problem->params;
  tarn_shape shape;
  TARN_TRY(tarn__list_shape(wanted, &shape));
  return tarn__tensor_list_create(call->run->allocator, p->dtype, &shape, -1, size, list);
}

/* list[indices[i]] = tensor[i] for every i (indices NULL: i); gives the list out or drops it. */
static tarn_status unpack(const tarn_call *call, tarn_tensor_list *list, const tarn_tensor *tensor,
                          const tarn_tensor *indices) {
  tarn_tensor whole, piece;
  tarn_status status = tarn__tensor_own(call->run->allocator, tensor, &whole);
  const bool owned = status == TARN_OK;
  for (int64_t i = 0; i < tensor->shape.dim[0] && status == TARN_OK; i++) {
    const int64_t at = indices ? tarn__tensor_int(indices, i) : i;
    if (at < 0 || at >= list->size) {
      status =
          tarn_fail(TARN_INVALID, "Trying to scatter to index %lld of a list with %lld elements",
                    (long long)at, (long long)list->size);
      break;
    }
    tarn__piece(&whole, i, 1, true, &piece);
    status = tarn__tensor_list_set(list, at, &piece);
    tarn__tensor_clear(&piece);
  }
  if (owned) tarn__tensor_clear(&whole);
  if (status == TARN_OK) return tarn__call_handle(call, 0, list);
  tarn__object_release(list);
  return status;
}

static tarn_status from_tensor(const tarn_call *call) {
  tarn_tensor_list *list;
  TARN_TRY(make(call, call->in[1], call->in[0]->shape.dim[0], &list));
  return unpack(call, list, call->in[0], NULL);
}

/* As long as the largest index, or as num_elements says. */
static tarn_status scatter(const tarn_call *call) {
  const tarn_tensor *indices = call->in[1];
  tarn_tensor_list *list;
  int64_t size = 0;
  for (int64_t i = 0; i < indices->shape.dim[0]; i++) {
    const int64_t at = tarn__tensor_int(indices, i);
    if (at < 0)
      return tarn_fail(TARN_INVALID,
                       "Indices in TensorListScatter must all be non-negative, got %lld",
                       (long long)at);
    if (at >= size) size = at + 1;
  }
  if (call->problem->inputs > 3) {
    if (tarn__tensor_elements(call->in[3]) != 1)
      return tarn_fail(TARN_INVALID, "num_elements must be a scalar");
    const int64_t asked = tarn__tensor_int(call->in[3], 0);
    if (asked < -1 || (asked >= 0 && asked < size))
      return tarn_fail(
          TARN_INVALID,
          "TensorListScatter expects num_elements >= -1 and above the indices, found: %lld",
          (long long)asked);
    if (asked >= 0) size = asked;
  }
  TARN_TRY(make(call, call->in[2], size, &list));
  return unpack(call, list, call->in[0], indices);
}

static tarn_status scatter_into(const tarn_call *call) {
  const tarn_tensor *indices = call->in[2];
  const tarn_tensor_list *from;
  tarn_tensor_list *list;
  TARN_TRY(tarn__list_of(call, 0, &from));
  int64_t size = from->size;
  for (int64_t i = 0; i < indices->shape.dim[0]; i++)
    if (tarn__tensor_int(indices, i) >= size) size = tarn__tensor_int(indices, i) + 1;
  TARN_TRY(tarn__tensor_list_copy(from, size, &list));
  return unpack(call, list, call->in[1], indices);
}

static tarn_status split(const tarn_call *call) {
  const tarn_tensor *tensor = call->in[0], *lengths = call->in[2];
  const int64_t n = lengths->shape.dim[0];
  tarn_tensor_list *list;
  tarn_tensor whole, piece;
  int64_t left = tensor->shape.dim[0], at = 0;
  for (int64_t i = 0; i < n; i++) {
    const int64_t rows = tarn__tensor_int(lengths, i);
    if (rows < 0) return tarn_fail(TARN_INVALID, "Invalid value in lengths: %lld", (long long)rows);
    if (rows > left)
      return tarn_fail(TARN_INVALID, "Attempting to slice more than the %lld rows there are",
                       (long long)tensor->shape.dim[0]);
    left -= rows;
  }
  if (left)
    return tarn_fail(TARN_INVALID, "Unused values in tensor. Length of tensor: %lld, %lld not used",
                     (long long)tensor->shape.dim[0], (long long)left);
  TARN_TRY(tarn__tensor_own(call->run->allocator, tensor, &whole));
  tarn_status status = make(call, call->in[1], n, &list);
  const bool made = status == TARN_OK;
  for (int64_t i = 0; i < n && status == TARN_OK; i++) {
    tarn__piece(&whole, at, tarn__tensor_int(lengths, i), false, &piece);
    at += tarn__tensor_int(lengths, i);
    status = tarn__tensor_list_set(list, i, &piece);
    tarn__tensor_clear(&piece);
  }
  tarn__tensor_clear(&whole);
  if (status == TARN_OK) return tarn__call_handle(call, 0, list);
  if (made) tarn__object_release(list);
  return status;
}

const tarn_kernel tarn_kernels_flow_list_pack_reference[] = {
  {.op = "TensorListStack", .name = "list_stack", .run = stack},
  {.op = "TensorListGather", .name = "list_gather", .run = gather},
  {.op = "TensorListConcat", .name = "list_concat", .run = concat},
  {.op = "TensorListConcatV2", .name = "list_concat", .run = concat},
  {.op = "TensorListFromTensor", .name = "list_from_tensor", .run = from_tensor},
  {.op = "TensorListScatter", .name = "list_scatter", .run = scatter},
  {.op = "TensorListScatterV2", .name = "list_scatter", .run = scatter},
  {.op = "TensorListScatterIntoExistingList", .name = "list_scatter", .run = scatter_into},
  {.op = "TensorListSplit", .name = "list_split", .run = split},
  {0},
};

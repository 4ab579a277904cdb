/* Queues; the waiting is in kernels/state/waiting/queue.c. */
#include "kernels/state/waiting/queue.h"

#include "kernels/cpu/flow/pieces.h"
#include "kernels/params/input.h"
#include "kernels/state/name.h"

#include <string.h>

enum { MOST = 1 << 20 };   /* elements taken at a time */

static tarn_status make(const tarn_call *call, tarn_queue_kind kind) {
  const tarn_queue_params *p = call->problem->params;
  const bool own = kind == TARN_QUEUE_PRIORITY;
  const tarn_queue_spec spec = {.kind = kind,
                                .components = p->components,
                                .dtypes = own ? p->own_dtypes : p->dtypes,
                                .shapes = own ? p->own_shapes : p->shapes,
                                .capacity = p->capacity < 0 ? -1 : p->capacity,
                                .min_after_dequeue = p->min_after_dequeue,
                                .seed = p->seed,
                                .seed2 = p->seed2};
  tarn_state_name name;
  tarn_queue *q;
  TARN_TRY(tarn__state_name(call, &p->shared_name, &name));
  const tarn_status status = tarn__queue_get(call->run->resources, name.text, &spec, &q);
  tarn__state_name_clear(&name);
  TARN_TRY(status);
  return tarn__call_handle(call, 0, q);
}

static tarn_status fifo(const tarn_call *call) { return make(call, TARN_QUEUE_FIFO); }
static tarn_status padding(const tarn_call *call) { return make(call, TARN_QUEUE_PADDING); }
static tarn_status shuffling(const tarn_call *call) { return make(call, TARN_QUEUE_SHUFFLE); }
static tarn_status priority(const tarn_call *call) { return make(call, TARN_QUEUE_PRIORITY); }

/* The V1 handle of a queue that has a V2 one: both hold the same object. */
static tarn_status fake(const tarn_call *call) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__queue_type, &object));
  return tarn__call_handle(call, 0, tarn__object_retain(object));
}

static tarn_status queue_of(const tarn_call *call, tarn_queue **q) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__queue_type, &object));
  *q = object;
  return TARN_OK;
}

/* Room for n tuples, all empty. */
static tarn_status tuples_new(const tarn_call *call, int64_t n, int components,
                              tarn_tensor **tuples, size_t *bytes) {
  if (tarn__mul_overflow((size_t)n, (size_t)components * sizeof **tuples, bytes))
    return tarn_fail(TARN_LIMIT, "too many tuples");
  *tuples = tarn__alloc_zero(call->run->allocator, *bytes + 1);
  return *tuples ? TARN_OK : TARN_NO_MEMORY;
}

static void tuples_free(const tarn_call *call, tarn_tensor *tuples, int64_t count, size_t bytes) {
  for (int64_t i = 0; i < count; i++) tarn__tensor_clear(&tuples[i]);
  tarn__free(call->run->allocator, tuples, bytes + 1);
}

/* ---- enqueue --------------------------------------------------------------------------------- */

static tarn_status enqueue(const tarn_call *call) {
  const int n = call->problem->inputs - 1;
  tarn_queue *q;
  tarn_tensor *tuple = NULL;
  size_t bytes = 0;
  TARN_TRY(queue_of(call, &q));
  TARN_TRY(tarn__queue_check(q, n, call->in + 1, false));
  TARN_TRY(tuples_new(call, 1, n, &tuple, &bytes));
  for (int k = 0; k < n; k++) tarn__tensor_share(call->in[1 + k], &tuple[k]);
  const tarn_status status = tarn__queue_put(q, call->run, tuple);
  tuples_free(call, tuple, n, bytes);
  return status;
}

/* Rows share the components' buffers. */
static tarn_status enqueue_many(const tarn_call *call) {
  const int n = call->problem->inputs - 1;
  tarn_queue *q;
  tarn_tensor *components = NULL;
  size_t bytes = 0;
  TARN_TRY(queue_of(call, &q));
  TARN_TRY(tarn__queue_check(q, n, call->in + 1, true));
  TARN_TRY(tuples_new(call, 1, n, &components, &bytes));
  tarn_status status = TARN_OK;
  for (int k = 0; k < n && status == TARN_OK; k++)
    status = tarn__tensor_own(call->run->allocator, call->in[1 + k], &components[k]);
  if (status == TARN_OK) status = tarn__queue_put_rows(q, call->run, components);
  tuples_free(call, components, n, bytes);
  return status;
}

/* ---- dequeue --------------------------------------------------------------------------------- */

static tarn_status right_types(const tarn_call *call, const tarn_queue *q) {
  if (call->problem->outputs != tarn__queue_components(q))
    return tarn_fail(TARN_INVALID, "the queue has tuples of %d tensors, asked for %d",
                     tarn__queue_components(q), call->problem->outputs);
  for (int k = 0; k < call->problem->outputs; k++)
    if (tarn__queue_dtype(q, k) != call->problem->out_dtype[k])
      return tarn_fail(TARN_DTYPE, "tuple component %d is %s, asked for as %s", k,
                       tarn_dtype_name(tarn__queue_dtype(q, k)),
                       tarn_dtype_name(call->problem->out_dtype[k]));
  return TARN_OK;
}

static tarn_status dequeue(const tarn_call *call) {
  const int n = call->problem->outputs;
  tarn_queue *q;
  tarn_tensor *tuple = NULL;
  size_t bytes = 0;
  int64_t taken = 0;
  TARN_TRY(queue_of(call, &q));
  TARN_TRY(right_types(call, q));
  TARN_TRY(tuples_new(call, 1, n, &tuple, &bytes));
  const tarn_status status = tarn__queue_take(q, call->run, 1, false, tuple, &taken);
  for (int k = 0; k < n && status == TARN_OK; k++) {
    tarn__tensor_clear(call->out[k]);
    *call->out[k] = tuple[k];
    tuple[k] = (tarn_tensor){.dtype = TARN_NO_DTYPE};
  }
  tuples_free(call, tuple, taken * n, bytes);
  return status;
}

/* The smallest shape around component k of the tuples, or their common one where the queue does not
 * pad. */
static tarn_status around(const tarn_tensor *tuples, int64_t count, int n, int k, bool pads,
                          tarn_shape *shape) {
  char first[TARN_SHAPE_TEXT], here[TARN_SHAPE_TEXT];
  *shape = tuples[k].shape;
  for (int64_t i = 1; i < count; i++) {
    const tarn_shape *s = &tuples[i * n + k].shape;
    if (pads ? s->rank != shape->rank : !tarn__shape_equal(s, shape))
      return tarn_fail(TARN_SHAPE,
                       "elements of different shapes cannot be dequeued together: %s and %s",
                       tarn__shape_print(shape, first), tarn__shape_print(s, here));
    for (int d = 0; d < s->rank; d++)
      if (s->dim[d] > shape->dim[d]) shape->dim[d] = s->dim[d];
  }
  return TARN_OK;
}

/* x into the corner of a block of `shape` that begins at element `at` of y. */
static tarn_status put_corner(tarn_tensor *y, int64_t at, const tarn_shape *shape,
                              const tarn_tensor *x) {
  const int rank = shape->rank;
  const int64_t run = rank ? x->shape.dim[rank - 1] : 1,
                runs = run ? tarn__tensor_elements(x) / run : 0;
  int64_t index[TARN_MAX_RANK] = {0};
  for (int64_t r = 0; r < runs; r++) {
    int64_t to = 0;
    for (int d = 0; d < rank; d++) to = to * shape->dim[d] + (d == rank - 1 ? 0 : index[d]);
    TARN_TRY(tarn__tensor_copy_elements(y, at + to, x, r * run, run));
    for (int d = rank - 2; d >= 0 && ++index[d] == x->shape.dim[d]; d--) index[d] = 0;
  }
  return TARN_OK;
}

/* Component k of the tuples, stacked: [count] and their shape; padded with zeros or empty
 * strings. */
static tarn_status stack(const tarn_call *call, const tarn_tensor *tuples, int64_t count, int k,
                         bool pads) {
  const int n = call->problem->outputs;
  tarn_shape each, shape;
  TARN_TRY(around(tuples, count, n, k, pads, &each));
  TARN_TRY(tarn__piece_stacked(&each, count, &shape));
  TARN_TRY(tarn__call_allocate(call, k, &shape));
  tarn_tensor *y = call->out[k];
  const int64_t elements = tarn__shape_elements(&each);
  if (pads && y->dtype != TARN_STRING && y->dtype != TARN_RESOURCE && y->dtype != TARN_VARIANT &&
      tarn__tensor_bytes(y))
    memset(y->data, 0, tarn__tensor_bytes(y));
  for (int64_t i = 0; i < count; i++)
    TARN_TRY(put_corner(y, i * elements, &each, &tuples[i * n + k]));
  return TARN_OK;
}

/* No elements of each component: [0] and its shape; a dim that tuples are padded to is 0. */
static tarn_status none(const tarn_call *call, const tarn_queue *q) {
  for (int k = 0; k < call->problem->outputs; k++) {
    const tarn_shape *each = tarn__queue_shape(q, k);
    tarn_shape shape = {.rank = each->rank + 1};
    if (each->rank < 0 || shape.rank > TARN_MAX_RANK)
      return tarn_fail(TARN_INVALID, "component %d of the queue has no known shape", k);
    for (int d = 1; d < shape.rank; d++) shape.dim[d] = each->dim[d - 1] < 0 ? 0 : each->dim[d - 1];
    TARN_TRY(tarn__call_allocate(call, k, &shape));
  }
  return TARN_OK;
}

static tarn_status dequeue_n(const tarn_call *call, bool up_to) {
  const int components = call->problem->outputs;
  const int64_t n = tarn__tensor_int(call->in[1], 0);
  tarn_queue *q;
  tarn_tensor *tuples = NULL;
  size_t bytes = 0;
  int64_t taken = 0;
  TARN_TRY(queue_of(call, &q));
  TARN_TRY(right_types(call, q));
  if (components && !tarn__queue_shape(q, 0))
    return tarn_fail(
        TARN_INVALID,
        "%s's DequeueMany and DequeueUpTo require the components to have specified shapes.",
        tarn__queue_kind_name(q));
  if (n == 0) return none(call, q);
  if (n > MOST)
    return tarn_fail(TARN_LIMIT, "dequeueing %lld elements at a time: at most %d", (long long)n,
                     MOST);
  TARN_TRY(tuples_new(call, n, components, &tuples, &bytes));
  tarn_status status =
      tarn__queue_take(q, call->run, n, up_to && tarn__queue_gives_fewer(q), tuples, &taken);
  for (int k = 0; k < components && status == TARN_OK; k++)
    status = stack(call, tuples, taken, k, tarn__queue_pads(q));
  tuples_free(call, tuples, taken * components, bytes);
  return status;
}

static tarn_status dequeue_many(const tarn_call *call) { return dequeue_n(call, false); }
static tarn_status dequeue_up_to(const tarn_call *call) { return dequeue_n(call, true); }

/* ---- the rest -------------------------------------------------------------------------------- */

static tarn_status close_queue(const tarn_call *call) {
  tarn_queue *q;
  TARN_TRY(queue_of(call, &q));
  return tarn__queue_close(q, call->run,
                           ((const tarn_queue_params *)call->problem->params)->cancel_pending);
}

static tarn_status size(const tarn_call *call) {
  tarn_queue *q;
  TARN_TRY(queue_of(call, &q));
  *(int32_t *)call->out[0]->data = (int32_t)tarn__queue_size(q);
  return TARN_OK;
}

static tarn_status is_closed(const tarn_call *call) {
  tarn_queue *q;
  TARN_TRY(queue_of(call, &q));
  *(bool *)call->out[0]->data = tarn__queue_is_closed(q);
  return TARN_OK;
}

#define ROWS(V)                                                                 \
  {.op = "FIFOQueue" V, .name = "fifo", .run = fifo},                           \
  {.op = "PaddingFIFOQueue" V, .name = "padding", .run = padding},              \
  {.op = "RandomShuffleQueue" V, .name = "shuffling", .run = shuffling},        \
  {.op = "PriorityQueue" V, .name = "priority", .run = priority},               \
  {.op = "QueueEnqueue" V, .name = "enqueue", .run = enqueue},                  \
  {.op = "QueueEnqueueMany" V, .name = "enqueue_many", .run = enqueue_many},    \
  {.op = "QueueDequeue" V, .name = "dequeue", .run = dequeue},                  \
  {.op = "QueueDequeueMany" V, .name = "dequeue_many", .run = dequeue_many},    \
  {.op = "QueueDequeueUpTo" V, .name = "dequeue_many", .run = dequeue_up_to},   \
  {.op = "QueueClose" V, .name = "close", .run = close_queue},                  \
  {.op = "QueueSize" V, .name = "size", .run = size},                           \
  {.op = "QueueIsClosed" V, .name = "is_closed", .run = is_closed},

const tarn_kernel tarn_kernels_input_queue_reference[] = {
  ROWS("V2")
  ROWS("")
  {.op = "FakeQueue", .name = "fake", .run = fake},
  {0},
};

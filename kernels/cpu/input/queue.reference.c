/* Queues; the waiting is in kernels/state/queue.c. */
#include "kernels/state/queue.h"

#include "kernels/cpu/flow/pieces.h"
#include "kernels/params/input.h"

#include <string.h>

enum { MOST = 1 << 20 };   /* elements taken at a time */

static tarn_status make(const tarn_call *call, bool shuffles) {
  const tarn_queue_params *p = call->problem->params;
  const tarn_queue_spec spec = {.components = p->components, .dtypes = p->dtypes, .shapes = p->shapes,
                                .capacity = p->capacity <= 0 ? -1 : p->capacity, .shuffles = shuffles,
                                .min_after_dequeue = p->min_after_dequeue, .seed = p->seed, .seed2 = p->seed2};
  const tarn_allocator *a = call->run->allocator;
  const char *name = call->problem->node;
  char *copy = NULL;
  tarn_queue *q;
  if (p->shared_name.size) {
    copy = tarn__alloc(a, p->shared_name.size + 1);
    if (!copy) return TARN_NO_MEMORY;
    memcpy(copy, p->shared_name.data, p->shared_name.size);
    copy[p->shared_name.size] = 0;
    name = copy;
  }
  const tarn_status status = tarn__queue_get(call->run->resources, name, &spec, &q);
  if (copy) tarn__free(a, copy, p->shared_name.size + 1);
  TARN_TRY(status);
  return tarn__call_handle(call, 0, q);
}

static tarn_status fifo(const tarn_call *call) { return make(call, false); }
static tarn_status shuffling(const tarn_call *call) { return make(call, true); }

static tarn_status queue_of(const tarn_call *call, tarn_queue **q) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__queue_type, &object));
  *q = object;
  return TARN_OK;
}

/* Room for n tuples, all empty. */
static tarn_status tuples_new(const tarn_call *call, int64_t n, int components, tarn_tensor **tuples, size_t *bytes) {
  if (tarn__mul_overflow((size_t)n, (size_t)components * sizeof **tuples, bytes)) return tarn_fail(TARN_LIMIT, "too many tuples");
  *tuples = tarn__alloc_zero(call->run->allocator, *bytes + 1);
  return *tuples ? TARN_OK : TARN_NO_MEMORY;
}

static void tuples_free(const tarn_call *call, tarn_tensor *tuples, int64_t count, size_t bytes) {
  for (int64_t i = 0; i < count; i++) tarn__tensor_clear(&tuples[i]);
  tarn__free(call->run->allocator, tuples, bytes + 1);
}

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
  tarn_tensor *whole = NULL;   /* the components, then one tuple of their rows */
  size_t bytes = 0;
  TARN_TRY(queue_of(call, &q));
  TARN_TRY(tarn__queue_check(q, n, call->in + 1, true));
  TARN_TRY(tuples_new(call, 2, n, &whole, &bytes));
  tarn_status status = TARN_OK;
  for (int k = 0; k < n && status == TARN_OK; k++) status = tarn__tensor_own(call->run->allocator, call->in[1 + k], &whole[k]);
  for (int64_t i = 0; i < call->in[1]->shape.dim[0] && status == TARN_OK; i++) {
    for (int k = 0; k < n; k++) tarn__piece(&whole[k], i, 1, true, &whole[n + k]);
    status = tarn__queue_put(q, call->run, whole + n);
    for (int k = 0; k < n; k++) tarn__tensor_clear(&whole[n + k]);
  }
  tuples_free(call, whole, n, bytes);
  return status;
}

static tarn_status right_types(const tarn_call *call, const tarn_queue *q, const tarn_tensor *tuple) {
  if (call->problem->outputs != tarn__queue_components(q))
    return tarn_fail(TARN_INVALID, "the queue has tuples of %d tensors, asked for %d", tarn__queue_components(q), call->problem->outputs);
  for (int k = 0; k < call->problem->outputs && tuple; k++)
    if (tuple[k].dtype != call->problem->out_dtype[k])
      return tarn_fail(TARN_DTYPE, "tuple component %d is %s, asked for as %s", k, tarn_dtype_name(tuple[k].dtype),
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
  TARN_TRY(right_types(call, q, NULL));
  TARN_TRY(tuples_new(call, 1, n, &tuple, &bytes));
  tarn_status status = tarn__queue_take(q, call->run, 1, 1, tuple, &taken);
  if (status == TARN_OK) status = right_types(call, q, tuple);
  for (int k = 0; k < n && status == TARN_OK; k++) {
    tarn__tensor_clear(call->out[k]);
    *call->out[k] = tuple[k];
    tuple[k] = (tarn_tensor){.dtype = TARN_NO_DTYPE};
  }
  tuples_free(call, tuple, n, bytes);
  return status;
}

/* Component k of the tuples, stacked. */
static tarn_status stack(const tarn_call *call, const tarn_tensor *tuples, int64_t count, int k) {
  const int n = call->problem->outputs;
  char first[TARN_SHAPE_TEXT], here[TARN_SHAPE_TEXT];
  tarn_shape shape;
  TARN_TRY(tarn__piece_stacked(&tuples[k].shape, count, &shape));
  TARN_TRY(tarn__call_allocate(call, k, &shape));
  const int64_t each = tarn__tensor_elements(&tuples[k]);
  for (int64_t i = 0; i < count; i++) {
    const tarn_tensor *t = &tuples[i * n + k];
    if (!tarn__shape_equal(&t->shape, &tuples[k].shape))
      return tarn_fail(TARN_SHAPE, "elements of different shapes cannot be dequeued together: %s and %s",
                       tarn__shape_print(&tuples[k].shape, first), tarn__shape_print(&t->shape, here));
    TARN_TRY(tarn__tensor_copy_elements(call->out[k], i * each, t, 0, each));
  }
  return TARN_OK;
}

/* No elements of each component: [0] and its shape. */
static tarn_status none(const tarn_call *call, const tarn_queue *q) {
  for (int k = 0; k < call->problem->outputs; k++) {
    const tarn_shape *each = tarn__queue_shape(q, k);
    tarn_shape shape = {.rank = each->rank + 1};
    if (!tarn__shape_known(each) || shape.rank > TARN_MAX_RANK)
      return tarn_fail(TARN_INVALID, "component %d of the queue has no known shape", k);
    for (int d = 1; d < shape.rank; d++) shape.dim[d] = each->dim[d - 1];
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
  TARN_TRY(right_types(call, q, NULL));
  if (n < 0) return tarn_fail(TARN_INVALID, "DequeueMany of %lld elements", (long long)n);
  if (components && !tarn__queue_shape(q, 0))
    return tarn_fail(TARN_INVALID, "DequeueMany and DequeueUpTo need a queue whose components have shapes");
  if (n == 0) return none(call, q);
  if (n > MOST) return tarn_fail(TARN_LIMIT, "dequeueing %lld elements at a time: at most %d", (long long)n, MOST);
  TARN_TRY(tuples_new(call, n, components, &tuples, &bytes));
  /* Up to n of an open queue waits for all n; of a closed one it takes what is there. */
  tarn_status status = tarn__queue_take(q, call->run, n, n, tuples, &taken);
  if (status == TARN_END && up_to && tarn__queue_is_closed(q)) status = tarn__queue_take(q, call->run, 1, n, tuples, &taken);
  if (status == TARN_OK) status = right_types(call, q, tuples);
  for (int k = 0; k < components && status == TARN_OK; k++) status = stack(call, tuples, taken, k);
  tuples_free(call, tuples, taken * components, bytes);
  return status;
}

static tarn_status dequeue_many(const tarn_call *call) { return dequeue_n(call, false); }
static tarn_status dequeue_up_to(const tarn_call *call) { return dequeue_n(call, true); }

static tarn_status close_queue(const tarn_call *call) {
  tarn_queue *q;
  TARN_TRY(queue_of(call, &q));
  tarn__queue_close(q, ((const tarn_queue_params *)call->problem->params)->cancel_pending);
  return TARN_OK;
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
  {.op = "RandomShuffleQueue" V, .name = "shuffling", .run = shuffling},        \
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
  {0},
};

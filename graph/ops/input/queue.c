/* Queues: tuples of tensors between runs. V1 names have a Ref(string) handle, V2 names a resource;
 * both are the same object. */
#include "graph/op.h"
#include "kernels/params/input.h"

/* What the attributes of all queues say. */
static tarn_status common_parse(const tarn_attrs *attrs, tarn_queue_params *p) {
  const tarn_attr *types = tarn__attr_list(attrs, "component_types"),
                  *shapes = tarn__attr_list(attrs, "shapes");
  p->shared_name = tarn__attr_string(attrs, "shared_name");
  p->components = (int)types->list.count;
  p->dtypes = types->list.type;
  p->capacity = tarn__attr_int(attrs, "capacity");
  if (!shapes->list.count) return TARN_OK;
  if (shapes->list.count != types->list.count)
    return tarn_fail(TARN_INVALID, "%zu shapes for %zu components", shapes->list.count,
                     types->list.count);
  p->shapes = shapes->list.shape;
  return TARN_OK;
}

/* Whole shapes, or none at all. */
static tarn_status whole_shapes(const tarn_queue_params *p) {
  char text[TARN_SHAPE_TEXT];
  for (int k = 0; k < p->components && p->shapes; k++)
    if (!tarn__shape_known(&p->shapes[k]))
      return tarn_fail(TARN_INVALID, "Shape %s is not fully defined",
                       tarn__shape_print(&p->shapes[k], text));
  return TARN_OK;
}

static tarn_status fifo_parse(const tarn_attrs *attrs, void *params) {
  TARN_TRY(common_parse(attrs, params));
  return whole_shapes(params);
}

static tarn_status padding_parse(const tarn_attrs *attrs, void *params) {
  tarn_queue_params *p = params;
  TARN_TRY(common_parse(attrs, p));
  if (!p->shapes)
    return tarn_fail(
        TARN_INVALID,
        "Shapes must be provided for all components, but received %d dtypes and 0 shapes.",
        p->components);
  for (int k = 0; k < p->components; k++)
    if (p->shapes[k].rank < 0) return tarn_fail(TARN_INVALID, "shapes[%d] must have known rank", k);
  return TARN_OK;
}

static tarn_status shuffle_parse(const tarn_attrs *attrs, void *params) {
  tarn_queue_params *p = params;
  TARN_TRY(fifo_parse(attrs, p));
  p->min_after_dequeue = tarn__attr_int(attrs, "min_after_dequeue");
  p->seed = tarn__attr_int(attrs, "seed");
  p->seed2 = tarn__attr_int(attrs, "seed2");
  if (p->min_after_dequeue < 0)
    return tarn_fail(TARN_INVALID, "min_after_dequeue is %lld", (long long)p->min_after_dequeue);
  if (p->capacity >= 0 && p->min_after_dequeue >= p->capacity)
    return tarn_fail(TARN_INVALID, "min_after_dequeue %lld must be less than capacity %lld",
                     (long long)p->min_after_dequeue, (long long)p->capacity);
  return TARN_OK;
}

/* The attributes leave out the first component, the priority. */
static tarn_status priority_parse(const tarn_attrs *attrs, void *params) {
  tarn_queue_params *p = params;
  TARN_TRY(fifo_parse(attrs, p));
  if (p->components >= TARN_MAX_PRIORITY_COMPONENTS)
    return tarn_fail(TARN_LIMIT, "a priority queue of %d components: at most %d", p->components,
                     TARN_MAX_PRIORITY_COMPONENTS - 1);
  if (p->components && !p->shapes)
    return tarn_fail(TARN_INVALID, "0 shapes for %d components", p->components);
  for (int k = p->components; k > 0; k--) {
    p->own_dtypes[k] = p->dtypes[k - 1];
    p->own_shapes[k] = p->shapes[k - 1];
  }
  p->own_dtypes[0] = TARN_I64;
  p->own_shapes[0] = tarn__shape_scalar();
  p->components++;
  return TARN_OK;
}

static tarn_status close_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_queue_params *)params)->cancel_pending = tarn__attr_bool(attrs, "cancel_pending_enqueues");
  return TARN_OK;
}

static tarn_status many_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 1));
  if (t->value[1] && tarn__infer_int(t, 1, 0) < 0)
    return tarn_fail(TARN_INVALID, "Input 'n' must be >= 0, but is %lld",
                     (long long)tarn__infer_int(t, 1, 0));
  return TARN_OK;
}

#define FIFO_ATTRS                                                                              \
  "component_types: list(type) >= 1; shapes: list(shape) = []; capacity: int = -1; container: " \
  "string = ''; shared_name: string = ''"
#define PRIORITY_ATTRS                                                                    \
  "component_types: list(type) >= 0 = []; shapes: list(shape) >= 0; capacity: int = -1; " \
  "container: string = ''; shared_name: string = ''"
#define SHUFFLE_ATTRS FIFO_ATTRS "; min_after_dequeue: int = 0; seed: int = 0; seed2: int = 0"
#define MAKE(kind)                                                                             \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_queue_params), .parse = kind##_parse, \
  .infer = tarn__infer_scalars
#define STATE .flags = TARN_OP_STATEFUL
#define CLOSE \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_queue_params), .parse = close_parse
#define PUT_ATTRS "Tcomponents: list(type) >= 1; timeout_ms: int = -1"
#define TAKE_ATTRS "component_types: list(type) >= 1; timeout_ms: int = -1"

#define QUEUE_OPS(V, HANDLE)                                                                   \
  {.name = "FIFOQueue" V,                                                                      \
   .outputs = "handle: " HANDLE,                                                               \
   .attrs = FIFO_ATTRS,                                                                        \
   MAKE(fifo),                                                                                 \
   .formula = "a queue, first in first out"},                                                  \
      {.name = "PaddingFIFOQueue" V,                                                           \
       .outputs = "handle: " HANDLE,                                                           \
       .attrs = FIFO_ATTRS,                                                                    \
       MAKE(padding),                                                                          \
       .formula =                                                                              \
           "a queue whose tuples may differ in shape: taken together, they are padded with "   \
           "zeros"},                                                                           \
      {.name = "PriorityQueue" V,                                                              \
       .outputs = "handle: " HANDLE,                                                           \
       .attrs = PRIORITY_ATTRS,                                                                \
       MAKE(priority),                                                                         \
       .formula = "a queue that gives the tuple of the lowest priority, its first component"}, \
      {.name = "RandomShuffleQueue" V,                                                         \
       .outputs = "handle: " HANDLE,                                                           \
       .attrs = SHUFFLE_ATTRS,                                                                 \
       MAKE(shuffle),                                                                          \
       .formula = "a queue that gives its elements in random order"},                          \
      {.name = "QueueEnqueue" V,                                                               \
       .inputs = "handle: " HANDLE ", components: Tcomponents",                                \
       .attrs = PUT_ATTRS,                                                                     \
       STATE,                                                                                  \
       .formula = "one more tuple; waits for room"},                                           \
      {.name = "QueueEnqueueMany" V,                                                           \
       .inputs = "handle: " HANDLE ", components: Tcomponents",                                \
       .attrs = PUT_ATTRS,                                                                     \
       STATE,                                                                                  \
       .formula = "a tuple for each row of the components"},                                   \
      {.name = "QueueDequeue" V,                                                               \
       .inputs = "handle: " HANDLE,                                                            \
       .outputs = "components: component_types",                                               \
       .attrs = TAKE_ATTRS,                                                                    \
       STATE,                                                                                  \
       .infer = tarn__infer_unknown,                                                           \
       .formula = "a tuple; waits for one"},                                                   \
      {.name = "QueueDequeueMany" V,                                                           \
       .inputs = "handle: " HANDLE ", n: int32",                                               \
       .outputs = "components: component_types",                                               \
       .attrs = TAKE_ATTRS,                                                                    \
       STATE,                                                                                  \
       .infer = many_infer,                                                                    \
       .formula = "n tuples, stacked; waits for them"},                                        \
      {.name = "QueueDequeueUpTo" V,                                                           \
       .inputs = "handle: " HANDLE ", n: int32",                                               \
       .outputs = "components: component_types",                                               \
       .attrs = TAKE_ATTRS,                                                                    \
       STATE,                                                                                  \
       .infer = many_infer,                                                                    \
       .formula = "n tuples, or what a closed queue has left"},                                \
      {.name = "QueueClose" V,                                                                 \
       .inputs = "handle: " HANDLE,                                                            \
       .attrs = "cancel_pending_enqueues: bool = false",                                       \
       CLOSE,                                                                                  \
       .formula = "no more tuples may come"},                                                  \
  {                                                                                            \
    .name = "QueueSize" V, .inputs = "handle: " HANDLE, .outputs = "size: int32", STATE,       \
    .infer = tarn__infer_scalars, .formula = "how many tuples there are"                       \
  }

const tarn_op tarn_ops_queue[] = {
    QUEUE_OPS("V2", "resource"),
    QUEUE_OPS("", "Ref(string)"),
    {.name = "FakeQueue",
     .inputs = "resource: resource",
     .outputs = "handle: Ref(string)",
     STATE,
     .infer = tarn__infer_scalars,
     .formula = "the V1 handle of a queue"},
    {.name = "QueueIsClosedV2",
     .inputs = "handle: resource",
     .outputs = "is_closed: bool",
     STATE,
     .infer = tarn__infer_scalars,
     .formula = "is the queue closed?"},
    {.name = "QueueIsClosed",
     .inputs = "handle: Ref(string)",
     .outputs = "is_closed: bool",
     STATE,
     .infer = tarn__infer_scalars,
     .formula = "is the queue closed?"},
    {0},
};

/* Barriers; tuples and waits are in kernels/state/waiting/barrier.c. */
#include "kernels/state/waiting/barrier.h"

#include "core/memory.h"
#include "kernels/cpu/flow/pieces.h"
#include "kernels/params/waiting.h"
#include "kernels/state/name.h"

enum { MOST = 1 << 20 };   /* tuples taken at a time */

static tarn_status make(const tarn_call *call) {
  const tarn_barrier_params *p = call->problem->params;
  const tarn_barrier_spec spec = {
      .components = p->components, .dtypes = p->dtypes, .shapes = p->shapes};
  tarn_state_name name;
  tarn_barrier *b;
  TARN_TRY(tarn__state_name(call, &p->shared_name, &name));
  const tarn_status status = tarn__barrier_get(call->run->resources, name.text, &spec, &b);
  tarn__state_name_clear(&name);
  TARN_TRY(status);
  return tarn__call_handle(call, 0, b);
}

static tarn_status barrier_of(const tarn_call *call, tarn_barrier **b) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__barrier_type, &object));
  *b = object;
  return TARN_OK;
}

static tarn_status insert(const tarn_call *call) {
  char had[TARN_SHAPE_TEXT], wanted[TARN_SHAPE_TEXT];
  const int64_t component = ((const tarn_barrier_params *)call->problem->params)->component;
  const tarn_tensor *values = call->in[2];
  tarn_barrier *b;
  tarn_tensor own;
  TARN_TRY(barrier_of(call, &b));
  if (component < 0 || component >= tarn__barrier_components(b))
    return tarn_fail(TARN_INVALID, "The component ID is out of range: %lld of %d",
                     (long long)component, tarn__barrier_components(b));
  const int k = (int)component;
  if (values->dtype != tarn__barrier_dtype(b, k))
    return tarn_fail(TARN_DTYPE, "component %d is %s, got %s", k,
                     tarn_dtype_name(tarn__barrier_dtype(b, k)), tarn_dtype_name(values->dtype));
  const tarn_shape each = tarn__piece_rest(&values->shape);
  if (!tarn__shape_equal(&each, tarn__barrier_shape(b, k)))
    return tarn_fail(TARN_SHAPE, "component %d has shape %s, got %s", k,
                     tarn__shape_print(tarn__barrier_shape(b, k), wanted),
                     tarn__shape_print(&each, had));
  if (tarn__tensor_elements(call->in[1]) && !tarn__tensor_elements(values))
    return tarn_fail(TARN_INVALID, "Tensors with no elements are not supported");
  TARN_TRY(tarn__tensor_own(call->run->allocator, values, &own));
  const tarn_status status = tarn__barrier_insert(b, call->in[1], k, &own);
  tarn__tensor_clear(&own);
  return status;
}

/* Tensor k of the tuples, stacked, as output o. */
static tarn_status stack(const tarn_call *call, int o, const tarn_shape *each,
                         const tarn_tensor *tuples, int64_t n, int width, int k) {
  tarn_shape shape;
  TARN_TRY(tarn__piece_stacked(each, n, &shape));
  TARN_TRY(tarn__call_allocate(call, o, &shape));
  const int64_t elements = tarn__shape_elements(each);
  for (int64_t i = 0; i < n && elements; i++)
    TARN_TRY(tarn__tensor_copy_elements(call->out[o], i * elements, &tuples[i * width + k], 0,
                                        elements));
  return TARN_OK;
}

static tarn_status stack_all(const tarn_call *call, const tarn_barrier *b,
                             const tarn_tensor *tuples, int64_t n) {
  const int width = 2 + tarn__barrier_components(b);
  const tarn_shape scalar = tarn__shape_scalar();
  for (int k = 0; k < width; k++)
    TARN_TRY(stack(call, k, k < 2 ? &scalar : tarn__barrier_shape(b, k - 2), tuples, n, width, k));
  return TARN_OK;
}

static tarn_status take(const tarn_call *call) {
  const tarn_barrier_params *p = call->problem->params;
  const tarn_allocator *a = call->run->allocator;
  const int64_t n = tarn__tensor_int(call->in[1], 0);
  int64_t taken = 0;
  tarn_barrier *b;
  size_t bytes;
  TARN_TRY(barrier_of(call, &b));
  const int components = tarn__barrier_components(b), width = 2 + components;
  if (call->problem->outputs != width)
    return tarn_fail(TARN_INVALID, "the barrier has %d components, asked for %d", components,
                     call->problem->outputs - 2);
  for (int k = 0; k < components; k++)
    if (call->problem->out_dtype[2 + k] != tarn__barrier_dtype(b, k))
      return tarn_fail(TARN_DTYPE, "component %d is %s, asked for as %s", k,
                       tarn_dtype_name(tarn__barrier_dtype(b, k)),
                       tarn_dtype_name(call->problem->out_dtype[2 + k]));
  if (n < 0) return tarn_fail(TARN_INVALID, "BarrierTakeMany of %lld elements", (long long)n);
  if (n > MOST)
    return tarn_fail(TARN_LIMIT, "taking %lld elements at a time: at most %d", (long long)n, MOST);
  if (tarn__mul_overflow((size_t)n + 1, (size_t)width * sizeof(tarn_tensor), &bytes))
    return tarn_fail(TARN_LIMIT, "too many tuples");
  tarn_tensor *tuples = tarn__alloc_zero(a, bytes);
  if (!tuples) return TARN_NO_MEMORY;
  tarn_status status = tarn__barrier_take(b, call->run, n, p->small_batch, tuples, &taken);
  if (status == TARN_OK) status = stack_all(call, b, tuples, taken);
  for (int64_t i = 0; i < taken * width; i++) tarn__tensor_clear(&tuples[i]);
  tarn__free(a, tuples, bytes);
  return status;
}

static tarn_status close_barrier(const tarn_call *call) {
  tarn_barrier *b;
  TARN_TRY(barrier_of(call, &b));
  return tarn__barrier_close(b,
                             ((const tarn_barrier_params *)call->problem->params)->cancel_pending);
}

static tarn_status ready(const tarn_call *call) {
  tarn_barrier *b;
  TARN_TRY(barrier_of(call, &b));
  *(int32_t *)call->out[0]->data = (int32_t)tarn__barrier_ready(b);
  return TARN_OK;
}

static tarn_status incomplete(const tarn_call *call) {
  tarn_barrier *b;
  TARN_TRY(barrier_of(call, &b));
  *(int32_t *)call->out[0]->data = (int32_t)tarn__barrier_incomplete(b);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_waiting_barrier_reference[] = {
  {.op = "Barrier", .name = "make", .run = make},
  {.op = "BarrierInsertMany", .name = "insert", .run = insert},
  {.op = "BarrierTakeMany", .name = "take", .run = take},
  {.op = "BarrierClose", .name = "close", .run = close_barrier},
  {.op = "BarrierReadySize", .name = "ready", .run = ready},
  {.op = "BarrierIncompleteSize", .name = "incomplete", .run = incomplete},
  {0},
};

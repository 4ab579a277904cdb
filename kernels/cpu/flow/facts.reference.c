/* The time, whether a value counts as true, and ends. */
#include <time.h>

#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/dtype_rows.h"
#include "kernels/params/flow.h"

static tarn_status to_bool(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  bool *y = call->out[0]->data;
  *y = tarn__tensor_elements(x) > 0;
  if (x->shape.rank > 0) return TARN_OK;
  switch ((int)x->dtype) {
#define ROW(NAME, E, DT, suffix, S, A, GET, PUT) \
  case DT:                                       \
    *y = GET(*(const S *)x->data) != 0;          \
    break;
    TARN_RING_ROWS(ROW, , )
    TARN_BOOL_ROWS(ROW, , )
#undef ROW
    case TARN_STRING:
      *y = ((const tarn_string *)x->data)->size > 0;
      break;
    default:
      break;
  }
  return TARN_OK;
}

static tarn_status fake(const tarn_call *call) {
  const tarn_fact_params *p = call->problem->params;
  if (!tarn__is_plain(call->problem->out_dtype[0])) return tarn__call_allocate(call, 0, &p->shape);
  return tarn__clear_elements(call->out[0], 0, tarn__tensor_elements(call->out[0]));
}

static tarn_status stop(const tarn_call *call) {
  const tarn_string text = ((const tarn_fact_params *)call->problem->params)->text;
  return tarn_fail(TARN_FAILED, "the graph aborts: %.*s", text.size > 2000 ? 2000 : (int)text.size,
                   text.size ? text.data : "");
}

static tarn_status device_index(const tarn_call *call) {
  *(int32_t *)call->out[0]->data = ((const tarn_fact_params *)call->problem->params)->index;
  return TARN_OK;
}

static tarn_status now(const tarn_call *call) {
  struct timespec t;
  if (timespec_get(&t, TIME_UTC) != TIME_UTC)
    return tarn_fail(TARN_FAILED, "the clock cannot be read");
  *(double *)call->out[0]->data = (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
  return TARN_OK;
}

static tarn_status fact(const tarn_call *call) {
  static const char text[] = "0! == 1";
  return tarn__string_set(call->out[0], 0, text, sizeof text - 1);
}

const tarn_kernel tarn_kernels_flow_facts_reference[] = {
    {.op = "ToBool",
     .name = "to_bool",
     .dtypes = TARN_RING_BITS | TARN_BIT(TARN_BOOL) | TARN_BIT(TARN_STRING),
     .run = to_bool},
    {.op = "FakeParam", .name = "fake_param", .run = fake},
    {.op = "Abort", .name = "abort", .run = stop},
    {.op = "DeviceIndex", .name = "device_index", .run = device_index},
    {.op = "Timestamp", .name = "timestamp", .run = now},
    {.op = "Fact", .name = "fact", .run = fact},
    {0},
};

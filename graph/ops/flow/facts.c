/* What a graph asks of the world or of a value, and how it stops. Kernels:
 * kernels/cpu/flow/facts.reference.c. */
#include <string.h>

#include "graph/op.h"
#include "kernels/params/flow.h"

static tarn_status abort_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_fact_params *)params)->text = tarn__attr_string(attrs, "error_msg");
  return TARN_OK;
}

static tarn_status fake_parse(const tarn_attrs *attrs, void *params) {
  tarn_shape *shape = &((tarn_fact_params *)params)->shape;
  *shape = *tarn__attr_shape(attrs, "shape");
  if (shape->rank < 0) shape->rank = 0;
  for (int d = 0; d < shape->rank; d++)
    if (shape->dim[d] < 0) shape->dim[d] = 0;
  return TARN_OK;
}

static tarn_status fake_infer(tarn_infer *t) {
  const tarn_shape *shape = &((const tarn_fact_params *)t->params)->shape;
  return tarn__shape_make(shape->rank, shape->dim, &t->out[0]);
}

/* Nodes count as placed on the CPU, whatever else a session uses. */
static tarn_status device_parse(const tarn_attrs *attrs, void *params) {
  const tarn_attr *names = tarn__attr_list(attrs, "device_names");
  size_t i = 0;
  while (i < names->list.count &&
         !(names->list.s[i].size == 3 && !memcmp(names->list.s[i].data, "CPU", 3)))
    i++;
  if (i > INT32_MAX) return tarn_fail(TARN_LIMIT, "too many device names");
  ((tarn_fact_params *)params)->index = (int32_t)i;
  return TARN_OK;
}

#define FACT .params_bytes = sizeof(tarn_fact_params)

const tarn_op tarn_ops_facts[] = {
    {.name = "ToBool",
     .inputs = "input: T",
     .outputs = "output: bool",
     .attrs = "T: type",
     .infer = tarn__infer_scalars,
     .formula = "a scalar: x != 0, of strings: not empty; another tensor: has it elements?",
     .cases = {"input=T[]", "input=T[3]", "input=T[0x2]", "input=str[]"}},
    {.name = "FakeParam",
     .outputs = "output: dtype",
     .attrs = "dtype: type; shape: shape",
     FACT,
     .parse = fake_parse,
     .infer = fake_infer,
     .formula = "a tensor that nobody reads: zeros, 0 for dims that are not known"},
    {.name = "Abort",
     .attrs = "error_msg: string = ''; exit_without_error: bool = false",
     .flags = TARN_OP_STATEFUL,
     FACT,
     .parse = abort_parse,
     .formula = "fails the run with error_msg, where TensorFlow ends the process"},
    {.name = "DeviceIndex",
     .outputs = "index: int32",
     .attrs = "device_names: list(string)",
     .flags = TARN_OP_STATEFUL,
     FACT,
     .parse = device_parse,
     .infer = tarn__infer_scalars,
     .formula = "where CPU is among device_names; their number where it is not"},
    {.name = "Timestamp",
     .outputs = "ts: double",
     .flags = TARN_OP_STATEFUL,
     .infer = tarn__infer_scalars,
     .formula = "seconds since 1970 began, UTC"},
    {.name = "Fact",
     .outputs = "fact: string",
     .flags = TARN_OP_STATEFUL,
     .infer = tarn__infer_scalars,
     .formula = "0! == 1"},
    {0},
};

/* Functions that are called while a plan runs, and ops that need something which is not in the
 * graph: another process, the Python that built it. The latter are refused when a plan reaches
 * them, in words that say what to do instead. */
#include "graph/op.h"
#include "kernels/params/flow.h"

static tarn_status body_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_function_params *)params)->function = tarn__attr_func(attrs, "body").name;
  return TARN_OK;
}

static tarn_status call_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_function_params *)params)->function = tarn__attr_func(attrs, "f").name;
  return TARN_OK;
}

static tarn_status batch_parse(const tarn_attrs *attrs, void *params) {
  tarn_batch_params *p = params;
  const tarn_attr *sizes = tarn__attr_list(attrs, "allowed_batch_sizes");
  p->function = tarn__attr_func(attrs, "f").name;
  const bool split = tarn__attr_bool(attrs, "enable_large_batch_splitting");
  p->max_rows = tarn__attr_int(attrs, "max_batch_size");
  p->sizes = sizes->list.i;
  p->n_sizes = (int64_t)sizes->list.count;
  p->batched = (int)tarn__attr_list(attrs, "Tin")->list.count;
  for (int64_t i = 1; i < p->n_sizes; i++)
    if (p->sizes[i] <= p->sizes[i - 1])
      return tarn_fail(TARN_INVALID,
                       "allowed_batch_sizes entries must be monotonically increasing");
  const int64_t last = p->n_sizes ? p->sizes[p->n_sizes - 1] : p->max_rows;
  if (split ? last > p->max_rows : last != p->max_rows)
    return tarn_fail(TARN_INVALID,
                     "final entry in allowed_batch_sizes must equal max_batch_size: %lld and %lld",
                     (long long)last, (long long)p->max_rows);
  if (last < 1) return tarn_fail(TARN_INVALID, "max_batch_size is %lld", (long long)last);
  p->call_rows = last;
  return TARN_OK;
}

static tarn_status batch_infer(tarn_infer *t) {
  const tarn_batch_params *p = t->params;
  for (int i = 0; i < p->batched; i++) {
    TARN_TRY(tarn__infer_rank_at_least(t, i, 1));
    if (t->in[i].dim[0] != t->in[0].dim[0])
      return tarn_fail(TARN_SHAPE,
                       "Batching input tensors supplied in a given op invocation must "
                       "have equal 0th-dimension size: %lld and %lld",
                       (long long)t->in[0].dim[0], (long long)t->in[i].dim[0]);
  }
  if (t->in[0].dim[0] <= p->max_rows) return TARN_OK;
  return tarn_fail(TARN_INVALID, "%lld rows, and max_batch_size is %lld",
                   (long long)t->in[0].dim[0], (long long)p->max_rows);
}

static tarn_status for_infer(tarn_infer *t) {
  for (int i = 0; i < 3; i++) TARN_TRY(tarn__infer_scalar(t, i));
  return TARN_OK;
}

static tarn_status python(const tarn_attrs *attrs, void *params) {
  (void)params;
  const tarn_string token = tarn__attr_string(attrs, "token");
  return tarn_fail(
      TARN_UNSUPPORTED,
      "it runs Python code ('%.*s') that only the program which built the graph has; feed what the "
      "node gives, or build the graph without tf.py_func",
      token.size > 200 ? 200 : (int)token.size, token.size ? token.data : "");
}

static tarn_status gradient(const tarn_attrs *attrs, void *params) {
  (void)params;
  const tarn_func f = tarn__attr_func(attrs, "f");
  return tarn_fail(
      TARN_UNSUPPORTED,
      "it asks for the gradient of function '%s', which TensorFlow derives when the graph runs; "
      "write the graph with tf.gradients of the inlined function, so that its gradient is in the "
      "graph",
      f.name ? f.name : "");
}

static tarn_status between_devices(const tarn_attrs *attrs, void *params) {
  (void)params;
  const tarn_string name = tarn__attr_string(attrs, "tensor_name");
  return tarn_fail(
      TARN_UNSUPPORTED,
      "it moves '%.*s' between devices or processes, which only a partitioned graph does; use the "
      "graph as it was before it was partitioned",
      name.size > 200 ? 200 : (int)name.size, name.size ? name.data : "");
}

#define FUNCTION(parser) \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_function_params), .parse = parser
#define DEVICES                                                                                   \
  "tensor_name: string; send_device: string; send_device_incarnation: int; recv_device: string; " \
  "client_terminated: bool = false"
#define SEND                                                                      \
  .inputs = "tensor: T", .attrs = "T: type; " DEVICES, .flags = TARN_OP_STATEFUL, \
  .parse = between_devices, .formula = "refused: sends to another device"
#define RECEIVE                                                                      \
  .outputs = "tensor: tensor_type", .attrs = "tensor_type: type; " DEVICES,          \
  .flags = TARN_OP_STATEFUL, .parse = between_devices, .infer = tarn__infer_unknown, \
  .formula = "refused: receives from another device"
#define PYTHON                                                              \
  .inputs = "input: Tin", .outputs = "output: Tout",                        \
  .attrs = "token: string; Tin: list(type) >= 0; Tout: list(type) >= 0",    \
  .flags = TARN_OP_STATEFUL, .parse = python, .infer = tarn__infer_unknown, \
  .formula = "refused: runs Python code that is not in the graph"

const tarn_op tarn_ops_call[] = {
    {.name = "For",
     .inputs = "start: int32, limit: int32, delta: int32, input: T",
     .outputs = "output: T",
     .attrs = "T: list(type) >= 0; body: func",
     FUNCTION(body_parse),
     .infer = for_infer,
     .formula =
         "for i = start; i < limit (or >, as delta's sign says); i += delta: x = body(i, x)"},
    {.name = "RemoteCall",
     .inputs = "target: string, args: Tin",
     .outputs = "output: Tout",
     .attrs = "Tin: list(type) >= 1; Tout: list(type) >= 1; f: func",
     FUNCTION(call_parse),
     .infer = tarn__infer_unknown,
     .formula = "f(args), here, whatever device the target names"},
    {.name = "BatchFunction",
     .inputs = "in_tensors: Tin, captured_tensors: Tcaptured",
     .outputs = "out_tensors: Tout",
     .attrs = "f: func; num_batch_threads: int; max_batch_size: int; batch_timeout_micros: int; "
              "max_enqueued_batches: int = 10; allowed_batch_sizes: list(int) = []; "
              "container: string = ''; shared_name: string = ''; batching_queue: string = ''; "
              "low_priority_max_batch_size: int = 0; low_priority_batch_timeout_micros: int = 0; "
              "low_priority_allowed_batch_sizes: list(int) = []; "
              "low_priority_max_enqueued_batches: int = 0; mixed_priority_policy: string = "
              "'low_priority_padding_with_max_batch_size'; batch_padding_policy: string = "
              "'PAD_UP'; Tin: list(type) >= 1; Tcaptured: list(type) >= 0; Tout: list(type) >= 1; "
              "enable_large_batch_splitting: bool = false",
     .flags = TARN_OP_STATEFUL,
     .params_bytes = sizeof(tarn_batch_params),
     .parse = batch_parse,
     .infer = batch_infer,
     .formula = "f(in_tensors, captured_tensors), of this run's rows alone, filled up to an "
                "allowed_batch_sizes"},
    {.name = "SymbolicGradient",
     .inputs = "input: Tin",
     .outputs = "output: Tout",
     .attrs = "Tin: list(type) >= 1; Tout: list(type) >= 1; f: func",
     .parse = gradient,
     .infer = tarn__infer_unknown,
     .formula = "refused: derives the gradient of a function"},
    {.name = "PyFunc", PYTHON},
    {.name = "PyFuncStateless", PYTHON},
    {.name = "EagerPyFunc",
     .inputs = "input: Tin",
     .outputs = "output: Tout",
     .attrs = "token: string; is_async: bool = false; Tin: list(type) >= 0; Tout: list(type) >= 0",
     .flags = TARN_OP_STATEFUL,
     .parse = python,
     .infer = tarn__infer_unknown,
     .formula = "refused: runs Python code that is not in the graph"},
    {.name = "Send", SEND},
    {.name = "_Send", SEND},
    {.name = "_HostSend", SEND},
    {.name = "Recv", RECEIVE},
    {.name = "_Recv", RECEIVE},
    {.name = "_HostRecv", RECEIVE},
    {0},
};

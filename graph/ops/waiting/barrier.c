/* Barriers: tuples put together by key. */
#include "graph/op.h"
#include "kernels/params/waiting.h"

static tarn_status make_parse(const tarn_attrs *attrs, void *params) {
  tarn_barrier_params *p = params;
  const tarn_attr *types = tarn__attr_list(attrs, "component_types"),
                  *shapes = tarn__attr_list(attrs, "shapes");
  p->shared_name = tarn__attr_string(attrs, "shared_name");
  p->components = (int)types->list.count;
  p->dtypes = types->list.type;
  p->shapes = shapes->list.shape;
  if (shapes->list.count != types->list.count)
    return tarn_fail(TARN_INVALID, "All of the component shapes must be specified");
  for (int k = 0; k < p->components; k++)
    if (!tarn__shape_known(&p->shapes[k]))
      return tarn_fail(TARN_INVALID, "the shape of component %d is not fully defined", k);
  if (tarn__attr_int(attrs, "capacity") != -1)
    return tarn_fail(TARN_INVALID, "Barrier only accepts capacity=-1");
  return TARN_OK;
}

static tarn_status insert_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_barrier_params *)params)->component = tarn__attr_int(attrs, "component_index");
  return TARN_OK;
}

static tarn_status take_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_barrier_params *)params)->small_batch = tarn__attr_bool(attrs, "allow_small_batch");
  return TARN_OK;
}

static tarn_status close_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_barrier_params *)params)->cancel_pending =
      tarn__attr_bool(attrs, "cancel_pending_enqueues");
  return TARN_OK;
}

static tarn_status insert_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_rank_at_least(t, 2, 1));
  if (t->in[2].dim[0] == t->in[1].dim[0]) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "%lld keys for %lld values", (long long)t->in[1].dim[0],
                   (long long)t->in[2].dim[0]);
}

static tarn_status take_infer(tarn_infer *t) { return tarn__infer_scalar(t, 1); }

#define HANDLE "handle: Ref(string)"
#define STATE(kind) \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_barrier_params), .parse = kind##_parse
#define SIZE .flags = TARN_OP_STATEFUL, .infer = tarn__infer_scalars

const tarn_op tarn_ops_barrier[] = {
    {.name = "Barrier",
     .outputs = HANDLE,
     .attrs = "component_types: list(type) >= 1; shapes: list(shape) >= 0 = []; capacity: int = -1;"
              "container: string = ''; shared_name: string = ''",
     STATE(make),
     .infer = tarn__infer_scalars,
     .formula = "tuples put together by key, a component at a time"},
    {.name = "BarrierInsertMany",
     .inputs = HANDLE ", keys: string, values: T",
     .attrs = "T: type; component_index: int",
     STATE(insert),
     .infer = insert_infer,
     .formula = "one component of the tuple of each key"},
    {.name = "BarrierTakeMany",
     .inputs = HANDLE ", num_elements: int32",
     .outputs = "indices: int64, keys: string, values: component_types",
     .attrs = "component_types: list(type) >= 1; allow_small_batch: bool = false; "
              "wait_for_incomplete: bool = false; timeout_ms: int = -1",
     STATE(take),
     .infer = take_infer,
     .formula = "num_elements whole tuples, first those whose keys came first; waits for them"},
    {.name = "BarrierClose",
     .inputs = HANDLE,
     .attrs = "cancel_pending_enqueues: bool = false",
     STATE(close),
     .formula = "no new keys may come"},
    {.name = "BarrierReadySize",
     .inputs = HANDLE,
     .outputs = "size: int32",
     SIZE,
     .formula = "how many tuples are whole"},
    {.name = "BarrierIncompleteSize",
     .inputs = HANDLE,
     .outputs = "size: int32",
     SIZE,
     .formula = "how many tuples are not whole"},
    {0},
};

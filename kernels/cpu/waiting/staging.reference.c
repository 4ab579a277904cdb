/* Staging areas; tuples and waits are in kernels/state/waiting/staging.c. */
#include "kernels/state/waiting/staging.h"

#include "core/memory.h"
#include "kernels/params/waiting.h"
#include "kernels/state/name.h"

/* Retained for the caller. */
static tarn_status area_of(const tarn_call *call, tarn_staging **s) {
  const tarn_staging_params *p = call->problem->params;
  const tarn_staging_spec spec = {.components = p->components,
                                  .dtypes = p->dtypes,
                                  .capacity = p->capacity,
                                  .memory_limit = p->memory_limit};
  tarn_state_name name;
  TARN_TRY(tarn__state_name(call, &p->shared_name, &name));
  const tarn_status status = tarn__staging_get(call->run->resources, name.text, &spec, s);
  tarn__state_name_clear(&name);
  return status;
}

/* Inputs from `first` on are the values. */
static tarn_status put(const tarn_call *call, int first, const int64_t *key,
                       const tarn_tensor *indices) {
  tarn_staging *s;
  TARN_TRY(area_of(call, &s));
  const tarn_status status = tarn__staging_put(s, call->run, key, indices, call->in + first,
                                               call->problem->inputs - first);
  tarn__object_release(s);
  return status;
}

static tarn_status stage(const tarn_call *call) { return put(call, 0, NULL, NULL); }
static tarn_status stage_by_key(const tarn_call *call) {
  const int64_t key = tarn__tensor_int(call->in[0], 0);
  return put(call, 2, &key, call->in[1]);
}

/* Outputs from `first` on are the values. */
static tarn_status take(const tarn_call *call, int first, tarn_staging_place place,
                        const tarn_tensor *indices, bool stay, int64_t *key) {
  const tarn_allocator *a = call->run->allocator;
  const int n = call->problem->outputs - first;
  const size_t bytes = ((size_t)n + 1) * sizeof(tarn_tensor);
  tarn_staging *s;
  tarn_tensor *values = tarn__alloc_zero(a, bytes);
  if (!values) return TARN_NO_MEMORY;
  tarn_status status = area_of(call, &s);
  if (status == TARN_OK) {
    status = tarn__staging_take(s, call->run, place, indices, stay,
                                call->problem->out_dtype + first, values, n, key);
    tarn__object_release(s);
  }
  for (int i = 0; i < n && status == TARN_OK; i++) {
    tarn__tensor_clear(call->out[first + i]);
    *call->out[first + i] = values[i];
  }
  tarn__free(a, values, bytes);
  return status;
}

static tarn_status unstage(const tarn_call *call) {
  return take(call, 0, (tarn_staging_place){.place = 0}, NULL, false, NULL);
}
static tarn_status stage_peek(const tarn_call *call) {
  const int64_t place = tarn__tensor_int(call->in[0], 0);
  if (place < 0) return tarn_fail(TARN_INVALID, "peeking at element %lld", (long long)place);
  return take(call, 0, (tarn_staging_place){.place = place}, NULL, true, NULL);
}

static tarn_status take_key(const tarn_call *call, bool stay) {
  const int64_t key = tarn__tensor_int(call->in[0], 0);
  return take(call, 0, (tarn_staging_place){.key = &key}, call->in[1], stay, NULL);
}
static tarn_status unstage_key(const tarn_call *call) { return take_key(call, false); }
static tarn_status peek_key(const tarn_call *call) { return take_key(call, true); }
static tarn_status unstage_any(const tarn_call *call) {
  return take(call, 1, (tarn_staging_place){.place = 0}, call->in[0], false, call->out[0]->data);
}

static tarn_status ask(const tarn_call *call, int64_t (*question)(tarn_staging *)) {
  tarn_staging *s;
  TARN_TRY(area_of(call, &s));
  *(int32_t *)call->out[0]->data = (int32_t)question(s);
  tarn__object_release(s);
  return TARN_OK;
}
static tarn_status size(const tarn_call *call) { return ask(call, tarn__staging_size); }
static tarn_status incomplete(const tarn_call *call) { return ask(call, tarn__staging_incomplete); }

static tarn_status clear(const tarn_call *call) {
  tarn_staging *s;
  TARN_TRY(area_of(call, &s));
  tarn__staging_clear(s);
  tarn__object_release(s);
  return TARN_OK;
}

#define ROWS(M)                                                               \
  {.op = M "Stage", .name = "stage", .run = stage_by_key},                    \
  {.op = M "Unstage", .name = "unstage", .run = unstage_key},                 \
  {.op = M "UnstageNoKey", .name = "unstage_any", .run = unstage_any},        \
  {.op = M "Peek", .name = "peek", .run = peek_key},                          \
  {.op = M "Size", .name = "size", .run = size},                              \
  {.op = M "IncompleteSize", .name = "incomplete", .run = incomplete},        \
  {.op = M "Clear", .name = "clear", .run = clear},

const tarn_kernel tarn_kernels_waiting_staging_reference[] = {
  {.op = "Stage", .name = "stage", .run = stage},
  {.op = "Unstage", .name = "unstage", .run = unstage},
  {.op = "StagePeek", .name = "peek", .run = stage_peek},
  {.op = "StageSize", .name = "size", .run = size},
  {.op = "StageClear", .name = "clear", .run = clear},
  ROWS("Map")
  ROWS("OrderedMap")
  {0},
};

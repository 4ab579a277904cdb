/* Readers; the reading is in kernels/state/reader.c. */
#include "kernels/state/name.h"
#include "kernels/state/reader.h"

enum { MOST = 1 << 20 };   /* records at a time */

static tarn_status make(const tarn_call *call) {
  const tarn_reader_params *p = call->problem->params;
  tarn_state_name name;
  tarn_reader *r;
  TARN_TRY(tarn__state_name(call, &p->shared_name, &name));
  const tarn_status status = tarn__reader_get(call->run->resources, name.text, p, &r);
  tarn__state_name_clear(&name);
  TARN_TRY(status);
  return tarn__call_handle(call, 0, r);
}

static tarn_status reader_of(const tarn_call *call, tarn_reader **r) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__reader_type, &object));
  *r = object;
  return TARN_OK;
}

static tarn_status both(const tarn_call *call, tarn_reader **r, tarn_queue **q) {
  void *object;
  TARN_TRY(reader_of(call, r));
  TARN_TRY(tarn__call_object(call, 1, &tarn__queue_type, &object));
  *q = object;
  return TARN_OK;
}

static tarn_status read(const tarn_call *call) {
  tarn_reader *r;
  tarn_queue *q;
  int64_t count;
  TARN_TRY(both(call, &r, &q));
  return tarn__reader_read(r, call->run, q, 1, call->out[0], call->out[1], &count);
}

/* Read into vectors with room for n, of which the first `count` are handed on. */
static tarn_status read_up_to(const tarn_call *call) {
  const int64_t n = tarn__tensor_int(call->in[2], 0);
  const tarn_allocator *a = call->run->allocator;
  tarn_tensor lists[2] = {{.dtype = TARN_NO_DTYPE}, {.dtype = TARN_NO_DTYPE}};
  tarn_reader *r;
  tarn_queue *q;
  int64_t count = 0;
  if (n <= 0) return tarn_fail(TARN_INVALID, "num_records is %lld", (long long)n);
  if (n > MOST)
    return tarn_fail(TARN_LIMIT, "%lld records at a time: at most %d", (long long)n, MOST);
  TARN_TRY(both(call, &r, &q));
  const tarn_shape room = tarn__shape_vector(n);
  tarn_status status = tarn__tensor_new(a, TARN_STRING, &room, &lists[0]);
  if (status == TARN_OK) status = tarn__tensor_new(a, TARN_STRING, &room, &lists[1]);
  if (status == TARN_OK)
    status = tarn__reader_read(r, call->run, q, n, &lists[0], &lists[1], &count);
  const tarn_shape shape = tarn__shape_vector(count);
  for (int o = 0; o < 2 && status == TARN_OK; o++) {
    status = tarn__call_allocate(call, o, &shape);
    if (status == TARN_OK)
      status = tarn__tensor_copy_elements(call->out[o], 0, &lists[o], 0, count);
  }
  tarn__tensor_clear(&lists[0]);
  tarn__tensor_clear(&lists[1]);
  return status;
}

static tarn_status produced(const tarn_call *call) {
  tarn_reader *r;
  TARN_TRY(reader_of(call, &r));
  *(int64_t *)call->out[0]->data = tarn__reader_produced(r);
  return TARN_OK;
}

static tarn_status completed(const tarn_call *call) {
  tarn_reader *r;
  TARN_TRY(reader_of(call, &r));
  *(int64_t *)call->out[0]->data = tarn__reader_completed(r);
  return TARN_OK;
}

static tarn_status reset(const tarn_call *call) {
  tarn_reader *r;
  TARN_TRY(reader_of(call, &r));
  tarn__reader_reset(r);
  return TARN_OK;
}

static tarn_status serialize(const tarn_call *call) {
  tarn_reader *r;
  TARN_TRY(reader_of(call, &r));
  return tarn__reader_serialize(r, call->out[0]);
}

static tarn_status restore(const tarn_call *call) {
  tarn_reader *r;
  TARN_TRY(reader_of(call, &r));
  return tarn__reader_restore(r, call->in[1]->data);
}

#define ROWS(V)                                                                          \
  {.op = "TFRecordReader" V, .name = "reader", .run = make},                             \
  {.op = "TextLineReader" V, .name = "reader", .run = make},                             \
  {.op = "FixedLengthRecordReader" V, .name = "reader", .run = make},                    \
  {.op = "WholeFileReader" V, .name = "reader", .run = make},                            \
  {.op = "IdentityReader" V, .name = "reader", .run = make},                             \
  {.op = "ReaderRead" V, .name = "read", .run = read},                                   \
  {.op = "ReaderReadUpTo" V, .name = "read_up_to", .run = read_up_to},                   \
  {.op = "ReaderNumRecordsProduced" V, .name = "produced", .run = produced},             \
  {.op = "ReaderNumWorkUnitsCompleted" V, .name = "completed", .run = completed},        \
  {.op = "ReaderSerializeState" V, .name = "serialize", .run = serialize},               \
  {.op = "ReaderRestoreState" V, .name = "restore", .run = restore},                     \
  {.op = "ReaderReset" V, .name = "reset", .run = reset},

const tarn_kernel tarn_kernels_input_reader_reference[] = {
  ROWS("V2")
  ROWS("")
  {0},
};

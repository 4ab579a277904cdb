/* Summary messages: Summary{1: Value{1: tag, 2: simple_value (float)}}, again for each tag. */
#include "core/wire/wire.h"
#include "kernels/cpu/dtype_rows.h"
#include "kernels/run.h"

static tarn_status value_at(const tarn_tensor *t, int64_t i, float *value) {
#define ROW(NAME, E, DTYPE, suffix, S, A, GET, PUT) \
  case DTYPE: *value = (float)GET(((const S *)t->data)[i]); return TARN_OK;
  switch ((int)t->dtype) {
    TARN_ORDERED_ROWS(ROW, value, 0)
    default: break;
  }
#undef ROW
  return tarn_fail(TARN_DTYPE, "no number in %s", tarn_dtype_name(t->dtype));
}

static tarn_status add(tarn_bytes *b, const tarn_string *tag, float value) {
  size_t mark;
  TARN_TRY(tarn__wire_begin(b, 1, &mark));
  TARN_TRY(tarn__wire_add_bytes(b, 1, tag->size ? tag->data : "", tag->size));
  TARN_TRY(tarn__wire_add_float(b, 2, value));
  return tarn__wire_end(b, mark);
}

static tarn_status scalar(const tarn_call *call) {
  const int64_t n = tarn__tensor_elements(call->in[0]);
  tarn_status status = TARN_OK;
  tarn_bytes b;
  tarn__bytes_init(&b, call->run && call->run->allocator ? call->run->allocator : tarn__allocator_default());
  for (int64_t i = 0; i < n && status == TARN_OK; i++) {
    float value = 0;
    status = value_at(call->in[1], i, &value);
    if (status == TARN_OK) status = add(&b, (const tarn_string *)call->in[0]->data + i, value);
  }
  if (status == TARN_OK) status = tarn__string_set(call->out[0], 0, b.size ? b.data : "", b.size);
  tarn__bytes_clear(&b);
  return status;
}

const tarn_kernel tarn_kernels_input_summary_reference[] = {
  {.op = "ScalarSummary", .name = "scalar", .dtypes = TARN_REALS, .keyed = 1, .run = scalar},
  {0},
};

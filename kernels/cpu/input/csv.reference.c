/* DecodeCSV: fields as RFC 4180 has them; quotes are doubled inside of quotes. */
#include "core/bytes.h"
#include "kernels/cpu/text/number.h"
#include "kernels/params/input.h"
#include "kernels/run.h"

/* The next field of s from *at on, which moves past its delimiter; *more: another field follows. */
static tarn_status field(const tarn_csv_params *p, const tarn_string *s, size_t *at,
                         tarn_bytes *text, bool *more) {
  size_t i = *at;
  text->size = 0;
  *more = false;
  while (i < s->size && (s->data[i] == '\n' || s->data[i] == '\r')) i++;
  if (p->quotes && i < s->size && s->data[i] == '"') {
    for (i++; i < s->size; i++) {
      if (s->data[i] == '"' && (i + 1 >= s->size || s->data[i + 1] != '"')) break;
      if (s->data[i] == '"') i++;
      TARN_TRY(tarn__bytes_add(text, &s->data[i], 1));
    }
    if (i >= s->size || (i + 1 < s->size && s->data[i + 1] != p->delimiter))
      return tarn_fail(TARN_INVALID, "Quoted field has to end with quote followed by delim or end");
    i++;
  } else {
    const size_t from = i;
    for (; i < s->size && s->data[i] != p->delimiter; i++)
      if (p->quotes && (s->data[i] == '"' || s->data[i] == '\n' || s->data[i] == '\r'))
        return tarn_fail(TARN_INVALID, "Unquoted fields cannot have quotes/CRLFs inside");
    if (i > from) TARN_TRY(tarn__bytes_add(text, s->data + from, i - from));
  }
  *more = i < s->size;
  *at = i + 1;
  return TARN_OK;
}

static tarn_status put(const tarn_call *call, int column, int64_t record, const tarn_bytes *text) {
  const tarn_csv_params *p = call->problem->params;
  const tarn_tensor *fallback = call->in[1 + column];
  tarn_tensor *y = call->out[column];
  const tarn_string s = {text->size ? text->data : "", text->size};
  if (s.size == 0 || (s.size == p->absent.size && memcmp(s.data, p->absent.data, s.size) == 0)) {
    if (tarn__tensor_elements(fallback) == 0)
      return tarn_fail(TARN_INVALID, "Field %d is required but missing in record %lld!", column,
                       (long long)record);
    return tarn__tensor_copy_elements(y, record, fallback, 0, 1);
  }
  if (y->dtype == TARN_STRING) return tarn__string_set(y, record, s.data, s.size);
  TARN_TRY_IN(tarn__number_read(&s, y, record), "reading field %d of record %lld as %s", column,
              (long long)record, tarn_dtype_name(y->dtype));
  return TARN_OK;
}

static tarn_status record(const tarn_call *call, int64_t i, tarn_bytes *text) {
  const tarn_csv_params *p = call->problem->params;
  const tarn_string *s = (const tarn_string *)call->in[0]->data + i;
  const int wanted = call->problem->outputs;
  int64_t fields = 0;
  int found = 0;
  size_t at = 0;
  for (bool more = true; more; fields++) {
    TARN_TRY(field(p, s, &at, text, &more));
    if (p->columns ? found < wanted && p->selected[found] == fields : fields < wanted)
      TARN_TRY(put(call, found++, i, text));
  }
  if (found < wanted || (!p->columns && fields != wanted))
    return tarn_fail(TARN_INVALID, "Expect %d fields but have %lld in record %lld", wanted,
                     (long long)(p->columns ? found : fields), (long long)i);
  return TARN_OK;
}

static tarn_status decode(const tarn_call *call) {
  const int64_t n = tarn__tensor_elements(call->in[0]);
  tarn_status status = TARN_OK;
  tarn_bytes text;
  tarn__bytes_init(&text, call->run ? call->run->allocator : tarn__allocator_default());
  for (int64_t i = 0; i < n && status == TARN_OK; i++) status = record(call, i, &text);
  tarn__bytes_clear(&text);
  return status;
}

const tarn_kernel tarn_kernels_input_csv_reference[] = {
  {.op = "DecodeCSV", .name = "csv", .run = decode},
  {0},
};

/* UnicodeScript: a search in the table of where scripts begin. */
#include "kernels/cpu/text/script_table.h"
#include "kernels/cpu/text/unicode.h"
#include "kernels/run.h"

static int32_t script_of(int32_t c) {
  if (c < 0 || (uint32_t)c > TARN_LAST_CODE_POINT) return -1;
  size_t low = 0, high = sizeof script_rows / sizeof *script_rows; /* it is in [low, high) */
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (script_rows[middle].from <= (uint32_t)c)
      low = middle;
    else
      high = middle;
  }
  return script_rows[low].script;
}

static tarn_status script(const tarn_call *call) {
  const int32_t *x = call->in[0]->data;
  int32_t *y = call->out[0]->data;
  for (int64_t i = 0, n = tarn__tensor_elements(call->in[0]); i < n; i++) y[i] = script_of(x[i]);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_text_script_reference[] = {
    {.op = "UnicodeScript", .name = "script", .run = script},
    {0},
};

/* Adding strings puts one behind the other. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/elementwise/broadcast.h"
#include "kernels/kernel.h"

static tarn_status add(const tarn_call *call) {
  tarn_tensor *y = call->out[0];
  const tarn_string *as = call->in[0]->data, *bs = call->in[1]->data;
  int64_t n = tarn__tensor_elements(y);
  if (n == 0) return TARN_OK;
  tarn_folded f = tarn__fold(&call->in[0]->shape, &call->in[1]->shape, &y->shape);
  for (int64_t i = 0; i < n; i++) {
    int64_t a_at, b_at;
    tarn__folded_row(&f, i / f.dim[0], &a_at, &b_at);
    tarn_string a = as[a_at + i % f.dim[0] * f.a_step[0]],
                b = bs[b_at + i % f.dim[0] * f.b_step[0]];
    TARN_TRY(tarn__string_join(y, i, a, b));
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_binary_text_reference[] = {
  {.op = "Add", .dtypes = TARN_BIT(TARN_STRING), .run = add},
  {0},
};

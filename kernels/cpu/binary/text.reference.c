/* Adding strings puts one behind the other. */
#include "kernels/cpu/elementwise/broadcast.h"
#include "kernels/kernel.h"

static tarn_status add(const tarn_call *call) {
  tarn_tensor *y = call->out[0];
  const tarn_string *as = call->in[0]->data, *bs = call->in[1]->data;
  int64_t n = tarn__tensor_elements(y);
  if (n == 0) return TARN_OK;
  tarn_folded f = tarn__fold(&call->in[0]->shape, &call->in[1]->shape, &y->shape);
  const tarn_allocator *allocator = tarn__allocator_default();
  for (int64_t i = 0; i < n; i++) {
    int64_t a_at, b_at;
    tarn__folded_row(&f, i / f.dim[0], &a_at, &b_at);
    tarn_string a = as[a_at + i % f.dim[0] * f.a_step[0]], b = bs[b_at + i % f.dim[0] * f.b_step[0]];
    size_t bytes;
    if (tarn__add_overflow(a.size, b.size, &bytes)) 
      return tarn_fail(TARN_LIMIT, "a string of more bytes than there can be");
    char *both = tarn__alloc(allocator, bytes);
    if (!both) return TARN_NO_MEMORY;
    if (a.size) memcpy(both, a.data, a.size);
    if (b.size) memcpy(both + a.size, b.data, b.size);
    tarn_status status = tarn__string_set(y, i, both, bytes);
    tarn__free(allocator, both, bytes);
    TARN_TRY(status);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_binary_text_reference[] = {
  {.op = "Add", .dtypes = TARN_BIT(TARN_STRING), .run = add},
  {0},
};

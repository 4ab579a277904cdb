#include "kernels/cpu/unary/unary.h"

enum { CHUNK = 8192 }; /* elements: some 10 us of a cheap function, 100 us of a dear one */

typedef struct work {
  tarn_unary_loop loop;
  const char *x;
  char *y;
  size_t x_bytes, y_bytes; /* of an element */
  int64_t elements;
} work;

static tarn_status chunk(void *argument, int64_t index, int worker) {
  (void)worker;
  const work *w = argument;
  int64_t at = index * CHUNK, n = w->elements - at;
  w->loop(w->x + (size_t)at * w->x_bytes, w->y + (size_t)at * w->y_bytes, n < CHUNK ? n : CHUNK);
  return TARN_OK;
}

tarn_status tarn__unary_run(const tarn_call *call, tarn_unary_loop loop) {
  work w = {.loop = loop,
            .x = call->in[0]->data,
            .y = call->out[0]->data,
            .x_bytes = tarn_dtype_bytes(call->in[0]->dtype),
            .y_bytes = tarn_dtype_bytes(call->out[0]->dtype),
            .elements = tarn__tensor_elements(call->in[0])};
  return tarn__pool_run(call->pool, w.elements / CHUNK + (w.elements % CHUNK != 0), chunk, &w);
}

#include "kernels/cpu/activation/activation.h"

#include "kernels/params/activation.h"

enum { CHUNK = 8192 }; /* elements */

typedef struct work {
  tarn_activation_loop loop;
  const char *a, *b;
  char *y;
  size_t bytes; /* of an element */
  int64_t elements;
  double alpha;
} work;

static tarn_status chunk(void *argument, int64_t index, int worker) {
  (void)worker;
  const work *w = argument;
  const int64_t at = index * CHUNK, n = w->elements - at;
  const size_t skip = (size_t)at * w->bytes;
  w->loop(w->a + skip, w->b ? w->b + skip : NULL, w->y + skip, n < CHUNK ? n : CHUNK, w->alpha);
  return TARN_OK;
}

tarn_status tarn__activation_run(const tarn_call *call, tarn_activation_loop loop) {
  const tarn_activation_params *p = call->problem->params;
  work w = {.loop = loop,
            .a = call->in[0]->data,
            .b = call->problem->inputs > 1 ? call->in[1]->data : NULL,
            .y = call->out[0]->data,
            .bytes = tarn_dtype_bytes(call->in[0]->dtype),
            .elements = tarn__tensor_elements(call->out[0]),
            .alpha = p ? (double)p->alpha : 0.0};
  return tarn__pool_run(call->pool, w.elements / CHUNK + (w.elements % CHUNK != 0), chunk, &w);
}

/* Walks two operands under broadcasting: rows of the folded shapes, cut into chunks for the
 * pool. */
#include "kernels/cpu/binary/binary.h"
#include "kernels/cpu/elementwise/broadcast.h"

enum { CHUNK = 8192 }; /* elements of y */

typedef struct work {
  tarn_binary_loop loop;
  const char *a, *b, *refusal;
  char *y;
  size_t in_bytes, out_bytes; /* of an element */
  int64_t elements;
  tarn_folded folded;
} work;

/* From one row to the next: the index of the slower axes counts up, and the operands follow. */
static void next_row(const tarn_folded *f, int64_t *index, int64_t *a_at, int64_t *b_at) {
  for (int d = 1; d < f->rank; d++) {
    *a_at += f->a_step[d];
    *b_at += f->b_step[d];
    if (++index[d] < f->dim[d]) return;
    index[d] = 0;
    *a_at -= f->a_step[d] * f->dim[d];
    *b_at -= f->b_step[d] * f->dim[d];
  }
}

static tarn_status chunk(void *argument, int64_t which, int worker) {
  (void)worker;
  const work *w = argument;
  const tarn_folded *f = &w->folded;
  int64_t at = which * CHUNK, end = w->elements - at < CHUNK ? w->elements : at + CHUNK;
  int64_t inside = at % f->dim[0], rest = at / f->dim[0];
  int64_t index[TARN_MAX_RANK], a_at = 0, b_at = 0; /* of the row, at its start */
  for (int d = 1; d < f->rank; d++) {
    index[d] = rest % f->dim[d];
    rest /= f->dim[d];
    a_at += index[d] * f->a_step[d];
    b_at += index[d] * f->b_step[d];
  }
  while (at < end) {
    int64_t n = f->dim[0] - inside < end - at ? f->dim[0] - inside : end - at;
    if (!w->loop(w->a + (size_t)(a_at + inside * f->a_step[0]) * w->in_bytes, f->a_step[0],
                 w->b + (size_t)(b_at + inside * f->b_step[0]) * w->in_bytes, f->b_step[0],
                 w->y + (size_t)at * w->out_bytes, n))
      return tarn_fail(TARN_INVALID, "%s", w->refusal);
    at += n;
    inside = 0;
    next_row(f, index, &a_at, &b_at);
  }
  return TARN_OK;
}

tarn_status tarn__binary_run(const tarn_call *call, tarn_binary_loop loop, const char *refusal) {
  const tarn_tensor *a = call->in[0], *b = call->in[1];
  tarn_tensor *y = call->out[0];
  if (tarn__tensor_elements(y) == 1)   /* counters of loops: not worth a look at the shapes */
    return loop(a->data, 1, b->data, 1, y->data, 1) ? TARN_OK
                                                    : tarn_fail(TARN_INVALID, "%s", refusal);
  work w = {.loop = loop,
            .a = a->data,
            .b = b->data,
            .y = y->data,
            .refusal = refusal,
            .in_bytes = tarn_dtype_bytes(a->dtype),
            .out_bytes = tarn_dtype_bytes(y->dtype),
            .elements = tarn__tensor_elements(y),
            .folded = tarn__fold(&a->shape, &b->shape, &y->shape)};
  if (w.elements == 0) return TARN_OK;
  return tarn__pool_run(call->pool, w.elements / CHUNK + (w.elements % CHUNK != 0), chunk, &w);
}

#include "kernels/cpu/binary/binary.h"

enum { CHUNK = 8192 }; /* elements of y */

void tarn__broadcast_fold(const tarn_shape *a, const tarn_shape *b, const tarn_shape *y, tarn_broadcast *folded) {
  tarn_broadcast f = {.rank = 0};
  bool a_walks[TARN_MAX_RANK], b_walks[TARN_MAX_RANK];
  for (int d = 0; d < y->rank; d++) {
    if (y->dim[d] == 1) continue;
    int in_a = d - (y->rank - a->rank), in_b = d - (y->rank - b->rank);
    bool walks_a = in_a >= 0 && a->dim[in_a] != 1, walks_b = in_b >= 0 && b->dim[in_b] != 1;
    if (f.rank > 0 && a_walks[f.rank - 1] == walks_a && b_walks[f.rank - 1] == walks_b) {
      f.dim[f.rank - 1] *= y->dim[d];
      continue;
    }
    a_walks[f.rank] = walks_a;
    b_walks[f.rank] = walks_b;
    f.dim[f.rank++] = y->dim[d];
  }
  if (f.rank == 0) {
    a_walks[0] = b_walks[0] = false;
    f.dim[f.rank++] = 1;
  }
  int64_t a_size = 1, b_size = 1;
  for (int d = f.rank - 1; d >= 0; d--) {
    f.a_step[d] = a_walks[d] ? a_size : 0;
    f.b_step[d] = b_walks[d] ? b_size : 0;
    if (a_walks[d]) a_size *= f.dim[d];
    if (b_walks[d]) b_size *= f.dim[d];
  }
  *folded = f;
}

void tarn__broadcast_at(const tarn_broadcast *folded, int64_t i, int64_t *a_at, int64_t *b_at) {
  *a_at = *b_at = 0;
  for (int d = folded->rank - 1; d >= 0; d--) {
    int64_t k = i % folded->dim[d];
    i /= folded->dim[d];
    *a_at += k * folded->a_step[d];
    *b_at += k * folded->b_step[d];
  }
}

typedef struct work {
  tarn_binary_loop loop;
  const char *a, *b, *refusal;
  char *y;
  size_t in_bytes, out_bytes; /* of an element */
  int64_t elements;
  tarn_broadcast folded;
} work;

/* From one run to the next: the index of the slower axes counts up, and the operands follow. */
static void next_run(const tarn_broadcast *f, int64_t *index, int64_t *a_at, int64_t *b_at) {
  for (int d = f->rank - 2; d >= 0; d--) {
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
  const tarn_broadcast *f = &w->folded;
  const int last = f->rank - 1;
  int64_t at = which * CHUNK, end = w->elements - at < CHUNK ? w->elements : at + CHUNK;
  int64_t inside = at % f->dim[last], rest = at / f->dim[last];
  int64_t index[TARN_MAX_RANK], a_at = 0, b_at = 0; /* of the run, at its start */
  for (int d = last - 1; d >= 0; d--) {
    index[d] = rest % f->dim[d];
    rest /= f->dim[d];
    a_at += index[d] * f->a_step[d];
    b_at += index[d] * f->b_step[d];
  }
  while (at < end) {
    int64_t n = f->dim[last] - inside < end - at ? f->dim[last] - inside : end - at;
    if (!w->loop(w->a + (size_t)(a_at + inside * f->a_step[last]) * w->in_bytes, f->a_step[last],
                 w->b + (size_t)(b_at + inside * f->b_step[last]) * w->in_bytes, f->b_step[last],
                 w->y + (size_t)at * w->out_bytes, n))
      return tarn_fail(TARN_INVALID, "%s", w->refusal);
    at += n;
    inside = 0;
    next_run(f, index, &a_at, &b_at);
  }
  return TARN_OK;
}

tarn_status tarn__binary_run(const tarn_call *call, tarn_binary_loop loop, const char *refusal) {
  work w = {.loop = loop, .a = call->in[0]->data, .b = call->in[1]->data, .y = call->out[0]->data, .refusal = refusal,
            .in_bytes = tarn_dtype_bytes(call->in[0]->dtype), .out_bytes = tarn_dtype_bytes(call->out[0]->dtype),
            .elements = tarn__tensor_elements(call->out[0])};
  if (w.elements == 0) return TARN_OK;
  tarn__broadcast_fold(&call->in[0]->shape, &call->in[1]->shape, &call->out[0]->shape, &w.folded);
  return tarn__pool_run(call->pool, w.elements / CHUNK + (w.elements % CHUNK != 0), chunk, &w);
}

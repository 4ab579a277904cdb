/* Joining and parting: pieces of rows between tensors of different row lengths. */
#include "kernels/cpu/array/views/views.h"

enum { PIECES = 64 };   /* that are copied together */

/* Pieces of `outer` rows that wait to be copied. */
typedef struct pieces {
  const tarn_call *call;
  int64_t outer;
  int count;
  tarn_row_piece at[PIECES];
} pieces;

static tarn_status flush(pieces *p) {
  const int count = p->count;
  p->count = 0;
  return COPY_ROWS(p->call, p->at, count, p->outer);
}
static tarn_status add(pieces *p, tarn_row_piece piece) {
  p->at[p->count++] = piece;
  return p->count == PIECES ? flush(p) : TARN_OK;
}

static int axis_of(int64_t axis, int rank) { return (int)(axis < 0 ? axis + rank : axis); }

static tarn_status concat(const tarn_call *call, const tarn_tensor *const *values, int n,
                          int axis) {
  tarn_tensor *y = call->out[0];
  int64_t outer = tarn__dims_product(&y->shape, 0, axis),
          row = tarn__dims_product(&y->shape, axis, y->shape.rank);
  int64_t at = 0;
  pieces p = {.call = call, .outer = outer};
  for (int i = 0; i < n; i++) {
    int64_t run = tarn__dims_product(&values[i]->shape, axis, y->shape.rank);
    TARN_TRY(add(
        &p,
        (tarn_row_piece){
            .to = y, .from = values[i], .run = run, .to_at = at, .to_row = row, .from_row = run}));
    at += run;
  }
  return flush(&p);
}

static tarn_status concat_v1(const tarn_call *call) {
  return concat(call, call->in + 1, call->problem->inputs - 1,
                axis_of(tarn__index_at(call->in[0], 0), call->out[0]->shape.rank));
}

static tarn_status concat_v2(const tarn_call *call) {
  int n = call->problem->inputs - 1;
  return concat(call, call->in, n,
                axis_of(tarn__index_at(call->in[n], 0), call->out[0]->shape.rank));
}

static tarn_status split(const tarn_call *call, const tarn_tensor *x, int axis) {
  int64_t outer = tarn__dims_product(&x->shape, 0, axis),
          row = tarn__dims_product(&x->shape, axis, x->shape.rank);
  int64_t at = 0;
  pieces p = {.call = call, .outer = outer};
  for (int i = 0; i < call->problem->outputs; i++) {
    int64_t run = tarn__dims_product(&call->out[i]->shape, axis, x->shape.rank);
    TARN_TRY(add(&p, (tarn_row_piece){.to = call->out[i],
                                      .from = x,
                                      .run = run,
                                      .to_row = run,
                                      .from_at = at,
                                      .from_row = row}));
    at += run;
  }
  return flush(&p);
}

static tarn_status split_equal(const tarn_call *call) {
  return split(call, call->in[1], axis_of(tarn__index_at(call->in[0], 0), call->in[1]->shape.rank));
}

static tarn_status split_v(const tarn_call *call) {
  return split(call, call->in[0], axis_of(tarn__index_at(call->in[2], 0), call->in[0]->shape.rank));
}

static tarn_status pack(const tarn_call *call) {
  tarn_tensor *y = call->out[0];
  int axis = axis_of(((const tarn_axis_params *)call->problem->params)->axis, y->shape.rank);
  int64_t outer = tarn__dims_product(&y->shape, 0, axis), n = call->problem->inputs;
  int64_t run = tarn__dims_product(&y->shape, axis + 1, y->shape.rank);
  pieces p = {.call = call, .outer = outer};
  for (int i = 0; i < n; i++)
    TARN_TRY(add(&p, (tarn_row_piece){.to = y,
                                      .from = call->in[i],
                                      .run = run,
                                      .to_at = i * run,
                                      .to_row = n * run,
                                      .from_row = run}));
  return flush(&p);
}

static tarn_status unpack(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  int axis = axis_of(((const tarn_axis_params *)call->problem->params)->axis, x->shape.rank);
  int64_t outer = tarn__dims_product(&x->shape, 0, axis), n = call->problem->outputs;
  int64_t run = tarn__dims_product(&x->shape, axis + 1, x->shape.rank);
  pieces p = {.call = call, .outer = outer};
  for (int i = 0; i < n; i++)
    TARN_TRY(add(&p, (tarn_row_piece){.to = call->out[i],
                                      .from = x,
                                      .run = run,
                                      .to_row = run,
                                      .from_at = i * run,
                                      .from_row = n * run}));
  return flush(&p);
}

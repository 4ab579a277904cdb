#include "kernels/cpu/reduce/reduce.h"

enum { CHUNK = 16384 }; /* elements of x, about, where outputs are done one by one */

/* Groups of axes, from the slowest; steps are in elements of x. The fastest group is not in these
 * lists: it is a run of `run` reduced neighbours, or a row of `row` kept ones; the other of the two
 * is 1. */
typedef struct groups {
  int kept, reduced;
  int64_t kept_dim[TARN_MAX_RANK], kept_step[TARN_MAX_RANK];
  int64_t reduced_dim[TARN_MAX_RANK], reduced_step[TARN_MAX_RANK];
  int64_t run, row;
  int64_t outputs, terms; /* of y, and of x in each of y */
} groups;

static groups split(const tarn_shape *x, const tarn_tensor *axes) {
  groups g = {.run = 1, .row = 1, .outputs = 1, .terms = 1};
  bool reduce[TARN_MAX_RANK] = {false}, last_reduced = false;
  int64_t n = tarn__tensor_elements(axes), step = 1;
  for (int64_t i = 0; i < n; i++) {
    int64_t axis = tarn__tensor_int(axes, i);
    reduce[axis < 0 ? axis + x->rank : axis] = true;
  }
  int64_t dim[TARN_MAX_RANK], dim_step[TARN_MAX_RANK];
  bool is_reduced[TARN_MAX_RANK];
  int count = 0; /* from the fastest group to the slowest */
  for (int d = x->rank - 1; d >= 0; step *= x->dim[d], d--) {
    if (reduce[d]) g.terms *= x->dim[d];
    else g.outputs *= x->dim[d];
    if (x->dim[d] == 1) continue;
    if (count > 0 && last_reduced == reduce[d]) {
      dim[count - 1] *= x->dim[d];
      continue;
    }
    dim[count] = x->dim[d];
    dim_step[count] = step;
    is_reduced[count++] = last_reduced = reduce[d];
  }
  for (int k = count - 1; k >= 0; k--) {
    if (k == 0 && is_reduced[k]) {
      g.run = dim[k];
    } else if (k == 0) {
      g.row = dim[k];
    } else if (is_reduced[k]) {
      g.reduced_dim[g.reduced] = dim[k];
      g.reduced_step[g.reduced++] = dim_step[k];
    } else {
      g.kept_dim[g.kept] = dim[k];
      g.kept_step[g.kept++] = dim_step[k];
    }
  }
  return g;
}

typedef struct work {
  const tarn_reducer *reducer;
  groups g;
  const char *x;
  char *y;
  size_t x_bytes, y_bytes;   /* of an element */
  int64_t block, blocks;     /* outputs in a block; blocks in a row */
} work;

/* Where kept index i, of the groups in the list, starts in x. */
static int64_t kept_at(const groups *g, int64_t i) {
  int64_t at = 0;
  if (g->kept == 1) return i * g->kept_step[0];
  for (int d = g->kept - 1; d >= 0; d--) {
    at += i % g->kept_dim[d] * g->kept_step[d];
    i /= g->kept_dim[d];
  }
  return at;
}

/* To the next index of the reduced groups in the list; false after the last. */
static bool advance(const groups *g, int64_t *index, int64_t *at) {
  for (int d = g->reduced - 1; d >= 0; d--) {
    *at += g->reduced_step[d];
    if (++index[d] < g->reduced_dim[d]) return true;
    index[d] = 0;
    *at -= g->reduced_step[d] * g->reduced_dim[d];
  }
  return false;
}

static void one(const work *w, int64_t output) {
  _Alignas(16) char acc[TARN_REDUCE_BYTES];
  const groups *g = &w->g;
  w->reducer->start(acc, 1);
  if (g->terms > 0) {
    int64_t index[TARN_MAX_RANK] = {0}, at = kept_at(g, output);
    do w->reducer->add_run(acc, w->x + (size_t)at * w->x_bytes, g->run);
    while (advance(g, index, &at));
  }
  w->reducer->finish(acc, w->y + (size_t)output * w->y_bytes, 1, g->terms);
}

/* Runs that lie one behind the other: blocks of outputs. */
static void adjacent_runs(const work *w, int64_t from, int64_t to) {
  _Alignas(16) char acc[TARN_REDUCE_BLOCK * TARN_REDUCE_BYTES];
  for (int64_t o = from; o < to; o += TARN_REDUCE_BLOCK) {
    const int64_t n = to - o < TARN_REDUCE_BLOCK ? to - o : TARN_REDUCE_BLOCK;
    w->reducer->start(acc, n);
    w->reducer->add_runs(acc, w->x + (size_t)(o * w->g.run) * w->x_bytes, n, w->g.run);
    w->reducer->finish(acc, w->y + (size_t)o * w->y_bytes, n, w->g.terms);
  }
}

/* Outputs one by one. */
static tarn_status chunk_of_runs(void *argument, int64_t which, int worker) {
  (void)worker;
  const work *w = argument;
  int64_t end = w->g.outputs - which * w->block < w->block ? w->g.outputs : (which + 1) * w->block;
  const bool adjacent = w->g.reduced == 0 && w->g.kept == 1 && w->g.kept_step[0] == w->g.run;
  if (adjacent && w->reducer->add_runs) adjacent_runs(w, which * w->block, end);
  else
    for (int64_t o = which * w->block; o < end; o++) one(w, o);
  return TARN_OK;
}

/* A part of a row of outputs, together. */
static tarn_status chunk_of_row(void *argument, int64_t which, int worker) {
  (void)worker;
  const work *w = argument;
  const groups *g = &w->g;
  _Alignas(16) char acc[TARN_REDUCE_BLOCK * TARN_REDUCE_BYTES];
  int64_t row = which / w->blocks, from = which % w->blocks * w->block;
  int64_t n = g->row - from < w->block ? g->row - from : w->block;
  w->reducer->start(acc, n);
  if (g->terms > 0) {
    int64_t index[TARN_MAX_RANK] = {0}, at = kept_at(g, row) + from;
    if (w->reducer->add_rows && g->reduced == 1)
      w->reducer->add_rows(acc, w->x + (size_t)at * w->x_bytes, n, g->reduced_dim[0],
                           g->reduced_step[0]);
    else do w->reducer->add_row(acc, w->x + (size_t)at * w->x_bytes, n);
    while (advance(g, index, &at));
  }
  w->reducer->finish(acc, w->y + (size_t)(row * g->row + from) * w->y_bytes, n, g->terms);
  return TARN_OK;
}

tarn_status tarn__reduce(const tarn_call *call, const tarn_reducer *reducer) {
  const tarn_tensor *x = call->in[0];
  work w = {.reducer = reducer,
            .g = split(&x->shape, call->in[1]),
            .x = x->data,
            .y = call->out[0]->data,
            .x_bytes = tarn_dtype_bytes(x->dtype),
            .y_bytes = tarn_dtype_bytes(call->out[0]->dtype)};
  if (w.g.outputs == 0) return TARN_OK;
  if (w.g.row > 1) {
    w.block = TARN_REDUCE_BLOCK;
    w.blocks = (w.g.row - 1) / TARN_REDUCE_BLOCK + 1;
    return tarn__pool_run(call->pool, w.g.outputs / w.g.row * w.blocks, chunk_of_row, &w);
  }
  w.block = w.g.terms < CHUNK ? CHUNK / (w.g.terms > 0 ? w.g.terms : 1) : 1;
  return tarn__pool_run(call->pool, (w.g.outputs - 1) / w.block + 1, chunk_of_runs, &w);
}

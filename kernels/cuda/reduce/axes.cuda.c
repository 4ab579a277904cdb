/* Sum, Prod, Mean, EuclideanNorm, Max, Min, All, Any over the axes in input 1; BiasAddGrad and
 * L2Loss, which are sums as well.
 *
 * How many parts share out the terms of an output follows from the shapes alone, so results are the
 * same at every run. */
#include <string.h>

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/reduce/reduce.h"
#include "kernels/params/bias.h"

/* Four blocks for each of 132 processors keep a device busy; each has 8192 elements at least. */
enum { BUSY = 528, LEAST = 8192, COLUMNS = 32 * TARN_REDUCE_LANES };

/* Where blocks have so many groups of outputs by themselves. */
static int64_t parts_of(int64_t groups, int64_t elements) {
  int64_t parts = BUSY / groups;
  if (parts > elements / LEAST) parts = elements / LEAST;
  return parts < 1 ? 1 : parts;
}

/* For any axes: a group has at most COLUMNS outputs, and there are parts where twice the groups are
 * no more than BUSY. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const int64_t outputs = tarn__shape_elements(&p->out_shape[0]),
                n = tarn__shape_elements(&p->in_shape[0]);
  if (outputs > BUSY / 2 * COLUMNS || n < 2 * LEAST) return 0;
  return (size_t)(outputs < COLUMNS ? outputs : COLUMNS) * BUSY * sizeof(double);
}

/* Whether V neighbours along `along` are V neighbours of x, everywhere. */
static bool vectors_fit(const tarn_cuda_reduce *w, const tarn_view_axes *along,
                        const int64_t *along_step, const tarn_view_axes *other,
                        const int64_t *other_step, int V, int bytes) {
  if (along_step[0] != 1 || (uintptr_t)w->x % (uintptr_t)(V * bytes)) return false;
  for (int d = 1; d < along->rank; d++)
    if (along_step[d] % V) return false;
  for (int d = 0; d < other->rank; d++)
    if (other_step[d] % V && other->dim[d] > 1) return false;
  return true;
}

/* How it is shared out. */
static void plan(tarn_cuda_reduce *w, tarn_dtype dtype) {
  const bool one_by_one = dtype == TARN_F64 || w->code == TARN_REDUCE_PROD;
  const int64_t outputs = w->kept.elements, terms = w->gone.elements;
  const int bytes = (int)tarn_dtype_bytes(dtype);
  const int V = tarn__dtype_in(dtype, TARN_FLOATS) && !one_by_one ? 16 / bytes : 1;
  w->parts = w->lanes = w->wide = 1;
  if (w->gone_step[0][0] == 1 || outputs == 1) {
    if (w->gone.rank == 1 &&
        vectors_fit(w, &w->gone, w->gone_step[0], &w->kept, w->kept_step[0], V, bytes))
      w->lanes = V;
    w->form = outputs > 1 && terms <= 256 * w->lanes ? TARN_REDUCE_SHORT : TARN_REDUCE_ROWS;
    if (w->form == TARN_REDUCE_ROWS) w->parts = parts_of(outputs, terms);
    while (w->form == TARN_REDUCE_SHORT && w->wide < 32 && w->wide * w->lanes < terms) w->wide *= 2;
    return;
  }
  w->form = TARN_REDUCE_COLUMNS;
  if (w->kept.dim[0] % V == 0 && w->gone.rank == 1 &&
      vectors_fit(w, &w->kept, w->kept_step[0], &w->gone, w->gone_step[0], V, bytes))
    w->lanes = V;
  while (w->wide < 32 && w->wide * w->lanes < outputs) w->wide *= 2;
  const int64_t group = w->wide * w->lanes, own = group < outputs ? group : outputs;
  w->parts = parts_of((outputs + group - 1) / group, terms * own);
}

static void add(tarn_view_axes *a, int64_t *step, int64_t dim, int64_t stride) {
  a->elements *= dim;
  if (dim == 1) return;
  if (a->rank && stride == step[a->rank - 1] * a->dim[a->rank - 1]) {
    a->dim[a->rank - 1] *= dim;
    return;
  }
  a->dim[a->rank] = dim;
  step[a->rank++] = stride;
}
static void end(tarn_view_axes *a, int64_t *step) {
  if (a->rank) return;
  a->rank = 1;
  a->dim[0] = 1;
  step[0] = 0;
}

static tarn_status reduce(const tarn_call *call, int code, const tarn_shape *x,
                          const bool *reduced) {
  tarn_cuda_reduce w = {.code = code,
                        .kept.elements = 1,
                        .gone.elements = 1,
                        .x = call->in[0]->data,
                        .y = call->out[0]->data,
                        .partial = call->scratch};
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  int64_t stride = 1;
  for (int d = x->rank - 1; d >= 0; d--) {
    if (reduced[d])
      add(&w.gone, w.gone_step[0], x->dim[d], stride);
    else
      add(&w.kept, w.kept_step[0], x->dim[d], stride);
    stride *= x->dim[d];
  }
  end(&w.kept, w.kept_step[0]);
  end(&w.gone, w.gone_step[0]);
  plan(&w, call->problem->in_dtype[0]);
  if (w.parts > 1) TARN_TRY(tarn__queue_counters(call->queue, &w.counters));
  TARN_LAUNCHED(tarn__cuda_reduce(tarn__stream(call), (int)call->problem->in_dtype[0], &w));
  return TARN_OK;
}

static tarn_status over_axes(const tarn_call *call, int code) {
  const tarn_tensor *x = call->in[0], *axes = call->in[1];
  bool reduced[TARN_MAX_RANK] = {false};
  const int64_t n = tarn__tensor_elements(axes);
  for (int64_t i = 0; i < n; i++) {
    const int64_t axis = tarn__tensor_int(axes, i);
    reduced[axis < 0 ? axis + x->shape.rank : axis] = true;
  }
  return reduce(call, code, &x->shape, reduced);
}

static tarn_status bias_gradient(const tarn_call *call) {
  const tarn_bias g = tarn__bias_of(call->problem->params, &call->in[0]->shape);
  const tarn_shape x = {.rank = 3, .dim = {g.outer, g.C, g.inner}};
  return reduce(call, TARN_REDUCE_SUM, &x, (const bool[3]){true, false, true});
}
static tarn_status l2_loss(const tarn_call *call) {
  const tarn_shape x = tarn__shape_vector(tarn__tensor_elements(call->in[0]));
  return reduce(call, TARN_REDUCE_HALF_SQUARES, &x, (const bool[1]){true});
}

#define RUN(NAME, CODE)                                  \
  static tarn_status run_##NAME(const tarn_call *call) { \
    return over_axes(call, TARN_REDUCE_##CODE);          \
  }
RUN(sum, SUM)
RUN(prod, PROD)
RUN(mean, MEAN)
RUN(norm, NORM)
RUN(max, MAX)
RUN(min, MIN)
RUN(all, ALL)
RUN(any, ANY)
#undef RUN

#define INTEGERS (TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64))
#define ROW(OP, DTYPES, HOST, RUN) \
  { .op = OP, .dtypes = DTYPES, .host_in = HOST, .scratch_bytes = scratch_bytes, .run = RUN }
const tarn_kernel tarn_kernels_reduce_axes_cuda[] = {
    ROW("Sum", TARN_FLOATS | INTEGERS, 2, run_sum),
    ROW("Prod", TARN_FLOATS | INTEGERS, 2, run_prod),
    ROW("Mean", TARN_FLOATS | INTEGERS, 2, run_mean),
    ROW("EuclideanNorm", TARN_FLOATS, 2, run_norm),
    ROW("Max", TARN_FLOATS | INTEGERS, 2, run_max),
    ROW("Min", TARN_FLOATS | INTEGERS, 2, run_min),
    ROW("All", TARN_BIT(TARN_BOOL), 2, run_all),
    ROW("Any", TARN_BIT(TARN_BOOL), 2, run_any),
    ROW("BiasAddGrad", TARN_FLOATS | INTEGERS, 0, bias_gradient),
    ROW("L2Loss", TARN_FLOATS, 0, l2_loss),
    {0},
};

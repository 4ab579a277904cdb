/* Rows of variables by index: written, combined, read. Variables of both kinds come as their values
 * (kernels/device.h). */
#include <string.h>

#include "kernels/cpu/array/elements.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/cuda/index/run.h"
#include "kernels/params/padding.h"
#include "kernels/params/state.h"
#include "kernels/state/row_shapes.h"

static tarn_status updates_fail(const tarn_call *call) {
  char v[TARN_SHAPE_TEXT], i[TARN_SHAPE_TEXT], u[TARN_SHAPE_TEXT];
  return tarn_fail(
      TARN_SHAPE, "%s: a variable of shape %s, indices of %s and updates of %s do not fit",
      call->problem->op, tarn__shape_print(&call->in[0]->shape, v),
      tarn__shape_print(&call->in[1]->shape, i), tarn__shape_print(&call->in[2]->shape, u));
}

static tarn_status check_dtype(const tarn_tensor *var, tarn_dtype dtype, const char *whose) {
  if (var->dtype == dtype) return TARN_OK;
  return tarn_fail(TARN_DTYPE, "the variable is %s, %s %s", tarn_dtype_name(var->dtype), whose,
                   tarn_dtype_name(dtype));
}

/* An integer's 0 is always wrong, a float's for the resource form alone. */
static tarn_fault_kind divisor(const tarn_call *call) {
  if (!strcmp(call->problem->op, "ResourceScatterDiv")) return TARN_FAULT_UPDATES;
  return tarn__dtype_in(call->in[0]->dtype, EACH_FLOAT_BITS) ? TARN_FAULT_NONE : TARN_FAULT_DIVISOR;
}

static tarn_status rows(const tarn_call *call, tarn_scatter_way way) {
  const tarn_tensor *var = call->in[0], *updates = call->in[2];
  const tarn_padded_params *padded = call->problem->params;
  TARN_TRY(check_dtype(var, updates->dtype, "the updates"));
  if (!tarn__rows_fit(&var->shape, &call->in[1]->shape, &updates->shape)) return updates_fail(call);
  tarn_cuda_scatter work = tarn__cuda_scatter_rows(call, var, 1, 2);
  work.way = way;
  work.one = updates->shape.rank == 0;
  work.padded = padded && padded->padded;
  work.divisor = way == TARN_SCATTER_DIV ? divisor(call) : TARN_FAULT_NONE;
  return tarn__cuda_scatter_run(call, var->dtype, true, &work);
}

static tarn_status tuples(const tarn_call *call, tarn_scatter_way way) {
  const tarn_tensor *var = call->in[0], *indices = call->in[1], *updates = call->in[2];
  TARN_TRY(check_dtype(var, updates->dtype, "the updates"));
  if (!tarn__tuples_fit(&var->shape, &indices->shape, &updates->shape)) return updates_fail(call);
  if (tarn__tensor_elements(indices) == 0) return TARN_OK;
  if (tarn__tensor_elements(var) == 0)
    return tarn_fail(TARN_SHAPE, "%s: indices into a variable that is empty", call->problem->op);
  tarn_cuda_scatter work = tarn__cuda_scatter_tuples(call, var, 1, 2);
  work.way = way;
  return tarn__cuda_scatter_run(call, var->dtype, true, &work);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static tarn_status moved(const tarn_call *call, const tarn_shape *shape) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  return tarn_fail(TARN_SHAPE, "%s: rows of a variable of shape %s, which do not make %s",
                   call->problem->op, tarn__shape_print(&call->in[0]->shape, had),
                   tarn__shape_print(shape, got));
}

static tarn_status gather(const tarn_call *call) {
  const tarn_shape *x = &call->in[0]->shape, *s = &call->in[1]->shape, *y = &call->out[0]->shape;
  int64_t batch = ((const tarn_rows_params *)call->problem->params)->batch_dims;
  if (batch < 0) batch += s->rank;
  tarn_shape wanted;
  TARN_TRY(check_dtype(call->in[0], call->problem->out_dtype[0], "read as"));
  if (batch < 0 || batch > TARN_MAX_RANK || !tarn__gathered_rows(x, s, (int)batch, &wanted) ||
      !tarn__shape_equal(&wanted, y))
    return moved(call, y);
  return tarn__cuda_gather_run(call, (int)batch, (int)batch);
}

static tarn_status gather_nd(const tarn_call *call) {
  tarn_shape wanted;
  TARN_TRY(check_dtype(call->in[0], call->problem->out_dtype[0], "read as"));
  if (!tarn__gathered_tuples(&call->in[0]->shape, &call->in[1]->shape, &wanted) ||
      !tarn__shape_equal(&wanted, &call->out[0]->shape))
    return moved(call, &call->out[0]->shape);
  return tarn__cuda_gather_nd_run(call, false);
}

/* ---- the ops ----------------------------------------------------------------------------------
 */

static const char *refuse(const tarn_problem *p) {
  return tarn__cuda_refuse_index(p, 1);
}

#define ANY (TARN_PLAIN & ~TARN_BIT(TARN_C128))
#define WAYS(X)                  \
  X(Update, PUT, ANY)            \
  X(Add, ADD, EACH_ORDERED_BITS) \
  X(Sub, SUB, EACH_ORDERED_BITS) \
  X(Mul, MUL, EACH_ORDERED_BITS) \
  X(Div, DIV, EACH_ORDERED_BITS) \
  X(Min, MIN, EACH_ORDERED_BITS) \
  X(Max, MAX, EACH_ORDERED_BITS)
#define TUPLE_WAYS(X)            \
  X(Update, PUT, ANY)            \
  X(Add, ADD, EACH_ORDERED_BITS) \
  X(Sub, SUB, EACH_ORDERED_BITS) \
  X(Min, MIN, EACH_ORDERED_BITS) \
  X(Max, MAX, EACH_ORDERED_BITS)
#define ROWS(OP, WAY, DTYPES)                           \
  static tarn_status rows_##OP(const tarn_call *call) { \
    return rows(call, TARN_SCATTER_##WAY);              \
  }
#define TUPLES(OP, WAY, DTYPES)                           \
  static tarn_status tuples_##OP(const tarn_call *call) { \
    return tuples(call, TARN_SCATTER_##WAY);              \
  }
WAYS(ROWS)
TUPLE_WAYS(TUPLES)

#define ROW(OP, DTYPES, RUN) \
  {.op = OP, .dtypes = DTYPES, .keyed = 2, .faults = true, .supports = refuse, .run = RUN},
#define WAY_ROWS(OP, WAY, DTYPES) \
  ROW("Scatter" #OP, DTYPES, rows_##OP) ROW("ResourceScatter" #OP, DTYPES, rows_##OP)
#define TUPLE_ROWS(OP, WAY, DTYPES) \
  ROW("ScatterNd" #OP, DTYPES, tuples_##OP) ROW("ResourceScatterNd" #OP, DTYPES, tuples_##OP)
#define READER(OP, RUN)                                                         \
  {                                                                             \
    .op = OP, .dtypes = TARN_PLAIN, .keyed = -1, .reads = true, .faults = true, \
    .supports = refuse, .run = RUN                                              \
  }
const tarn_kernel tarn_kernels_state_rows_cuda[] = {
    WAYS(WAY_ROWS) TUPLE_WAYS(TUPLE_ROWS) READER("ResourceGather", gather),
    READER("ResourceGatherNd", gather_nd),
    {0},
};

/* Rows of variables by index: scattered to, gathered from; counters; variables of one run. Input 0
 * is the handle in both kinds. Every index is looked at before anything is written. */
#include "kernels/cpu/array/numeric.h"
#include "kernels/cpu/index/index_rows.h"
#include "kernels/fault.h"
#include "kernels/params/padding.h"
#include "kernels/params/state.h"
#include "kernels/state/combine.h"
#include "kernels/state/resources.h"
#include "kernels/state/row_shapes.h"
#include "kernels/state/variable.h"

#include <stdio.h>
#include <string.h>

static tarn_status variable_of(const tarn_call *call, tarn_variable **v) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__variable_type, &object));
  *v = object;
  return TARN_OK;
}

static tarn_status updates_fail(const tarn_call *call, const tarn_tensor *var) {
  char v[TARN_SHAPE_TEXT], i[TARN_SHAPE_TEXT], u[TARN_SHAPE_TEXT];
  return tarn_fail(
      TARN_SHAPE, "%s: a variable of shape %s, indices of %s and updates of %s do not fit",
      call->problem->op, tarn__shape_print(&var->shape, v),
      tarn__shape_print(&call->in[1]->shape, i), tarn__shape_print(&call->in[2]->shape, u));
}

static tarn_status row_fail(int64_t i, int64_t at, int64_t rows) {
  return tarn__fault_fail(
      &(tarn_fault){.kind = TARN_FAULT_ROW, .at = i, .index = {at}, .dim = {rows}});
}

/* Zeros of both signs. */
static bool has_zero(const tarn_tensor *t) {
  const int64_t n = tarn__tensor_elements(t);
  switch ((int)t->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                   \
  case DT:                                                                        \
    for (int64_t i = 0; i < n; i++)                                               \
      if (GET(((const S *)t->data)[i]) == 0) return true;                         \
    return false;
    TARN_RING_ROWS(ROW)
#undef ROW
    default: return false;
  }
}

/* updates are a scalar for all, or one row for each index. */
static tarn_status scatter_rows(const tarn_call *call, tarn_combine how, tarn_tensor *var) {
  const tarn_tensor *indices = call->in[1], *updates = call->in[2];
  const bool scalar = updates->shape.rank == 0;
  const tarn_padded_params *p = call->problem->params;
  int64_t n = tarn__tensor_elements(indices);
  while (n > 0 && p && p->padded &&
         tarn__index_at(indices, n - 1) == TARN_PADDING(indices->dtype == TARN_I64))
    n--;
  if (!tarn__rows_fit(&var->shape, &indices->shape, &updates->shape))
    return updates_fail(call, var);
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = tarn__index_at(indices, i);
    if (at < 0 || at >= var->shape.dim[0])
      return row_fail(i, at, var->shape.dim[0]);
  }
  if (how == TARN_COMBINE_DIV && !strcmp(call->problem->op, "ResourceScatterDiv") &&
      has_zero(updates))
    return tarn__fault_fail(&(tarn_fault){.kind = TARN_FAULT_UPDATES});
  const int64_t row = tarn__dims_product(&var->shape, 1, var->shape.rank);
  for (int64_t i = 0; i < n; i++)
    TARN_TRY(tarn__combine(how, var, tarn__index_at(indices, i) * row, updates,
                           scalar ? 0 : i * row, scalar ? 0 : 1, row));
  return TARN_OK;
}

static tarn_status scatter_tuples(const tarn_call *call, tarn_combine how, tarn_tensor *var) {
  const tarn_tensor *indices = call->in[1], *updates = call->in[2];
  if (!tarn__tuples_fit(&var->shape, &indices->shape, &updates->shape))
    return updates_fail(call, var);
  const tarn_index_rows r = tarn__index_rows(indices, &var->shape);
  if (tarn__tensor_elements(indices) == 0) return TARN_OK;
  if (tarn__tensor_elements(var) == 0)
    return tarn_fail(TARN_SHAPE, "%s: indices into a variable that is empty", call->problem->op);
  for (int64_t i = 0; i < r.n; i++)
    if (tarn__index_row(&r, i) < 0) return tarn__index_row_fail(&r, i);
  for (int64_t i = 0; i < r.n; i++)
    TARN_TRY(tarn__combine(how, var, tarn__index_row(&r, i), updates, i * r.row, 1, r.row));
  return TARN_OK;
}

static tarn_status scatter(const tarn_call *call, tarn_combine how, bool tuples) {
  tarn_variable *v;
  tarn_tensor *var;
  TARN_TRY(variable_of(call, &v));
  TARN_TRY(tarn__variable_begin(v, &var));
  tarn_status status = TARN_OK;
  if (var->dtype != call->in[2]->dtype)
    status = tarn_fail(TARN_DTYPE, "variable '%s' is %s, the updates %s", v->name,
                       tarn_dtype_name(var->dtype), tarn_dtype_name(call->in[2]->dtype));
  else
    status = tuples ? scatter_tuples(call, how, var) : scatter_rows(call, how, var);
  tarn__variable_end(v);
  TARN_TRY(status);
  return call->problem->outputs ? tarn__call_handle(call, 0, tarn__object_retain(v)) : TARN_OK;
}

#define WAYS(X) \
  X(Update, PUT) X(Add, ADD) X(Sub, SUB) X(Mul, MUL) X(Div, DIV) X(Min, MIN) X(Max, MAX)
#define TUPLE_WAYS(X) X(Update, PUT) X(Add, ADD) X(Sub, SUB) X(Min, MIN) X(Max, MAX)
#define FUNCTION(OP, WAY)                               \
  static tarn_status rows_##OP(const tarn_call *call) { \
    return scatter(call, TARN_COMBINE_##WAY, false);    \
  }
#define TUPLES(OP, WAY)                                   \
  static tarn_status tuples_##OP(const tarn_call *call) { \
    return scatter(call, TARN_COMBINE_##WAY, true);       \
  }
WAYS(FUNCTION)
TUPLE_WAYS(TUPLES)

/* ---- reading -------------------------------------------------------------------------------- */

/* Where a plan knew the shape it is there. */
static tarn_status make_output(const tarn_call *call, const tarn_shape *shape) {
  const tarn_tensor *y = call->out[0];
  return y->data && tarn__shape_equal(&y->shape, shape) ? TARN_OK
                                                        : tarn__call_allocate(call, 0, shape);
}

/* y[batch, indices of the batch, rest] = var[batch, index, rest]. */
static tarn_status gather_from(const tarn_call *call, const tarn_tensor *var, int batch_dims) {
  const tarn_tensor *indices = call->in[1];
  const tarn_shape *x = &var->shape, *s = &indices->shape;
  char v[TARN_SHAPE_TEXT], i[TARN_SHAPE_TEXT];
  tarn_shape shape;
  if (!tarn__gathered_rows(x, s, batch_dims, &shape))
    return tarn_fail(TARN_SHAPE, "gathering %s from a variable of shape %s with batch_dims %d",
                     tarn__shape_print(s, i), tarn__shape_print(x, v), batch_dims);
  TARN_TRY(tarn__shape_make(shape.rank, shape.dim, &shape));
  TARN_TRY(make_output(call, &shape));
  const int64_t batches = tarn__dims_product(s, 0, batch_dims),
                each = tarn__dims_product(s, batch_dims, s->rank);
  const int64_t row = tarn__dims_product(x, batch_dims + 1, x->rank), rows = x->dim[batch_dims];
  for (int64_t b = 0; b < batches; b++)
    for (int64_t k = 0; k < each; k++) {
      const int64_t at = tarn__index_at(indices, b * each + k);
      if (at < 0 || at >= rows)
        return row_fail(b * each + k, at, rows);
      TARN_TRY(tarn__move(call->out[0], (b * each + k) * row, var, (b * rows + at) * row, row));
    }
  return TARN_OK;
}

static tarn_status gather_tuples(const tarn_call *call, const tarn_tensor *var) {
  const tarn_tensor *indices = call->in[1];
  const tarn_shape *x = &var->shape, *s = &indices->shape;
  tarn_shape shape;
  if (!tarn__gathered_tuples(x, s, &shape))
    return tarn_fail(
        TARN_SHAPE,
        "index tuples longer than the variable's rank %d, or none, or a result of too many dims",
        x->rank);
  const tarn_index_rows r = tarn__index_rows(indices, x);
  TARN_TRY(tarn__shape_make(shape.rank, shape.dim, &shape));
  TARN_TRY(make_output(call, &shape));
  if (r.n > 0 && tarn__tensor_elements(var) == 0)
    return tarn_fail(TARN_SHAPE, "indices into a variable that is empty");
  for (int64_t i = 0; i < r.n; i++) {
    const int64_t at = tarn__index_row(&r, i);
    if (at < 0) return tarn__index_row_fail(&r, i);
    TARN_TRY(tarn__move(call->out[0], i * r.row, var, at, r.row));
  }
  return TARN_OK;
}

static tarn_status read(const tarn_call *call, bool tuples) {
  tarn_variable *v;
  tarn_tensor var;
  TARN_TRY(variable_of(call, &v));
  TARN_TRY(tarn__variable_read(v, &var));
  tarn_status status;
  if (var.dtype != call->problem->out_dtype[0])
    status = tarn_fail(TARN_DTYPE, "variable '%s' is %s, read as %s", v->name,
                       tarn_dtype_name(var.dtype), tarn_dtype_name(call->problem->out_dtype[0]));
  else if (tuples)
    status = gather_tuples(call, &var);
  else {
    const int64_t batch = ((const tarn_rows_params *)call->problem->params)->batch_dims;
    status =
        batch < -TARN_MAX_RANK || batch > TARN_MAX_RANK
            ? tarn_fail(TARN_INVALID, "batch_dims is %lld", (long long)batch)
            : gather_from(call, &var, (int)(batch < 0 ? batch + call->in[1]->shape.rank : batch));
  }
  tarn__tensor_clear(&var);
  return status;
}

static tarn_status gather(const tarn_call *call) { return read(call, false); }
static tarn_status gather_nd(const tarn_call *call) { return read(call, true); }

/* ---- counters and temporary variables ------------------------------------------------------- */

static tarn_status count(const tarn_call *call) {
  const int64_t limit = ((const tarn_rows_params *)call->problem->params)->limit;
  tarn_variable *v;
  tarn_tensor *var;
  TARN_TRY(variable_of(call, &v));
  TARN_TRY(tarn__variable_begin(v, &var));
  tarn_status status = TARN_OK;
  if (var->dtype != call->problem->out_dtype[0] || tarn__tensor_elements(var) != 1)
    status = tarn_fail(TARN_INVALID, "variable '%s' is no scalar of %s", v->name,
                       tarn_dtype_name(call->problem->out_dtype[0]));
  else if (tarn__tensor_int(var, 0) >= limit)
    status = tarn_fail(TARN_END, "Reached limit of %lld", (long long)limit);
  else if (var->dtype == TARN_I64)
    *(int64_t *)call->out[0]->data = (*(int64_t *)var->data)++;
  else
    *(int32_t *)call->out[0]->data = (*(int32_t *)var->data)++;
  tarn__variable_end(v);
  return status;
}

/* What a temporary variable is called: its own name, which need not be the only one, behind a
 * mark. */
enum { TEMPORARY_BYTES = 256 };
static const char *temporary_name(const tarn_string *name, const char *node,
                                  char text[TEMPORARY_BYTES]) {
  if (name->size)
    snprintf(text, TEMPORARY_BYTES, "temporary %.*s", (int)(name->size & 0xffff), name->data);
  else snprintf(text, TEMPORARY_BYTES, "temporary %s", node);
  return text;
}

/* In the session's table only as long as it takes to make it: its handle keeps it. */
static tarn_status temporary(const tarn_call *call) {
  const tarn_variable_params *p = call->problem->params;
  char name[TEMPORARY_BYTES];
  tarn_variable *v;
  tarn_tensor zeros;
  temporary_name(&p->shared_name, call->problem->node, name);
  TARN_TRY(tarn__variable_get(call->run->resources, name, p->dtype, &p->shape, true, &v));
  tarn_status status = tarn__resources_remove(call->run->resources, &tarn__variable_type, name);
  if (status == TARN_OK)
    status = tarn__tensor_new(call->run->allocator, p->dtype, &p->shape, &zeros);
  if (status == TARN_OK) {
    status = tarn__variable_assign(v, &zeros, true);
    tarn__tensor_clear(&zeros);
  }
  if (status == TARN_OK) return tarn__call_handle(call, 0, v);
  tarn__object_release(v);
  return status;
}

static tarn_status end_temporary(const tarn_call *call) {
  tarn_variable *v;
  TARN_TRY(variable_of(call, &v));
  if (v->dtype != call->problem->out_dtype[0])
    return tarn_fail(TARN_DTYPE, "the variable is %s", tarn_dtype_name(v->dtype));
  char wanted[TEMPORARY_BYTES];
  temporary_name(call->problem->params, "", wanted);
  if (strcmp(v->name, wanted))
    return tarn_fail(TARN_INVALID, "the variable is '%s', not '%s'", v->name, wanted);
  tarn__tensor_clear(call->out[0]);
  return tarn__variable_read(v, call->out[0]);
}

#define ROW(OP, WAY) {.op = "Scatter" #OP, .name = "scatter", .run = rows_##OP}, \
                     {.op = "ResourceScatter" #OP, .name = "scatter", .run = rows_##OP},
#define TUPLE_ROW(OP, WAY)                                           \
  {.op = "ScatterNd" #OP, .name = "scatter_nd", .run = tuples_##OP}, \
      {.op = "ResourceScatterNd" #OP, .name = "scatter_nd", .run = tuples_##OP},

const tarn_kernel tarn_kernels_state_rows_reference[] = {
  WAYS(ROW)
  TUPLE_WAYS(TUPLE_ROW)
  {.op = "ResourceGather", .name = "gather", .run = gather},
  {.op = "ResourceGatherNd", .name = "gather_nd", .run = gather_nd},
  {.op = "CountUpTo", .name = "count", .run = count},
  {.op = "ResourceCountUpTo", .name = "count", .run = count},
  {.op = "TemporaryVariable", .name = "temporary", .run = temporary},
  {.op = "DestroyTemporaryVariable", .name = "temporary_end", .run = end_temporary},
  {0},
};

/* Adding to variables, and what ops on variables share. Without vectors in the reference, with them
 * for AVX2. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/state/resources.h"
#include "kernels/state/variable.h"

static tarn_status variable_of(const tarn_call *call, tarn_variable **v) {
  void *object;
  TARN_TRY(tarn__call_object(call, 0, &tarn__variable_type, &object));
  *v = object;
  return TARN_OK;
}

/* Ref ops hand their variable on. */
static tarn_status pass_on(const tarn_call *call, tarn_variable *v) {
  if (!call->problem->outputs) return TARN_OK;
  return tarn__call_handle(call, 0, tarn__object_retain(v));
}

/* y[i] += x[i] or -=, n elements. Integers wrap. */
#define EACH(type, expression)                                          \
  do {                                                                  \
    type *y = to;                                                       \
    const type *x = from;                                               \
    TARN_EACH_LANE                                                      \
    for (int64_t i = 0; i < n; i++) y[i] = (type)(expression);          \
  } while (0)
#define SUM(type, wide)                  \
  if (minus)                             \
    EACH(type, (wide)y[i] - (wide)x[i]); \
  else                                   \
    EACH(type, (wide)y[i] + (wide)x[i]); \
  return TARN_OK
#define NARROW(up, down)                       \
  if (minus)                                   \
    EACH(uint16_t, down(up(y[i]) - up(x[i]))); \
  else                                         \
    EACH(uint16_t, down(up(y[i]) + up(x[i]))); \
  return TARN_OK

static tarn_status add_elements(tarn_dtype dtype, bool minus, int64_t n, void *to,
                                const void *from) {
  switch (dtype) {
    case TARN_F32: SUM(float, float);
    case TARN_F64: SUM(double, double);
    case TARN_F16: NARROW(tarn__f16_to_f32, tarn__f32_to_f16);
    case TARN_BF16: NARROW(tarn__bf16_to_f32, tarn__f32_to_bf16);
    case TARN_I8:
    case TARN_U8: SUM(uint8_t, unsigned);
    case TARN_I16:
    case TARN_U16: SUM(uint16_t, unsigned);
    case TARN_I32:
    case TARN_U32: SUM(uint32_t, uint32_t);
    case TARN_I64:
    case TARN_U64: SUM(uint64_t, uint64_t);
    case TARN_C64: n *= 2; SUM(float, float);
    case TARN_C128: n *= 2; SUM(double, double);
    default:
      return tarn_fail(TARN_UNSUPPORTED, "adding to a variable of %s", tarn_dtype_name(dtype));
  }
}
#undef EACH
#undef SUM
#undef NARROW

static tarn_status add(const tarn_call *call, bool minus) {
  tarn_variable *v;
  tarn_tensor *value;
  const tarn_tensor *x = call->in[1];
  TARN_TRY(variable_of(call, &v));
  TARN_TRY(tarn__variable_begin(v, &value));
  tarn_status status = TARN_OK;
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  if (value->dtype != x->dtype)
    status = tarn_fail(TARN_DTYPE, "variable '%s' is %s, the value %s", v->name,
                       tarn_dtype_name(value->dtype), tarn_dtype_name(x->dtype));
  else if (!tarn__shape_equal(&value->shape, &x->shape))
    status = tarn_fail(TARN_SHAPE, "variable '%s' has shape %s, the value %s", v->name,
                       tarn__shape_print(&value->shape, had), tarn__shape_print(&x->shape, got));
  else
    status = add_elements(value->dtype, minus, tarn__tensor_elements(value), value->data, x->data);
  tarn__variable_end(v);
  TARN_TRY(status);
  return pass_on(call, v);
}

static tarn_status assign_add(const tarn_call *call) { return add(call, false); }
static tarn_status assign_sub(const tarn_call *call) { return add(call, true); }

#define ADD_ROWS                                                                            \
  {.op = "AssignAdd", .name = "assign_add", .run = assign_add},                             \
  {.op = "AssignSub", .name = "assign_sub", .run = assign_sub},                             \
  {.op = "AssignAddVariableOp", .name = "assign_add", .run = assign_add},                   \
  {.op = "AssignSubVariableOp", .name = "assign_sub", .run = assign_sub},

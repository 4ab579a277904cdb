/* Comparisons and truth values. Kernels: kernels/cpu/binary/compare.reference.c and
 * bits.reference.c. */
#include "graph/op.h"
#include "kernels/params/compare.h"

#define CASES(T)                                                                                   \
  .cases = {"x=" T "[] y=" T "[]", "x=" T "[0x3] y=" T "[3]", "x=" T "[3x17] y=" T "[3x17]",       \
            "x=" T "[5x7] y=" T "[]", "x=" T "[] y=" T "[13]", "x=" T "[4x1x3] y=" T "[2x1]",      \
            "x=" T "[129x64] y=" T "[129x1]"}

#define EQUALITY(NAME, FORMULA)                                                               \
  {                                                                                           \
    .name = NAME, .inputs = "x: T, y: T", .outputs = "z: bool", .flags = TARN_OP_COMMUTATIVE, \
    .attrs = "T: type; incompatible_shape_error: bool = true",                                \
    .params_bytes = sizeof(tarn_equal_params), .parse = equal_parse, .infer = equal_infer,    \
    .formula = FORMULA, CASES("T")                                                            \
  }
#define ORDER(NAME, FORMULA)                                                                       \
  {.name = NAME, .inputs = "x: T, y: T", .outputs = "z: bool", .attrs = "T: realnumbertype",       \
   .infer = tarn__infer_binary, .formula = FORMULA, CASES("T")}
#define LOGIC(NAME, FORMULA)                                                                       \
  {.name = NAME, .inputs = "x: bool, y: bool", .outputs = "z: bool", .flags = TARN_OP_COMMUTATIVE, \
   .inplace = 1, .infer = tarn__infer_binary, .formula = FORMULA, CASES("bool")}

static tarn_status equal_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_equal_params *)params)->incompatible_is_unequal =
      !tarn__attr_bool(attrs, "incompatible_shape_error");
  return TARN_OK;
}

static tarn_status equal_infer(tarn_infer *t) {
  const tarn_equal_params *p = t->params;
  if (p->incompatible_is_unequal && tarn__infer_broadcast(t, 0, 1, 0) != TARN_OK) {
    t->out[0] = tarn__shape_scalar(); /* one answer for the whole */
    return TARN_OK;
  }
  return tarn__infer_broadcast(t, 0, 1, 0);
}

static tarn_status near_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_near_params *)params)->tolerance = tarn__attr_float(attrs, "tolerance");
  return TARN_OK;
}

static tarn_status near_infer(tarn_infer *t) {
  t->out[0] = t->in[0];
  return tarn__infer_same(t, 0, 1);
}

const tarn_op tarn_ops_compare[] = {
    EQUALITY("Equal", "z = x equals y"),
    EQUALITY("NotEqual", "z = x differs from y"),
    ORDER("Less", "z = x < y"),
    ORDER("LessEqual", "z = x <= y"),
    ORDER("Greater", "z = x > y"),
    ORDER("GreaterEqual", "z = x >= y"),
    {.name = "ApproximateEqual",
     .inputs = "x: T, y: T",
     .outputs = "z: bool",
     .flags = TARN_OP_COMMUTATIVE,
     .attrs = "T: numbertype; tolerance: float = 0.00001",
     .params_bytes = sizeof(tarn_near_params),
     .parse = near_parse,
     .infer = near_infer,
     .formula = "z = |x - y| < tolerance",
     .cases = {"x=T[3x17] y=T[3x17] tolerance=1.5", "x=T[] y=T[]", "x=T[0] y=T[0]"}},
    LOGIC("LogicalAnd", "z = x and y"),
    LOGIC("LogicalOr", "z = x or y"),
    {0},
};

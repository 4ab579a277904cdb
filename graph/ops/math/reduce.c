/* Reductions over the axes in input 1: any, in any order, negative ones counted from the end, each
 * once; none leaves the tensor as it is. Kernels: kernels/cpu/reduce/. */
#include "graph/op.h"
#include "kernels/params/reduce.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  ((tarn_reduce_params *)params)->keep_dims = tarn__attr_bool(attrs, "keep_dims");
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  const tarn_reduce_params *p = t->params;
  const tarn_shape *x = &t->in[0];
  if (!t->value[1]) return TARN_OK;
  bool reduced[TARN_MAX_RANK] = {false};
  int64_t axes = tarn__shape_elements(&t->in[1]);
  for (int64_t i = 0; i < axes; i++) {
    int axis;
    TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 1, i), x->rank, &axis));
    if (reduced[axis]) return tarn_fail(TARN_INVALID, "axis %d is to be reduced twice", axis);
    reduced[axis] = true;
  }
  tarn_shape out = {.rank = 0};
  for (int d = 0; d < x->rank; d++)
    if (p->keep_dims || !reduced[d]) out.dim[out.rank++] = reduced[d] ? 1 : x->dim[d];
  t->out[0] = out;
  return TARN_OK;
}

#define CASES(T, ...)                                                        \
  .cases = {"input=" T "[3x17] reduction_indices=i32{1}",                    \
            "input=" T "[3x17] reduction_indices=i32{0}",                    \
            "input=" T "[3x5x7] reduction_indices=i32{-1,0} keep_dims=true", \
            "input=" T "[2x3x2x3x2] reduction_indices=i64{1,3}",             \
            "input=" T "[] reduction_indices=i32{}",                         \
            "input=" T "[5] reduction_indices=i32(0)",                       \
            "input=" T "[0x3] reduction_indices=i32{0}",                     \
            "input=" T "[3x0] reduction_indices=i32{0}",                     \
            "input=" T "[4x5] reduction_indices=i32{}",                      \
            "input=" T "[257x300] reduction_indices=i32{0}",                 \
            "input=" T "[20011] reduction_indices=i32{0}",                   \
            __VA_ARGS__}
/* Large enough to be shared out; of products some part would be 0 or infinite. */
#define LARGE(T)                                    \
  "input=" T "[4x2100x8] reduction_indices=i32{1}", \
      "input=" T "[2x16388] reduction_indices=i32{1}"
#define SMALL "input=T[4x21x8] reduction_indices=i32{1}"
#define ATTRS(TYPES) "keep_dims: bool = false; T: " TYPES "; Tidx: {int32, int64} = int32"
#define REDUCTION(NAME, TYPES, FORMULA, ...)                                             \
  {                                                                                      \
    .name = NAME, .inputs = "input: T, reduction_indices: Tidx", .outputs = "output: T", \
    .attrs = ATTRS(TYPES), .params_bytes = sizeof(tarn_reduce_params), .parse = parse,   \
    .infer = infer, .formula = FORMULA, CASES("T", __VA_ARGS__)                          \
  }
#define TRUTH(NAME, FORMULA)                                                                   \
  {                                                                                            \
    .name = NAME, .inputs = "input: bool, reduction_indices: Tidx", .outputs = "output: bool", \
    .attrs = "keep_dims: bool = false; Tidx: {int32, int64} = int32",                          \
    .params_bytes = sizeof(tarn_reduce_params), .parse = parse, .infer = infer,                \
    .formula = FORMULA, CASES("bool", LARGE("bool"))                                           \
  }

const tarn_op tarn_ops_reduce[] = {
    REDUCTION("Sum", "numbertype", "output = sum of input over the axes", LARGE("T")),
    REDUCTION("Mean", "numbertype",
              "output = mean of input over the axes; of integers, rounded towards zero",
              LARGE("T")),
    REDUCTION("Prod", "numbertype", "output = product of input over the axes", SMALL),
    REDUCTION("EuclideanNorm", "numbertype", "output = sqrt(sum of |input|^2 over the axes)",
              LARGE("T")),
    REDUCTION("Max", "{realnumbertype, quantizedtype}",
              "output = largest of input over the axes; NaN stays", LARGE("T")),
    REDUCTION("Min", "{realnumbertype, quantizedtype}",
              "output = smallest of input over the axes; NaN stays", LARGE("T")),
    TRUTH("All", "output = every element of input over the axes is true"),
    TRUTH("Any", "output = an element of input over the axes is true"),
    {0},
};

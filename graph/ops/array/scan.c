/* Running sums, products and sums of exponentials. */
#include "graph/op.h"
#include "kernels/params/array.h"

static tarn_status scan_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_scan_params *)params)->exclusive = tarn__attr_bool(attrs, "exclusive");
  ((tarn_scan_params *)params)->reverse = tarn__attr_bool(attrs, "reverse");
  return TARN_OK;
}

static tarn_status scan_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 1));
  if (!t->value[1]) return TARN_OK;
  int axis;
  TARN_TRY(tarn__shape_axis(tarn__infer_int(t, 1, 0), t->in[0].rank, &axis));
  t->out[0] = t->in[0];
  return TARN_OK;
}

#define SCAN                                                                                   \
  .inputs = "x: T, axis: Tidx", .outputs = "out: T",                                           \
  .attrs =                                                                                     \
      "exclusive: bool = false; reverse: bool = false; T: numbertype; Tidx: {int32, int64} = " \
      "int32",                                                                                 \
  .params_bytes = sizeof(tarn_scan_params), .parse = scan_parse, .infer = scan_infer,          \
  .cases = {"x=T[3x17] axis=i32(1)",                                                           \
            "x=T[3x5x2] axis=i32(-2) exclusive=true",                                          \
            "x=T[3x5] axis=i32(0) reverse=true",                                               \
            "x=T[7] axis=i64(0) exclusive=true reverse=true",                                  \
            "x=T[0x3] axis=i32(0)",                                                            \
            "x=T[300x100] axis=i32(0)"}

static tarn_status isotonic_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank_at_least(t, 0, 1));
  if (t->in[0].dim[t->in[0].rank - 1] > INT32_MAX)
    return tarn_fail(TARN_LIMIT, "a dim of %lld", (long long)t->in[0].dim[t->in[0].rank - 1]);
  t->out[0] = t->out[1] = t->in[0];
  return TARN_OK;
}

const tarn_op tarn_ops_scan[] = {
    {.name = "CumulativeLogsumexp",
     .inputs = "x: T, axis: Tidx",
     .outputs = "out: T",
     .attrs = "exclusive: bool = false; reverse: bool = false; T: {bfloat16, half, float, double}; "
              "Tidx: {int32, int64} = int32",
     .params_bytes = sizeof(tarn_scan_params),
     .parse = scan_parse,
     .infer = scan_infer,
     .formula =
         "out[i] = log of the sum over j <= i of exp(x[j]) (exclusive: j < i; reverse: j >= i)",
     .cases = {"x=T[3x17] axis=i32(1)", "x=T[3x5x2] axis=i32(-2) exclusive=true",
               "x=T[3x5] axis=i64(0) reverse=true", "x=T[0x3] axis=i32(0)"}},
    {.name = "Cumsum",
     SCAN,
     .formula = "out[i] = sum over j <= i of x[j] (exclusive: j < i; reverse: j >= i)"},
    {.name = "Cumprod",
     SCAN,
     .formula = "out[i] = product over j <= i of x[j] (exclusive: j < i; reverse: j >= i)"},
    {.name = "IsotonicRegression",
     .inputs = "input: T",
     .outputs = "output: output_dtype, segments: int32",
     .attrs = "T: realnumbertype; output_dtype: {half, bfloat16, float, double} = DT_FLOAT",
     .infer = isotonic_infer,
     .formula = "the nearest to input that never rises along the last dim, and its steps' numbers",
     .cases = {"input=f32[3x17]", "input=f64[2x1] output_dtype=f64", "input=i8[2x9]",
               "input=i64[9] output_dtype=f64", "input=bf16[2x0] output_dtype=bf16",
               "input=f16[31] output_dtype=f16"}},
    {0},
};

/* Ops that look at values: finite or not, in which bucket. Kernels: kernels/cpu/check/. */
#include "graph/op.h"
#include "kernels/params/check.h"

static tarn_status check_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_check_numerics_params *)params)->message = tarn__attr_string(attrs, "message");
  return TARN_OK;
}

static tarn_status check_v2_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_check_numerics_params *)params)->signs = true;
  return check_parse(attrs, params);
}

static tarn_status bucketize_parse(const tarn_attrs *attrs, void *params) {
  tarn_bucketize_params *p = params;
  const tarn_attr *list = tarn__attr_list(attrs, "boundaries");
  for (size_t i = 1; i < list->list.count; i++)
    if (!(list->list.f[i - 1] <= list->list.f[i]))
      return tarn_fail(TARN_INVALID,
                       "attribute boundaries: expected rising numbers, got %g after %g",
                       (double)list->list.f[i], (double)list->list.f[i - 1]);
  p->boundaries = list->list.f;
  p->count = (int64_t)list->list.count;
  return TARN_OK;
}

static tarn_status histogram_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 1));
  TARN_TRY(tarn__infer_scalar(t, 2));
  if (t->in[1].dim[0] != 2)
    return tarn_fail(TARN_SHAPE, "value_range: expected 2 elements, got %lld",
                     (long long)t->in[1].dim[0]);
  if (!t->value[2]) return TARN_OK;
  int64_t bins = tarn__infer_int(t, 2, 0);
  if (bins <= 0)
    return tarn_fail(TARN_INVALID, "nbins: expected a positive number, got %lld", (long long)bins);
  t->out[0] = tarn__shape_vector(bins);
  return TARN_OK;
}

const tarn_op tarn_ops_check[] = {
    {.name = "CheckNumerics",
     .inputs = "tensor: T",
     .outputs = "output: T",
     .flags = TARN_OP_STATEFUL,
     .inplace = 1,
     .attrs = "T: {bfloat16, half, float, double}; message: string",
     .params_bytes = sizeof(tarn_check_numerics_params),
     .parse = check_parse,
     .formula = "output = tensor; an error where it is not finite",
     .cases = {"tensor=T[3x17] message=x", "tensor=T[] message=x", "tensor=T[0] message=x"}},
    {.name = "CheckNumericsV2",
     .inputs = "tensor: T",
     .outputs = "output: T",
     .flags = TARN_OP_STATEFUL,
     .inplace = 1,
     .attrs = "T: {bfloat16, half, float, double}; message: string",
     .params_bytes = sizeof(tarn_check_numerics_params),
     .parse = check_v2_parse,
     .formula = "output = tensor; an error where it is not finite",
     .cases = {"tensor=T[3x17] message=x"}},
    {.name = "Bucketize",
     .inputs = "input: T",
     .outputs = "output: int32",
     .attrs = "T: {int32, int64, float, double}; boundaries: list(float)",
     .params_bytes = sizeof(tarn_bucketize_params),
     .parse = bucketize_parse,
     .formula = "output = number of boundaries <= input",
     .cases = {"input=T[3x17] boundaries=[-1,0,0.5,2]", "input=T[] boundaries=[]",
               "input=T[0] boundaries=[1]"}},
    {.name = "HistogramFixedWidth",
     .inputs = "values: T, value_range: T, nbins: int32",
     .outputs = "out: dtype",
     .attrs = "T: {int32, int64, float, double}; dtype: {int32, int64} = int32",
     .infer = histogram_infer,
     .formula = "out[i] = number of values in bin i of nbins equal ones over value_range",
     .cases = {"values=f32[1000] value_range=f32{-2,2} nbins=i32(10)",
               "values=i32[50] value_range=i32{0,5} nbins=i32(5) dtype=i64",
               "values=f64[0] value_range=f64{0,1} nbins=i32(3)"}},
    {0},
};

/* Records of comma-separated text, a tensor for each column. */
#include "graph/op.h"
#include "kernels/params/input.h"

static tarn_status csv_parse(const tarn_attrs *attrs, void *params) {
  tarn_csv_params *p = params;
  const tarn_attr *types = tarn__attr_list(attrs, "OUT_TYPE"),
                  *columns = tarn__attr_list(attrs, "select_cols");
  const tarn_string delimiter = tarn__attr_string(attrs, "field_delim");
  if (delimiter.size != 1)
    return tarn_fail(TARN_INVALID, "field_delim should be only 1 char, got %zu", delimiter.size);
  for (size_t i = 0; i < types->list.count; i++)
    if (!tarn__dtype_in(types->list.type[i], TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64) |
                                                 TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64) |
                                                 TARN_BIT(TARN_STRING)))
      return tarn_fail(TARN_DTYPE, "columns are float, double, int32, int64 or string, not %s",
                       tarn_dtype_name(types->list.type[i]));
  if (columns->list.count && columns->list.count != types->list.count)
    return tarn_fail(TARN_INVALID, "select_cols has %zu columns for %zu outputs",
                     columns->list.count, types->list.count);
  for (size_t i = 0; i < columns->list.count; i++)
    if (columns->list.i[i] < (i ? columns->list.i[i - 1] + 1 : 0))
      return tarn_fail(TARN_INVALID, "select_cols must ascend from 0 up");
  p->delimiter = delimiter.data[0];
  p->quotes = tarn__attr_bool(attrs, "use_quote_delim");
  p->absent = tarn__attr_string(attrs, "na_value");
  p->columns = (int)columns->list.count;
  p->selected = columns->list.i;
  return TARN_OK;
}

static tarn_status csv_infer(tarn_infer *t) {
  for (int i = 1; i < t->inputs; i++) {
    if (t->in[i].rank > 1)
      return tarn_fail(TARN_SHAPE,
                       "a default must be a scalar or a vector of at most 1 element, got rank %d",
                       t->in[i].rank);
    if (t->in[i].rank == 1 && t->in[i].dim[0] > 1)
      return tarn_fail(TARN_SHAPE, "a default has at most 1 element, got %lld",
                       (long long)t->in[i].dim[0]);
  }
  for (int o = 0; o < t->outputs; o++) t->out[o] = t->in[0];
  return TARN_OK;
}

const tarn_op tarn_ops_csv[] = {
    {.name = "DecodeCSV",
     .inputs = "records: string, record_defaults: OUT_TYPE",
     .outputs = "output: OUT_TYPE",
     .attrs = "OUT_TYPE: list(type) >= 1; field_delim: string = ','; use_quote_delim: bool = true; "
              "na_value: string = '';"
              "select_cols: list(int) = []",
     .params_bytes = sizeof(tarn_csv_params),
     .parse = csv_parse,
     .infer = csv_infer,
     .formula =
         "the fields of each record (RFC 4180), a tensor a column; a missing field is its default"},
    {0},
};

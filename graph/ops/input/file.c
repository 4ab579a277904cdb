/* Files as strings, and strings as numbers. Files are reached only where the session allows it. */
#include "graph/op.h"
#include "kernels/params/input.h"

static tarn_status raw_parse(const tarn_attrs *attrs, void *params) {
  tarn_decode_params *p = params;
  p->dtype = tarn__attr_type(attrs, "out_type");
  p->little_endian = tarn__attr_bool(attrs, "little_endian");
  return TARN_OK;
}

static tarn_status read_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 0));
  return tarn__infer_scalars(t);
}

static tarn_status write_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_scalar(t, 0));
  return tarn__infer_scalar(t, 1);
}

const tarn_op tarn_ops_file[] = {
  {.name = "ReadFile", .inputs = "filename: string", .outputs = "contents: string", .flags = TARN_OP_STATEFUL, .infer = read_infer,
   .formula = "the bytes of a file"},
  {.name = "WriteFile", .inputs = "filename: string, contents: string", .flags = TARN_OP_STATEFUL, .infer = write_infer,
   .formula = "writes a file"},
  {.name = "DecodeRaw", .inputs = "bytes: string", .outputs = "output: out_type",
   .attrs = "out_type: {half, float, double, int32, uint16, uint8, int16, int8, int64, complex64, complex128, bool, bfloat16};"
            "little_endian: bool = true",
   .params_bytes = sizeof(tarn_decode_params), .parse = raw_parse, .infer = tarn__infer_unknown,
   .formula = "the bytes of each string as numbers, in one more dim"},
  {0},
};

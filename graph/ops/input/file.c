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

static tarn_status match_infer(tarn_infer *t) {
  if (t->in[0].rank > 1)
    return tarn_fail(TARN_SHAPE, "Input patterns tensor must be scalar or vector, got rank %d",
                     t->in[0].rank);
  return TARN_OK;
}

static tarn_status region_parse(const tarn_attrs *attrs, void *params) {
  tarn_region_params *p = params;
  p->dtype = tarn__attr_type(attrs, "dtype");
  p->shape = *tarn__attr_shape(attrs, "shape");
  p->name = tarn__attr_string(attrs, "memory_region_name");
  if (!tarn__dtype_in(p->dtype, TARN_PLAIN))
    return tarn_fail(TARN_UNSUPPORTED, "a constant of %s in a file", tarn_dtype_name(p->dtype));
  if (!tarn__shape_known(&p->shape))
    return tarn_fail(TARN_SHAPE, "the shape must be known in full");
  return TARN_OK;
}

static tarn_status region_infer(tarn_infer *t) {
  t->out[0] = ((const tarn_region_params *)t->params)->shape;
  return TARN_OK;
}

static tarn_status padded_infer(tarn_infer *t) {
  const tarn_decode_params *p = t->params;
  const int rank = t->in[0].rank;
  const int64_t each = (int64_t)tarn_dtype_bytes(p->dtype);
  TARN_TRY(tarn__infer_scalar(t, 1));
  if (rank >= TARN_MAX_RANK) return tarn_fail(TARN_LIMIT, "strings of rank %d", rank);
  if (!t->value[1]) return TARN_OK;
  const int64_t length = tarn__infer_int(t, 1, 0);
  if (length <= 0)
    return tarn_fail(TARN_INVALID, "fixed_length (%lld) must be greater than zero",
                     (long long)length);
  if (length % each)
    return tarn_fail(TARN_INVALID, "fixed_length (%lld) must be a multiple of %lld, the size of %s",
                     (long long)length, (long long)each, tarn_dtype_name(p->dtype));
  t->out[0] = t->in[0];
  t->out[0].rank = rank + 1;
  t->out[0].dim[rank] = length / each;
  return TARN_OK;
}

static tarn_status packed_parse(const tarn_attrs *attrs, void *params) {
  const tarn_string name = tarn__attr_string(attrs, "compression_type");
  return tarn__compression_of(&name, params);
}

const tarn_op tarn_ops_file[] = {
    {.name = "ReadFile",
     .inputs = "filename: string",
     .outputs = "contents: string",
     .flags = TARN_OP_STATEFUL,
     .infer = read_infer,
     .formula = "the bytes of a file"},
    {.name = "WriteFile",
     .inputs = "filename: string, contents: string",
     .flags = TARN_OP_STATEFUL,
     .infer = write_infer,
     .formula = "writes a file"},
    {.name = "MatchingFiles",
     .inputs = "pattern: string",
     .outputs = "filenames: string",
     .flags = TARN_OP_STATEFUL,
     .infer = match_infer,
     .formula = "the files that the patterns (*, ?, [...]) name, sorted"},
    {.name = "ImmutableConst",
     .outputs = "tensor: dtype",
     .attrs = "dtype: type; shape: shape; memory_region_name: string",
     .flags = TARN_OP_STATEFUL,
     .params_bytes = sizeof(tarn_region_params),
     .parse = region_parse,
     .infer = region_infer,
     .formula = "the bytes of a file as a tensor"},
    {.name = "DecodeCompressed",
     .inputs = "bytes: string",
     .outputs = "output: string",
     .attrs = "compression_type: string = ''",
     .params_bytes = sizeof(tarn_compression),
     .parse = packed_parse,
     .formula = "each string, unpacked",
     .cases = {"bytes=string[3]", "bytes=string[2x0]"}},
    {.name = "DecodePaddedRaw",
     .inputs = "input_bytes: string, fixed_length: int32",
     .outputs = "output: out_type",
     .attrs = "out_type: {half, float, double, int32, uint16, uint8, int16, int8, int64, "
              "bfloat16}; little_endian: bool = true",
     .params_bytes = sizeof(tarn_decode_params),
     .parse = raw_parse,
     .infer = padded_infer,
     .formula = "the first fixed_length bytes of each string as numbers, filled up with zeros, in "
                "one more dim"},
    {.name = "DecodeRaw",
     .inputs = "bytes: string",
     .outputs = "output: out_type",
     .attrs = "out_type: {half, float, double, int32, uint16, uint8, int16, int8, int64, "
              "complex64, complex128, bool, bfloat16};"
              "little_endian: bool = true",
     .params_bytes = sizeof(tarn_decode_params),
     .parse = raw_parse,
     .infer = tarn__infer_unknown,
     .formula = "the bytes of each string as numbers, in one more dim"},
    {0},
};

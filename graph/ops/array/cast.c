/* Elements as another type. */
#include "graph/op.h"
#include "kernels/params/array.h"

static tarn_status cast_parse(const tarn_attrs *attrs, void *params) {
  ((tarn_cast_params *)params)->truncate = tarn__attr_bool(attrs, "Truncate");
  return TARN_OK;
}

const tarn_op tarn_ops_cast[] = {
    {.name = "Cast",
     .inputs = "x: SrcT",
     .outputs = "y: DstT",
     .attrs = "SrcT: type; DstT: type; Truncate: bool = false",
     .params_bytes = sizeof(tarn_cast_params),
     .parse = cast_parse,
     .infer = tarn__infer_unary,
     .formula = "y = (DstT)x: towards zero to integers, to nearest even to floats, x != 0 to bool",
     .cases = {"x=T[3x17] DstT=float", "x=T[5] DstT=int32", "x=T[5] DstT=bool", "x=T[7] DstT=half",
               "x=f32[7] DstT=bfloat16 Truncate=true", "x=T[0] DstT=double", "x=T[3] DstT=int8",
               "x=T[3] DstT=complex64", "x=f32[5]:-300..300 DstT=uint8",
               "x=T[300x400] DstT=int64"}},
    {0},
};

/* QuantizeAndDequantize (V1 to V4). */
#include "kernels/cpu/quantize/types.h"

#define TARN_EACH_BODY "kernels/cpu/quantize/round_trip.body.h"
#define TARN_EACH_SET (TARN_EACH_F32 | TARN_EACH_F64)
#include "kernels/cpu/each.h"

static double real_at(const tarn_tensor *t, int64_t i) {
  return t->dtype == TARN_F32 ? (double)((const float *)t->data)[i] : ((const double *)t->data)[i];
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_quantize_params *params = p->params;
  const tarn_slices s = tarn__slices_of(&p->in_shape[0], params->axis);
  const int64_t bits = p->inputs > 3 ? tarn__tensor_int(call->in[3], 0) : params->num_bits;
  if (bits < 1 || bits > (params->signed_input ? 62 : 63))
    return tarn_fail(TARN_INVALID, "num_bits: expected 1 to %d, got %lld", params->signed_input ? 62 : 63,
                     (long long)bits);
  for (int64_t c = 0; c < s.C; c++) {
    const double low = p->inputs > 1 ? real_at(call->in[1], c) : (double)params->min;
    const double high = p->inputs > 1 ? real_at(call->in[2], c) : (double)params->max;
    if (params->range_given && !(low <= high))
      return tarn_fail(TARN_INVALID, "range %lld: input_min %g is above input_max %g", (long long)c, low, high);
    if (p->in_dtype[0] == TARN_F32) round_trip_f32(call, &s, c, low, high, bits);
    else round_trip_f64(call, &s, c, low, high, bits);
  }
  return TARN_OK;
}

#define ROW(text) {.op = text, .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .run = run}
const tarn_kernel tarn_kernels_quantize_round_trip_reference[] = {
    ROW("QuantizeAndDequantize"),
    ROW("QuantizeAndDequantizeV2"),
    ROW("QuantizeAndDequantizeV3"),
    ROW("QuantizeAndDequantizeV4"),
    {0},
};

/* The gradient of QuantizeAndDequantizeV4: straight through where the input is in range. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"
#include "kernels/params/quantize.h"

/* A product with 0 or 1, so that an infinite gradient makes NaN, as in TensorFlow. */
#define GRAD(NAME, E, DT, suffix, S, A, GET, PUT)                             \
  static void grad_##suffix(const tarn_call *call, const tarn_slices *s) {    \
    const S *dy = call->in[0]->data, *x = call->in[1]->data;                  \
    const S *low = call->in[2]->data, *high = call->in[3]->data;              \
    S *dx = call->out[0]->data;                                               \
    for (int64_t k = 0, n = s->outer * s->C * s->inner; k < n; k++) {         \
      const int64_t c = k / s->inner % s->C;                                  \
      const A at = GET(x[k]);                                                 \
      dx[k] = PUT(GET(dy[k]) * (A)(at >= GET(low[c]) && at <= GET(high[c]))); \
    }                                                                         \
  }
TARN_WIDE_FLOAT_ROWS(GRAD, , )

static tarn_status run(const tarn_call *call) {
  const tarn_quantize_params *p = call->problem->params;
  const tarn_slices s = tarn__slices_of(&call->problem->in_shape[0], p->axis);
  for (int i = 1; i < 3; i++) memset(call->out[i]->data, 0, tarn__tensor_bytes(call->out[i]));
  switch ((int)call->problem->in_dtype[0]) {
#define ROW(NAME, E, DT, suffix, S, A, GET, PUT) \
  case DT:                                       \
    grad_##suffix(call, &s);                     \
    break;
    TARN_WIDE_FLOAT_ROWS(ROW, , )
#undef ROW
    default:
      break;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_quantize_round_trip_grad_reference[] = {
    {.op = "QuantizeAndDequantizeV4Grad",
     .name = "gradient",
     .dtypes = TARN_WIDE_FLOAT_BITS,
     .run = run},
    {0},
};

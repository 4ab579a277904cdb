/* The regularised incomplete beta function of three tensors of one shape, or scalars. */
#include "kernels/cpu/special/special.h"
#include "kernels/kernel.h"

static double at(const tarn_tensor *t, int64_t i) {
  if (t->shape.rank == 0) i = 0;
  return t->dtype == TARN_F32 ? (double)((const float *)t->data)[i] : ((const double *)t->data)[i];
}

static tarn_status run(const tarn_call *call) {
  tarn_tensor *z = call->out[0];
  int64_t n = tarn__tensor_elements(z);
  for (int64_t i = 0; i < n; i++) {
    double value = tarn__betainc(at(call->in[0], i), at(call->in[1], i), at(call->in[2], i));
    if (z->dtype == TARN_F32) ((float *)z->data)[i] = (float)value;
    else ((double *)z->data)[i] = value;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_combine_betainc_reference[] = {
  {.op = "Betainc", .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .run = run},
  {0},
};

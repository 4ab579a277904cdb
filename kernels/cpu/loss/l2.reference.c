/* L2Loss by definition. */
#include "kernels/kernel.h"

#define TARN_EACH_BODY "kernels/cpu/loss/l2.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

static tarn_status run(const tarn_call *call) {
  TARN_EACH_OF_FLOATS(call->problem->in_dtype[0], l2)(call);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_loss_l2_reference[] = {
    {.op = "L2Loss", .dtypes = TARN_FLOATS, .run = run},
    {0},
};

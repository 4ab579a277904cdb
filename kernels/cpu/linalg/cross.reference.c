/* Cross by definition. */
#include "kernels/kernel.h"

#define TARN_EACH_BODY "kernels/cpu/linalg/cross.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_INTS)
#include "kernels/cpu/each.h"

static tarn_status run(const tarn_call *call) {
  TARN_EACH_OF_REALS(call->problem->in_dtype[0], cross)(call);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_linalg_cross_reference[] = {
    {.op = "Cross", .dtypes = TARN_REALS, .run = run},
    {0},
};

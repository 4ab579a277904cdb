/* Conv2D with narrowed factors; see narrow.body.h. */
#include "kernels/cpu/narrow/as_bf16_avx512.h"

#include "kernels/cpu/conv2d/narrow.body.h"

const tarn_kernel tarn_kernels_conv2d_narrow_bf16_avx512[] = {
    ROW("Conv2D"), ROW("_FusedConv2D"), {0}};

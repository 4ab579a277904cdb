/* The gradient of 3x3 convolutions towards the filter by Winograd, squares of 4x4, for AVX2:
 * filter_winograd.body.h. */
#define OUT 4
#define FILTER 3
#include "kernels/cpu/convolution/filter_winograd.body.h"

const tarn_kernel tarn_kernels_convolution_filter_winograd3_avx2[] = {ROWS {0}};

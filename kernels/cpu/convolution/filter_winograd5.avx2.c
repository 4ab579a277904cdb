/* The gradient of 5x5 convolutions towards the filter by Winograd, squares of 3x3, for AVX2:
 * filter_winograd.body.h. */
#define OUT 3
#define FILTER 5
#include "kernels/cpu/convolution/filter_winograd.body.h"

const tarn_kernel tarn_kernels_convolution_filter_winograd5_avx2[] = {ROWS {0}};

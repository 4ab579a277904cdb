/* Gradients of convolutions towards their filters for AVX2; see filter_gradient.body.h. */
#include "kernels/cpu/convolution/filter_gradient.body.h"

const tarn_kernel tarn_kernels_convolution_filter_gradient_avx2[] = {ROWS {0}};

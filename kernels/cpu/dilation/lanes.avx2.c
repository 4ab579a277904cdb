/* Dilation2D and its gradients for AVX2; see lanes.body.h. */
#include "kernels/cpu/dilation/lanes.body.h"

const tarn_kernel tarn_kernels_dilation_lanes_avx2[] = {ROWS {0}};

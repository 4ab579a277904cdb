/* BiasAdd of half floats and doubles for AVX-512; see lanes.body.h. */
#include "kernels/cpu/bias/lanes.body.h"

const tarn_kernel tarn_kernels_bias_lanes_avx512[] = {ROWS {0}};

/* Pooling of the rarer floats, and the gradient of average pooling, for AVX-512; see
 * lanes.body.h. */
#include "kernels/cpu/pool/lanes.body.h"

const tarn_kernel tarn_kernels_pool_lanes_avx512[] = {ROWS {0}};

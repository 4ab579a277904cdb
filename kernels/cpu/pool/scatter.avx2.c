/* MaxPoolGradWithArgmax for AVX2; see scatter.body.h. */
#include "kernels/cpu/pool/scatter.body.h"

const tarn_kernel tarn_kernels_pool_scatter_avx2[] = {ROWS {0}};

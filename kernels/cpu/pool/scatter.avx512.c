/* MaxPoolGradWithArgmax for AVX-512; see scatter.body.h. */
#include "kernels/cpu/pool/scatter.body.h"

const tarn_kernel tarn_kernels_pool_scatter_avx512[] = {ROWS {0}};

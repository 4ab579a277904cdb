/* Max and average pooling for AVX-512; see channels.body.h. */
#include "kernels/cpu/pool/channels.body.h"

const tarn_kernel tarn_kernels_pool_channels_avx512[] = {ROWS, {0}};

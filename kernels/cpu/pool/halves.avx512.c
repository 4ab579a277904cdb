/* Average pooling of half floats for AVX-512; see halves.body.h. */
#include "kernels/cpu/pool/halves.body.h"

const tarn_kernel tarn_kernels_pool_halves_avx512[] = {ROWS {0}};

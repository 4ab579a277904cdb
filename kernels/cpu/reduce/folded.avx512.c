/* Sums and means for AVX-512; see folded.body.h. */
#include "kernels/cpu/reduce/folded.body.h"

const tarn_kernel tarn_kernels_reduce_folded_avx512[] = {ROWS, {0}};

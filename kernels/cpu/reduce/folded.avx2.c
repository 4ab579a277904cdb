/* Sums and means for AVX2; see folded.body.h. */
#include "kernels/cpu/reduce/folded.body.h"

const tarn_kernel tarn_kernels_reduce_folded_avx2[] = {ROWS, {0}};

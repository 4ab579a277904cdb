/* Local response normalization for AVX-512; see rows.body.h. */
#include "kernels/cpu/lrn/rows.body.h"

const tarn_kernel tarn_kernels_lrn_rows_avx512[] = {ROWS {0}};

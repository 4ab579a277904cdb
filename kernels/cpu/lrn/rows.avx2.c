/* Local response normalization for AVX2; see rows.body.h. */
#include "kernels/cpu/lrn/rows.body.h"

const tarn_kernel tarn_kernels_lrn_rows_avx2[] = {ROWS {0}};

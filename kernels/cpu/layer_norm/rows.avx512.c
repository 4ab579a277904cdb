/* Layer norm for AVX-512; see rows.body.h. */
#include "kernels/cpu/layer_norm/rows.body.h"

const tarn_kernel tarn_kernels_layer_norm_rows_avx512[] = {ROWS{0}};

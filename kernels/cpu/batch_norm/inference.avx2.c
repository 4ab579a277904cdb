/* Batch normalisation with given statistics for AVX2; see inference.body.h. */
#include "kernels/cpu/batch_norm/inference.body.h"

const tarn_kernel tarn_kernels_batch_norm_inference_avx2[] = {ROWS, {0}};

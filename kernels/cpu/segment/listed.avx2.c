/* Sums of listed rows for AVX2; see listed.body.h. */
#include "kernels/cpu/segment/listed.body.h"

const tarn_kernel tarn_kernels_segment_listed_avx2[] = {ROWS {0}};

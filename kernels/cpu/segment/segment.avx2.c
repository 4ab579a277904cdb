/* Reductions by segment for AVX2; see segment.body.h. */
#include "kernels/cpu/segment/segment.body.h"

const tarn_kernel tarn_kernels_segment_segment_avx2[] = {ROWS {0}};

/* Functions of one tensor in vectors for AVX2; see lanes.body.h. */
#include "kernels/cpu/elementwise/blocks.h"
#include "kernels/cpu/unary/lanes.body.h"

const tarn_kernel tarn_kernels_unary_lanes_avx2[] = {ROWS {0}};

void tarn__erf_block_avx2(const float *x, float *y, int64_t n, float alpha) {
  (void)alpha;
  loop_Erf_f32(x, y, n);
}

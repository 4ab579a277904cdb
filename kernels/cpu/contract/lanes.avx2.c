/* Products of any strides and dtype for AVX2; no op of its own. See lanes.body.h. */
#define CONTRACT tarn__contract_avx2
#include "kernels/cpu/contract/lanes.body.h"

const tarn_kernel tarn_kernels_contract_lanes_avx2[] = {{0}};

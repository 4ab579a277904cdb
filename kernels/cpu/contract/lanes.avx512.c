/* Products of any strides and dtype for AVX-512; no op of its own. See lanes.body.h. */
#define CONTRACT tarn__contract_avx512
#include "kernels/cpu/contract/lanes.body.h"

const tarn_kernel tarn_kernels_contract_lanes_avx512[] = {{0}};

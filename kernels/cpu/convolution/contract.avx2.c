/* Convolutions of any dtype as products for AVX2; see contract.body.h. */
#define CONTRACT tarn__contract_avx2
#include "kernels/cpu/convolution/contract.body.h"

const tarn_kernel tarn_kernels_convolution_contract_avx2[] = {ROWS {0}};

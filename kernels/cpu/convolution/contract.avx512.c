/* Convolutions of any dtype as products for AVX-512; see contract.body.h. */
#define CONTRACT tarn__contract_avx512
#include "kernels/cpu/convolution/contract.body.h"

const tarn_kernel tarn_kernels_convolution_contract_avx512[] = {ROWS {0}};

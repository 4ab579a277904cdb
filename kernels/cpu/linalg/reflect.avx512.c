/* Qr for AVX-512; see reflect.body.h. */
#include "kernels/cpu/linalg/reflect.body.h"

const tarn_kernel tarn_kernels_linalg_reflect_avx512[] = {ROWS {0}};

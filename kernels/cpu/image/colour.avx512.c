/* Contrast and colours for AVX-512; see colour.body.h. */
#include "kernels/cpu/image/colour.body.h"

const tarn_kernel tarn_kernels_image_colour_avx512[] = {ROWS {0}};

/* Contrast and colours for AVX2; see colour.body.h. */
#include "kernels/cpu/image/colour.body.h"

const tarn_kernel tarn_kernels_image_colour_avx2[] = {ROWS {0}};

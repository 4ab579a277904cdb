/* CropAndResize and its gradients for AVX-512; see crop.body.h. */
#include "kernels/cpu/image/crop.body.h"

const tarn_kernel tarn_kernels_image_crop_avx512[] = {ROWS {0}};

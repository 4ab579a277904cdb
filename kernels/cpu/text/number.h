/* Numbers in text, read as TensorFlow reads them. */
#ifndef TARN_KERNELS_CPU_TEXT_NUMBER_H
#define TARN_KERNELS_CPU_TEXT_NUMBER_H

#include "core/tensor/tensor.h"

/* Element i of y (float, double, int32 or int64) becomes the number that s is; white space round it
 * is allowed. TARN_INVALID. */
tarn_status tarn__number_read(const tarn_string *s, tarn_tensor *y, int64_t i);

#endif

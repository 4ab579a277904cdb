/* Elements of a tensor as text, as TensorFlow prints them in assertions and Print. */
#ifndef TARN_KERNELS_CPU_FLOW_VALUE_TEXT_H
#define TARN_KERNELS_CPU_FLOW_VALUE_TEXT_H

#include "core/bytes.h"
#include "core/tensor/tensor.h"

/* 6 digits (float) or 15 (double) where they read back as the same number, else 9 or 17. `text`
 * takes at most 32 bytes. */
const char *tarn__float_text(double value, bool is_double, char text[32]);
/* Adds one element. */
tarn_status tarn__element_text(const tarn_tensor *t, int64_t i, tarn_bytes *text);
/* Adds a string as it stands between quotes in C: \n, \r, \t, \", \', \\ and other control bytes in
 * octal; bytes above 127 stay. */
tarn_status tarn__escaped_text(const tarn_string *s, tarn_bytes *text);
/* Adds all elements in nested brackets as the second Print has them, strings in quotes: of each dim
 * the first and the last `ends` (negative: all), and ... between. */
tarn_status tarn__bracketed_text(const tarn_tensor *t, int64_t ends, tarn_bytes *text);
/* Adds the first `count` elements (negative: all) in row-major order: "1 2 3...", and of matrices
 * "[1 2][3 4]...". */
tarn_status tarn__value_text(const tarn_tensor *t, int64_t count, tarn_bytes *text);

#endif

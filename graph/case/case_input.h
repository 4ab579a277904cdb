/* Tensors from the text of a case: see case.h. */
#ifndef TARN_GRAPH_CASE_CASE_INPUT_H
#define TARN_GRAPH_CASE_CASE_INPUT_H

#include "core/tensor/tensor.h"

/* "f32[2x3]", "T[4]:0..1", "i32[9]:0+1/3", "T[3x3]:dominant", "i32{1,2,3}", "i32[2x2]{1,2,3,4}",
 * "f32(0.5)", "str{'a','b'}". `t` replaces T. Random elements follow from the seed. TARN_INVALID
 * with what was expected where. */
TARN_MUST_CHECK tarn_status tarn__case_input(const tarn_allocator *a, const char *text,
                                             tarn_dtype t, uint64_t seed, tarn_tensor *out);

/* A numeric element (re, im; integers are rounded towards zero and clamped, bools are re != 0). */
void tarn__element_put(tarn_tensor *t, int64_t i, double re, double im);
/* The element as a double (the real part of complex ones); 0 for strings and objects. */
double tarn__element_get(const tarn_tensor *t, int64_t i);

#endif

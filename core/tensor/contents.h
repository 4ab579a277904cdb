/* Contents numbers (tensor.h) that last: the same in every process, because they follow from the
 * elements themselves, or from what was done to elements of which that is true. What a file has
 * ready for some weights is known by such numbers. */
#ifndef TARN_CORE_TENSOR_CONTENTS_H
#define TARN_CORE_TENSOR_CONTENTS_H

#include "core/tensor/tensor.h"

/* As tarn__tensor_name_contents, with a number that lasts; `hash` is any. */
void tarn__tensor_name_lasting(tarn_tensor *t, uint64_t hash);
static inline bool tarn__contents_last(uint64_t contents) {
  return contents >> 62 == 3;
}

#endif

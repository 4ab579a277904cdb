/* How far two tensors are from each other. */
#ifndef TARN_TOOLS_VERIFY_DIFFERENCE_H
#define TARN_TOOLS_VERIFY_DIFFERENCE_H

#include "core/tensor/tensor.h"

typedef struct tarn_difference {
  int64_t elements, differing;
  double worst;     /* the largest |a - b|; infinite where only one is NaN or infinite */
  int64_t worst_at; /* of strings: the first that differs */
} tarn_difference;

/* Tensors of one dtype and shape; elements differ beyond atol + rtol |b|. NaN equals NaN. */
void tarn__difference_of(const tarn_tensor *a, const tarn_tensor *b, double rtol, double atol,
                         tarn_difference *d);

/* Element i as a complex number; strings and handles have none (0). */
void tarn__element_parts(const tarn_tensor *t, int64_t i, double *re, double *im);
/* The largest magnitude of the finite elements; 0 when there are none. */
double tarn__tensor_magnitude(const tarn_tensor *t);

#endif

/* Draws class numbers from rows of logits, one stream for all rows, as TensorFlow's Multinomial
 * does on one thread. */
#ifndef TARN_KERNELS_CPU_RANDOM_MULTINOMIAL_H
#define TARN_KERNELS_CPU_RANDOM_MULTINOMIAL_H

#include "core/random.h"
#include "kernels/run.h"

/* logits [rows, classes] of a real dtype, y [rows, samples] of int32 or int64. */
tarn_status tarn__multinomial(const tarn_allocator *a, const tarn_tensor *logits, tarn_philox start,
                              tarn_tensor *y);

#endif

/* How activations and their gradients run: a loop over n elements, cut into chunks for the pool. */
#ifndef TARN_KERNELS_CPU_ACTIVATION_ACTIVATION_H
#define TARN_KERNELS_CPU_ACTIVATION_ACTIVATION_H

#include "kernels/kernel.h"

/* y = f(a, b): b is null where the op has one input; alpha is that of LeakyRelu, else 0. */
typedef void (*tarn_activation_loop)(const void *a, const void *b, void *y, int64_t n,
                                     double alpha);

/* Runs a loop over input 0 (and 1, of the same shape) into output 0. */
tarn_status tarn__activation_run(const tarn_call *call, tarn_activation_loop loop);

#endif

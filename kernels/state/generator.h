/* A random op's generator: advances from run to run by as many blocks as TensorFlow's kernel reserves, whatever it uses. */
#ifndef TARN_KERNELS_STATE_GENERATOR_H
#define TARN_KERNELS_STATE_GENERATOR_H

#include "core/random.h"
#include "kernels/state/resources.h"

/* Reserves `blocks` (of four words) of the stream of that node and these seeds; *start is where they begin. Seeds 0 and 0: a
 * stream of the session's own, another in each. Thread-safe. */
tarn_status tarn__generator_reserve(tarn_resources *resources, const char *node, int64_t seed, int64_t seed2, uint64_t blocks,
                                    tarn_philox *start);

#endif

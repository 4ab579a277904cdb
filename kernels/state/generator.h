/* A random op's generator: advances from run to run by as many blocks as TensorFlow's kernel
 * reserves, whatever it uses. */
#ifndef TARN_KERNELS_STATE_GENERATOR_H
#define TARN_KERNELS_STATE_GENERATOR_H

#include "core/random.h"
#include "kernels/run.h"

/* Reserves `blocks` (of four words) of the stream of the call's node and these seeds; *start is
 * where they begin. Seeds 0 and 0: a stream of the session's own, another in each. In a function of
 * a dataset the stream is the iterator's, and the dataset's place in it. Thread-safe. */
tarn_status tarn__generator_reserve(const tarn_call *call, int64_t seed, int64_t seed2,
                                    uint64_t blocks, tarn_philox *start);

#endif

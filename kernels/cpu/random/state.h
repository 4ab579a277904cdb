/* Random state in a resource variable, as tf.random.Generator keeps it: int64 [counter low, counter
 * high, key, ...]. */
#ifndef TARN_KERNELS_CPU_RANDOM_STATE_H
#define TARN_KERNELS_CPU_RANDOM_STATE_H

#include "core/random.h"
#include "kernels/run.h"

/* Takes the stream of the variable in input 0 from where it stands, and moves it on by 256 blocks
 * for each of `samples`. before: NULL, or the three numbers that stood there. TARN_UNSUPPORTED for
 * algorithms but Philox (1), TARN_INVALID for a variable that is no such state. Thread-safe. */
tarn_status tarn__random_state_take(const tarn_call *call, int64_t algorithm, uint64_t samples,
                                    int64_t before[3], tarn_philox *start);

#endif

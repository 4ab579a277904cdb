/* Seeds for the epochs of a dataset that shuffles, by TensorFlow's rules: words of a Philox stream,
 * two for each epoch, or the same two always. A counted object: of a dataset, or behind the handle
 * of a seed generator op. Thread-safe. */
#ifndef TARN_KERNELS_DATA_SEEDS_H
#define TARN_KERNELS_DATA_SEEDS_H

#include "core/tensor/tensor.h"
#include "kernels/cpu/random/stream.h"

typedef struct tarn_seeds tarn_seeds;

extern const tarn_object_type tarn__seeds_type;

/* Seeds 0 and 0: others each time. `fresh`: every epoch has its own. A dataset that stands in two
 * places of a tree of datasets counts its epochs in each (TensorFlow copies it), unless its seeds
 * are `shared`. */
tarn_status tarn__seeds_create(const tarn_allocator *a, int64_t seed, int64_t seed2, bool fresh,
                               bool shared, tarn_seeds **seeds);
/* The stream of the next epoch; place: tarn_cursor's. TARN_NO_MEMORY. */
tarn_status tarn__seeds_next(tarn_seeds *seeds, uint64_t place, tarn_stream *stream);

#endif

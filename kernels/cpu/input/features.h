/* The features of a batch of Examples, or of the contexts of SequenceExamples, as tensors. */
#ifndef TARN_KERNELS_CPU_INPUT_FEATURES_H
#define TARN_KERNELS_CPU_INPUT_FEATURES_H

#include "kernels/params/example.h"
#include "kernels/run.h"

/* Allocates and fills the first outputs of the call: for each sparse feature its indices, then
 * values, then shapes, then the dense features, then the values of the ragged ones and their row
 * splits. Input 0 are the messages. */
TARN_MUST_CHECK tarn_status tarn__features_parse(const tarn_call *call,
                                                 const tarn_example_params *p);

#endif

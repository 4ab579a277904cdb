/* What is wrong with ids of segments and indices of rows, noted. */
#ifndef TARN_KERNELS_CUDA_SEGMENT_NOTED_CUH
#define TARN_KERNELS_CUDA_SEGMENT_NOTED_CUH

#include "kernels/cuda/each/fault.cuh"

/* Number `at` of ids or indices, which is `value` and should have been below `limit`, or (ORDER) no
 * less than `limit`. */
__device__ inline void note_number(tarn_fault *fault, int64_t step, tarn_fault_kind kind,
                                   int64_t at, int64_t value, int64_t limit) {
  fault_note(fault, step, at, [=](tarn_fault *f) {
    f->kind = kind;
    f->index[0] = value;
    f->index[1] = f->dim[0] = limit;
  });
}

#endif

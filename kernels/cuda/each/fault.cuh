/* Noting what is wrong with elements (kernels/fault.h). */
#ifndef TARN_KERNELS_CUDA_EACH_FAULT_CUH
#define TARN_KERNELS_CUDA_EACH_FAULT_CUH

#include "kernels/cuda/launch.h"
#include "kernels/fault.h"

/* A step before has noted something, or a kernel of this one. */
__device__ inline bool fault_noted(const volatile tarn_fault *fault) {
  return fault && fault->step;
}

/* `step` is written behind `at`, and read before it: whoever sees a step has its `at`, or a lesser
 * one. */
__device__ inline bool fault_comes_first(const volatile tarn_fault *fault, int64_t step,
                                         int64_t at) {
  const int64_t noted = fault->step;
  __threadfence();
  return !noted || (noted == step && at < fault->at);
}

/* Notes a fault, unless one that comes first is there: fill(record) gives everything but step and
 * `at`. fault may be NULL. Threads of a warp go on one by one (compute capability 7.0), so that
 * the one that has the lock gives it back. */
template <class FILL>
__device__ inline void fault_note(tarn_fault *fault, int64_t step, int64_t at, FILL fill) {
  while (fault && fault_comes_first(fault, step, at)) {
    if (atomicCAS(&fault->lock, 0, 1) != 0) continue;
    __threadfence();
    if (fault_comes_first(fault, step, at)) {
      fill(fault);
      volatile tarn_fault *const seen = fault; /* by those who have no lock */
      seen->at = at;
      __threadfence();
      seen->step = step;
    }
    __threadfence();
    atomicExch(&fault->lock, 0);
  }
}

#endif

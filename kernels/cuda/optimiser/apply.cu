/* Rules on whole variables, a thread an element. All of a dtype are one kernel, which waits for
 * memory whatever it computes. */
#include "kernels/cuda/each/fault.cuh"
#include "kernels/cuda/optimiser/rules.cuh"

template <class S, class A>
__global__ void apply(tarn_cuda_apply work) {
  A rate[TARN_CUDA_RATES];
  if (fault_noted(work.fault)) return;
  read_rates<S>(work, rate);
  for (int64_t i = EACH_FIRST; i < work.n; i += EACH_STEP) switch (work.rule) {
#define X(OP, f, slots, before, after, skipped, demands) \
  case TARN_CUDA_RULE_##OP:                              \
    rule_##f<S, A>::step(work, rate, i, i);              \
    break;
      RULES(X)
      RESOURCE_RULES(X)
#undef X
      default:
        break;
    }
}

#define APPLY(NAME, E, DT, S, A)                        \
  case DT:                                              \
    EACH_LAUNCH((apply<S, A>), work->n, stream, *work); \
    break;
extern "C" int tarn__cuda_apply(cudaStream_t stream, int dtype, const tarn_cuda_apply *work) {
  switch (dtype) { EACH_FLOAT(APPLY, , ) default : break; }
  return tarn_launched();
}

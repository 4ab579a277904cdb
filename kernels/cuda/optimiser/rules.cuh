/* The rules of kernels/cpu/optimiser/rules.body.h as functions of an element: step<S, A>(work,
 * rate, at, from) changes element `at` of the slots by element `from` of the gradient. Products and
 * sums may be joined, which the CPU's are not. */
#ifndef TARN_KERNELS_CUDA_OPTIMISER_RULES_CUH
#define TARN_KERNELS_CUDA_OPTIMISER_RULES_CUH

#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/optimiser/apply.h"

/* What a rule sees of the op. */
struct attributes {
  const tarn_optimiser_params *flags;
};

#define BEGIN(f)                                                                        \
  template <class S, class A>                                                           \
  struct rule_##f {                                                                     \
    static __device__ void step(const tarn_cuda_apply &work, const A *rate, int64_t at, \
                                int64_t from) {                                         \
      const attributes of = {&work.flags}, *d = &of;                                    \
      (void)d;                                                                          \
      S *w_ = (S *)work.slot[0] + at;                                                   \
      A w = get<A>(*w_);                                                                \
      const A g = get<A>(((const S *)work.grad)[from]);
#define END   \
  put(w, w_); \
  }           \
  }           \
  ;
#define SLOT(k) (((S *)work.slot[k])[at])
#define GET(s) get<A>(s)
#define KEEP(k, value) put((A)(value), &SLOT(k))
#define RATE(k) (rate[k])
#define SIGN(x) ((x) == (x) ? (A)(((x) > 0) - ((x) < 0)) : (x))
#include "kernels/cpu/optimiser/rules.body.h"

template <class S, class A>
struct rule_ftrl {
  static __device__ void step(const tarn_cuda_apply &work, const A *rate, int64_t at,
                              int64_t from) {
    if (rate[4] == (A)-0.5)
      rule_ftrl_by_root<S, A>::step(work, rate, at, from);
    else
      rule_ftrl_by_power<S, A>::step(work, rate, at, from);
  }
};

/* The work's rates as numbers. */
template <class S, class A>
__device__ inline void read_rates(const tarn_cuda_apply &work, A (&rate)[TARN_CUDA_RATES]) {
  for (int k = 0; k < TARN_CUDA_RATES; k++) {
    rate[k] = 0;
    if (work.rate[k])
      rate[k] = work.whole >> k & 1u ? (A) * (const int64_t *)work.rate[k]
                                     : get<A>(*(const S *)work.rate[k]);
  }
}

#endif

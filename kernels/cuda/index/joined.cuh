/* Elements that meet, joined. */
#ifndef TARN_KERNELS_CUDA_INDEX_JOINED_CUH
#define TARN_KERNELS_CUDA_INDEX_JOINED_CUH

#include <type_traits>

#include "kernels/cuda/index/scatter.h"
#include "kernels/cuda/launch.h"

/* Integers wrap. */
template <class A>
__device__ inline A joined(tarn_scatter_way way, A a, A b) {
  typedef typename std::conditional<std::is_integral<A>::value, uint64_t, A>::type W;
  switch (way) {
    case TARN_SCATTER_ADD:
      return (A)((W)a + (W)b);
    case TARN_SCATTER_SUB:
      return (A)((W)a - (W)b);
    case TARN_SCATTER_MUL:
      return (A)((W)a * (W)b);
    case TARN_SCATTER_DIV:
      if constexpr (std::is_integral<A>::value) {
        if (b == 0) return a; /* noted before */
        if (std::is_signed<A>::value && b == (A)-1) return (A)(0 - (W)a);
      }
      return (A)(a / b);
    case TARN_SCATTER_MIN:
      return b < a ? b : a;
    case TARN_SCATTER_MAX:
      return b > a ? b : a;
    case TARN_SCATTER_LEAST:
      return a < b ? a : b;
    case TARN_SCATTER_MOST:
      return a > b ? a : b;
    case TARN_SCATTER_PUT:
      break;
  }
  return b;
}

#endif

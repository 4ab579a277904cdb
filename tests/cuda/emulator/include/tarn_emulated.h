/* What a C++ compiler needs to build device code of kernels/cuda for the emulated device: CUDA's
 * keywords, built-in variables, barriers, launches and shared memory. kernels/cuda/launch.h
 * includes it where nvcc would bring its own.
 *
 * All emulated threads run on one thread of the host at a time (threads.cpp), so built-in variables
 * and shared memory are plain globals. */
#ifndef TARN_EMULATED_H
#define TARN_EMULATED_H

#include <cuda_runtime_api.h>
#include <vector_functions.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>

#undef __shared__
#undef __global__
#undef __device__
#undef __host__
#undef __constant__
#undef __launch_bounds__
#define __shared__ static
#define __global__
#define __device__
#define __host__
#define __constant__
#define __launch_bounds__(...)

extern uint3 threadIdx, blockIdx, blockDim, gridDim;
constexpr int warpSize = 32;

namespace tarn_emulated {

/* Puts a grid into a stream; what is wrong with its shape becomes the runtime's last error. */
void enqueue(const char *name, const void *kernel, dim3 grid, dim3 block, size_t shared_bytes,
             cudaStream_t stream, std::function<void()> body);
/* An argument's bytes: says so, and fails the next cudaGetLastError, when a word in them is an
 * address in the host's memory. */
void check_argument(const char *name, int index, const void *bytes, size_t count);
/* The launch's dynamic shared memory. */
void *shared_memory();
/* Waits for all threads of the block, all at the same place in the source; how many said yes. */
struct call_site {
  const char *file;
  int line;
};
int block_count(bool yes, call_site site);
/* Waits for the lanes of `mask`, each with a value, all in the same call; gives all of theirs, by
 * lane. */
const uint64_t *exchange(const char *call, unsigned mask, uint64_t value);
/* __threadfence. */
void fence();
/* While it lives, this thread's accesses are one atomic change of so many bytes. */
struct atomic_access {
  atomic_access(const void *at, size_t bytes);
  ~atomic_access();
};
/* This thread's number within its block, x first. */
unsigned thread_rank();

template <typename... P, typename... A>
void launch(const char *name, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes,
            cudaStream_t stream, A... args) {
  const std::tuple<std::decay_t<P>...> values(args...);   /* converted as a call would */
  int index = 0;
  std::apply(
      [&](auto... v) {
        ((__builtin_clear_padding(&v), check_argument(name, index++, &v, sizeof v)), ...);
      },
      values);
  enqueue(name, reinterpret_cast<const void *>(kernel), grid, block, shared_bytes, stream,
          [kernel, values] { std::apply(kernel, values); });
}

}  // namespace tarn_emulated

#define TARN_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  tarn_emulated::launch(#kernel, kernel, (grid), (block), (shared_bytes), (stream), ##__VA_ARGS__)
#define TARN_SHARED(type, name) type *name = static_cast<type *>(tarn_emulated::shared_memory())

#define TARN_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()
inline void __syncthreads(TARN_SITE) { tarn_emulated::block_count(false, {file, line}); }
inline int __syncthreads_count(int yes, TARN_SITE) {
  return tarn_emulated::block_count(yes != 0, {file, line});
}
inline int __syncthreads_or(int yes, TARN_SITE) {
  return tarn_emulated::block_count(yes != 0, {file, line}) != 0;
}
inline int __syncthreads_and(int yes, TARN_SITE) {
  return tarn_emulated::block_count(yes == 0, {file, line}) == 0;
}
#undef TARN_SITE
inline void __threadfence() { tarn_emulated::fence(); }

#include "tarn_emulated_atomics.h"
#include "tarn_emulated_math.h"
#include "tarn_emulated_warps.h"

#endif

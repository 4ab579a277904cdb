/* What device code (.cu) is written with, so that nvcc compiles it for devices and a C++ compiler
 * for the emulated device of the tests (tests/cuda/emulator): launches, shared memory and types go
 * through these macros, all else is CUDA.
 *
 *   template <typename T>
 *   __global__ void relu(tarn_relu_work w) { ... threadIdx.x ... }
 *   extern "C" int tarn__cuda_relu(const tarn_relu_work *w, cudaStream_t stream) {
 *     TARN_LAUNCH((relu<float>), tarn_blocks(w->elements, 256), 256, 0, stream, *w);
 *     return tarn_launched();
 *   }
 *
 * The struct is plain C in a header of the kernel's own, which its .c file includes too; its
 * pointers are device memory. */
#ifndef TARN_KERNELS_CUDA_LAUNCH_H
#define TARN_KERNELS_CUDA_LAUNCH_H

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

#ifdef __CUDACC__
#include <cuda_runtime.h>

/* kernel(arguments) by grid x block threads, with so many bytes of TARN_SHARED memory. A kernel
 * with template arguments stands in parentheses. */
#define TARN_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  kernel<<<(grid), (block), (shared_bytes), (stream)>>>(__VA_ARGS__)
/* Inside a kernel: `TARN_SHARED(float, sums);` names the launch's shared memory, 16-byte aligned.
 * Shared arrays of fixed size are declared as in any CUDA: `__shared__ float tile[32][33];`. */
#define TARN_SHARED(type, name)                                  \
  extern __shared__ __align__(16) unsigned char tarn_shared_[];  \
  type *name = reinterpret_cast<type *>(tarn_shared_)

#else
#include <tarn_emulated.h>
#endif

/* Blocks of `threads` for a loop over n elements that strides by the grid: enough to fill any
 * device, few enough that none is started for a handful of elements. */
static inline unsigned tarn_blocks(int64_t n, int threads) {
  const int64_t wanted = (n + threads - 1) / threads;
  return (unsigned)(wanted < 1 ? 1 : wanted > 16384 ? 16384 : wanted);
}

/* What launch functions return: 0, or the failure of the launches since the last. */
static inline int tarn_launched(void) { return (int)cudaGetLastError(); }

#endif

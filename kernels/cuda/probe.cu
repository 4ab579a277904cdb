/* Whether this module has code for the device at hand: asked when it is opened, so that the answer
 * is in words. */
#include "kernels/cuda/launch.h"

__global__ void probe(void) {}

extern "C" int tarn__cuda_probe(void) {
  cudaFuncAttributes attributes;
  return (int)cudaFuncGetAttributes(&attributes, reinterpret_cast<const void *>(probe));
}

/* A table of another version, from a module that does not look at the library's. */
#include "kernels/device.h"

tarn_device_module_function tarn_device_module;
__attribute__((visibility("default"))) const tarn_device_api *tarn_device_module(
    const tarn_device_host *host) {
  static const tarn_device_api api = {.abi = TARN_DEVICE_ABI + 1, .name = "cuda"};
  (void)host;
  return &api;
}

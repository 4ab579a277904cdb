/* Says that the library's version is not its own. */
#include "kernels/device.h"

tarn_device_module_function tarn_device_module;
__attribute__((visibility("default"))) const tarn_device_api *tarn_device_module(
    const tarn_device_host *host) {
  (void)host;
  return NULL;
}

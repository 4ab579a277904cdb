/* Needs a library that no machine has. */
#include "kernels/device.h"

int tarn_of_nobody(void);
tarn_device_module_function tarn_device_module;
__attribute__((visibility("default"))) const tarn_device_api *tarn_device_module(
    const tarn_device_host *host) {
  (void)host;
  return tarn_of_nobody() ? NULL : NULL;
}

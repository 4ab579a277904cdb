/* The emulated device's state: what it is like, failures, attributes. */
#include "device.h"

#include <tarn_emulated.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

namespace tarn_emulated {

std::recursive_mutex lock;

namespace {

cudaError_t last = cudaSuccess, unsaid = cudaSuccess;
int faults;
long calls_to_failure = -1;
std::map<const void *, size_t> asked_shared;   /* by kernel */

/* The text behind NAME= in TARN_EMULATED, which is a list of such with commas. */
const char *text_of(const char *name) {
  const char *at = getenv("TARN_EMULATED");
  const size_t length = strlen(name);
  while (at && *at) {
    if (!strncmp(at, name, length) && at[length] == '=') return at + length + 1;
    at = strchr(at, ',');
    if (at) at++;
  }
  return nullptr;
}

}  // namespace

long long setting(const char *name, long long otherwise) {
  const char *text = text_of(name);
  return text ? atoll(text) : otherwise;
}
bool setting_is(const char *name, const char *value) {
  const char *text = text_of(name);
  const size_t length = strlen(value);
  return text && !strncmp(text, value, length) && (!text[length] || text[length] == ',');
}

cudaError_t fail(cudaError_t error) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (error != cudaSuccess && last == cudaSuccess) last = error;
  return error;
}

cudaError_t fault(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("emulated device: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  const std::lock_guard<std::recursive_mutex> held(lock);
  faults++;
  return unsaid = cudaErrorLaunchFailure;
}
cudaError_t broken() { return unsaid; }
cudaError_t say() {
  const std::lock_guard<std::recursive_mutex> held(lock);
  const cudaError_t error = unsaid;
  unsaid = cudaSuccess;
  return error;
}

size_t most_shared(const void *kernel) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  const auto asked = asked_shared.find(kernel);
  return asked == asked_shared.end() ? size_t{48} << 10 : asked->second;
}

bool fails_now() {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (calls_to_failure < 0) return false;
  return calls_to_failure-- == 0;
}

}  // namespace tarn_emulated

using namespace tarn_emulated;

extern "C" {

/* For tests: the call of that number from now (0: the next) among those that may fail, fails; -1: none. Gives how many were
 * left to go since it was last set. */
__attribute__((visibility("default"))) long tarn_emulated_fail(long calls) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  const long left = calls_to_failure;
  calls_to_failure = calls;
  return left;
}
/* For tests of faults: how many there were since this was asked. */
__attribute__((visibility("default"))) int tarn_emulated_faults(void) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  const int were = faults;
  faults = 0;
  return were;
}

cudaError_t cudaGetLastError(void) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  const cudaError_t fault_error = say(), error = fault_error != cudaSuccess ? fault_error : last;
  last = cudaSuccess;
  return error;
}
cudaError_t cudaPeekAtLastError(void) { return broken() != cudaSuccess ? broken() : last; }

const char *cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    case cudaErrorNotReady: return "cudaErrorNotReady";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorStreamCaptureUnsupported: return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated: return "cudaErrorStreamCaptureInvalidated";
    case cudaErrorIllegalState: return "cudaErrorIllegalState";
    default: return "an error of CUDA";
  }
}
const char *cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : cudaGetErrorName(error);
}

cudaError_t cudaDriverGetVersion(int *version) {
  *version = static_cast<int>(setting("driver", CUDART_VERSION));
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int *version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int *count) {
  *count = static_cast<int>(setting("devices", 1));
  return *count ? cudaSuccess : fail(cudaErrorNoDevice);
}
cudaError_t cudaSetDevice(int device) {
  return device >= 0 && device < setting("devices", 1) ? broken() : fail(cudaErrorInvalidDevice);
}
cudaError_t cudaGetDevice(int *device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize(void) {
  drain_all();
  return broken();
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr what, int) {
  const int capability = static_cast<int>(setting("capability", 80));
  switch (what) {
    case cudaDevAttrComputeCapabilityMajor: *value = capability / 10; break;
    case cudaDevAttrComputeCapabilityMinor: *value = capability % 10; break;
    case cudaDevAttrMultiProcessorCount: *value = 4; break;
    case cudaDevAttrClockRate: *value = 1000000; break;
    case cudaDevAttrMemoryClockRate: *value = 1000000; break;
    case cudaDevAttrGlobalMemoryBusWidth: *value = 512; break;
    case cudaDevAttrMaxThreadsPerBlock: *value = 1024; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = 48 << 10; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = MOST_SHARED; break;   /* the least of all that are supported */
    default: return fail(cudaErrorNotSupported);
  }
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int) {
  memset(properties, 0, sizeof *properties);
  snprintf(properties->name, sizeof properties->name, "emulated (tests only)");
  return cudaSuccess;
}
cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *attributes, const void *) {
  memset(attributes, 0, sizeof *attributes);
  return setting("code", 1) ? cudaSuccess : fail(cudaErrorNoKernelImageForDevice);
}
cudaError_t cudaFuncSetAttribute(const void *kernel, enum cudaFuncAttribute what, int value) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (what != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || static_cast<size_t>(value) > MOST_SHARED) return fail(cudaErrorInvalidValue);
  asked_shared[kernel] = static_cast<size_t>(value);
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, const void *, int threads, size_t) {
  *blocks = threads > 0 ? 2048 / threads : 0;
  return cudaSuccess;
}
}

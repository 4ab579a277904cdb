/* Devices: opened with words for what is missing, described, and their memory. */
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/dnn/ask.h"

#include <stdio.h>
#include <stdlib.h>

/* The oldest that this module has code for. */
enum { OLDEST_MAJOR = 7, OLDEST_MINOR = 5 };

static tarn_status need(enum cudaDeviceAttr what, int ordinal, int *value) {
  TARN_CUDA(cudaDeviceGetAttribute(value, what, ordinal));
  return TARN_OK;
}

/* A driver that can run programs of this toolkit, and the device. */
static tarn_status look(int ordinal) {
  int driver = 0, count = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || !driver)
    return tarn__fail(TARN_UNSUPPORTED, NULL, 0,
                      "no NVIDIA driver is installed on this machine (libcuda.so.1 was not found "
                      "or does not start)");
  if (driver / 1000 < CUDART_VERSION / 1000)
    return tarn__fail(TARN_UNSUPPORTED, NULL, 0,
                      "the NVIDIA driver is too old: it is for CUDA %d.%d, and this module needs "
                      "one for CUDA %d.0 or later",
                      driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000);
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorNoDevice || (error == cudaSuccess && !count))
    return tarn__fail(TARN_UNSUPPORTED, NULL, 0,
                      "there is an NVIDIA driver (CUDA %d.%d) but no device that it shows",
                      driver / 1000, driver % 1000 / 10);
  if (error != cudaSuccess)
    return tarn__fail(TARN_UNSUPPORTED, NULL, 0, "the NVIDIA driver gives no devices: %s",
                      cudaGetErrorString(error));
  if (ordinal < 0 || ordinal >= count)
    return tarn__fail(TARN_UNSUPPORTED, NULL, 0, "there is no CUDA device %d: this machine has %d",
                      ordinal, count);
  return TARN_OK;
}

static tarn_status start(tarn_device *d) {
  TARN_TRY(need(cudaDevAttrComputeCapabilityMajor, d->ordinal, &d->major));
  TARN_TRY(need(cudaDevAttrComputeCapabilityMinor, d->ordinal, &d->minor));
  TARN_TRY(need(cudaDevAttrMultiProcessorCount, d->ordinal, &d->processors));
  if (d->major * 10 + d->minor < OLDEST_MAJOR * 10 + OLDEST_MINOR)
    return tarn__fail(TARN_UNSUPPORTED, NULL, 0,
                      "CUDA device %d has compute capability %d.%d; %d.%d or later is needed",
                      d->ordinal, d->major, d->minor, OLDEST_MAJOR, OLDEST_MINOR);
  TARN_CUDA(cudaSetDevice(d->ordinal));
  const int error = tarn__cuda_probe();
  if (error == cudaErrorNoKernelImageForDevice || error == cudaErrorInvalidDeviceFunction)
    return tarn__fail(
        TARN_UNSUPPORTED, NULL, 0,
        "this CUDA module was not built for compute capability %d.%d (TARN_CUDA_ARCHITECTURES)",
        d->major, d->minor);
  TARN_LAUNCHED(error);
  TARN_CUDA(cudaStreamCreateWithFlags(&d->uploads, cudaStreamNonBlocking));
  return TARN_OK;
}

tarn_status tarn__cuda_open(int ordinal, tarn_device **device) {
  TARN_TRY(look(ordinal));
  tarn_device *d = calloc(1, sizeof *d);
  if (!d) return tarn_fail(TARN_NO_MEMORY, "no memory for a device");
  d->ordinal = ordinal;
  const tarn_status status = start(d);
  if (status == TARN_OK) *device = d;
  else tarn__cuda_close(d);
  return status;
}

void tarn__cuda_close(tarn_device *device) {
  if (!device) return;
  tarn__dnn_ask_no_more();
  if (device->uploads) cudaStreamDestroy(device->uploads);
  cudaGetLastError();
  free(device);
}

/* f32 units of a multiprocessor, by compute capability (CUDA C++ Programming Guide, table of
 * arithmetic throughput). */
static int lanes(int major, int minor) {
  return major == 7 || (major == 8 && minor == 0) ? 64 : 128;
}

tarn_status tarn__cuda_describe(tarn_device *device, tarn_device_info *info) {
  struct cudaDeviceProp properties;
  TARN_CUDA(cudaSetDevice(device->ordinal));
  TARN_CUDA(cudaGetDeviceProperties(&properties, device->ordinal));
  int driver = 0, runtime = 0, blas[3] = {0}, clock_khz = 0, memory_khz = 0, bits = 0;
  TARN_CUDA(cudaDriverGetVersion(&driver));
  TARN_CUDA(cudaRuntimeGetVersion(&runtime));
  TARN_BLAS(cublasGetProperty(MAJOR_VERSION, &blas[0]));
  TARN_BLAS(cublasGetProperty(MINOR_VERSION, &blas[1]));
  TARN_BLAS(cublasGetProperty(PATCH_LEVEL, &blas[2]));
  TARN_TRY(need(cudaDevAttrClockRate, device->ordinal, &clock_khz));
  TARN_TRY(need(cudaDevAttrMemoryClockRate, device->ordinal, &memory_khz));
  TARN_TRY(need(cudaDevAttrGlobalMemoryBusWidth, device->ordinal, &bits));
  const size_t dnn = cudnnGetVersion();   /* 91300: 9.13.0 */
  *info = (tarn_device_info){
      .major = device->major,
      .minor = device->minor,
      .processors = device->processors,
      .gflops = 2e-6 * lanes(device->major, device->minor) * device->processors * clock_khz,
      .gbytes_per_s = 2e-6 * memory_khz * bits / 8,   /* two transfers a clock */
  };
  snprintf(info->name, sizeof info->name, "%.95s", properties.name);
  snprintf(info->versions, sizeof info->versions,
           "driver for CUDA %d.%d, CUDA %d.%d, cuBLAS %d.%d.%d, cuDNN %zu.%zu.%zu", driver / 1000,
           driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10, blas[0], blas[1], blas[2],
           dnn / 10000, dnn / 100 % 100, dnn % 100);
  TARN_CUDA(cudaMemGetInfo(&info->free_bytes, &info->memory_bytes));
  return TARN_OK;
}

/* ---- memory -------------------------------------------------------------------------------- */

static tarn_status out_of_memory(const char *whose, size_t bytes, cudaError_t error,
                                 const char *call) {
  if (error != cudaErrorMemoryAllocation) return tarn__cuda_failed(error, call, __FILE__, __LINE__);
  cudaGetLastError();
  size_t left = 0, all = 0;
  if (cudaMemGetInfo(&left, &all) != cudaSuccess) left = all = 0;
  return tarn_fail(TARN_NO_MEMORY,
                   "no %zu bytes of the %s's memory (the device has %zu of %zu bytes free)", bytes,
                   whose, left, all);
}

tarn_status tarn__cuda_alloc(tarn_device *device, size_t bytes, void **memory) {
  TARN_CUDA(cudaSetDevice(device->ordinal));
  const cudaError_t error = cudaMalloc(memory, bytes ? bytes : 1);
  return error == cudaSuccess ? TARN_OK : out_of_memory("device", bytes, error, "cudaMalloc");
}

/* What fails while memory is given back is nobody's to report, and not the next launch's. */
void tarn__cuda_free(tarn_device *device, void *memory) {
  if (memory && cudaSetDevice(device->ordinal) == cudaSuccess && cudaFree(memory) != cudaSuccess)
    cudaGetLastError();
}

tarn_status tarn__cuda_alloc_host(tarn_device *device, size_t bytes, void **memory) {
  TARN_CUDA(cudaSetDevice(device->ordinal));
  const cudaError_t error = cudaMallocHost(memory, bytes ? bytes : 1);
  return error == cudaSuccess ? TARN_OK : out_of_memory("host", bytes, error, "cudaMallocHost");
}

void tarn__cuda_free_host(tarn_device *device, void *memory) {
  if (memory && cudaSetDevice(device->ordinal) == cudaSuccess &&
      cudaFreeHost(memory) != cudaSuccess)
    cudaGetLastError();
}

/* Copies from pageable memory are staged by the driver; waiting makes sure that they have arrived.
 * Threads that upload at once wait for one another's as well. */
tarn_status tarn__cuda_upload_to(tarn_device *device, void *device_memory, const void *host_memory,
                                 size_t bytes) {
  if (!bytes) return TARN_OK;
  TARN_CUDA(cudaSetDevice(device->ordinal));
  TARN_CUDA(
      cudaMemcpyAsync(device_memory, host_memory, bytes, cudaMemcpyHostToDevice, device->uploads));
  TARN_CUDA(cudaStreamSynchronize(device->uploads));
  return TARN_OK;
}

/* cudaMemcpy returns when pageable memory has been staged, which may be before it has arrived, and
 * queues' streams do not wait for the default stream. */
tarn_status tarn__cuda_upload(void *device_memory, const void *host_memory, size_t bytes) {
  if (!bytes) return TARN_OK;
  TARN_CUDA(cudaMemcpy(device_memory, host_memory, bytes, cudaMemcpyHostToDevice));
  TARN_CUDA(cudaStreamSynchronize(NULL));
  return TARN_OK;
}

/* The module's one export, and its device. */
#include "device.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const tarn_device_host *test_host;

tarn_status test_fail(tarn_status status, const char *why) {
  return test_host->fail(status, why ? why : tarn_error());
}

/* Counts from when the environment last changed its mind. */
tarn_status test_may_fail(const char *what) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static char armed[24];
  static long calls;
  const char *wanted = getenv("TARN_TEST_DEVICE_FAIL");
  char text[120];
  if (!wanted) wanted = "";
  pthread_mutex_lock(&lock);
  if (strcmp(wanted, armed)) {
    snprintf(armed, sizeof armed, "%s", wanted);
    calls = 0;
  }
  const bool now = *wanted && ++calls == strtol(wanted, NULL, 10);
  pthread_mutex_unlock(&lock);
  if (!now) return TARN_OK;
  snprintf(text, sizeof text, "the device for tests fails at %s, as it was told to", what);
  return test_fail(TARN_IO, text);
}

struct tarn_device {
  int ordinal;
};

static tarn_status open_device(int ordinal, tarn_device **device) {
  TARN_TRY(test_may_fail("opening it"));
  *device = malloc(sizeof **device);
  if (!*device) return test_fail(TARN_NO_MEMORY, "no memory for the device");
  (*device)->ordinal = ordinal;
  return TARN_OK;
}

static void close_device(tarn_device *device) { free(device); }

static tarn_status describe(tarn_device *device, tarn_device_info *info) {
  (void)device;
  *info = (tarn_device_info){.name = "device for tests",
                             .versions = "none",
                             .memory_bytes = (size_t)1 << 34,
                             .free_bytes = (size_t)1 << 34,
                             .gflops = 1,
                             .gbytes_per_s = 1};
  return TARN_OK;
}

static tarn_status alloc(tarn_device *device, size_t bytes, void **memory) {
  (void)device;
  return memory_take(bytes, memory);
}
static void give(tarn_device *device, void *memory) {
  (void)device;
  memory_give(memory);
}

static tarn_status alloc_host(tarn_device *device, size_t bytes, void **memory) {
  (void)device;
  TARN_TRY(test_may_fail("host memory"));
  *memory = aligned_alloc(64, (bytes / 64 + 1) * 64);
  return *memory ? TARN_OK : test_fail(TARN_NO_MEMORY, "no host memory");
}
static void free_host(tarn_device *device, void *memory) {
  (void)device;
  free(memory);
}

static tarn_status upload(tarn_device *device, void *to, const void *from, size_t bytes) {
  (void)device;
  TARN_TRY(test_may_fail("an upload"));
  if (bytes && (!memory_holds(to, bytes) || memory_holds(from, bytes)))
    return test_fail(TARN_INVALID, "an upload between the wrong sides");
  memory_open();
  if (bytes) memcpy(to, from, bytes);
  memory_close();
  return TARN_OK;
}

/* For tests, which find it in the module. */
__attribute__((visibility("default"))) void tarn_test_device_counts(test_device_counts *counts);
void tarn_test_device_counts(test_device_counts *counts) {
  queue_counts(counts);
}

__attribute__((visibility("default"))) const tarn_device_api *tarn_device_module(
    const tarn_device_host *host);

const tarn_device_api *tarn_device_module(const tarn_device_host *host) {
  static tarn_device_api api = {.abi = TARN_DEVICE_ABI,
                                .name = "cuda",
                                .open = open_device,
                                .close = close_device,
                                .describe = describe,
                                .alloc = alloc,
                                .free = give,
                                .alloc_host = alloc_host,
                                .free_host = free_host,
                                .queue_create = queue_create,
                                .queue_destroy = queue_destroy,
                                .copy_in = copy_in,
                                .copy_out = copy_out,
                                .copy_within = copy_within,
                                .upload = upload,
                                .sync = queue_sync,
                                .record_begin = record_begin,
                                .record_end = record_end,
                                .replay = replay,
                                .recording_destroy = recording_destroy,
                                .mark_create = mark_create,
                                .mark_destroy = mark_destroy,
                                .mark = mark_put,
                                .mark_between = mark_between};
  test_host = host;
  api.kernels = test_kernels();
  return api.kernels ? &api : NULL;
}

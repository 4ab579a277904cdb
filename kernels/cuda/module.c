/* The module's one export, and its own versions of the library's status functions: the library's
 * names are not visible to a module that was opened, so messages go through tarn_device_host. */
#include "kernels/cuda/cuda.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

extern const tarn_kernel_file tarn__cuda_kernel_files[];   /* generated from the file names */

static const tarn_device_host *host;
static _Thread_local char message[TARN_ERROR_BYTES];
static _Thread_local tarn_status last;

tarn_status tarn__fail(tarn_status status, const char *file, int line, const char *format, ...) {
  char text[TARN_ERROR_BYTES - 160], where[128] = "";
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (file) snprintf(where, sizeof where, " [%s:%d]", file, line);
  snprintf(message, sizeof message, "%s%s", text, where);
  return last = host->fail(status, message);
}

void tarn__context(const char *format, ...) {
  char text[TARN_ERROR_BYTES - 160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const size_t used = strlen(message);
  snprintf(message + used, sizeof message - used, "\n  while %s", text);
  last = host->fail(last, message);
}

void tarn__error_save(char *text, size_t bytes) {
  if (bytes) snprintf(text, bytes, "%s", message);
}

void tarn__error_restore(const char *text) {
  snprintf(message, sizeof message, "%s", text);
  host->fail(last, message);
}

tarn_status tarn__cuda_random(const tarn_call *call, int64_t seed, int64_t seed2, uint64_t blocks,
                              tarn_philox *start) {
  return host->random(call, seed, seed2, blocks, start);
}

static const tarn_device_api api = {
    .abi = TARN_DEVICE_ABI,
    .name = "cuda",
    .kernels = tarn__cuda_kernel_files,
    .open = tarn__cuda_open,
    .close = tarn__cuda_close,
    .describe = tarn__cuda_describe,
    .alloc = tarn__cuda_alloc,
    .free = tarn__cuda_free,
    .alloc_host = tarn__cuda_alloc_host,
    .free_host = tarn__cuda_free_host,
    .queue_create = tarn__cuda_queue_create,
    .queue_destroy = tarn__cuda_queue_destroy,
    .copy_in = tarn__cuda_copy_in,
    .copy_out = tarn__cuda_copy_out,
    .copy_within = tarn__cuda_copy_within,
    .upload = tarn__cuda_upload_to,
    .sync = tarn__cuda_sync,
    .record_begin = tarn__cuda_record_begin,
    .record_end = tarn__cuda_record_end,
    .replay = tarn__cuda_replay,
    .recording_destroy = tarn__cuda_recording_destroy,
    .mark_create = tarn__cuda_mark_create,
    .mark_destroy = tarn__cuda_mark_destroy,
    .mark = tarn__cuda_mark,
    .mark_between = tarn__cuda_mark_between,
    .multiply_adds = tarn__cuda_multiply_adds,
};

__attribute__((visibility("default"))) tarn_device_module_function tarn_device_module;
const tarn_device_api *tarn_device_module(const tarn_device_host *by) {
  if (by->abi != TARN_DEVICE_ABI) return NULL;
  host = by;
  return &api;
}

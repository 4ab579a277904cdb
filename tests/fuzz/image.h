/* Bytes as a file: an unnamed one in memory, with a path to open it by. */
#ifndef TARN_TESTS_FUZZ_IMAGE_H
#define TARN_TESTS_FUZZ_IMAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/tensor/tensor.h"

static inline const char *image_put(const uint8_t *data, size_t bytes) {
  static int fd = -1;
  static char path[64];
  if (fd < 0) {
    fd = memfd_create("image", 0);
    if (fd < 0) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  }
  if (ftruncate(fd, 0) != 0 || pwrite(fd, data, bytes, 0) != (ssize_t)bytes) abort();
  return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#endif

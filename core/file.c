/* Reading through a mapping, writing through a temporary name. */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"

#define BUFFER_BYTES ((size_t)64 << 10)
#define LARGE_PAGE ((size_t)2 << 20) /* of x86-64 and of most ARM systems */

/* The printable path and the system's words for `error`. */
static tarn_status fail(const char *what, const char *path, int error) {
  char shown[512];
  tarn__printable(path, strlen(path), shown, sizeof shown);
  return tarn_fail(TARN_IO, "'%s': cannot %s: %s", shown, what, strerrordesc_np(error));
}

static tarn_status refuse(const char *path, mode_t mode) {
  char shown[512];
  const char *kind = S_ISDIR(mode)    ? "a folder"
                     : S_ISFIFO(mode) ? "a pipe"
                     : S_ISSOCK(mode) ? "a socket"
                                      : "a device";
  tarn__printable(path, strlen(path), shown, sizeof shown);
  return tarn_fail(TARN_IO, "'%s': expected a regular file, found %s", shown, kind);
}

tarn_status tarn__file_map(const char *path, tarn_file *file) {
  /* O_NONBLOCK: a pipe without a writer must not make us wait before fstat tells what it is. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return fail("open", path, errno);
  tarn_status status = TARN_OK;
  tarn_file mapped = {.data = (const unsigned char *)"", .size = 0};
  struct stat facts;
  if (fstat(fd, &facts) != 0) {
    status = fail("look at", path, errno);
  } else if (!S_ISREG(facts.st_mode)) {
    status = refuse(path, facts.st_mode);
  } else if (facts.st_size > 0) {
    void *data = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
      status = fail("map", path, errno);
    else
      mapped = (tarn_file){.data = data, .size = (size_t)facts.st_size};
  }
  (void)close(fd);
  if (status == TARN_OK) *file = mapped;
  return status;
}

void tarn__file_unmap(tarn_file *file) {
  if (file->size) (void)munmap((void *)(uintptr_t)file->data, file->size);
  *file = (tarn_file){.data = NULL, .size = 0};
}

/* Advice on the whole pages of `page` bytes inside of the memory: their neighbours may be in
 * use. */
static void advise(const void *memory, size_t bytes, size_t page, int advice) {
  const uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page,
                  end = ((uintptr_t)memory + bytes) / page * page;
  if (begin < end) (void)madvise((void *)begin, end - begin, advice);
}

void tarn__pages_forget(const void *data, size_t bytes) {
  const long page = sysconf(_SC_PAGESIZE);
  if (page > 0) advise(data, bytes, (size_t)page, MADV_DONTNEED);
}

void tarn__pages_large(void *memory, size_t bytes) {
#ifdef MADV_HUGEPAGE
  if (bytes >= LARGE_PAGE) advise(memory, bytes, LARGE_PAGE, MADV_HUGEPAGE);
#else
  (void)memory;
  (void)bytes;
#endif
}

void tarn__pages_now(void *memory, size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  const long page = sysconf(_SC_PAGESIZE);
  if (page > 0) advise(memory, bytes, (size_t)page, MADV_POPULATE_WRITE);
#else
  (void)memory;
  (void)bytes;
#endif
}

void tarn__pages_soon(const void *data, size_t bytes) {
#ifdef MADV_POPULATE_READ
  const long page = sysconf(_SC_PAGESIZE);
  if (page > 0) advise(data, bytes, (size_t)page, MADV_POPULATE_READ);
#else
  (void)data;
  (void)bytes;
#endif
}

void tarn__file_forget(const tarn_file *file, size_t offset, size_t bytes) {
  if (offset > file->size || bytes > file->size - offset) return;
  tarn__pages_forget(file->data + offset, bytes);
}

tarn_status tarn__in_file(tarn_status status, const char *path) {
  if (status == TARN_OK) return status;
  char shown[512], text[TARN_ERROR_BYTES], joined[TARN_ERROR_BYTES];
  tarn__error_save(text, sizeof text);
  tarn__printable(path, strlen(path), shown, sizeof shown);
  int n = snprintf(joined, sizeof joined, "'%s': ", shown);
  /* What does not fit is cut, as in every message. */
  size_t room = sizeof joined - (size_t)n - 1, rest = strlen(text);
  if (rest > room) rest = room;
  memcpy(joined + n, text, rest);
  joined[(size_t)n + rest] = 0;
  tarn__error_restore(joined);
  return status;
}

struct tarn_output {
  const tarn_allocator *allocator;
  int fd;
  char *path, *temporary; /* behind the buffer, in the one allocation */
  size_t bytes, used;     /* of the allocation; of the buffer */
  char buffer[BUFFER_BYTES];
};

tarn_status tarn__output_open(const tarn_allocator *a, const char *path, tarn_output **output) {
  struct stat facts;
  /* Renaming over a device or a pipe would replace it. */
  if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode)) return refuse(path, facts.st_mode);

  size_t length = strlen(path), suffix = 48, bytes = sizeof(tarn_output) + 2 * length + suffix + 2;
  tarn_output *o = tarn__alloc(a, bytes);
  if (!o) return TARN_NO_MEMORY;
  o->allocator = a;
  o->bytes = bytes;
  o->used = 0;
  o->path = (char *)(o + 1);
  o->temporary = o->path + length + 1;
  memcpy(o->path, path, length + 1);

  static atomic_uint number; /* two writers of one process get different names */
  int error = EEXIST;
  for (int tries = 0; tries < 100 && error == EEXIST; tries++) {
    (void)snprintf(o->temporary, length + suffix, "%s.tmp-%ld-%u", path, (long)getpid(),
                   atomic_fetch_add(&number, 1));
    o->fd = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    error = o->fd < 0 ? errno : 0;
  }
  if (error) {
    tarn_status status = fail("write", path, error);
    tarn__free(a, o, bytes);
    return status;
  }
  *output = o;
  return TARN_OK;
}

static tarn_status write_all(tarn_output *o, const char *data, size_t bytes) {
  while (bytes) {
    ssize_t n = write(o->fd, data, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail("write", o->path, errno);
    data += n;
    bytes -= (size_t)n;
  }
  return TARN_OK;
}

static tarn_status flush(tarn_output *o) {
  size_t used = o->used;
  o->used = 0;
  return write_all(o, o->buffer, used);
}

tarn_status tarn__output_write(tarn_output *output, const void *data, size_t bytes) {
  if (bytes > BUFFER_BYTES - output->used) TARN_TRY(flush(output));
  if (bytes >= BUFFER_BYTES) return write_all(output, data, bytes);
  if (bytes) memcpy(output->buffer + output->used, data, bytes);
  output->used += bytes;
  return TARN_OK;
}

tarn_status tarn__output_flush(tarn_output *output) {
  return flush(output);
}

tarn_status tarn__output_commit(tarn_output *output) {
  tarn_status status = flush(output);
  int fd = output->fd;
  output->fd = -1;
  if (close(fd) != 0 && status == TARN_OK) status = fail("write", output->path, errno);
  if (status == TARN_OK && rename(output->temporary, output->path) != 0)
    status = fail("rename to", output->path, errno);
  if (status != TARN_OK) (void)unlink(output->temporary);
  tarn__free(output->allocator, output, output->bytes);
  return status;
}

void tarn__output_discard(tarn_output *output) {
  if (!output) return;
  (void)close(output->fd);
  (void)unlink(output->temporary);
  tarn__free(output->allocator, output, output->bytes);
}

tarn_status tarn__output_file(const tarn_allocator *a, const char *path, const void *data,
                              size_t bytes) {
  tarn_output *output = NULL;
  TARN_TRY(tarn__output_open(a, path, &output));
  const tarn_status status = tarn__output_write(output, data, bytes);
  if (status == TARN_OK) return tarn__output_commit(output);
  tarn__output_discard(output);
  return status;
}

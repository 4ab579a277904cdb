/* The command for tests of many cases: one process that forks for each of them, so that starting a
 * program (linking, the sanitizers' tables, OpenBLAS) is paid once. A fork runs the command's own
 * main function on words of its own, in a session and a folder of its own, and ends as the command
 * would: its status, its signals and what the sanitizers say of it are the same.
 *
 * Requests come on the standard input, answers go to the standard output; forked.py speaks both. A
 * request is a line "BYTES MEMORY\n" and BYTES bytes, strings that each end with a zero: the folder
 * to run in, the files for standard output and error, then the words, the program's name first.
 * MEMORY limits the fork's address space in bytes (0: no limit). The answers are a line with the
 * fork's number when it has begun, and one with its wait status when it has ended. */
#include "graph/op.h"
#include "kernels/kernel.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

int tarn_command(int argc, char **argv);   /* main of tools/tarn.c */

enum { MOST_BYTES = 1 << 20, MOST_WORDS = 1 << 12 };

static void give_up(const char *what) {
  fprintf(stderr, "forked: %s: %s\n", what, strerror(errno));
  _exit(EXIT_FAILURE);
}

static void become(int to, const char *path, int flags) {
  int fd = open(path, flags, 0600);
  if (fd < 0 || dup2(fd, to) < 0) give_up(path);
  if (fd != to) close(fd);
}

/* What the fork does; `text` is the request's strings. */
static _Noreturn void run(char *text, size_t bytes, rlim_t memory) {
  char *words[MOST_WORDS + 1];
  int count = 0;
  for (size_t at = 0; at < bytes && count < MOST_WORDS; at += strlen(text + at) + 1)
    words[count++] = text + at;
  words[count] = NULL;
  if (count < 4) give_up("a request without words");
  if (setsid() < 0 || chdir(words[0])) give_up(words[0]);
  become(STDIN_FILENO, "/dev/null", O_RDONLY);
  become(STDOUT_FILENO, words[1], O_WRONLY | O_CREAT | O_TRUNC);
  become(STDERR_FILENO, words[2], O_WRONLY | O_CREAT | O_TRUNC);
  if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0})) give_up("limits");
  if (memory && setrlimit(RLIMIT_AS, &(struct rlimit){memory, memory})) give_up("limits");
  const int status = tarn_command(count - 3, words + 3);
#ifdef __SANITIZE_ADDRESS__
  /* What the end of a program does besides looking for leaks, forgetting each global, would copy
   * the pages shared with the parent. */
  fflush(NULL);
  __lsan_do_leak_check();
  _exit(status);
#else
  exit(status);
#endif
}

/* Reads exactly `bytes`; false at the end of the input. */
static bool read_all(char *to, size_t bytes) {
  while (bytes) {
    ssize_t n = read(STDIN_FILENO, to, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    to += n;
    bytes -= (size_t)n;
  }
  return true;
}

static void answer(long number) {
  char line[32];
  int n = snprintf(line, sizeof line, "%ld\n", number);
  if (write(STDOUT_FILENO, line, (size_t)n) != n) give_up("answering");
}

int main(void) {
  static char text[MOST_BYTES + 1];
  size_t ignored;
  tarn__ops(&ignored);                   /* these sort their tables when they are first asked */
  tarn__kernels_of("Add", &ignored);
  /* A module of a device is opened here, which takes longer than a case; each fork finds it open,
   * or says why it cannot be. */
  const char *module = getenv("TARN_CUDA_MODULE");
  if (module) (void)dlopen(module, RTLD_NOW | RTLD_LOCAL);
  for (;;) {
    char line[64] = "";
    for (size_t n = 0; n + 1 < sizeof line && (!n || line[n - 1] != '\n'); n++)
      if (!read_all(line + n, 1)) return EXIT_SUCCESS;
    unsigned long bytes, memory;
    if (sscanf(line, "%lu %lu\n", &bytes, &memory) != 2 || bytes > MOST_BYTES ||
        !read_all(text, bytes)) {
      fprintf(stderr, "forked: this is no request: %s\n", line);
      return EXIT_FAILURE;
    }
    text[bytes] = 0;
    pid_t child = fork();
    if (child < 0) give_up("fork");
    if (!child) run(text, bytes, memory);
    answer(child);
    int status;
    while (waitpid(child, &status, 0) < 0)
      if (errno != EINTR) give_up("waiting");
    answer(status);
  }
}

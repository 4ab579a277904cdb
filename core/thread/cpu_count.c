/* How many CPUs this process may use (declared in threads.h): the affinity mask, and the CPU quota
 * of the control group, as a container sees it. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/thread/threads.h"

/* Reads the start of a small file as text; false when there is none. */
static bool read_text(const char *path, char *text, size_t bytes) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t n = read(fd, text, bytes - 1);
  (void)close(fd);
  if (n <= 0) return false;
  text[n] = '\0';
  return true;
}

/* quota / period rounded up where that is less than `count`; a quota of 0 or less is none. */
static long rounded(long long quota, long long period, long count) {
  if (quota <= 0 || period <= 0) return count;
  long long cpus = (quota - 1) / period + 1;
  return cpus < count ? (long)cpus : count;
}

/* cgroup v2: "max 100000" or "150000 100000" in cpu.max. */
static long quota_v2(const char *folder, long count) {
  char path[768], text[128];
  (void)snprintf(path, sizeof path, "%s/cpu.max", folder);
  if (!read_text(path, text, sizeof text)) return count;
  char *rest; /* "max" reads as 0: no quota */
  long long quota = strtoll(text, &rest, 10);
  return rounded(quota, strtoll(rest, NULL, 10), count);
}

/* cgroup v1: cpu.cfs_quota_us (-1: none) and cpu.cfs_period_us. */
static long quota_v1(const char *folder, long count) {
  char path[768], quota[64], period[64];
  (void)snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
  if (!read_text(path, quota, sizeof quota)) return count;
  (void)snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
  if (!read_text(path, period, sizeof period)) return count;
  return rounded(strtoll(quota, NULL, 10), strtoll(period, NULL, 10), count);
}

/* The quotas from `group` up to the root of the hierarchy mounted at `mount`: the least counts. */
static long climb(const char *mount, const char *group, long (*quota)(const char *, long),
                  long count) {
  char folder[640];
  int n = snprintf(folder, sizeof folder, "%s%s", mount, group);
  if (n < 0 || (size_t)n >= sizeof folder) return quota(mount, count);
  size_t root = strlen(mount), length = (size_t)n;
  for (;;) {
    while (length > root && folder[length - 1] == '/') folder[--length] = '\0';
    count = quota(folder, count);
    if (length <= root) return count;
    while (length > root && folder[length - 1] != '/') folder[--length] = '\0';
  }
}

/* Has the comma-separated list the entry "cpu"? */
static bool names_cpu(const char *list) {
  for (const char *at = list; at; at = strchr(at, ',')) {
    if (*at == ',') at++;
    size_t length = strcspn(at, ",");
    if (length == 3 && memcmp(at, "cpu", 3) == 0) return true;
  }
  return false;
}

/* Lines of /proc/self/cgroup: "0::/group" (v2) and "4:cpu,cpuacct:/group" (v1). */
static long within_quota(long count) {
  char text[4096], *rest = NULL;
  if (!read_text("/proc/self/cgroup", text, sizeof text)) return count;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group) continue;
    *group++ = '\0';
    controllers++;
    if (*controllers == '\0') {
      count = climb("/sys/fs/cgroup", group, quota_v2, count);
      count = climb("/sys/fs/cgroup/unified", group, quota_v2, count);
    } else if (names_cpu(controllers)) {
      count = climb("/sys/fs/cgroup/cpu", group, quota_v1, count);
      count = climb("/sys/fs/cgroup/cpu,cpuacct", group, quota_v1, count);
    }
  }
  return count;
}

static long allowed(void) {
  cpu_set_t *set = CPU_ALLOC(8192);
  size_t bytes = CPU_ALLOC_SIZE(8192);
  long count = 0;
  if (set && sched_getaffinity(0, bytes, set) == 0) count = CPU_COUNT_S(bytes, set);
  CPU_FREE(set);
  if (count < 1) count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count;
}

int tarn__cpu_count(void) {
  return (int)within_quota(allowed());
}

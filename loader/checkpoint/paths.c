/* See paths.h. */
#include "loader/checkpoint/paths.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "core/bytes.h"

bool tarn__path_exists(const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0;
}

bool tarn__path_is_folder(const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

size_t tarn__path_folder_bytes(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) + 1 : 0;
}

static int five_digits(const char *text) {
  int n = 0;
  for (int i = 0; i < 5; i++) {
    if (text[i] < '0' || text[i] > '9') return -1;
    n = n * 10 + (text[i] - '0');
  }
  return n;
}

/* "-ddddd-of-ddddd": the second number, or 0. */
static int shard_total(const char *suffix) {
  if (strlen(suffix) != 15 || suffix[0] != '-' || memcmp(suffix + 6, "-of-", 4) != 0) return 0;
  int number = five_digits(suffix + 1), total = five_digits(suffix + 10);
  return number >= 0 && number < total ? total : 0;
}

size_t tarn__path_prefix_bytes(const char *path) {
  const char *dot = strrchr(path, '.');
  if (!dot || dot < path + tarn__path_folder_bytes(path)) return 0;
  bool data = strncmp(dot, ".data", 5) == 0 && shard_total(dot + 5) > 0;
  return data || strcmp(dot, ".index") == 0 || strcmp(dot, ".meta") == 0 ? (size_t)(dot - path) : 0;
}

tarn_status tarn__path_shards(tarn_arena *arena, const char *prefix, char ***paths, size_t *count) {
  *count = 0;
  size_t folder_bytes = tarn__path_folder_bytes(prefix);
  const char *base = prefix + folder_bytes;
  size_t base_bytes = strlen(base);
  char *folder = folder_bytes ? tarn__arena_strndup(arena, prefix, folder_bytes)
                              : tarn__arena_strndup(arena, ".", 1);
  if (!folder) return TARN_NO_MEMORY;
  DIR *list = base_bytes ? opendir(folder) : NULL;
  if (!list) return TARN_OK; /* nothing there: the caller says so */
  int total = 0;
  bool mixed = false;
  for (struct dirent *e; (e = readdir(list)) != NULL;) {
    if (strncmp(e->d_name, base, base_bytes) != 0) continue;
    int n = shard_total(e->d_name + base_bytes);
    if (n == 0) continue;
    mixed |= total != 0 && total != n;
    total = n;
  }
  closedir(list);
  if (total == 0) return TARN_OK;
  char shown[256];
  if (mixed)
    return tarn_fail(TARN_IO, "'%s': shards of more than one checkpoint lie side by side",
                     tarn__printable(prefix, strlen(prefix), shown, sizeof shown));
  char **all = tarn__arena_array(arena, (size_t)total, sizeof *all);
  if (!all) return TARN_NO_MEMORY;
  for (int i = 0; i < total; i++) {
    all[i] = tarn__arena_printf(arena, "%s-%05d-of-%05d", prefix, i, total);
    if (!all[i]) return TARN_NO_MEMORY;
    if (!tarn__path_exists(all[i]))
      return tarn_fail(TARN_IO, "'%s': a shard of the checkpoint is missing",
                       tarn__printable(all[i], strlen(all[i]), shown, sizeof shown));
  }
  *paths = all;
  *count = (size_t)total;
  return TARN_OK;
}

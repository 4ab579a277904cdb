#include "loader/tuning/tuning_file.h"

#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/knobs.h"

const char *tarn__tuning_path(tarn_arena *arena, const char *wanted) {
  const tarn_knobs *knobs = tarn__knobs();
  char name[64];
  if (!wanted || !*wanted) wanted = knobs->tuning;
  if (!strcmp(wanted, "none")) return NULL;
  if (*wanted) return wanted;
  tarn__tuning_file_name(name, sizeof name);
  /* The standard says to pass over a folder that is not absolute. */
  if (knobs->cache_home[0] == '/')
    return tarn__arena_printf(arena, "%s/tarn/%s", knobs->cache_home, name);
  if (knobs->home[0] == '/')
    return tarn__arena_printf(arena, "%s/.cache/tarn/%s", knobs->home, name);
  return NULL;
}

tarn_status tarn__tuning_load(tarn_tuning *tuning, const char *path) {
  tarn_file file;
  TARN_TRY(tarn__file_map(path, &file));
  const tarn_status status = tarn__tuning_parse(tuning, (const char *)file.data, file.size);
  tarn__file_unmap(&file);
  return tarn__in_file(status, path);
}

/* The folders on the way to a file: the last two, at most. */
static void make_folders(char *path) {
  char *last = strrchr(path, '/');
  if (!last || last == path) return;
  *last = 0;
  char *before = strrchr(path, '/');
  if (before && before != path) {
    *before = 0;
    (void)mkdir(path, 0700);
    *before = '/';
  }
  (void)mkdir(path, 0700);
  *last = '/';
}

tarn_status tarn__tuning_save(const tarn_tuning *tuning, const char *path) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_bytes text, folder;
  tarn__bytes_init(&text, a);
  tarn__bytes_init(&folder, a);
  tarn_status status = tarn__tuning_print(tuning, &text);
  if (status == TARN_OK) status = tarn__bytes_add(&folder, path, strlen(path));
  if (status == TARN_OK) {
    make_folders(folder.data);
    status = tarn__output_file(a, path, text.data, text.size);
  }
  tarn__bytes_clear(&text);
  tarn__bytes_clear(&folder);
  return status;
}

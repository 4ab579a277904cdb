/* SavedModel folders: see savedmodel.h. */
#include "loader/savedmodel/savedmodel.h"

#include <stdio.h>
#include <sys/stat.h>

#include "loader/graphdef/metagraph.h"

static bool exists(const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0;
}

tarn_status tarn__savedmodel_file(const char *folder, tarn_arena *arena, const char **path) {
  static const char *const names[] = {"saved_model.pb", "saved_model.pbtxt", "saved_model.cpb"};
  char shown[256];
  tarn__printable(folder, strlen(folder), shown, sizeof shown);
  const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
  for (int i = 0; i < 3; i++) {
    const char *file = tarn__arena_printf(arena, "%s%s%s", folder, slash, names[i]);
    if (!file) return TARN_NO_MEMORY;
    if (!exists(file)) continue;
    if (i == 2)
      return tarn_fail(TARN_UNSUPPORTED,
                       "'%s' has its model in chunks (saved_model.cpb), expected saved_model.pb",
                       shown);
    *path = file;
    return TARN_OK;
  }
  return tarn_fail(TARN_IO, "the folder '%s' has no saved_model.pb and no saved_model.pbtxt",
                   shown);
}

/* Whether `tags` (with commas) has the tag. */
static bool lists(const char *tags, const char *tag) {
  size_t bytes = strlen(tag);
  for (const char *at = tags; *at;) {
    size_t n = strcspn(at, ",");
    if (n == bytes && memcmp(at, tag, n) == 0) return true;
    at += n;
    at += *at == ',';
  }
  return false;
}

static size_t count_tags(const char *tags) {
  size_t n = 0;
  for (const char *at = tags; *at;) {
    size_t bytes = strcspn(at, ",");
    n += bytes > 0;
    at += bytes;
    at += *at == ',';
  }
  return n;
}

static bool same_tags(const char *wanted, const char *const *tags, size_t n) {
  if (count_tags(wanted) != n) return false;
  for (size_t i = 0; i < n; i++)
    if (!lists(wanted, tags[i])) return false;
  return true;
}

/* Appends ", 'a,b'" to text, safely printable, as far as it fits. */
static void describe(const char *const *tags, size_t n, char *text, size_t bytes) {
  char one[120] = "";
  for (size_t i = 0, at = 0; i < n && at < sizeof one; i++) {
    char shown[60];
    int added = snprintf(one + at, sizeof one - at, "%s%s", i ? "," : "",
                         tarn__printable(tags[i], strlen(tags[i]), shown, sizeof shown));
    at += added > 0 ? (size_t)added : 0;
  }
  size_t used = strlen(text);
  snprintf(text + used, bytes - used, "%s'%s'", used ? ", " : "", one);
}

tarn_status tarn__savedmodel_pick(tarn_wire message, const char *tags, tarn_arena *arena,
                                  tarn_wire *metagraph) {
  char there[400] = "";
  for (tarn_wire w = message;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number != 2) continue;
    TARN_TRY(tarn__wire_message(&f, "MetaGraphDef", &inner));
    const char **names;
    size_t n;
    TARN_TRY(tarn__metagraph_tags(inner, arena, &names, &n));
    if (n > 0 && same_tags(tags, names, n)) {
      *metagraph = inner;
      return TARN_OK;
    }
    describe(names, n, there, sizeof there);
  }
  char shown[100];
  tarn__printable(tags, strlen(tags), shown, sizeof shown);
  if (!*there)
    return tarn_fail(TARN_CORRUPT, "the SavedModel has no meta graph, expected one tagged '%s'",
                     shown);
  return tarn_fail(TARN_NOT_FOUND, "no meta graph is tagged '%s'; there is %s", shown, there);
}

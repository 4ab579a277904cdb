/* The table of demos, and what they share: files, recorded figures, sessions, the clock. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/knobs.h"
#include "core/status.h"
#include "demos/demo.h"

const tarn_demo tarn__demos[] = {
    {"resnet", "reads handwritten digits with a ResNet-20 that TensorFlow trained",
     tarn__demo_resnet},
    {"resnet50", "builds the ImageNet ResNet-50, loads a checkpoint, and times it",
     tarn__demo_resnet50},
    {"lstm", "writes text with a character-level LSTM that TensorFlow trained", tarn__demo_lstm},
    {NULL, NULL, NULL},
};

int tarn__demo_exit(tarn_status status) {
  switch (status) {
    case TARN_OK:
    case TARN_END:
      return TARN_DEMO_OK;
    case TARN_UNSUPPORTED:
      return TARN_DEMO_UNSUPPORTED;
    case TARN_CORRUPT:
    case TARN_IO:
      return TARN_DEMO_CORRUPT;
    case TARN_NO_MEMORY:
    case TARN_LIMIT:
      return TARN_DEMO_LIMIT;
    case TARN_INVALID:
    case TARN_SHAPE:
    case TARN_DTYPE:
    case TARN_NOT_FOUND:
    case TARN_FAILED:
    case TARN_REFUSED:
    case TARN_CANCELLED:
      return TARN_DEMO_FAILED;
  }
  return TARN_DEMO_FAILED;
}

/* As the command's verbs print it: lines that name an unsupported op stand alone, what follows is
 * context. */
int tarn__demo_error(const char *demo, tarn_status status) {
  char printable[TARN_ERROR_BYTES];
  bool first = true;
  for (const char *line = tarn_error(); *line; first = false) {
    const size_t bytes = strcspn(line, "\n");
    tarn__printable(line, bytes, printable, sizeof printable);
    if (strncmp(line, "unsupported op: ", 16) == 0)
      fprintf(stderr, "tarn: %s\n", printable);
    else if (first)
      fprintf(stderr, "tarn: demo %s: %s\n", demo, printable);
    else
      fprintf(stderr, "%s%s\n", line[0] == ' ' ? "" : "  ", printable);
    line += bytes + (line[bytes] == '\n');
  }
  return tarn__demo_exit(status);
}

const char *tarn__demo_path(const char *file, char *path, size_t bytes) {
  const char *data = tarn__knobs()->data;
  if (data[0] != '\0') {
    snprintf(path, bytes, "%s/%s", data, file);
    return path;
  }
  /* A prefix of a checkpoint is no file: its folder tells. */
  const char *slash = strrchr(file, '/');
  const int folder = slash ? (int)(slash - file) : 0;
  /* An installed tree may have been moved: share/ is beside the command's bin/. */
  char beside[4096];
  ssize_t length = readlink("/proc/self/exe", beside, sizeof beside - 64);
  for (int up = 0; up < 2; up++)
    while (length > 0 && beside[--length] != '/') continue;
  beside[length > 0 ? length : 0] = 0;
  strcat(beside, "/share/tarn/demos");
  const char *const folders[] = {beside, TARN_DATADIR, TARN_SOURCE_DEMOS};
  for (int i = 0; i < 3; i++) {
    snprintf(path, bytes, "%s/%.*s", folders[i], folder, file);
    if (i < 2 && access(path, R_OK) != 0) continue;
    snprintf(path, bytes, "%s/%s", folders[i], file);
    break;
  }
  return path;
}

tarn_status tarn__demo_read(const char *path, char **text, size_t *bytes) {
  tarn_status status = TARN_OK;
  char *read = NULL;
  FILE *f = fopen(path, "rb");
  if (!f) return tarn_fail(TARN_IO, "%s: %s", path, strerror(errno));
  long size = -1;
  if (fseek(f, 0, SEEK_END) == 0) size = ftell(f);
  if (size < 0 || size > 1L << 30 || fseek(f, 0, SEEK_SET) != 0) {
    status = tarn_fail(TARN_IO, "%s: not a file of at most 1 GiB", path);
    goto done;
  }
  read = malloc((size_t)size + 1);
  if (!read) {
    status = tarn_fail(TARN_NO_MEMORY, "%s: %ld bytes", path, size);
    goto done;
  }
  if (fread(read, 1, (size_t)size, f) != (size_t)size) {
    status = tarn_fail(TARN_IO, "%s: cut short while it was read", path);
    goto done;
  }
  read[size] = '\0';
  *text = read;
  *bytes = (size_t)size;
  read = NULL;
done:
  free(read);
  fclose(f);
  return status;
}

bool tarn__demo_recorded(const char *file, const char *key, double *value) {
  char path[4096], name[64];
  json_t *root = json_load_file(tarn__demo_path(file, path, sizeof path), 0, NULL);
  const json_t *at = root;
  for (const char *end; at && *key; key = *end ? end + 1 : end) {
    end = key + strcspn(key, ".");
    snprintf(name, sizeof name, "%.*s", (int)(end - key), key);
    at = json_object_get(at, name);
  }
  const bool found = at && json_is_number(at);
  if (found) *value = json_number_value(at);
  json_decref(root);
  return found;
}

tarn_status tarn__demo_session(const char *prefix, const tarn_session_options *options,
                               tarn_session **session) {
  tarn_model *model = NULL;
  tarn_session *made = NULL;
  tarn_status status;
  TARN_GOTO(tarn_model_load(prefix, NULL, &model));
  TARN_GOTO(tarn_session_create(model, options, &made));
  TARN_GOTO(tarn_session_restore(made, prefix));
  *session = made;
  made = NULL;
done:
  tarn_session_destroy(made);
  tarn_model_destroy(model);
  return status;
}

double tarn__demo_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

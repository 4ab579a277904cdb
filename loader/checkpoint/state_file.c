/* The `checkpoint` state file: text protobuf that names the newest checkpoint of a folder and those
 * before it.
 *
 *   model_checkpoint_path: "model.ckpt-1000"
 *   all_model_checkpoint_paths: "model.ckpt-500"
 *
 * Every field is a name, a colon and a quoted string or a number, so this reads just that. Paths
 * are relative to the file's folder; absolute ones are often those of another machine, and are then
 * looked up here by base name. */
#include <inttypes.h>

#include "core/file.h"
#include "loader/checkpoint/checkpoint.h"
#include "loader/checkpoint/paths.h"

typedef struct text {
  const unsigned char *start, *at, *end;
} text;

static tarn_status refuse(const text *t, const char *expected) {
  return tarn_fail(TARN_CORRUPT, "offset %td: not a checkpoint state file, expected %s",
                   t->at - t->start, expected);
}

static bool is_space(int c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Spaces and comments. */
static void skip(text *t) {
  while (t->at < t->end && (is_space(*t->at) || *t->at == '#')) {
    if (*t->at == '#')
      while (t->at < t->end && *t->at != '\n') t->at++;
    else
      t->at++;
  }
}

static bool is_word(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '+' || c == '-';
}

static void word(text *t, const char **w, size_t *bytes) {
  *w = (const char *)t->at;
  while (t->at < t->end && is_word(*t->at)) t->at++;
  *bytes = (size_t)((const char *)t->at - *w);
}

static int hex(int c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* The escape behind a backslash: one byte. */
static tarn_status escape(text *t, char *c) {
  static const char from[] = "abfnrtv\\'\"?", to[] = "\a\b\f\n\r\t\v\\'\"?";
  if (t->at == t->end) return refuse(t, "the rest of an escape");
  const char *simple = *t->at ? strchr(from, *t->at) : NULL;
  if (simple) {
    *c = to[simple - from];
    t->at++;
    return TARN_OK;
  }
  int v = 0, n = 0, base = 8, most = 3;
  if (*t->at == 'x' || *t->at == 'X') {
    base = 16;
    most = 2;
    t->at++;
  }
  for (; n < most && t->at < t->end && hex(*t->at) >= 0 && hex(*t->at) < base; n++)
    v = v * base + hex(*t->at++);
  if (n == 0 || v > 255) return refuse(t, "a known escape");
  *c = (char)(unsigned char)v;
  return TARN_OK;
}

/* A quoted string, C escapes undone; strings that follow one another are one. */
static tarn_status string(text *t, tarn_bytes *out) {
  out->size = 0;
  do {
    unsigned char quote = *t->at++;
    for (;;) {
      if (t->at == t->end || *t->at == '\n') return refuse(t, "the end of a string");
      char c = (char)*t->at++;
      if ((unsigned char)c == quote) break;
      if (c == '\\') TARN_TRY(escape(t, &c));
      if (c == 0) return refuse(t, "a path without zero bytes");
      TARN_TRY(tarn__bytes_add(out, &c, 1));
    }
    skip(t);
  } while (t->at < t->end && (*t->at == '"' || *t->at == '\''));
  return TARN_OK;
}

static tarn_status parse(text *t, tarn_bytes *newest) {
  static const char wanted[] = "model_checkpoint_path";
  tarn_bytes value;
  tarn__bytes_init(&value, newest->allocator);
  tarn_status status = TARN_OK;
  for (skip(t); t->at < t->end; skip(t)) {
    const char *name, *number;
    size_t bytes, digits;
    word(t, &name, &bytes);
    skip(t);
    if (bytes == 0 || t->at == t->end || *t->at++ != ':') {
      status = refuse(t, "a field such as model_checkpoint_path: \"...\"");
      break;
    }
    skip(t);
    if (t->at < t->end && (*t->at == '"' || *t->at == '\'')) {
      TARN_GOTO(string(t, &value));
      if (bytes != sizeof wanted - 1 || memcmp(name, wanted, bytes) != 0) continue;
      newest->size = 0;
      TARN_GOTO(tarn__bytes_add(newest, value.data ? value.data : "", value.size));
      continue;
    }
    word(t, &number, &digits);
    if (digits == 0) {
      status = refuse(t, "a string or a number");
      break;
    }
  }
  if (status == TARN_OK && newest->size == 0)
    status = tarn_fail(TARN_CORRUPT, "a checkpoint state file without model_checkpoint_path");
done:
  tarn__bytes_clear(&value);
  return status;
}

/* A checkpoint of either version lies at `prefix`. */
static tarn_status present(const tarn_allocator *a, const char *prefix, bool *found) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(a, &arena));
  char *index = tarn__arena_printf(arena, "%s.index", prefix), **shards;
  size_t n = 0;
  tarn_status status = index ? TARN_OK : TARN_NO_MEMORY;
  *found = index && (tarn__path_exists(index) || tarn__path_exists(prefix));
  /* Shards that are there but incomplete count: opening them says what is wrong. */
  if (index && !*found) *found = tarn__path_shards(arena, prefix, &shards, &n) != TARN_OK || n > 0;
  tarn__arena_destroy(arena);
  return status;
}

tarn_status tarn__checkpoint_state_newest(const tarn_allocator *a, const char *state_path,
                                          char **prefix, size_t *bytes) {
  tarn_file file;
  TARN_TRY(tarn__file_map(state_path, &file));
  tarn_bytes newest, out;
  tarn__bytes_init(&newest, a);
  tarn__bytes_init(&out, a);
  text t = {file.data, file.data, file.data + file.size};
  tarn_status status = tarn__in_file(parse(&t, &newest), state_path);
  tarn__file_unmap(&file);
  if (status != TARN_OK) goto done;
  const char *path = newest.data;
  bool as_written = false;
  if (path[0] == '/') TARN_GOTO(present(a, path, &as_written));
  if (!as_written) {
    TARN_GOTO(tarn__bytes_add(&out, state_path, tarn__path_folder_bytes(state_path)));
    if (path[0] == '/') path += tarn__path_folder_bytes(path);
  }
  TARN_GOTO(tarn__bytes_add(&out, path, strlen(path)));
  size_t n = out.size + 1;
  char *text_out = tarn__alloc(a, n);
  if (!text_out) {
    status = TARN_NO_MEMORY;
    goto done;
  }
  memcpy(text_out, out.data, n);
  *prefix = text_out;
  *bytes = n;
done:
  tarn__bytes_clear(&newest);
  tarn__bytes_clear(&out);
  return status;
}

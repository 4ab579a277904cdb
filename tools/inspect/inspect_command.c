/* The command line that `tarn inspect` offers: random feeds of the declared shapes, and the
 * outputs. */
#include <stdio.h>
#include <string.h>

#include "tools/inspect/inspect.h"

#define FETCHES 4   /* a line that fits a terminal; the rest is listed above it */

/* The word as a shell takes it: in single quotes where it has anything but plain characters. */
static tarn_status add_word(tarn_bytes *b, const char *word) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,[]@%+";
  if (word[0] && word[strspn(word, plain)] == 0 && word[0] != '[')
    return tarn__bytes_add(b, word, strlen(word));
  TARN_TRY(tarn__bytes_add(b, "'", 1));
  for (const char *c = word; *c; c++) {
    if (*c == '\'')
      TARN_TRY(tarn__bytes_add(b, "'\\''", 4));
    else
      TARN_TRY(tarn__bytes_add(b, c, 1));
  }
  return tarn__bytes_add(b, "'", 1);
}

static tarn_status add_option(tarn_bytes *b, const char *option, const char *value) {
  TARN_TRY(tarn__bytes_printf(b, " %s ", option));
  return add_word(b, value);
}

/* "x:0=random:float32[1,28,28,1]", or "x:0=x.npy" where no random value makes sense. Unknown dims
 * become 1. */
static tarn_status add_feed(tarn_bytes *b, tarn_arena *arena, const char *name, tarn_dtype dtype,
                            const tarn_shape *shape, size_t number) {
  char text[400] = "";
  const char *value;
  bool numbers = dtype != TARN_NO_DTYPE && tarn__dtype_in(dtype, TARN_REALS) && dtype != TARN_BF16;
  if (shape->rank < 0 || !numbers) {
    value = tarn__arena_printf(arena, "%s=input%zu.%s", name, number,
                               dtype == TARN_STRING ? "json" : "npy");
  } else {
    for (int i = 0; i < shape->rank; i++) {
      size_t used = strlen(text);
      snprintf(text + used, sizeof text - used, "%s%lld", i ? "," : "",
               (long long)(shape->dim[i] < 0 ? 1 : shape->dim[i]));
    }
    value = tarn__arena_printf(arena, "%s=random:%s[%s]", name, tarn__dtype_numpy(dtype), text);
  }
  return value ? add_option(b, "--feed", value) : TARN_NO_MEMORY;
}

static tarn_status add_signature(tarn_bytes *b, const inspect_facts *f, tarn_arena *arena,
                                 const tarn_signature *s) {
  if (strcmp(s->key, "serving_default") != 0) TARN_TRY(add_option(b, "--signature", s->key));
  for (size_t i = 0; i < s->n_inputs; i++)
    if (*s->inputs[i].name)
      TARN_TRY(add_feed(b, arena, s->inputs[i].name, s->inputs[i].dtype, &s->inputs[i].shape, i));
  for (size_t i = 0; i < s->n_outputs && i < FETCHES; i++)
    if (*s->outputs[i].name) TARN_TRY(add_option(b, "--fetch", s->outputs[i].name));
  (void)f;
  return TARN_OK;
}

/* The signature to show: the default one, else the first with inputs. */
static const tarn_signature *pick(const tarn_metagraph *meta) {
  const tarn_signature *s = tarn__metagraph_signature(meta, "serving_default");
  for (size_t i = 0; i < meta->n_signatures && !s; i++)
    if (meta->signatures[i].n_inputs > 0) s = &meta->signatures[i];
  return s;
}

static tarn_status build(tarn_bytes *b, const inspect_facts *f, tarn_arena *arena) {
  const tarn_model *m = f->model;
  TARN_TRY(tarn__bytes_printf(b, "tarn run "));
  TARN_TRY(add_word(b, f->path));
  bool own = m->variables_prefix || m->checkpoint_prefix || m->compiled;
  if (f->n_variables && !own) {
    const char *path = f->path;
    size_t bytes = strlen(path);
    bool meta = bytes > 5 && strcmp(path + bytes - 5, ".meta") == 0;
    const char *prefix = meta ? tarn__arena_strndup(arena, path, bytes - 5) : "PREFIX";
    if (!prefix) return TARN_NO_MEMORY;
    if (!meta && f->init)
      TARN_TRY(add_option(b, "--init", f->init));
    else
      TARN_TRY(add_option(b, "--checkpoint", prefix));
  }
  const tarn_signature *s = pick(&m->meta);
  if (s) return add_signature(b, f, arena, s);
  for (size_t i = 0; i < f->n_inputs; i++)
    if (!f->inputs[i].optional)
      TARN_TRY(add_feed(b, arena, f->inputs[i].name, f->inputs[i].dtype, &f->inputs[i].shape, i));
  for (size_t i = 0; i < f->n_outputs && i < FETCHES; i++)
    TARN_TRY(add_option(b, "--fetch", f->outputs[i].name));
  return TARN_OK;
}

tarn_status inspect_command(const inspect_facts *f, tarn_arena *arena, const char **command) {
  tarn_bytes b;
  tarn__bytes_init(&b, tarn__allocator_default());
  tarn_status status = build(&b, f, arena);
  if (status == TARN_OK) {
    *command = tarn__arena_strndup(arena, b.data, b.size);
    if (!*command) status = TARN_NO_MEMORY;
  }
  tarn__bytes_clear(&b);
  return status;
}

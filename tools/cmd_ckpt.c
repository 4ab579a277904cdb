/* `tarn ckpt`: the files of variables. Lists, compares, checks and converts checkpoints, .npz and
 * .safetensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "tools/ckpt.h"

int tarn__cmd_ckpt(int argc, char **argv);

static const struct verb {
  const char *name;
  int (*run)(const ckpt_options *options);
  int least, most; /* paths */
} verbs[] = {
    {"ls", ckpt_ls, 1, 1000000},
    {"diff", ckpt_diff, 2, 2},
    {"verify", ckpt_verify, 1, 1000000},
    {"convert", ckpt_convert, 2, 2},
};

static const char help[] =
    "usage: tarn ckpt ls [--stats] [--json] PATH...\n"
    "       tarn ckpt diff [--rtol R] [--atol A] [--json] PATH PATH\n"
    "       tarn ckpt verify [--json] PATH...\n"
    "       tarn ckpt convert FROM TO\n"
    "\n"
    "PATH is a checkpoint (its prefix, its .index, or the folder of its 'checkpoint' file), a "
    "SavedModel\n"
    "folder, or a file ending in .npz or .safetensors. TO is written as what it ends in: .npz, "
    ".safetensors,\n"
    "else the prefix of a V2 checkpoint.\n"
    "\n"
    "  ls       names, dtypes, shapes and sizes; --stats: min, max, mean, std, NaN and Inf counts\n"
    "  diff     what is only in one, and dtypes, shapes and values that differ; ends with 1 when "
    "any do\n"
    "  verify   reads everything and checks every length and crc; ends with 4 when anything is "
    "wrong\n"
    "  convert  copies every tensor; says what the target cannot hold\n"
    "\n"
    "example: tarn ckpt ls --stats model.ckpt-1000\n";

int ckpt_usage(const char *problem) {
  fprintf(stderr, "tarn: %s; see 'tarn ckpt --help'\n", problem);
  return 2;
}

int ckpt_fail(tarn_status status) {
  fprintf(stderr, "tarn: %s\n", tarn_error());
  switch (status) {
    case TARN_CORRUPT:
    case TARN_IO:
    case TARN_UNSUPPORTED:
      return 4;
    case TARN_NO_MEMORY:
    case TARN_LIMIT:
      return 5;
    case TARN_OK:
    case TARN_INVALID:
    case TARN_SHAPE:
    case TARN_DTYPE:
    case TARN_NOT_FOUND:
    case TARN_FAILED:
    case TARN_REFUSED:
    case TARN_CANCELLED:
    case TARN_END:
      break;
  }
  return 1;
}

const char *ckpt_name(const char *name, char text[CKPT_NAME_TEXT]) {
  return tarn__printable(name, strlen(name), text, CKPT_NAME_TEXT);
}

const char *ckpt_dtype(const ckpt_tensor *t, char text[32]) {
  if (t->dtype != TARN_NO_DTYPE)
    snprintf(text, 32, "%s", tarn_dtype_name(t->dtype));
  else
    snprintf(text, 32, "dtype %d", t->dtype_number);
  return text;
}

int ckpt_print_json(json_t *value) {
  char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL;
  json_decref(value);
  if (!text) {
    fputs("tarn: out of memory\n", stderr);
    return 5;
  }
  puts(text);
  free(text);
  return 0;
}

/* The number behind an option; false: none, or not one of 0 or more. */
static bool number(const char *text, double *value) {
  char *end;
  if (!text || !*text) return false;
  *value = strtod(text, &end);
  return *end == 0 && *value >= 0;
}

int tarn__cmd_ckpt(int argc, char **argv) {
  const struct verb *verb = NULL;
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      fputs(help, stdout);
      return 0;
    }
  if (argc < 2) return ckpt_usage("expected ls, diff, verify or convert");
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (strcmp(argv[1], verbs[i].name) == 0) verb = &verbs[i];
  if (!verb) return ckpt_usage("no such verb of 'ckpt': expected ls, diff, verify or convert");
  ckpt_options options = {.path = calloc((size_t)argc, sizeof *options.path)};
  if (!options.path) {
    fputs("tarn: out of memory\n", stderr);
    return 5;
  }
  int status = -1;
  bool only_paths = false;
  for (int i = 2; i < argc && status < 0; i++) {
    const char *word = argv[i];
    if (only_paths || word[0] != '-' || !word[1])
      options.path[options.paths++] = word;
    else if (strcmp(word, "--") == 0)
      only_paths = true;
    else if (strcmp(word, "--json") == 0)
      options.json = true;
    else if (strcmp(word, "--stats") == 0 && verb->run == ckpt_ls)
      options.stats = true;
    else if (strcmp(word, "--rtol") == 0 && verb->run == ckpt_diff) {
      if (!number(argv[++i], &options.rtol)) status = ckpt_usage("--rtol needs a number");
    } else if (strcmp(word, "--atol") == 0 && verb->run == ckpt_diff) {
      if (!number(argv[++i], &options.atol)) status = ckpt_usage("--atol needs a number");
    } else
      status = ckpt_usage("an option that this verb does not have");
  }
  if (status < 0 && (options.paths < verb->least || options.paths > verb->most))
    status = ckpt_usage(verb->most == 2 ? "expected two paths" : "expected a path");
  if (status < 0) status = verb->run(&options);
  free(options.path);
  return status;
}

/* `tarn ckpt`: the files of variables. Lists, compares, checks and converts checkpoints, .npz and
 * .safetensors; each of these is in a ckpt_<what>.c of its own. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "tools/ckpt/ckpt.h"

extern const tarn_verb tarn__verb_ckpt;

static const struct action {
  const char *name;
  int (*run)(const ckpt_options *options);
  int least, most; /* paths */
} actions[] = {
    {"ls", ckpt_ls, 1, 1000000},
    {"diff", ckpt_diff, 2, 2},
    {"verify", ckpt_verify, 1, 1000000},
    {"convert", ckpt_convert, 2, 2},
};

static const tarn_option rows[] = {
    {"--stats", NULL, "ls: min, max, mean, standard deviation, and how many are NaN or infinite"},
    {"--rtol", "R", "diff: values that differ by at most R times the second's are the same"},
    {"--atol", "A", "diff: values that differ by at most A are the same"},
    {"--json", NULL, "one JSON value on standard output"},
    {0},
};

int ckpt_fail(tarn_status status) {
  int code = tarn__cli_fail(status);
  return status == TARN_UNSUPPORTED ? TARN_EXIT_CORRUPT : code; /* a format, not an op */
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

static int no_memory(void) {
  return ckpt_fail(tarn_fail(TARN_NO_MEMORY, "no memory for what was to be printed"));
}

int ckpt_print_json(json_t *value) {
  char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL;
  json_decref(value);
  if (!text) return no_memory();
  puts(text);
  free(text);
  return TARN_EXIT_OK;
}

/* Options and operands into `o`; -1 to go on, else the exit status. */
static int parse(int argc, char **argv, const struct action **action, ckpt_options *o) {
  tarn_cli cli;
  tarn__cli_init(&cli, &tarn__verb_ckpt, argc, argv);
  for (;;) {
    const char *value;
    int option = tarn__cli_next(&cli, &value);
    if (option == TARN_CLI_END) break;
    if (option == TARN_CLI_ERROR) return TARN_EXIT_USAGE;
    if (option == TARN_CLI_HELP) return TARN_EXIT_OK;
    if (option == TARN_CLI_OPERAND) {
      if (*action) {
        o->path[o->paths++] = value;
        continue;
      }
      for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(value, actions[i].name) == 0) *action = &actions[i];
      if (!*action)
        return tarn__cli_usage(&tarn__verb_ckpt, "expected ls, diff, verify or convert, got '%s'",
                               value);
    } else if (tarn__cli_is(&cli, option, "--json")) {
      o->json = true;
    } else if (tarn__cli_is(&cli, option, "--stats")) {
      o->stats = true;
    } else {
      double *to = tarn__cli_is(&cli, option, "--rtol") ? &o->rtol : &o->atol;
      if (!tarn__cli_real(&tarn__verb_ckpt, rows[option].name, value, 0, DBL_MAX, to))
        return TARN_EXIT_USAGE;
    }
  }
  if (!*action) return tarn__cli_usage(&tarn__verb_ckpt, "expected ls, diff, verify or convert");
  if (o->paths < (*action)->least || o->paths > (*action)->most)
    return tarn__cli_usage(&tarn__verb_ckpt, "'%s' needs %s, got %d", (*action)->name,
                           (*action)->most == 2 ? "two paths" : "a path", o->paths);
  return -1;
}

static int run(int argc, char **argv) {
  ckpt_options options = {.path = calloc((size_t)argc + 1, sizeof *options.path)};
  if (!options.path) return no_memory();
  const struct action *action = NULL;
  int status = parse(argc, argv, &action, &options);
  if (status < 0 && action) status = action->run(&options);
  free(options.path);
  return status;
}

const tarn_verb tarn__verb_ckpt = {
    .name = "ckpt",
    .arguments = "ls|diff|verify|convert PATH...",
    .help = "list, compare, check or convert checkpoints",
    .text =
        "PATH is a checkpoint (its prefix, its .index, or the folder of its 'checkpoint' file), a "
        "SavedModel "
        "folder, or a file ending in .npz or .safetensors.\n\n"
        "ls PATH... prints names, dtypes, shapes and sizes. diff A B prints what is only in one, "
        "and the dtypes, "
        "shapes and values that differ, and ends with 1 when any do. verify PATH... reads "
        "everything, checks "
        "every length and crc, and ends with 4 when anything is wrong. convert FROM TO copies "
        "every tensor into "
        "what TO ends in (.npz, .safetensors, else the prefix of a V2 checkpoint) and says what "
        "that cannot hold.",
    .example = "tarn ckpt ls --stats model.ckpt-1000",
    .options = rows,
    .run = run,
};

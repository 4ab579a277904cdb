/* `tarn inspect`: what a model is, and how to run it. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/ckpt/ckpt.h"
#include "tools/inspect/inspect_print.h"

extern const tarn_verb tarn__verb_inspect;

static const tarn_option rows[] = {
    {"--tag", "NAME", "SavedModel: the meta graph with this tag (default: serve)"},
    {"--json", NULL, "one JSON object on standard output"},
    {0},
};

static tarn_status print(const tarn_model *model, const char *path, bool json) {
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(tarn__allocator_default(), &arena));
  inspect_facts facts;
  tarn_status status = inspect_collect(model, path, arena, &facts);
  if (status == TARN_OK && json) {
    json_t *value = inspect_json(&facts);
    char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL;
    json_decref(value);
    if (text)
      puts(text);
    else
      status = tarn_fail(TARN_NO_MEMORY, "no memory for what was to be printed");
    free(text);
  } else if (status == TARN_OK) {
    inspect_text(&facts);
  }
  tarn__arena_destroy(arena);
  return status;
}

/* A checkpoint without a graph has its tensors to show. */
static bool is_checkpoint(const char *path) {
  tarn_checkpoint *c;
  if (tarn_checkpoint_open(path, &c) != TARN_OK) return false;
  tarn_checkpoint_close(c);
  return true;
}

static int inspect(const char *path, const char *tag, bool json) {
  tarn_model *model;
  tarn_status status = tarn_model_load(path, &(tarn_model_options){.tag = tag}, &model);
  if (status == TARN_IO || status == TARN_CORRUPT) {
    char why[TARN_ERROR_BYTES];
    tarn__error_save(why, sizeof why);
    if (is_checkpoint(path)) {
      const char *paths[] = {path};
      return ckpt_ls(&(ckpt_options){.json = json, .path = paths, .paths = 1});
    }
    tarn__error_restore(why);
  }
  if (status == TARN_OK) {
    status = print(model, path, json);
    tarn_model_destroy(model);
  }
  if (status == TARN_OK) return TARN_EXIT_OK;
  return status == TARN_UNSUPPORTED ? (tarn__cli_fail(status), TARN_EXIT_CORRUPT)
                                    : tarn__cli_fail(status);
}

static int run(int argc, char **argv) {
  tarn_cli cli;
  const char *path = NULL, *tag = NULL, *value;
  bool json = false;
  tarn__cli_init(&cli, &tarn__verb_inspect, argc, argv);
  for (;;) {
    int option = tarn__cli_next(&cli, &value);
    if (option == TARN_CLI_END) break;
    if (option == TARN_CLI_ERROR) return TARN_EXIT_USAGE;
    if (option == TARN_CLI_HELP) return TARN_EXIT_OK;
    if (option == TARN_CLI_OPERAND) {
      if (path)
        return tarn__cli_usage(&tarn__verb_inspect, "expected one path, got '%s' as well", value);
      path = value;
    } else if (tarn__cli_is(&cli, option, "--json")) {
      json = true;
    } else {
      tag = value;
    }
  }
  if (!path)
    return tarn__cli_usage(&tarn__verb_inspect, "expected the path of a model or a checkpoint");
  return inspect(path, tag, json);
}

const tarn_verb tarn__verb_inspect = {
    .name = "inspect",
    .arguments = "PATH",
    .help = "show a model's signatures, inputs, outputs, variables and ops, and how to run it",
    .text =
        "PATH is a GraphDef (.pb, .pbtxt), a MetaGraph (.meta), a checkpoint's prefix, a "
        "SavedModel folder, or the folder of "
        "a 'checkpoint' file. Likely inputs are placeholders; likely outputs are what depends on "
        "them and nothing "
        "consumes. The last line is a command that runs the model on random inputs.",
    .example = "tarn inspect model.ckpt.meta",
    .options = rows,
    .run = run,
};

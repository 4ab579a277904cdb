/* tarn explain: what would run where and why, before any run. Placeholders that are not fed are taken with their declared shapes,
 * unknown dims as 1. */
#include "tools/explain.h"
#include "tools/missing.h"
#include "tools/model_run.h"
#include "tools/stand_in.h"

#include <stdlib.h>
#include <string.h>

static const tarn_option options[] = {
  TARN_MODEL_OPTIONS,
  {"--brief", NULL, "the chosen kernels alone, without the contest"},
  {"--json", NULL, "one JSON object"},
  {0},
};

static int run(int argc, char **argv);

const tarn_verb tarn__verb_explain = {
  .name = "explain", .arguments = "MODEL", .help = "what would run where and why; what is missing", .options = options, .run = run,
  .text = "Prints for each step of the plan the node, its op, the kernel chosen (*), and every other candidate with its estimated\n"
          "microseconds or the reason why it cannot. Ops that cannot run are named on standard error, one line each, with exit\n"
          "status 3; for each node of them the plan is followed by the path to the fetch that wants it, the tensors that could\n"
          "be fed instead, and what goes into it. Placeholders that are not fed are taken with their declared shapes, unknown dims as 1.",
  .example = "tarn explain resnet50/saved_model --brief",
};

static tarn_status work(tarn_model_run *r, const tarn_explain_options *how, bool json, int *code) {
  TARN_TRY(tarn__model_run_open(r));
  /* Variables known make a better plan; without them the plan stands all the same. */
  const tarn_status restored = tarn__model_run_restore(r);
  if (restored != TARN_OK && (r->checkpoint || r->inits)) return restored;
  TARN_TRY(tarn__model_run_steps(r));
  tarn_machine machine;
  tarn__machine_guess(tarn__session_threads(r->session), &machine);
  json_t *all = json ? json_array() : NULL;
  for (size_t i = 0; i < r->n_steps; i++) {
    const tarn_run_step *step = &r->steps[i];
    tarn_feed *feeds;
    size_t count;
    const tarn_plan *plan;
    bool open;
    TARN_TRY(tarn__stand_in_feeds(r, step, 1, &feeds, &count, &open));
    const tarn_run_request request = {.feeds = feeds, .n_feeds = count, .fetches = step->fetch_names, .n_fetches = step->n_fetches,
                                      .targets = step->targets, .n_targets = step->n_targets};
    TARN_TRY(tarn__session_plan(r->session, &request, true, &plan));
    json_t *missing = tarn__missing_find(tarn__session_graph(r->session), &request);
    if (json) {
      json_array_append_new(all, tarn__explain_json(plan, &machine, how));
      json_object_set(json_array_get(all, i), "missing", missing);
    } else {
      tarn__explain_print(stdout, plan, &machine, how);
      tarn__missing_print(stdout, missing);
    }
    json_decref(missing);
    if (plan->unsupported) {
      *code = TARN_EXIT_UNSUPPORTED;
      for (const char *line = plan->unsupported; *line;) {
        const int bytes = (int)strcspn(line, "\n");
        fprintf(stderr, "tarn: %.*s\n", bytes, line);
        line += bytes + (line[bytes] == '\n');
      }
    }
  }
  if (json) {
    json_dumpf(r->n_steps == 1 ? json_array_get(all, 0) : all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    fputc('\n', stdout);
    json_decref(all);
  }
  return TARN_OK;
}

static int run(int argc, char **argv) {
  tarn_model_run r;
  tarn_cli cli;
  tarn_explain_options how = {0};
  const char *value;
  bool json = false;
  int code = TARN_EXIT_USAGE, option;
  if (tarn__model_run_init(&r, &tarn__verb_explain) != TARN_OK) return tarn__cli_fail(TARN_NO_MEMORY);
  tarn__cli_init(&cli, &tarn__verb_explain, argc, argv);
  while ((option = tarn__cli_next(&cli, &value)) != TARN_CLI_END) {
    if (option == TARN_CLI_ERROR) goto done;
    if (option == TARN_CLI_HELP) {
      code = TARN_EXIT_OK;
      goto done;
    }
    const int taken = tarn__model_run_option(&r, &cli, option, value);
    if (taken < 0) goto done;
    if (tarn__cli_is(&cli, option, "--brief")) how.brief = true;
    else if (tarn__cli_is(&cli, option, "--memory")) how.memory = true;
    else if (tarn__cli_is(&cli, option, "--json")) json = true;
  }
  if (!r.path) {
    tarn__cli_usage(&tarn__verb_explain, "MODEL is missing");
    goto done;
  }
  code = TARN_EXIT_OK;
  const tarn_status status = work(&r, &how, json, &code);
  if (status != TARN_OK) code = tarn__cli_fail(status);
done:
  tarn__model_run_clear(&r);
  return code;
}

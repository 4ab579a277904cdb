/* tarn explain: what would run where and why, before any run. Placeholders that are not fed are
 * taken with their declared shapes, unknown dims as 1. */
#include "tools/explain/explain.h"
#include "tools/explain/missing.h"
#include "tools/run/model_run.h"
#include "tools/run/stand_in.h"

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
    .name = "explain",
    .arguments = "MODEL",
    .help = "what would run where and why; what is missing",
    .options = options,
    .run = run,
    .text =
        "Prints for each step of the plan the node, its op, the kernel chosen (*), and every other "
        "candidate with its estimated\n"
        "microseconds or the reason why it cannot. Ops that cannot run are named on standard "
        "error, one line each, with exit\n"
        "status 3; for each node of them the plan is followed by the path to the fetch that wants "
        "it, the tensors that could\n"
        "be fed instead, and what goes into it. Placeholders that are not fed are taken with their "
        "declared shapes, unknown dims as 1.",
    .example = "tarn explain resnet50/saved_model --brief",
};

typedef struct job {
  tarn_explain_options how;
  bool json, unsupported;       /* unsupported: an op was */
} job;

static tarn_status work(tarn_model_run *r, void *own) {
  job *j = own;
  const tarn_explain_options *how = &j->how;
  TARN_TRY(tarn__model_run_open(r));
  /* Variables known make a better plan; without them the plan stands all the same. */
  const tarn_status restored = tarn__model_run_restore(r);
  if (restored != TARN_OK && (r->checkpoint || r->inits)) return restored;
  TARN_TRY(tarn__model_run_steps(r));
  tarn_machine machine;
  tarn__machine_guess(tarn__session_threads(r->session), &machine);
  json_t *all = j->json ? json_array() : NULL;
  for (size_t i = 0; i < r->n_steps; i++) {
    const tarn_run_step *step = &r->steps[i];
    tarn_feed *feeds;
    size_t count;
    const tarn_plan *plan;
    bool open;
    TARN_TRY(tarn__stand_in_feeds(r, step, 1, &feeds, &count, &open));
    const tarn_run_request request = tarn__run_step_request(step, feeds, count);
    TARN_TRY(tarn__session_plan(r->session, &request, true, &plan));
    json_t *missing = tarn__missing_find(tarn__session_graph(r->session), &request);
    if (j->json) {
      json_array_append_new(all, tarn__explain_json(plan, &machine, how));
      json_object_set(json_array_get(all, i), "missing", missing);
    } else {
      tarn__explain_print(stdout, plan, &machine, how);
      tarn__missing_print(stdout, missing);
    }
    json_decref(missing);
    if (plan->unsupported) {
      j->unsupported = true;
      for (const char *line = plan->unsupported; *line;) {
        const int bytes = (int)strcspn(line, "\n");
        fprintf(stderr, "tarn: %.*s\n", bytes, line);
        line += bytes + (line[bytes] == '\n');
      }
    }
  }
  if (j->json) {
    json_dumpf(r->n_steps == 1 ? json_array_get(all, 0) : all, stdout,
               JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    fputc('\n', stdout);
    json_decref(all);
  }
  return TARN_OK;
}

static bool take(void *own, const tarn_cli *cli, int option, const char *value) {
  job *j = own;
  (void)value;
  if (tarn__cli_is(cli, option, "--brief")) j->how.brief = true;
  else if (tarn__cli_is(cli, option, "--memory")) j->how.memory = true;
  else if (tarn__cli_is(cli, option, "--json")) j->json = true;
  return true;
}

static int run(int argc, char **argv) {
  job j = {.json = false};
  const tarn_model_work how = {.take = take, .work = work};
  const int code = tarn__model_run_main(&tarn__verb_explain, argc, argv, &how, &j);
  return code == TARN_EXIT_OK && j.unsupported ? TARN_EXIT_UNSUPPORTED : code;
}

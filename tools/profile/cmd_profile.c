/* tarn profile: where the time of a run goes, and what would help. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/thread/threads.h"
#include "kernels/device.h"
#include "tools/profile/profile.h"
#include "tools/run/model_run.h"

static const tarn_option options[] = {
    TARN_MODEL_OPTIONS,
    {"--seconds", "S", "of running under the trace (default 2)"},
    {"--all", NULL, "every step, not the longest 25 alone"},
    {"--json", NULL, "one JSON object"},
    {0},
};

static int run(int argc, char **argv);

const tarn_verb tarn__verb_profile = {
    .name = "profile",
    .arguments = "MODEL",
    .help = "where the time of a run goes, and what would help",
    .options = options,
    .run = run,
    .text =
        "Runs the model under a trace, after two runs to warm up, and prints the time by op and by "
        "step: microseconds a run, share,\n"
        "rate, and how far that is from the roofline: the time that the machine's ceilings, "
        "measured first as tarn bench --kernels\n"
        "does, would allow for the step's operations and bytes (inputs and outputs counted once; "
        "Winograd does fewer). "
        "Then the changes that would help most.",
    .example = "tarn profile resnet50/saved_model --feed input=random:float32[1,224,224,3]",
};

static tarn_status run_once(tarn_model_run *r, tarn_trace *trace) {
  for (size_t i = 0; i < r->n_steps; i++) {
    const tarn_run_step *step = &r->steps[i];
    tarn_tensor **out = calloc(step->n_fetches + 1, sizeof *out);
    if (!out) return tarn_fail(TARN_NO_MEMORY, "no memory for results");
    tarn_run_request request = tarn__run_step_request(step, step->feeds, step->n_feeds);
    request.trace = trace;
    const tarn_status status = tarn__session_run(r->session, &request, out);
    for (size_t k = 0; k < step->n_fetches; k++) tarn_tensor_release(out[k]);
    free(out);
    TARN_TRY(status);
  }
  return TARN_OK;
}

static tarn_status plans_of(tarn_model_run *r, const tarn_plan **plans) {
  for (size_t i = 0; i < r->n_steps; i++) {
    const tarn_run_step *step = &r->steps[i];
    const tarn_run_request request = tarn__run_step_request(step, step->feeds, step->n_feeds);
    TARN_TRY(tarn__session_plan(r->session, &request, false, &plans[i]));
  }
  return TARN_OK;
}

/* Traced runs, each beside one without: what the trace costs is the ratio of the least of both. */
static tarn_status measure(tarn_model_run *r, double seconds, tarn_trace *trace, size_t *runs,
                           double *wall_us, double *cost) {
  for (int i = 0; i < 2; i++) TARN_TRY(run_once(r, NULL));
  uint64_t traced = 0, least_traced = UINT64_MAX, least_plain = UINT64_MAX;
  while (*runs < 3 || (double)traced < 1e9 * seconds) {
    const uint64_t start = tarn__now_ns();
    TARN_TRY(run_once(r, NULL));
    const uint64_t between = tarn__now_ns();
    TARN_TRY(run_once(r, trace));
    const uint64_t took = tarn__now_ns() - between;
    traced += took;
    if (took < least_traced) least_traced = took;
    if (between - start < least_plain) least_plain = between - start;
    ++*runs;
  }
  *wall_us = (double)traced / 1e3 / (double)*runs;
  *cost = least_plain ? (double)least_traced / (double)least_plain - 1 : 0;
  return TARN_OK;
}

typedef struct job {
  double seconds;
  size_t most;                  /* steps that are printed; 0: all */
  bool json;
} job;

static tarn_status work(tarn_model_run *r, void *own) {
  const job *j = own;
  tarn_trace *trace = NULL;
  tarn_pool *pool = NULL;
  tarn_trace_total *totals = NULL;
  size_t runs = 0, n = 0;
  double wall_us, cost;
  tarn_ceiling ceiling;
  tarn_profile profile;
  tarn_status status;
  TARN_GOTO(tarn__model_run_open(r));
  TARN_GOTO(tarn__model_run_restore(r));
  TARN_GOTO(tarn__model_run_steps(r));
  TARN_GOTO(tarn__model_run_fill_queues(r));
  TARN_GOTO(tarn__pool_create(tarn__allocator_default(), tarn__session_threads(r->session), &pool));
  TARN_GOTO(tarn__ceiling_measure(pool, &ceiling));
  tarn__ceiling_add_device(&ceiling, tarn__session_device(r->session));
  tarn__pool_destroy(pool);
  pool = NULL;
  TARN_GOTO(tarn__trace_create(tarn__allocator_default(), &trace));
  TARN_GOTO(measure(r, j->seconds, trace, &runs, &wall_us, &cost));
  const tarn_plan **plans = tarn__arena_array(r->arena, r->n_steps + 1, sizeof *plans);
  if (!plans) {
    status = TARN_NO_MEMORY;
    goto done;
  }
  TARN_GOTO(plans_of(r, plans));
  TARN_GOTO(tarn__trace_totals(trace, &totals, &n));
  TARN_GOTO(tarn__profile_make(r->arena, totals, n, runs, wall_us, &ceiling, plans, r->n_steps,
                               &profile));
  if (j->json) {
    json_t *o = tarn__profile_json(&profile);
    json_object_set_new(o, "trace_cost", json_real(cost));
    json_dumpf(o, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(o);
  } else {
    tarn__profile_print(stdout, &profile, j->most);
    printf("The trace itself made a run %.1f %% longer.\n", 100 * cost);
  }
done:
  if (totals) tarn__free(tarn__allocator_default(), totals, n * sizeof *totals);
  tarn__trace_destroy(trace);
  tarn__pool_destroy(pool);
  return status;
}

static bool take(void *own, const tarn_cli *cli, int option, const char *value) {
  job *j = own;
  if (tarn__cli_is(cli, option, "--json"))
    j->json = true;
  else if (tarn__cli_is(cli, option, "--all"))
    j->most = 0;
  else if (tarn__cli_is(cli, option, "--seconds"))
    return tarn__cli_real(cli->verb, "--seconds", value, 0, 86400, &j->seconds);
  return true;
}

static int run(int argc, char **argv) {
  job j = {.seconds = 2, .most = 25};
  const tarn_model_work how = {.take = take, .work = work};
  return tarn__model_run_main(&tarn__verb_profile, argc, argv, &how, &j);
}

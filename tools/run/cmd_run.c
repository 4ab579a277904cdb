/* tarn run: runs a model, once or in steps, and writes or summarises what was fetched. */
#include "bench/ceiling.h"
#include "core/file.h"
#include "core/knobs.h"
#include "kernels/device.h"
#include "tools/explain/explain.h"
#include "tools/run/model_run.h"
#include "tools/run/summary.h"
#include "tools/run/tensor_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const tarn_option options[] = {
    TARN_MODEL_OPTIONS,
    {"--save", "PREFIX", "write all variables to a V2 checkpoint afterwards"},
    {"--repeat", "N", "run the steps so many times (the last results count)"},
    {"--trace", "FILE.json",
     "write a Chrome trace: loading, planning, each step on each thread (Perfetto opens it)"},
    {"--explain", NULL, "first print what would run where and why, on standard error"},
    {"--json", NULL, "summaries as JSON"},
    {0},
};

static int run(int argc, char **argv);

const tarn_verb tarn__verb_run = {
    .name = "run",
    .arguments = "MODEL",
    .help = "run a model from files",
    .options = options,
    .run = run,
    .text =
        "MODEL is a GraphDef (.pb, .pbtxt), a MetaGraph (.meta), a checkpoint prefix with a .meta "
        "beside it, or a SavedModel\n"
        "folder. Any tensor can be fed; inputs and outputs may go by the names of the signature. "
        "Without --fetch every output\n"
        "of the signature is summarised: shape, range, first values, top classes. Where what is "
        "asked for waits at queues\n"
        "that the MetaGraph's queue runners fill, these are started, and the local variables that "
        "they count in initialised.",
    .example =
        "tarn run model.meta --checkpoint model.ckpt-1000 --feed x:0=x.npy --fetch y:0=y.npy",
};

static tarn_session *interrupted;
static volatile sig_atomic_t stopped;

/* A cancel reaches the run under way; between two runs the flag ends them. */
static void on_interrupt(int signal) {
  (void)signal;
  stopped = 1;
  tarn_session_cancel(interrupted);
}

/* Results of all steps, kept until every step has run: a failed run leaves no file behind. */
typedef struct results {
  tarn_tensor **tensor;
  size_t count;
} results;

static tarn_status run_steps(tarn_model_run *r, long repeat, tarn_trace *trace, results *all) {
  for (long round = 0; round < repeat; round++) {
    size_t at = 0;
    for (size_t i = 0; i < r->n_steps; i++) {
      const tarn_run_step *step = &r->steps[i];
      if (stopped) return tarn_fail(TARN_CANCELLED, "interrupted");
      for (size_t k = 0; k < step->n_fetches; k++) {
        tarn_tensor_release(all->tensor[at + k]);
        all->tensor[at + k] = NULL;
      }
      tarn_run_request request = tarn__run_step_request(step, step->feeds, step->n_feeds);
      request.trace = trace;
      const tarn_status status = tarn__session_run(r->session, &request, all->tensor + at);
      if (status != TARN_OK) {
        if (r->n_steps > 1) tarn__context("step %zu", i);
        return status;
      }
      at += step->n_fetches;
    }
  }
  return TARN_OK;
}

static tarn_status write_results(const tarn_model_run *r, const results *all, bool json) {
  size_t at = 0;
  tarn_status status = TARN_OK;
  for (size_t i = 0; i < r->n_steps && status == TARN_OK; i++)
    for (size_t k = 0; k < r->steps[i].n_fetches && status == TARN_OK; k++, at++)
      if (r->steps[i].fetches[k].file) {
        status = tarn__tensor_file_write(r->steps[i].fetches[k].file, all->tensor[at]);
        if (status != TARN_OK) tarn__context("writing '%s'", r->steps[i].fetches[k].name);
      }
  if (status != TARN_OK) {       /* what was written before goes too */
    size_t done = 0;
    for (size_t i = 0; i < r->n_steps; i++)
      for (size_t k = 0; k < r->steps[i].n_fetches && done < at - 1; k++, done++)
        if (r->steps[i].fetches[k].file) unlink(r->steps[i].fetches[k].file);
    return status;
  }
  json_t *object = json ? json_object() : NULL;
  at = 0;
  for (size_t i = 0; i < r->n_steps; i++)
    for (size_t k = 0; k < r->steps[i].n_fetches; k++, at++) {
      const tarn_named *fetch = &r->steps[i].fetches[k];
      if (object) json_object_set_new(object, fetch->name, tarn__summary_json(all->tensor[at]));
      else if (!fetch->file) tarn__summary_print(stdout, fetch->name, all->tensor[at]);
    }
  if (object) {
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
  }
  return TARN_OK;
}

/* With the machine's ceilings, measured now, so that each kernel's share of them is there. */
static tarn_status write_trace(tarn_trace *trace, const char *path, const tarn_session *session) {
  tarn_pool *pool;
  tarn_ceiling ceiling;
  TARN_TRY(tarn__pool_create(tarn__allocator_default(), tarn__session_threads(session), &pool));
  const tarn_status measured = tarn__ceiling_measure(pool, &ceiling);
  tarn__pool_destroy(pool);
  TARN_TRY(measured);
  tarn__ceiling_add_device(&ceiling, tarn__session_device(session));
  tarn_trace_peaks peaks = {.gbytes = ceiling.gbytes_all[TARN_LEVEL_DRAM]};
  for (int t = 0; t < TARN_TARGETS && t < TARN_TRACE_PEAKS; t++)
    peaks.gflops[t] = tarn__target_on_device((tarn_target)t) ? ceiling.device_gflops
                      : ceiling.gflops_all[t] > 0            ? ceiling.gflops_all[t]
                                                             : tarn__ceiling_best(&ceiling, true);
  tarn__trace_set_peaks(trace, &peaks);
  char *text;
  size_t bytes;
  TARN_TRY(tarn__trace_json(trace, &text, &bytes));
  const tarn_status status = tarn__output_file(tarn__allocator_default(), path, text, bytes);
  tarn__free(tarn__allocator_default(), text, bytes + 1);
  return status;
}

/* TARN_VERBOSE=run: a line for each kernel that ran, "run,OP,NODE,KERNEL,123us". */
static tarn_status print_runs(const tarn_trace *trace) {
  char *text;
  size_t bytes;
  TARN_TRY(tarn__trace_json(trace, &text, &bytes));
  json_t *root = json_loadb(text, bytes, 0, NULL), *event;
  size_t i;
  json_array_foreach(json_is_array(root) ? root : json_object_get(root, "traceEvents"), i, event) {
    const char *op = json_string_value(json_object_get(event, "cat")),
               *node = json_string_value(json_object_get(event, "name"));
    const char *kernel =
        json_string_value(json_object_get(json_object_get(event, "args"), "kernel"));
    if (op && node && kernel)
      fprintf(stderr, "run,%s,%s,%s,%.3gus\n", op, node, kernel,
              json_number_value(json_object_get(event, "dur")));
  }
  json_decref(root);
  tarn__free(tarn__allocator_default(), text, bytes + 1);
  return TARN_OK;
}

static tarn_status explain(tarn_model_run *r) {
  tarn_machine machine;
  tarn__machine_guess(tarn__session_threads(r->session), &machine);
  for (size_t i = 0; i < r->n_steps; i++) {
    const tarn_run_step *step = &r->steps[i];
    const tarn_run_request request = tarn__run_step_request(step, step->feeds, step->n_feeds);
    const tarn_plan *plan;
    TARN_TRY(tarn__session_plan(r->session, &request, false, &plan));
    tarn__explain_print(stderr, plan, &machine, &(tarn_explain_options){0});
  }
  return TARN_OK;
}

/* What to do besides running. */
typedef struct extras {
  long repeat;
  const char *save, *trace;
  bool json, explain;
} extras;

static tarn_status work(tarn_model_run *r, void *own) {
  const extras *x = own;
  const bool verbose = strstr(tarn__knobs()->verbose, "run") != NULL;
  results all = {0};
  tarn_trace *trace = NULL;
  tarn_status status;
  if (x->trace || verbose) TARN_GOTO(tarn__trace_create(tarn__allocator_default(), &trace));
  r->trace = trace;
  TARN_GOTO(tarn__model_run_open(r));
  interrupted = r->session;
  signal(SIGINT, on_interrupt);
  TARN_GOTO(tarn__model_run_restore(r));
  TARN_GOTO(tarn__model_run_steps(r));
  for (size_t i = 0; i < r->n_steps; i++) all.count += r->steps[i].n_fetches;
  all.tensor = calloc(all.count + 1, sizeof *all.tensor);
  if (!all.tensor) {
    status = tarn_fail(TARN_NO_MEMORY, "no memory for %zu results", all.count);
    goto done;
  }
  if (x->explain) TARN_GOTO(explain(r));
  TARN_GOTO(tarn__model_run_fill_queues(r));
  status = run_steps(r, x->repeat, trace, &all);
  TARN_GOTO(tarn__model_run_end_queues(r, status));
  if (verbose) TARN_GOTO(print_runs(trace));
  if (x->save) TARN_GOTO(tarn_session_save(r->session, x->save));
  if (x->trace) TARN_GOTO(write_trace(trace, x->trace, r->session));
  TARN_GOTO(write_results(r, &all, x->json));
done:
  signal(SIGINT, SIG_DFL);
  for (size_t i = 0; all.tensor && i < all.count; i++) tarn_tensor_release(all.tensor[i]);
  free(all.tensor);
  tarn__trace_destroy(trace);
  return status;
}

static bool take(void *own, const tarn_cli *cli, int option, const char *value) {
  extras *x = own;
  if (tarn__cli_is(cli, option, "--save")) x->save = value;
  else if (tarn__cli_is(cli, option, "--trace")) x->trace = value;
  else if (tarn__cli_is(cli, option, "--json")) x->json = true;
  else if (tarn__cli_is(cli, option, "--explain")) x->explain = true;
  else if (tarn__cli_is(cli, option, "--repeat"))
    return tarn__cli_int(cli->verb, "--repeat", value, 1, 1000000000, &x->repeat);
  return true;
}

static int run(int argc, char **argv) {
  extras x = {.repeat = 1};
  const tarn_model_work how = {.take = take, .work = work};
  return tarn__model_run_main(&tarn__verb_run, argc, argv, &how, &x);
}

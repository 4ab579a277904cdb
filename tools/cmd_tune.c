/* tarn tune: measures the kernels that can take each problem of a model, and keeps the fastest. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/device/timing.h"
#include "core/thread/threads.h"
#include "graph/tuning/tuning.h"
#include "loader/tuning/tuning_file.h"
#include "tools/run/model_run.h"

static const tarn_option options[] = {
    TARN_MODEL_OPTIONS,
    {"--seconds", "S", "of measuring each kernel on each problem (default 0.05)"},
    {"--again", NULL, "measure what the file holds already, too"},
    {"--json", NULL, "one JSON object"},
    {0},
};

static int run(int argc, char **argv);

const tarn_verb tarn__verb_tune = {
    .name = "tune",
    .arguments = "MODEL",
    .help = "measure kernel choices and keep them",
    .options = options,
    .run = run,
    .text =
        "Plans the model for the feeds given, times for each distinct problem of its steps every "
        "kernel that can take it (reference\n"
        "only where there is no other), and writes the fastest to a file that later runs on this "
        "machine read: --tuning FILE, else\n"
        "TARN_TUNING, else a file of the user's cache folder that is named after machine and "
        "build. With --backend cuda the kernels of the\n"
        "device are timed by its own events, and kept under its name. Ops with state are left "
        "alone,\n"
        "inputs of whole numbers are zeros. Prints each problem's choice beside what the estimate "
        "would have taken, and how far\n"
        "estimates are from measurements in the median.",
    .example =
        "tarn tune resnet50/saved_model --feed input=random:float32[1,224,224,3] --threads 2",
};

typedef struct job {
  tarn_model_run *r;
  tarn_tuning *tuning;
  tarn_pool *pool;
  tarn_machine machine;
  tarn_stopwatch watch;         /* of the session's device; its back end NULL: there is none */
  tarn_machine device;          /* what estimates count with there */
  double seconds;
  bool again, json;
  double *times;
  double *off;
  size_t offs, off_room;      /* estimate over measurement, of each kernel measured */
  double before_us, after_us; /* sums over problems: the estimate's choice, the fastest */
  size_t problems, changed, kept, failed;
  json_t *rows;
} job;

/* A constant's own elements; else zeros for whole numbers (indices stay in range), small numbers
 * for others. */
static tarn_status input(const tarn_block *block, const tarn_step *step, const tarn_problem *p,
                         int i, tarn_tensor *t) {
  const tarn_tensor *known = &block->value[step->in[i]].constant;
  if (known->dtype == p->in_dtype[i] && known->data &&
      tarn__shape_equal(&known->shape, &p->in_shape[i])) {
    tarn__tensor_share(known, t);
    return TARN_OK;
  }
  TARN_TRY(tarn__tensor_new(tarn__allocator_default(), p->in_dtype[i], &p->in_shape[i], t));
  const int64_t n = tarn__tensor_elements(t);
  uint32_t seed = 12345u + (uint32_t)i;
  for (int64_t k = 0; k < n && (t->dtype == TARN_F32 || t->dtype == TARN_F64); k++) {
    seed = seed * 1664525u + 1013904223u;
    const float x = (float)(seed >> 8) / (float)(1 << 24) + 0.01f;
    if (t->dtype == TARN_F32)
      ((float *)t->data)[k] = x;
    else
      ((double *)t->data)[k] = (double)x;
  }
  return TARN_OK;
}

/* By the device's own events. */
static tarn_status time_there(job *j, const tarn_case *made, tarn_kernel_ref kernel, double *us) {
  tarn_tensor out[TARN_CASE_MAX_INPUTS] = {{0}};
  tarn_device_binding *binding = NULL;
  tarn_figures f = {0};
  tarn_status status = tarn__device_binding_make(&j->watch, made, kernel, &binding);
  if (status == TARN_OK) status = tarn__device_binding_results(binding, out);
  if (status == TARN_OK) status = tarn__device_measure(binding, j->seconds, j->times, &f);
  tarn__device_binding_destroy(binding);
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) tarn__tensor_clear(&out[i]);
  *us = f.min_us;
  return status;
}

static tarn_status time_kernel(job *j, const tarn_case *made, tarn_kernel_ref kernel, double *us) {
  if (tarn__target_on_device(kernel.file->target)) return time_there(j, made, kernel, us);
  tarn_tensor out[TARN_CASE_MAX_INPUTS] = {{0}};
  tarn_case_binding *binding = NULL;
  tarn_figures f = {0};
  tarn_status status = tarn__case_bind(made, kernel, j->pool, out, &binding);
  if (status == TARN_OK) status = tarn__bench_measure(binding, j->seconds, j->times, &f);
  tarn__case_unbind(binding);
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) tarn__tensor_clear(&out[i]);
  *us = f.min_us;
  return status;
}

static void note_off(job *j, double ratio) {
  if (j->offs == j->off_room) {
    const size_t room = j->off_room ? 2 * j->off_room : 256;
    double *larger = realloc(j->off, room * sizeof *larger);
    if (!larger) return;
    j->off = larger;
    j->off_room = room;
  }
  j->off[j->offs++] = fabs(ratio - 1);
}

enum { MOST_RIVALS = 64 };

static bool is_there(tarn_kernel_ref k) {
  return tarn__target_on_device(k.file->target);
}

/* Those that can take the problem, on the device or on the CPU; no reference. */
static int rivals_for(const job *j, bool there, const tarn_problem *p, tarn_kernel_ref *rival) {
  int n = 0;
  size_t count;
  if (there) {
    for (tarn_kernel_ref k = {0};
         n < MOST_RIVALS && tarn__backend_next(j->watch.backend, p->op, &k);)
      if (!tarn__kernel_refusal(k, p)) rival[n++] = k;
    return n;
  }
  const tarn_kernel_ref *rows = tarn__kernels_of(p->op, &count);
  for (size_t i = 0; i < count && n < MOST_RIVALS; i++)
    if (rows[i].file->target != TARN_TARGET_REFERENCE && !tarn__kernel_refusal(rows[i], p))
      rival[n++] = rows[i];
  return n;
}

static double estimate_us(const job *j, tarn_kernel_ref k, const tarn_problem *p) {
  return tarn__kernel_cost_us(k, p, is_there(k) ? &j->device : &j->machine);
}

/* Every kernel that can: the fastest, and what the one took that the estimate would have taken. */
static tarn_status contest(job *j, const tarn_case *made, tarn_kernel_ref estimated,
                           tarn_kernel_ref *best, double *best_us, double *estimated_us,
                           size_t *rivals) {
  tarn_kernel_ref rows[MOST_RIVALS];
  const int count = rivals_for(j, is_there(estimated), &made->problem, rows);
  *rivals = 0;
  *best_us = HUGE_VAL;
  *estimated_us = HUGE_VAL;
  for (int i = 0; i < count; i++) {
    double us;
    const double guess = estimate_us(j, rows[i], &made->problem);
    if (!(guess >= 0) || isinf(guess)) continue; /* not to be chosen unless asked for */
    const tarn_status status = time_kernel(j, made, rows[i], &us);
    if (status == TARN_NO_MEMORY) return status;
    if (status != TARN_OK) continue;
    ++*rivals;
    note_off(j, guess / us);
    if (rows[i].kernel == estimated.kernel) *estimated_us = us;
    if (us < *best_us) {
      *best_us = us;
      *best = rows[i];
    }
  }
  return TARN_OK;
}

static void say(job *j, const tarn_step *step, const char *key, tarn_kernel_ref best, double us,
                tarn_kernel_ref before, double before_us) {
  char name[160], old[160];
  tarn__kernel_full_name(best, name, sizeof name);
  tarn__kernel_full_name(before, old, sizeof old);
  if (j->json)
    json_array_append_new(
        j->rows,
        json_pack("{s:s, s:s, s:s, s:f, s:s, s:f, s:f}", "step", step->name, "problem", key,
                  "kernel", name, "us", us, "estimated", old, "estimated_kernel_us", before_us,
                  "estimate_us", estimate_us(j, best, &step->binding->problem)));
  else if (best.kernel != before.kernel)
    printf("  %9.1f us  %-34s instead of %s (%.1f us): %s\n", us, name, old, before_us, step->name);
}

static tarn_status tune_step(job *j, const tarn_block *block, const tarn_step *step,
                             const char *key) {
  const tarn_problem *p = &step->binding->problem;
  tarn_kernel_ref before, best = {0};
  double us = 0, before_us = 0;
  size_t rivals = 0;
  if (step->on_device)
    before = step->binding->kernel; /* planned without a tuning */
  else
    TARN_TRY(tarn__kernel_select(p, &j->machine, TARN_TARGETS, &before));
  tarn_case *made = calloc(1, sizeof *made);
  if (!made) return tarn_fail(TARN_NO_MEMORY, "no memory for a problem");
  made->op = step->op;
  made->graph = tarn__session_graph(j->r->session);
  made->problem = *p;
  tarn_status status = TARN_OK;
  for (int i = 0; i < p->inputs && status == TARN_OK; i++)
    status = input(block, step, p, i, &made->in[i]);
  for (int i = 0; i < p->outputs; i++) made->out_shape[i] = p->out_shape[i];
  if (status == TARN_OK) status = contest(j, made, before, &best, &us, &before_us, &rivals);
  for (int i = 0; i < p->inputs; i++) tarn__tensor_clear(&made->in[i]);
  free(made);
  TARN_TRY(status);
  if (!rivals) {
    j->failed++;
    return TARN_OK;
  }
  if (isinf(before_us)) before_us = us;
  /* A little faster may be chance: what the estimate takes stays. */
  if (us > 0.97 * before_us) {
    best = before;
    us = before_us;
  }
  j->problems++;
  j->changed += best.kernel != before.kernel;
  j->before_us += before_us;
  j->after_us += us;
  say(j, step, key, best, us, before, before_us);
  char name[160];
  return tarn__tuning_set(j->tuning, key, tarn__kernel_full_name(best, name, sizeof name), us,
                          estimate_us(j, best, p));
}

static bool worth(const job *j, const tarn_step *step) {
  const tarn_problem *p = &step->binding->problem;
  tarn_kernel_ref rival[MOST_RIVALS];
  if (step->op->flags & TARN_OP_STATEFUL || p->inputs > TARN_CASE_MAX_INPUTS ||
      p->outputs > TARN_CASE_MAX_INPUTS)
    return false;
  for (int i = 0; i < p->inputs; i++)
    if (p->in_dtype[i] == TARN_STRING || p->in_dtype[i] == TARN_RESOURCE ||
        p->in_dtype[i] == TARN_VARIANT)
      return false;
  return rivals_for(j, step->on_device, p, rival) > 1;
}

static tarn_status tune_plan(job *j, const tarn_plan *plan) {
  tarn_bytes key;
  tarn__bytes_init(&key, tarn__allocator_default());
  tarn_status status = TARN_OK;
  for (int b = 0; b < plan->blocks && status == TARN_OK; b++)
    for (int at = 0; at < plan->block[b]->steps && status == TARN_OK; at++) {
      const tarn_step *step = &plan->block[b]->step[at];
      bool known;
      if (step->removed || step->kind != TARN_STEP_KERNEL || !step->binding || !worth(j, step))
        continue;
      status = tarn__tuning_key(step, &step->binding->problem, j->machine.threads,
                                step->on_device ? j->watch.backend->info.name : NULL, &key, &known);
      if (status != TARN_OK || !known) continue;
      if (tarn__tuning_has(j->tuning, key.data))
        j->kept++;
      else
        status = tune_step(j, plan->block[b], step, key.data);
    }
  tarn__bytes_clear(&key);
  return status;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void report(job *j, const char *path) {
  if (j->offs) qsort(j->off, j->offs, sizeof *j->off, by_value);
  const double off = j->offs ? j->off[j->offs / 2] : 0;
  if (j->json) {
    json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:I, s:O}", "file", path, "problems",
                          (json_int_t)j->problems, "changed", (json_int_t)j->changed, "kept",
                          (json_int_t)j->kept, "estimated_choice_us", j->before_us,
                          "measured_choice_us", j->after_us, "median_estimate_error", off,
                          "kernels_measured", (json_int_t)j->offs, "choices", j->rows);
    json_dumpf(o, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(o);
    return;
  }
  printf(
      "%zu problems measured, %zu of them with another kernel than the estimate's; %zu were known "
      "already\n",
      j->problems, j->changed, j->kept);
  if (j->problems)
    printf(
        "  once each: %.0f us by estimate, %.0f us by measurement; estimates are off by %.0f %% in "
        "the median of %zu kernels\n",
        j->before_us, j->after_us, 100 * off, j->offs);
  printf("  written to %s\n", path);
}

/* What the file holds, if it is this machine's. */
static tarn_status start_from(job *j, const char *path) {
  if (j->again) return TARN_OK;
  const tarn_status status = tarn__tuning_load(j->tuning, path);
  if (status == TARN_CORRUPT || status == TARN_NOT_FOUND)
    fprintf(stderr, "tarn: begins anew: %.*s\n", (int)strcspn(tarn_error(), "\n"), tarn_error());
  return status == TARN_NO_MEMORY ? status : TARN_OK;
}

/* A session that has a device has the one that there is. */
static tarn_status watch_device(job *j) {
  const tarn_backend *backend;
  const char *asked = j->r->options.backend;
  if (!asked || !tarn__target_on_device(tarn__target_from_name(asked))) return TARN_OK;
  TARN_TRY(tarn__backend_cuda(&backend));
  TARN_TRY(tarn__stopwatch_make(backend, &j->watch));
  j->device = tarn__backend_machine(backend, &j->machine);
  return TARN_OK;
}

static tarn_status work(tarn_model_run *r, void *own) {
  job *j = own;
  const tarn_plan *plan;
  j->r = r;
  j->times = malloc(TARN_BENCH_MOST_RUNS * sizeof *j->times);
  if (!j->times) return tarn_fail(TARN_NO_MEMORY, "no memory for times");
  if (j->json) j->rows = json_array();
  r->untuned = true; /* what the estimate would do */
  TARN_TRY(tarn__model_run_open(r));
  TARN_TRY(tarn__model_run_restore(r));
  TARN_TRY(tarn__model_run_steps(r));
  const int threads = tarn__session_threads(r->session);
  const char *path = tarn__tuning_path(r->arena, r->tuning);
  if (!path)
    return tarn_fail(TARN_INVALID, "there is no folder for the choices: name a file with --tuning");
  tarn__machine_guess(threads, &j->machine);
  TARN_TRY(tarn__pool_create(tarn__allocator_default(), threads, &j->pool));
  TARN_TRY(watch_device(j));
  TARN_TRY(tarn__tuning_create(tarn__allocator_default(), &j->tuning));
  TARN_TRY(start_from(j, path));
  for (size_t i = 0; i < r->n_steps; i++) {
    const tarn_run_step *step = &r->steps[i];
    const tarn_run_request request = tarn__run_step_request(step, step->feeds, step->n_feeds);
    TARN_TRY(tarn__session_plan(r->session, &request, false, &plan));
    TARN_TRY(tune_plan(j, plan));
  }
  TARN_TRY(tarn__tuning_save(j->tuning, path));
  report(j, path);
  return TARN_OK;
}

static bool take(void *own, const tarn_cli *cli, int option, const char *value) {
  job *j = own;
  if (tarn__cli_is(cli, option, "--json"))
    j->json = true;
  else if (tarn__cli_is(cli, option, "--again"))
    j->again = true;
  else if (tarn__cli_is(cli, option, "--seconds"))
    return tarn__cli_real(cli->verb, "--seconds", value, 0.0001, 60, &j->seconds);
  return true;
}

static int run(int argc, char **argv) {
  job j = {.seconds = 0.05};
  const tarn_model_work how = {.take = take, .work = work};
  const int code = tarn__model_run_main(&tarn__verb_tune, argc, argv, &how, &j);
  json_decref(j.rows);
  free(j.times);
  free(j.off);
  tarn__tuning_destroy(j.tuning);
  tarn__stopwatch_clear(&j.watch);
  tarn__pool_destroy(j.pool);
  return code;
}

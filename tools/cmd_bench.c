/* tarn bench MODEL: latency, throughput and memory of a model. */
#include "bench/bench.h"
#include "core/thread/cpu.h"
#include "core/trace/trace.h"
#include "kernels/device.h"
#include "tools/run/model_run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const tarn_option options[] = {
    TARN_MODEL_OPTIONS,
    {"--seconds", "S", "measure for so long (3); with --kernels each kernel on each case (0.05)"},
    {"--kernels", NULL,
     "time kernels by themselves instead of a model; the operand is part of an op's or a kernel's "
     "name"},
    {"--case", "TEXT", "with --kernels: this case instead of the op's own"},
    {"--cases", "FILE",
     "with --kernels: time the selected kernel of each line \"OP CASE\" (-: standard input)"},
    {"--openblas", NULL,
     "with --kernels: matrix products beside OpenBLAS's; the operand is part of square, ResNet-50 "
     "or LSTM"},
    {"--cold", NULL, "with --kernels: also the time of a first run, nothing of it in any cache"},
    {"--markdown", NULL, "with --kernels: a Markdown table"},
    {"--roofline", "FILE.svg",
     "with --kernels: also a picture of rates under the machine's ceilings"},
    {"--json", NULL, "one JSON object; with --cases one a line"},
    {0},
};

static int run(int argc, char **argv);

const tarn_verb tarn__verb_bench = {
    .name = "bench",
    .arguments = "MODEL | --kernels [FILTER]",
    .help = "time a model, or kernels by themselves",
    .options = options,
    .run = run,
    .text =
        "Runs the model again and again on the same feeds after a warm-up, and reports the "
        "milliseconds of a run. The peak\n"
        "memory is that of the whole process.\n\n"
        "With --kernels no model is needed: this machine's ceilings are measured first, then each "
        "kernel on the cases of its op\n"
        "and on shapes of real networks, with its share of the ceiling, the cost that selection "
        "guesses and the error against\n"
        "the reference kernel. tarn bench --kernels matmul.tiled.avx2 --case \"a=f32[64x64] "
        "b=f32[64x64]\" times one. With\n"
        "--backend cuda the kernels are those of the device, timed by its own clock; --precision "
        "tf32 lets them round factors,\n"
        "fp16 and bf16 make cases of these dtypes.",
    .example =
        "tarn bench resnet50/saved_model --feed input=random:float32[1,224,224,3] --threads 2",
};

enum { MOST_RUNS = 1000000 };

typedef struct times {
  double *ms;
  size_t count;
} times;

static int by_value(const void *a, const void *b) {
  const double *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static double at_share(const times *t, double share) {
  const size_t i = (size_t)(share * (double)(t->count - 1) + 0.5);
  return t->ms[i];
}

static tarn_status run_once(tarn_model_run *r) {
  for (size_t i = 0; i < r->n_steps; i++) {
    const tarn_run_step *step = &r->steps[i];
    tarn_tensor **out = calloc(step->n_fetches + 1, sizeof *out);
    if (!out) return tarn_fail(TARN_NO_MEMORY, "no memory for results");
    const tarn_status status =
        tarn_session_run(r->session, step->feeds, step->n_feeds, step->fetch_names, step->n_fetches,
                         step->targets, step->n_targets, out);
    for (size_t k = 0; k < step->n_fetches; k++) tarn_tensor_release(out[k]);
    free(out);
    TARN_TRY(status);
  }
  return TARN_OK;
}

/* A fifth of the time warms up (at least two runs), then at least five runs are timed. */
static tarn_status measure(tarn_model_run *r, double seconds, times *t, double *first_ms) {
  uint64_t start = tarn__now_ns();
  TARN_TRY(run_once(r));
  *first_ms = (double)(tarn__now_ns() - start) / 1e6;
  start = tarn__now_ns();
  for (int i = 0; i < 1 || (double)(tarn__now_ns() - start) < 0.2e9 * seconds; i++)
    TARN_TRY(run_once(r));
  start = tarn__now_ns();
  while (t->count < 5 ||
         ((double)(tarn__now_ns() - start) < 1e9 * seconds && t->count < MOST_RUNS)) {
    if ((t->count & (t->count - 1)) == 0) {
      double *larger = realloc(t->ms, (t->count ? 2 * t->count : 1) * sizeof *larger);
      if (!larger) return tarn_fail(TARN_NO_MEMORY, "no memory for %zu times", t->count);
      t->ms = larger;
    }
    const uint64_t one = tarn__now_ns();
    TARN_TRY(run_once(r));
    t->ms[t->count++] = (double)(tarn__now_ns() - one) / 1e6;
  }
  qsort(t->ms, t->count, sizeof *t->ms, by_value);
  return TARN_OK;
}

static const char *isa(void) {
  const tarn_cpu *cpu = tarn__cpu();
  return cpu->avx512 ? "avx512" : cpu->avx2 ? "avx2" : "reference";
}

static void report(const tarn_model_run *r, const times *t, double load_ms, double first_ms,
                   bool json) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const long long rss = (long long)usage.ru_maxrss * 1024;
  const tarn_session_memory memory = tarn__session_memory(r->session);
  const int threads = tarn__session_threads(r->session);
  double sum = 0;
  for (size_t i = 0; i < t->count; i++) sum += t->ms[i];
  const tarn_backend *device = tarn__session_device(r->session);
  if (json) {
    json_t *o = json_pack(
        "{s:s, s:f, s:f, s:f, s:f, s:f, s:I, s:i, s:I, s:I, s:s, s:s, s:s, s:f, s:f, s:s}", "model",
        r->path, "ms_min", t->ms[0], "ms_median", at_share(t, 0.5), "ms_mean",
        sum / (double)t->count, "ms_p90", at_share(t, 0.9), "ms_p99", at_share(t, 0.99), "runs",
        (json_int_t)t->count, "threads", threads, "peak_rss_bytes", (json_int_t)rss,
        "session_peak_bytes", (json_int_t)memory.peak, "isa", isa(), "precision",
        r->options.precision ? r->options.precision : "f32", "backend",
        r->options.backend ? r->options.backend : "auto", "load_ms", load_ms, "first_run_ms",
        first_ms, "cpu", tarn__cpu()->name);
    if (device) json_object_set_new(o, "device", json_string(device->info.name));
    json_dumpf(o, stdout, JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(o);
    return;
  }
  printf("%s on %s%s%s (%s), %d thread%s\n", r->path, device ? device->info.name : "",
         device ? " and " : "", tarn__cpu()->name, isa(), threads, threads == 1 ? "" : "s");
  printf("  ms a run: min %.3f, median %.3f, mean %.3f, p90 %.3f, p99 %.3f over %zu runs\n",
         t->ms[0], at_share(t, 0.5), sum / (double)t->count, at_share(t, 0.9), at_share(t, 0.99),
         t->count);
  printf("  %.1f runs a second; load and restore %.1f ms, first run %.1f ms\n",
         1e3 * (double)t->count / sum, load_ms, first_ms);
  printf("  peak memory %.1f MiB (the process), %.1f MiB (the session's tensors and plans)\n",
         (double)rss / 1048576, (double)memory.peak / 1048576);
}

static tarn_status time_model(tarn_model_run *r, double seconds, bool json) {
  times t = {0};
  double first_ms = 0;
  const uint64_t start = tarn__now_ns();
  tarn_status status = tarn__model_run_open(r);
  if (status == TARN_OK) status = tarn__model_run_restore(r);
  if (status == TARN_OK) status = tarn__model_run_steps(r);
  if (status == TARN_OK) status = tarn__model_run_fill_queues(r);
  const double load_ms = (double)(tarn__now_ns() - start) / 1e6;
  if (status == TARN_OK) status = measure(r, seconds, &t, &first_ms);
  if (status == TARN_OK) report(r, &t, load_ms, first_ms, json);
  free(t.ms);
  return status;
}

typedef struct job {
  double seconds;               /* 0: not said */
  bool json, kernels, cold, markdown, openblas;
  const char *roofline, *case_text, *cases;
} job;

static tarn_status work(tarn_model_run *r, void *own) {
  const job *j = own;
  const char *backend = r->options.backend;
  const bool device = backend && tarn__target_on_device(tarn__target_from_name(backend));
  const tarn_bench_options bench = {
      .device = device,
      .precision = r->options.precision ? r->options.precision : "f32",
      .filter = r->path ? r->path : "",
      .case_text = j->case_text,
      .json = j->json,
      .markdown = j->markdown && !j->json,
      .cold = j->cold,
      .roofline = j->roofline,
      .threads = r->options.threads,
      .seconds = j->seconds > 0 ? j->seconds : 0.05};
  if (j->kernels && device && (j->openblas || j->cases))
    return tarn_fail(TARN_INVALID, "--openblas and --cases time the CPU's kernels, not a device's");
  if (j->openblas) return tarn__bench_products(&bench);
  if (j->cases) return tarn__bench_lines(&bench, j->cases);
  if (j->kernels) return tarn__bench_kernels(&bench);
  return time_model(r, j->seconds > 0 ? j->seconds : 3, j->json);
}

static bool take(void *own, const tarn_cli *cli, int option, const char *value) {
  job *j = own;
  if (tarn__cli_is(cli, option, "--json")) j->json = true;
  else if (tarn__cli_is(cli, option, "--kernels")) j->kernels = true;
  else if (tarn__cli_is(cli, option, "--case")) j->case_text = value;
  else if (tarn__cli_is(cli, option, "--cold")) j->cold = true;
  else if (tarn__cli_is(cli, option, "--openblas")) j->openblas = true;
  else if (tarn__cli_is(cli, option, "--markdown")) j->markdown = true;
  else if (tarn__cli_is(cli, option, "--roofline")) j->roofline = value;
  else if (tarn__cli_is(cli, option, "--cases")) j->cases = value;
  else if (tarn__cli_is(cli, option, "--seconds"))
    return tarn__cli_real(cli->verb, "--seconds", value, 0.001, 86400, &j->seconds);
  return true;
}

static const char *lacks(const void *own, const tarn_model_run *r) {
  const job *j = own;
  if (j->kernels) return NULL;
  if (!r->path) return "MODEL is missing";
  return j->case_text || j->cases || j->cold || j->markdown || j->roofline || j->openblas
             ? "--case, --cases, --cold, --markdown, --openblas and --roofline go with --kernels"
             : NULL;
}

static int run(int argc, char **argv) {
  job j = {0};
  const tarn_model_work how = {.take = take, .lacks = lacks, .work = work};
  return tarn__model_run_main(&tarn__verb_bench, argc, argv, &how, &j);
}

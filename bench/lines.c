/* Timing by a list: each line names an op and a case, and the kernel that a plan would take is
 * measured. The last case is kept, so that a line that is asked for again costs no new inputs. */
#include "bench/bench.h"
#include "bench/timing.h"

#include "core/thread/cpu.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct lines {
  const tarn_bench_options *options;
  tarn_pool *pool;
  tarn_machine machine;
  double *times;
  char *last;                    /* the line that `made` is of; NULL: none */
  tarn_case made;
} lines;

static void forget(lines *l) {
  if (l->last) tarn__case_clear(&l->made);
  free(l->last);
  l->last = NULL;
}

static tarn_status make(lines *l, const char *op_name, const char *text, const char *line) {
  if (l->last && strcmp(l->last, line) == 0) return TARN_OK;
  forget(l);
  const tarn_op *op = tarn__op_find(op_name);
  if (!op) return tarn_fail(TARN_NOT_FOUND, "there is no op %s", op_name);
  TARN_TRY(tarn__case_make(tarn__allocator_default(), op, text, TARN_F32, 1, &l->made));
  l->last = strdup(line);
  if (l->last) return TARN_OK;
  tarn__case_clear(&l->made);
  return tarn_fail(TARN_NO_MEMORY, "no memory for a line");
}

static tarn_status time_case(lines *l, tarn_kernel_ref *k, tarn_figures *figures) {
  tarn_tensor out[TARN_CASE_MAX_INPUTS] = {{0}};
  tarn_case_binding *binding = NULL;
  TARN_TRY(tarn__kernel_select(&l->made.problem, &l->machine, TARN_TARGETS, k));
  tarn_status status = tarn__case_bind(&l->made, *k, l->pool, out, &binding);
  if (status == TARN_OK)
    status = tarn__bench_measure(binding, l->options->seconds, l->times, figures);
  tarn__case_unbind(binding);
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) tarn__tensor_clear(&out[i]);
  return status;
}

/* kernel NULL: it failed, and the reason is tarn_error(). */
static void report(const lines *l, const char *op, const char *text, const char *kernel,
                   const tarn_figures *f) {
  if (!l->options->json && kernel)
    printf("%11.2f %11.2f  %-30s %s %s\n", f->min_us, f->median_us, kernel, op, text);
  if (!l->options->json && !kernel) printf("%23s  %s %s\n", "failed", op, text);
  if (!l->options->json) return;
  json_t *row = json_pack("{s:s, s:s}", "op", op, "case", text);
  if (kernel) {
    json_object_set_new(row, "kernel", json_string(kernel));
    json_object_set_new(row, "us_min", json_real(f->min_us));
    json_object_set_new(row, "us_median", json_real(f->median_us));
    json_object_set_new(row, "runs", json_integer(f->runs));
  } else {
    json_object_set_new(row, "error", json_string(tarn_error()));
  }
  json_dumpf(row, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
  putchar('\n');
  json_decref(row);
}

static void one_line(lines *l, const char *line) {
  char op[128], name[160];
  const size_t length = strcspn(line, " ");
  const char *text = line[length] ? line + length + 1 : line + length;
  snprintf(op, sizeof op, "%.*s", (int)length, line);
  tarn_kernel_ref k;
  tarn_figures figures;
  tarn_status status = make(l, op, text, line);
  if (status == TARN_OK) status = time_case(l, &k, &figures);
  if (status == TARN_OK)
    report(l, op, text, tarn__kernel_full_name(k, name, sizeof name), &figures);
  else report(l, op, text, NULL, NULL);
  fflush(stdout);
}

static void all_lines(lines *l, FILE *file) {
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  while ((length = getline(&line, &room, file)) >= 0) {
    if (length && line[length - 1] == '\n') line[length - 1] = 0;
    if (line[0] && line[0] != '#') one_line(l, line);
  }
  free(line);
}

tarn_status tarn__bench_lines(const tarn_bench_options *options, const char *path) {
  lines l = {.options = options};
  FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
  if (!file) return tarn_fail(TARN_IO, "cannot read '%s'", path);
  const unsigned saved = tarn__denormals_off();   /* as a session runs them */
  tarn_status status;
  TARN_GOTO(tarn__pool_create(tarn__allocator_default(), options->threads, &l.pool));
  tarn__machine_guess(tarn__pool_threads(l.pool), &l.machine);
  l.times = malloc(TARN_BENCH_MOST_RUNS * sizeof *l.times);
  if (!l.times) status = tarn_fail(TARN_NO_MEMORY, "no memory for times");
  else all_lines(&l, file);
  forget(&l);
done:
  free(l.times);
  tarn__pool_destroy(l.pool);
  tarn__denormals_restore(saved);
  if (file != stdin) fclose(file);
  return status;
}

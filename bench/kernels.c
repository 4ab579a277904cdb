/* Walks the tables: for each kernel whose name has the filter in it, each case of its op. A kernel is bound as a plan binds it
 * (weights packed once: inputs after the first are taken for constants), warmed up, and run until the time is over. */
#include "bench/bench.h"
#include "bench/report.h"
#include "bench/timing.h"

#include "core/cpu.h"
#include "core/map.h"
#include "graph/case_input.h"
#include "kernels/work.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_NAME = 160 };

typedef struct bench {
  const tarn_bench_options *options;
  tarn_pool *pool;
  tarn_machine machine;
  double *times;                 /* [TARN_BENCH_MOST_RUNS] microseconds */
  tarn_bench_report report;
} bench;

/* As it goes along; other forms come at the end. */
static bool prints(const bench *b) { return !b->options->json && !b->options->markdown; }

/* The largest difference from the reference's results, as a share of their largest magnitude. Negative: nothing to compare. */
static double error_of(const tarn_case *made, const tarn_tensor *wanted, const tarn_tensor *got) {
  double worst = -1;
  for (int o = 0; o < made->problem.outputs; o++) {
    if (!tarn__dtype_in(got[o].dtype, TARN_FLOATS | TARN_COMPLEX | TARN_INTS | TARN_BIT(TARN_BOOL)) ||
        !tarn__shape_equal(&wanted[o].shape, &got[o].shape))
      continue;
    double difference = 0, magnitude = 0;
    const int64_t n = tarn__tensor_elements(&got[o]);
    for (int64_t i = 0; i < n; i++) {
      const double x = tarn__element_get(&wanted[o], i), y = tarn__element_get(&got[o], i), d = fabs(x - y);
      if (isfinite(x) && fabs(x) > magnitude) magnitude = fabs(x);
      if (d > difference) difference = d;
    }
    const double share = difference > 0 ? difference / (magnitude > 0 ? magnitude : 1) : 0;
    if (share > worst) worst = share;
  }
  return worst;
}

/* What bounds the problem: arithmetic at its precision and instruction set, or reading from where its tensors fit. */
static double ceiling_of(const bench *b, tarn_kernel_ref k, const tarn_problem *p, double flops, double bytes) {
  const tarn_ceiling *c = &b->report.ceiling;
  const bool all = c->threads > 1;
  if (!(flops > 0)) {
    const tarn_level level = tarn__ceiling_level((size_t)bytes);
    return all ? c->gbytes_all[level] : c->gbytes[level];
  }
  if (!p->inputs || p->out_dtype[0] != TARN_F32) return 0;
  if (k.kernel->precision != TARN_PRECISION_F32) {
    const double dots = all ? c->gdots_all[k.kernel->precision] : c->gdots[k.kernel->precision];
    if (dots > 0) return dots;
  }
  const double g = all ? c->gflops_all[k.file->target] : c->gflops[k.file->target];
  return g > 0 ? g : tarn__ceiling_best(c, all);   /* OpenBLAS takes the widest there is */
}

static tarn_status report(bench *b, tarn_kernel_ref k, const char *text, const tarn_case *made, const tarn_figures *f, double error) {
  const tarn_problem *p = &made->problem;
  const double predicted = tarn__kernel_cost_us(k, p, &b->machine);
  tarn_bench_row row = {.op = made->op->name,
                        .file = k.file->path,
                        .min_us = f->min_us,
                        .median_us = f->median_us,
                        .p90_us = f->p90_us,
                        .cold_us = f->cold_us,
                        .runs = f->runs,
                        .flops = tarn__problem_flops(p),
                        .bytes = tarn__problem_bytes(p),
                        .predicted_us = isfinite(predicted) ? predicted : 0,
                        .error = error};
  row.ceiling = ceiling_of(b, k, p, row.flops, row.bytes);
  tarn__kernel_full_name(k, row.kernel, sizeof row.kernel);
  if (prints(b)) tarn__report_row(stdout, &row);
  return tarn__report_add(&b->report, &row, text);
}

static bool has(const char *text, const char *part) { return strcasestr(text, part) != NULL; }

static bool wanted(const bench *b, tarn_kernel_ref k) {
  char name[MAX_NAME];
  return has(k.kernel->op, b->options->filter) || has(tarn__kernel_full_name(k, name, sizeof name), b->options->filter);
}

static void clear_all(tarn_tensor *tensors) {
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) tarn__tensor_clear(&tensors[i]);
}

static tarn_status one_kernel(bench *b, const char *text, const tarn_case *made, tarn_kernel_ref k, const tarn_tensor *oracle) {
  tarn_tensor out[TARN_CASE_MAX_INPUTS] = {{0}};
  tarn_case_binding *binding = NULL;
  tarn_figures f;
  tarn_status status = tarn__case_bind(made, k, b->pool, out, &binding);
  if (status == TARN_OK) status = tarn__bench_measure(binding, b->options->seconds, b->times, &f);
  if (status == TARN_OK && b->options->cold) status = tarn__bench_measure_cold(binding, &f);
  tarn__case_unbind(binding);
  if (status == TARN_OK) status = report(b, k, text, made, &f, oracle ? error_of(made, oracle, out) : -1);
  clear_all(out);
  return status;
}

/* All wanted kernels of the op on one case. A kernel that refuses the case says so in its row's place. */
static tarn_status one_case(bench *b, const char *text, tarn_case *made) {
  bool stable[TARN_CASE_MAX_INPUTS];
  size_t count;
  const tarn_kernel_ref *k = tarn__kernels_of(made->op->name, &count);
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) stable[i] = i > 0;
  made->problem.stable = stable;
  if (prints(b)) printf("%s %s\n", made->op->name, text);
  tarn_tensor oracle[TARN_CASE_MAX_INPUTS] = {{0}};
  bool has_oracle = false;
  for (size_t i = 0; i < count && !has_oracle; i++)
    if (k[i].file->target == TARN_TARGET_REFERENCE && !tarn__kernel_refusal(k[i], &made->problem)) {
      has_oracle = tarn__case_run(made, k[i], b->pool, oracle) == TARN_OK;
      if (!has_oracle) clear_all(oracle);
    }
  tarn_status status = TARN_OK;
  for (size_t i = 0; i < count && status == TARN_OK; i++) {
    if (!wanted(b, k[i])) continue;
    made->problem.precision = k[i].kernel->precision;
    char name[MAX_NAME];
    const char *refusal = tarn__kernel_refusal(k[i], &made->problem);
    if (refusal && prints(b)) printf("  %-30s no: %s\n", tarn__kernel_full_name(k[i], name, sizeof name), refusal);
    if (refusal) continue;
    if (one_kernel(b, text, made, k[i], has_oracle ? oracle : NULL) == TARN_OK) continue;
    if (tarn__kernel_full_name(k[i], name, sizeof name), strstr(tarn_error(), "no memory")) status = TARN_NO_MEMORY;
    else if (prints(b)) printf("  %-30s failed: %.*s\n", name, (int)strcspn(tarn_error(), "\n"), tarn_error());
  }
  clear_all(oracle);
  made->problem.stable = NULL;
  made->problem.precision = TARN_PRECISION_F32;
  return status;
}

/* The case with f32 for T, or the first other dtype that the op takes. */
static tarn_status make(const tarn_op *op, const char *text, tarn_case *made) {
  static const tarn_dtype others[] = {TARN_I32, TARN_BOOL, TARN_STRING, TARN_C64, TARN_U8, TARN_I64};
  tarn_status status = tarn__case_make(tarn__allocator_default(), op, text, TARN_F32, 1, made);
  char why[TARN_ERROR_BYTES];
  if (status == TARN_OK) return status;
  tarn__error_save(why, sizeof why);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (tarn__case_make(tarn__allocator_default(), op, text, others[i], 1, made) == TARN_OK) return TARN_OK;
  tarn__error_restore(why);
  return status;
}

static tarn_status run_text(bench *b, const tarn_op *op, const char *text) {
  tarn_case made;
  TARN_TRY(make(op, text, &made));
  const tarn_status status = one_case(b, text, &made);
  tarn__case_clear(&made);
  return status;
}

static tarn_status one_op(bench *b, const tarn_op *op, bool *taken) {
  if (b->options->case_text) {
    if (run_text(b, op, b->options->case_text) == TARN_OK) *taken = true;
    return TARN_OK;
  }
  *taken = true;
  for (size_t c = 0; c < sizeof op->cases / sizeof *op->cases && op->cases[c]; c++) TARN_TRY(run_text(b, op, op->cases[c]));
  for (const tarn_bench_shape *s = tarn__bench_shapes; s->op; s++)
    if (!strcmp(s->op, op->name)) TARN_TRY(run_text(b, op, s->text));
  return TARN_OK;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static tarn_status none_found(const char *filter) {
  size_t count, n = 0;
  const tarn_op *const *ops = tarn__ops(&count);
  const char **names = malloc((count + 1) * sizeof *names);
  char nearest[256] = "";
  for (; names && n < count; n++) names[n] = ops[n]->name;
  if (names) tarn__nearest(filter, names, n, nearest, sizeof nearest);
  free(names);
  return tarn_fail(TARN_NOT_FOUND, "no kernel has '%s' in its name%s", filter, nearest);
}

static tarn_status walk(bench *b) {
  size_t count;
  bool found = false, taken = false;
  const tarn_op *const *ops = tarn__ops(&count);
  for (size_t i = 0; i < count; i++) {
    size_t kernels;
    const tarn_kernel_ref *k = tarn__kernels_of(ops[i]->name, &kernels);
    bool any = false;
    for (size_t j = 0; j < kernels && !any; j++) any = wanted(b, k[j]);
    if (!any || ops[i]->flags & (TARN_OP_CONTROL | TARN_OP_VIEW)) continue;
    found = true;
    TARN_TRY(one_op(b, ops[i], &taken));
  }
  if (!found) return none_found(b->options->filter);
  return taken ? TARN_OK : TARN_INVALID;   /* the message is that of the last op that refused the case */
}

tarn_status tarn__bench_kernels(const tarn_bench_options *options) {
  bench b = {.options = options};
  tarn_status status;
  const unsigned saved = tarn__denormals_off();   /* as a session runs them */
  TARN_GOTO(tarn__pool_create(tarn__allocator_default(), options->threads, &b.pool));
  b.times = malloc(TARN_BENCH_MOST_RUNS * sizeof *b.times);
  if (!b.times) {
    status = tarn_fail(TARN_NO_MEMORY, "no memory for times");
    goto done;
  }
  TARN_GOTO(tarn__ceiling_measure(b.pool, &b.report.ceiling));
  tarn__machine_guess(b.report.ceiling.threads, &b.machine);
  if (prints(&b)) tarn__report_head(stdout, &b.report.ceiling);
  TARN_GOTO(walk(&b));
  if (options->json) tarn__report_json(stdout, &b.report);
  else if (options->markdown) tarn__report_markdown(stdout, &b.report);
  else
    printf("\nestimates are off by %.0f %% of the least time in the median of %zu\n", 100 * tarn__report_estimates_off(&b.report),
           b.report.rows);
  if (options->roofline) status = tarn__report_roofline(options->roofline, &b.report);
done:
  tarn__denormals_restore(saved);
  tarn__report_clear(&b.report);
  free(b.times);
  tarn__pool_destroy(b.pool);
  return status;
}

/* Walks the tables: for each kernel whose name has the filter in it, each case of its op. A kernel
 * is bound as a plan binds it (weights packed once: inputs after the first are taken for
 * constants), warmed up, and run until the time is over. Kernels are the CPU's, or those of a
 * device; then its own clock tells the times. */
#include "bench/bench.h"
#include "bench/device/timing.h"
#include "bench/report.h"
#include "bench/timing.h"

#include "core/map.h"
#include "core/thread/cpu.h"
#include "graph/case/case_input.h"
#include "kernels/work.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_NAME = 160, MOST_KERNELS = 64 };

typedef struct bench {
  const tarn_bench_options *options;
  tarn_pool *pool;
  tarn_machine machine;
  double *times;                 /* [TARN_BENCH_MOST_RUNS] microseconds */
  tarn_bench_report report;
  tarn_stopwatch watch;          /* of the device; its back end NULL: the CPU */
  tarn_kernel_ref device_kernel[MOST_KERNELS];   /* of one op: kernels_of */
} bench;

/* As it goes along; other forms come at the end. */
static bool prints(const bench *b) { return !b->options->json && !b->options->markdown; }

/* The op's kernels; valid until the next call. */
static const tarn_kernel_ref *kernels_of(bench *b, const char *op, size_t *count) {
  const tarn_backend *backend = b->watch.backend;
  if (!backend) return tarn__kernels_of(op, count);
  *count = 0;
  for (tarn_kernel_ref k = {0}; *count < MOST_KERNELS && tarn__backend_next(backend, op, &k);)
    b->device_kernel[(*count)++] = k;
  return b->device_kernel;
}

/* The largest difference from the reference's results, as a share of their largest magnitude.
 * Negative: nothing to compare. */
static double error_of(const tarn_case *made, const tarn_tensor *wanted, const tarn_tensor *got) {
  double worst = -1;
  for (int o = 0; o < made->problem.outputs; o++) {
    if (!tarn__dtype_in(got[o].dtype,
                        TARN_FLOATS | TARN_COMPLEX | TARN_INTS | TARN_BIT(TARN_BOOL)) ||
        !tarn__shape_equal(&wanted[o].shape, &got[o].shape))
      continue;
    double difference = 0, magnitude = 0;
    const int64_t n = tarn__tensor_elements(&got[o]);
    for (int64_t i = 0; i < n; i++) {
      const double x = tarn__element_get(&wanted[o], i), y = tarn__element_get(&got[o], i),
                   d = fabs(x - y);
      if (isfinite(x) && fabs(x) > magnitude) magnitude = fabs(x);
      if (d > difference) difference = d;
    }
    const double share = difference > 0 ? difference / (magnitude > 0 ? magnitude : 1) : 0;
    if (share > worst) worst = share;
  }
  return worst;
}

/* What bounds the problem: arithmetic at its precision and instruction set, or reading from where
 * its tensors fit. */
static double ceiling_of(const bench *b, tarn_kernel_ref k, const tarn_problem *p, double flops,
                         double bytes) {
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

/* The same of a device: whichever takes longer at its best, the arithmetic or the memory. */
static void bound_on_device(const tarn_device_ceiling *c, const tarn_problem *p,
                            tarn_bench_row *row) {
  const double gbytes = row->bytes <= TARN_DEVICE_CACHED ? c->gbytes_cached : c->gbytes;
  const double gflops = row->flops > 0 ? tarn__device_gflops(c, tarn__device_product(p)) : 0;
  row->by_bytes = gflops > 0 && row->bytes / gbytes > row->flops / gflops;
  row->ceiling = row->flops > 0 && !row->by_bytes ? gflops : gbytes;
}

static tarn_status report(bench *b, tarn_kernel_ref k, const char *text, const tarn_case *made,
                          const tarn_figures *f, double error) {
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
  if (b->watch.backend) bound_on_device(&b->report.device, p, &row);
  else row.ceiling = ceiling_of(b, k, p, row.flops, row.bytes);
  tarn__kernel_full_name(k, row.kernel, sizeof row.kernel);
  if (prints(b)) tarn__report_row(stdout, &row);
  return tarn__report_add(&b->report, &row, text);
}

static bool has(const char *text, const char *part) { return strcasestr(text, part) != NULL; }

static bool wanted(const bench *b, tarn_kernel_ref k) {
  char name[MAX_NAME];
  return has(k.kernel->op, b->options->filter) ||
         has(tarn__kernel_full_name(k, name, sizeof name), b->options->filter);
}

static void clear_all(tarn_tensor *tensors) {
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) tarn__tensor_clear(&tensors[i]);
}

static tarn_status on_host(bench *b, const tarn_case *made, tarn_kernel_ref k, tarn_tensor *out,
                           tarn_figures *f) {
  tarn_case_binding *binding = NULL;
  tarn_status status = tarn__case_bind(made, k, b->pool, out, &binding);
  if (status == TARN_OK) status = tarn__bench_measure(binding, b->options->seconds, b->times, f);
  if (status == TARN_OK && b->options->cold) status = tarn__bench_measure_cold(binding, f);
  tarn__case_unbind(binding);
  return status;
}

static tarn_status on_device(bench *b, const tarn_case *made, tarn_kernel_ref k, tarn_tensor *out,
                             tarn_figures *f) {
  tarn_device_binding *binding = NULL;
  tarn_status status = tarn__device_binding_make(&b->watch, made, k, &binding);
  if (status == TARN_OK) status = tarn__device_binding_results(binding, out);
  if (status == TARN_OK) status = tarn__device_measure(binding, b->options->seconds, b->times, f);
  if (status == TARN_OK && b->options->cold) status = tarn__device_measure_cold(binding, f);
  tarn__device_binding_destroy(binding);
  return status;
}

static tarn_status one_kernel(bench *b, const char *text, const tarn_case *made, tarn_kernel_ref k,
                              const tarn_tensor *oracle) {
  tarn_tensor out[TARN_CASE_MAX_INPUTS] = {{0}};
  tarn_figures f;
  tarn_status status =
      b->watch.backend ? on_device(b, made, k, out, &f) : on_host(b, made, k, out, &f);
  if (status == TARN_OK)
    status = report(b, k, text, made, &f, oracle ? error_of(made, oracle, out) : -1);
  clear_all(out);
  return status;
}

/* The reference's results, which are double sums of the same inputs; false: there are none. */
static bool find_oracle(const bench *b, const tarn_case *made, tarn_tensor *oracle) {
  size_t count;
  const tarn_kernel_ref *k = tarn__kernels_of(made->op->name, &count);
  for (size_t i = 0; i < count; i++)
    if (k[i].file->target == TARN_TARGET_REFERENCE && !tarn__kernel_refusal(k[i], &made->problem)) {
      if (tarn__case_run(made, k[i], b->pool, oracle) == TARN_OK) return true;
      clear_all(oracle);
    }
  return false;
}

/* How exact a kernel's products have to be: the CPU's as exact as they are, a device's as was asked
 * for. */
static tarn_precision precision_of(const bench *b, tarn_kernel_ref k) {
  if (!b->watch.backend) return k.kernel->precision;
  return strcmp(b->options->precision, "f32") ? TARN_PRECISION_TF32 : TARN_PRECISION_F32;
}

/* All wanted kernels of the op on one case. A kernel that refuses the case says so in its row's
 * place. */
static tarn_status one_case(bench *b, const char *text, tarn_case *made) {
  bool stable[TARN_CASE_MAX_INPUTS];
  size_t count;
  const tarn_kernel_ref *k = kernels_of(b, made->op->name, &count);
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) stable[i] = i > 0;
  made->problem.stable = stable;
  if (prints(b)) printf("%s %s\n", made->op->name, text);
  tarn_tensor oracle[TARN_CASE_MAX_INPUTS] = {{0}};
  const bool has_oracle = find_oracle(b, made, oracle);
  tarn_status status = TARN_OK;
  for (size_t i = 0; i < count && status == TARN_OK; i++) {
    if (!wanted(b, k[i])) continue;
    made->problem.precision = precision_of(b, k[i]);
    char name[MAX_NAME];
    const char *refusal = tarn__kernel_refusal(k[i], &made->problem);
    if (refusal && prints(b))
      printf("  %-30s no: %s\n", tarn__kernel_full_name(k[i], name, sizeof name), refusal);
    if (refusal) continue;
    if (one_kernel(b, text, made, k[i], has_oracle ? oracle : NULL) == TARN_OK) continue;
    if (tarn__kernel_full_name(k[i], name, sizeof name), strstr(tarn_error(), "no memory"))
      status = TARN_NO_MEMORY;
    else if (prints(b))
      printf("  %-30s failed: %.*s\n", name, (int)strcspn(tarn_error(), "\n"), tarn_error());
  }
  clear_all(oracle);
  made->problem.stable = NULL;
  made->problem.precision = TARN_PRECISION_F32;
  return status;
}

/* The text with a narrower float for the first f32, or for all. */
static void narrow(const char *text, const char *name, bool all, char *narrower, size_t bytes) {
  bool any = false;
  size_t n = 0;
  for (; *text && n + 8 < bytes; text++)
    if (!strncmp(text, "f32", 3) && (all || !any)) {
      n += (size_t)snprintf(narrower + n, bytes - n, "%s", name);
      text += 2;
      any = true;
    } else {
      narrower[n++] = *text;
    }
  narrower[n] = 0;
}

/* Of fp16 or bf16: all inputs, or the first alone, as in batch norm, whose parameters stay f32. */
static tarn_status make_narrow(const tarn_op *op, const char *text, tarn_dtype dtype,
                               char *narrower, size_t bytes, tarn_case *made) {
  for (int all = 1; all >= 0; all--) {
    narrow(text, tarn_dtype_name(dtype), all, narrower, bytes);
    if (tarn__case_make(tarn__allocator_default(), op, narrower, dtype, 1, made) == TARN_OK)
      return TARN_OK;
  }
  return TARN_INVALID;
}

/* The case with f32 for T, or the first other dtype that the op takes. */
static tarn_status make(const tarn_op *op, const char *text, tarn_case *made) {
  static const tarn_dtype others[] = {TARN_I32, TARN_BOOL, TARN_STRING,
                                      TARN_C64, TARN_U8,   TARN_I64};
  tarn_status status = tarn__case_make(tarn__allocator_default(), op, text, TARN_F32, 1, made);
  char why[TARN_ERROR_BYTES];
  if (status == TARN_OK) return status;
  tarn__error_save(why, sizeof why);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (tarn__case_make(tarn__allocator_default(), op, text, others[i], 1, made) == TARN_OK)
      return TARN_OK;
  tarn__error_restore(why);
  return status;
}

static tarn_status run_text(bench *b, const tarn_op *op, const char *text) {
  tarn_case made;
  char narrower[1024];
  const bool f16 = b->watch.backend && !strcmp(b->options->precision, "fp16");
  if (f16 || (b->watch.backend && !strcmp(b->options->precision, "bf16"))) {
    /* a case that cannot be had so is left out */
    if (make_narrow(op, text, f16 ? TARN_F16 : TARN_BF16, narrower, sizeof narrower, &made) !=
        TARN_OK)
      return TARN_OK;
    text = narrower;
  } else {
    TARN_TRY(make(op, text, &made));
  }
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
  for (size_t c = 0; c < sizeof op->cases / sizeof *op->cases && op->cases[c]; c++)
    TARN_TRY(run_text(b, op, op->cases[c]));
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
    const tarn_kernel_ref *k = kernels_of(b, ops[i]->name, &kernels);
    bool any = false;
    for (size_t j = 0; j < kernels && !any; j++) any = wanted(b, k[j]);
    if (!any || ops[i]->flags & (TARN_OP_CONTROL | TARN_OP_VIEW)) continue;
    found = true;
    TARN_TRY(one_op(b, ops[i], &taken));
  }
  if (!found) return none_found(b->options->filter);
  return taken ? TARN_OK
               : TARN_INVALID; /* the message is that of the last op that refused the case */
}

static tarn_status measure_ceilings(bench *b) {
  const tarn_backend *backend;
  tarn__machine_guess(tarn__pool_threads(b->pool), &b->machine);
  if (!b->options->device) return tarn__ceiling_measure(b->pool, &b->report.ceiling);
  TARN_TRY(tarn__backend_cuda(&backend));
  TARN_TRY(tarn__stopwatch_make(backend, &b->watch));
  b->machine = tarn__backend_machine(backend, &b->machine);
  b->report.device.precision = b->options->precision;
  return tarn__device_ceiling_measure(&b->watch, &b->machine, &b->report.device);
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
  TARN_GOTO(measure_ceilings(&b));
  if (prints(&b)) tarn__report_head(stdout, &b.report);
  TARN_GOTO(walk(&b));
  if (options->json) tarn__report_json(stdout, &b.report);
  else if (options->markdown) tarn__report_markdown(stdout, &b.report);
  else
    printf("\nestimates are off by %.0f %% of the least time in the median of %zu\n",
           100 * tarn__report_estimates_off(&b.report), b.report.rows);
  if (options->roofline) status = tarn__report_roofline(options->roofline, &b.report);
done:
  tarn__denormals_restore(saved);
  tarn__report_clear(&b.report);
  tarn__stopwatch_clear(&b.watch);
  free(b.times);
  tarn__pool_destroy(b.pool);
  return status;
}

/* Matrix products in f32 beside OpenBLAS's, in one process: squares, ResNet-50's convolutions at
 * batch 1 as products, and the LSTMs' of Zaremba et al. 2014 (projection of 35 steps, one step, one
 * step of a batch of 20).
 *
 * OpenBLAS is called as any program calls it, with threads of its own; a product of one row by
 * sgemv or sgemm, whichever takes less. tarn's kernels run as in a plan: once with B packed
 * beforehand, as weights are, once with nothing known beforehand. The three take turns; of a turn
 * the least time counts, and of the turns the middle one, as the clock is not the same in all.
 * OpenBLAS's threads keep looking for work for a while after a call, which would take a core from
 * whoever comes next: so there is a pause behind them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/timing.h"
#include "core/thread/cpu.h"
#include "core/trace/trace.h"

#ifdef TARN_HAS_OPENBLAS

#include <cblas.h>
#include <limits.h>
#include <time.h>

enum { SIDES = 3, TURNS = 5, PAUSE_MS = 60 };

typedef struct shape {
  const char *group;
  int M, K, N;
} shape;

static const shape shapes[] = {
    {"square", 128, 128, 128},       {"square", 192, 192, 192},
    {"square", 256, 256, 256},       {"square", 384, 384, 384},
    {"square", 512, 512, 512},       {"square", 768, 768, 768},
    {"square", 1024, 1024, 1024},    {"square", 1536, 1536, 1536},
    {"square", 2048, 2048, 2048},    {"ResNet-50", 12544, 147, 64},
    {"ResNet-50", 3136, 64, 64},     {"ResNet-50", 3136, 64, 256},
    {"ResNet-50", 3136, 256, 64},    {"ResNet-50", 3136, 576, 64},
    {"ResNet-50", 3136, 256, 128},   {"ResNet-50", 784, 256, 512},
    {"ResNet-50", 784, 1152, 128},   {"ResNet-50", 784, 128, 512},
    {"ResNet-50", 784, 512, 128},    {"ResNet-50", 784, 512, 256},
    {"ResNet-50", 196, 512, 1024},   {"ResNet-50", 196, 2304, 256},
    {"ResNet-50", 196, 256, 1024},   {"ResNet-50", 196, 1024, 256},
    {"ResNet-50", 196, 1024, 512},   {"ResNet-50", 49, 1024, 2048},
    {"ResNet-50", 49, 4608, 512},    {"ResNet-50", 49, 512, 2048},
    {"ResNet-50", 49, 2048, 512},    {"ResNet-50", 1, 2048, 1000},
    {"LSTM small", 35, 200, 800},    {"LSTM small", 1, 200, 800},
    {"LSTM small", 20, 400, 800},    {"LSTM small", 700, 200, 800},
    {"LSTM medium", 35, 650, 2600},  {"LSTM medium", 1, 650, 2600},
    {"LSTM medium", 20, 1300, 2600}, {"LSTM medium", 700, 650, 2600},
    {"LSTM large", 35, 1500, 6000},  {"LSTM large", 1, 1500, 6000},
    {"LSTM large", 20, 3000, 6000},  {"LSTM large", 700, 1500, 6000},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* One product on its way: a case for each side, as a binding goes by what its case says is stable.
 */
typedef struct product {
  tarn_case made[SIDES];
  tarn_tensor out[SIDES][TARN_CASE_MAX_INPUTS];
  tarn_case_binding *binding[SIDES]; /* [0]: none, OpenBLAS */
  float *y;
  const shape *s;
} product;

static void call_openblas(const product *p, bool vector) {
  const shape *s = p->s;
  const float *a = p->made[0].in[0].data, *b = p->made[0].in[1].data;
  if (vector)
    cblas_sgemv(CblasRowMajor, CblasTrans, s->K, s->N, 1.0f, b, s->N, a, 1, 0.0f, p->y, 1);
  else
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s->M, s->N, s->K, 1.0f, a, s->K, b, s->N,
                0.0f, p->y, s->N);
}

static tarn_status time_of(const product *p, int side, bool vector, long batch, double *us) {
  const uint64_t start = tarn__now_ns();
  for (long i = 0; i < batch; i++) {
    if (side)
      TARN_TRY(tarn__case_binding_run(p->binding[side]));
    else
      call_openblas(p, vector);
  }
  const double took = (double)(tarn__now_ns() - start) / 1e3 / (double)batch;
  if (took < *us) *us = took;
  return TARN_OK;
}

/* The cheapest of tarn's own kernels, as selection would have it without OpenBLAS (the reference is
 * its last resort). */
static tarn_status own_kernel(const tarn_problem *p, const tarn_machine *m,
                              tarn_kernel_ref *chosen) {
  size_t count;
  double least = INFINITY;
  const tarn_kernel_ref *k = tarn__kernels_of(p->op, &count);
  for (size_t i = 0; i < count; i++) {
    const tarn_target target = k[i].file->target;
    if (target == TARN_TARGET_OPENBLAS || target == TARN_TARGET_REFERENCE) continue;
    if (k[i].kernel->precision != TARN_PRECISION_F32 || tarn__kernel_refusal(k[i], p)) continue;
    const double us = tarn__kernel_cost_us(k[i], p, m);
    if (us <= least) least = us, *chosen = k[i]; /* equal costs: the later */
  }
  return isfinite(least) ? TARN_OK
                         : tarn_fail(TARN_UNSUPPORTED, "no kernel of our own takes the product");
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static tarn_status take_turns(product *p, double seconds, int threads, double us[SIDES]) {
  double once = INFINITY, least[SIDES][TURNS];
  for (int side = 0; side < SIDES; side++)
    TARN_TRY(time_of(p, side, false, 1, &once)); /* a warm-up */
  once = INFINITY;
  TARN_TRY(time_of(p, 1, false, 1, &once));
  const long batch = once < 20 ? (long)(20 / once) + 1 : 1;
  for (int turn = 0; turn < TURNS; turn++)
    for (int side = 0; side < SIDES; side++) {
      const uint64_t begin = tarn__now_ns();
      least[side][turn] = INFINITY;
      for (int i = 0; i < 2 || (double)(tarn__now_ns() - begin) < 1e9 * seconds / (SIDES * TURNS);
           i++)
        TARN_TRY(time_of(p, side, p->s->M == 1 && i % 2, batch, &least[side][turn]));
      if (side == 0 && threads > 1)
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
  for (int side = 0; side < SIDES; side++) {
    qsort(least[side], TURNS, sizeof(double), by_value);
    us[side] = least[side][TURNS / 2];
  }
  return TARN_OK;
}

static void clear(product *p) {
  for (int side = 0; side < SIDES; side++) {
    tarn__case_unbind(p->binding[side]);
    for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) tarn__tensor_clear(&p->out[side][i]);
    if (p->made[side].op) tarn__case_clear(&p->made[side]);
  }
  free(p->y);
}

static tarn_status one_shape(const shape *s, const tarn_bench_options *o, tarn_pool *pool,
                             const tarn_machine *m, double us[SIDES]) {
  char text[96];
  product p = {.s = s};
  snprintf(text, sizeof text, "a=f32[%dx%d] b=f32[%dx%d]", s->M, s->K, s->K, s->N);
  p.y = calloc((size_t)s->M * (size_t)s->N, sizeof *p.y);
  tarn_status status = p.y ? TARN_OK : tarn_fail(TARN_NO_MEMORY, "no memory for %s", text);
  static const bool stable[SIDES][TARN_CASE_MAX_INPUTS] = {[1] = {false, true}};
  for (int side = 0; side < SIDES && status == TARN_OK; side++) {
    tarn_kernel_ref k;
    tarn_case *made = &p.made[side];
    status = tarn__case_make(tarn__allocator_default(), tarn__op_find("MatMul"), text, TARN_F32, 1,
                             made);
    made->problem.stable = stable[side];
    if (status == TARN_OK) status = own_kernel(&made->problem, m, &k);
    if (status == TARN_OK && side)
      status = tarn__case_bind(made, k, pool, p.out[side], &p.binding[side]);
  }
  if (status == TARN_OK) status = take_turns(&p, o->seconds, tarn__pool_threads(pool), us);
  clear(&p);
  return status;
}

/* Geometric means of OpenBLAS's time over ours, and the least of them. */
typedef struct ratios {
  double log_sum[SIDES], least[SIDES];
  int count;
} ratios;

static void count_in(ratios *r, const double us[SIDES]) {
  for (int side = 1; side < SIDES; side++) {
    const double ratio = us[0] / us[side];
    r->log_sum[side] += log(ratio);
    if (!r->count || ratio < r->least[side]) r->least[side] = ratio;
  }
  r->count++;
}

static void print_row(const char *left, const char *group, const shape *s, const double us[SIDES]) {
  const double flops = 2.0 * s->M * s->N * s->K;
  printf("%s%-11s | %5d x %4d x %4d | %9.1f | %9.1f | %9.1f | %5.0f | %5.0f | %5.2f | %5.2f%s\n",
         left, group, s->M, s->K, s->N, us[0], us[1], us[2], flops / us[0] / 1e3,
         flops / us[1] / 1e3, us[0] / us[1], us[0] / us[2], *left ? " |" : "");
  fflush(stdout);
}

tarn_status tarn__bench_products(const tarn_bench_options *options) {
  tarn_pool *pool = NULL;
  tarn_machine machine;
  const unsigned saved = tarn__denormals_off(); /* as a session runs them */
  const char *left = options->markdown ? "| " : "", *right = options->markdown ? " |" : "";
  ratios all = {.count = 0};
  tarn_status status;
  TARN_GOTO(tarn__pool_create(tarn__allocator_default(), options->threads, &pool));
  openblas_set_num_threads(tarn__pool_threads(pool));
  tarn__machine_guess(tarn__pool_threads(pool), &machine);
  printf("%s on %s, %d threads; us, GFLOP/s, and OpenBLAS's time over tarn's\n\n",
         openblas_get_config(), openblas_get_corename(), tarn__pool_threads(pool));
  printf("%s%-11s | %5s x %4s x %4s | %9s | %9s | %9s | %5s | %5s | %5s | %5s%s\n", left, "product",
         "M", "K", "N", "OpenBLAS", "B packed", "unpacked", "OB", "tarn", "ratio", "unp.", right);
  if (options->markdown) printf("|---|---|---|---|---|---|---|---|---|\n");
  for (int i = 0; i < SHAPES; i++) {
    double us[SIDES];
    if (options->filter[0] && !strstr(shapes[i].group, options->filter)) continue;
    TARN_GOTO(one_shape(&shapes[i], options, pool, &machine, us));
    count_in(&all, us);
    print_row(left, shapes[i].group, &shapes[i], us);
  }
  if (!all.count)
    status = tarn_fail(TARN_NOT_FOUND, "no product of '%s'", options->filter);
  else
    printf("\ngeometric mean %.2f with B packed (least %.2f), %.2f without (least %.2f), of %d\n",
           exp(all.log_sum[1] / all.count), all.least[1], exp(all.log_sum[2] / all.count),
           all.least[2], all.count);
done:
  openblas_set_num_threads(1);
  tarn__pool_destroy(pool);
  tarn__denormals_restore(saved);
  return status;
}

#else

tarn_status tarn__bench_products(const tarn_bench_options *options) {
  (void)options;
  return tarn_fail(TARN_UNSUPPORTED, "this build has no OpenBLAS to compare with");
}

#endif

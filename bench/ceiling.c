#include "bench/ceiling.h"

#include "core/thread/cpu.h"
#include "core/trace/trace.h"
#include "kernels/device.h"

#include <stdio.h>

enum { ATTEMPTS = 25 };

typedef struct job {
  const tarn_ceiling_loops *loops;
  double (*work)(long rounds, double *flops); /* when data is NULL */
  long rounds;                                /* multiply-adds, when data is NULL */
  float *data;                                /* [threads][floats] */
  size_t floats;
  double flops; /* of one chunk; the same in all */
} job;

static volatile double kept; /* what the loops compute is used */

static tarn_status chunk(void *argument, int64_t index, int worker) {
  job *j = argument;
  (void)worker;
  double flops = 0, sum = 0;
  if (j->data)
    for (long r = 0; r < j->rounds; r++)
      sum += j->loops->read(j->data + (size_t)index * j->floats, j->floats);
  else
    sum = j->work(j->rounds, &flops);
  if (index == 0) {
    kept = sum;
    j->flops = flops;
  }
  return TARN_OK;
}

/* Seconds of the best of some attempts, each of at least 2 ms (short enough to pass between other
 * processes): rounds are doubled until they take so long. */
static tarn_status fastest(tarn_pool *pool, job *j, double *seconds) {
  const int64_t chunks = tarn__pool_threads(pool);
  double best = 0;
  for (int attempt = 0; attempt < ATTEMPTS;) {
    const uint64_t start = tarn__now_ns();
    TARN_TRY(tarn__pool_run(pool, chunks, chunk, j));
    const double took = (double)(tarn__now_ns() - start) / 1e9;
    if (took < 2e-3 && j->rounds < 1L << 40) {
      j->rounds *= 2;
      attempt = 0; /* the best so far was of fewer rounds */
      continue;
    }
    if (!attempt || took < best) best = took;
    attempt++;
  }
  *seconds = best;
  return TARN_OK;
}

static const tarn_ceiling_loops *loops_of(tarn_target target) {
  if (tarn__target_refusal(target)) return NULL;
  if (target == TARN_TARGET_REFERENCE) return &tarn__ceiling_reference;
#ifdef __x86_64__
  if (target == TARN_TARGET_AVX2) return &tarn__ceiling_avx2;
  if (target == TARN_TARGET_AVX512) return &tarn__ceiling_avx512;
#endif
  return NULL;
}

/* A rate of one thread and of all, 10^9 a second. */
static tarn_status rate(tarn_pool *pool, double (*work)(long rounds, double *flops), double *one,
                        double *all) {
  job j = {.work = work, .rounds = 1024};
  double seconds;
  TARN_TRY(fastest(NULL, &j, &seconds));
  *one = j.flops / seconds / 1e9;
  const int threads = tarn__pool_threads(pool);
  if (threads > 1) TARN_TRY(fastest(pool, &j, &seconds));
  *all = j.flops * threads / seconds / 1e9;
  return TARN_OK;
}

static tarn_status measure_dots(tarn_pool *pool, const tarn_ceiling_loops *loops, tarn_ceiling *c) {
  double (*(*const kinds[])(void))(long, double *) = {loops->bf16, loops->int8};
  static const tarn_precision precisions[] = {TARN_PRECISION_BF16, TARN_PRECISION_INT8};
  for (int k = 0; k < 2; k++) {
    double (*work)(long, double *) = kinds[k] ? kinds[k]() : NULL, one, all;
    if (!work) continue;
    TARN_TRY(rate(pool, work, &one, &all));
    if (one > c->gdots[precisions[k]]) c->gdots[precisions[k]] = one;
    if (all > c->gdots_all[precisions[k]]) c->gdots_all[precisions[k]] = all;
  }
  return TARN_OK;
}

/* One thread's buffer: half of L1 and of L2; of L3 half, shared by all threads, and beyond L2; for
 * DRAM four times L3, at most 256 MiB for all threads together. */
static size_t buffer_bytes(tarn_level level, size_t threads) {
  const tarn_cpu *cpu = tarn__cpu();
  size_t dram = 4 * cpu->l3_bytes, l3 = cpu->l3_bytes / 2 / threads;
  if (dram > (size_t)256 << 20) dram = (size_t)256 << 20;
  if (l3 < 2 * cpu->l2_bytes) l3 = 2 * cpu->l2_bytes;
  if (l3 > (size_t)16 << 20)
    l3 = (size_t)16 << 20; /* a machine that is shared has no more of a large one */
  switch (level) {
    case TARN_LEVEL_L1:
      return cpu->l1d_bytes / 2;
    case TARN_LEVEL_L2:
      return cpu->l2_bytes / 2;
    case TARN_LEVEL_L3:
      return l3;
    case TARN_LEVEL_DRAM:
      return dram / threads;
    case TARN_LEVELS:
      break;
  }
  return 0;
}

static tarn_status measure_level(tarn_pool *pool, const tarn_ceiling_loops *loops, tarn_level level,
                                 tarn_ceiling *c) {
  const size_t threads = (size_t)tarn__pool_threads(pool),
               floats = buffer_bytes(level, threads) / 1024 * 256,
               size = floats * sizeof(float) * threads;
  float *data = tarn__alloc_zero(tarn__allocator_default(), size);
  double seconds;
  if (!data) return TARN_NO_MEMORY;
  for (size_t i = 0; i < floats * threads; i += 256)
    data[i] = 1; /* pages of its own, not the one of zeros */
  c->bytes[level] = floats * sizeof(float);
  job j = {.loops = loops, .rounds = 1, .data = data, .floats = floats};
  tarn_status status = fastest(NULL, &j, &seconds);
  c->gbytes[level] = (double)j.rounds * (double)c->bytes[level] / seconds / 1e9;
  if (status == TARN_OK && threads > 1) status = fastest(pool, &j, &seconds);
  c->gbytes_all[level] =
      (double)j.rounds * (double)c->bytes[level] * (double)threads / seconds / 1e9;
  tarn__free(tarn__allocator_default(), data, size);
  return status;
}

void tarn__ceiling_add_device(tarn_ceiling *c, const tarn_backend *backend) {
  if (!backend) return;
  snprintf(c->device, sizeof c->device, "%s", backend->info.name);
  c->device_gflops = backend->info.gflops;
  c->device_gbytes = backend->info.gbytes_per_s;
}

tarn_status tarn__ceiling_measure(tarn_pool *pool, tarn_ceiling *c) {
  const tarn_ceiling_loops *best = &tarn__ceiling_reference;
  *c = (tarn_ceiling){.threads = tarn__pool_threads(pool)};
  for (int t = 0; t < TARN_TARGETS; t++) {
    const tarn_ceiling_loops *loops = loops_of((tarn_target)t);
    if (!loops) continue;
    best = loops;
    TARN_TRY(rate(pool, loops->multiply_add, &c->gflops[t], &c->gflops_all[t]));
    TARN_TRY(measure_dots(pool, loops, c));
  }
  c->gdots[TARN_PRECISION_F32] = tarn__ceiling_best(c, false);
  c->gdots_all[TARN_PRECISION_F32] = tarn__ceiling_best(c, true);
  for (int level = 0; level < TARN_LEVELS; level++)
    TARN_TRY(measure_level(pool, best, (tarn_level)level, c));
  return TARN_OK;
}

const char *tarn__level_name(tarn_level level) {
  static const char *const names[] = {"L1", "L2", "L3", "DRAM"};
  return level < TARN_LEVELS ? names[level] : "?";
}

tarn_level tarn__ceiling_level(size_t bytes) {
  const tarn_cpu *cpu = tarn__cpu();
  return bytes <= cpu->l1d_bytes                               ? TARN_LEVEL_L1
         : bytes <= cpu->l2_bytes                              ? TARN_LEVEL_L2
         : bytes <= cpu->l3_bytes && bytes <= (size_t)16 << 20 ? TARN_LEVEL_L3
                                                               : TARN_LEVEL_DRAM;
}

double tarn__ceiling_best(const tarn_ceiling *c, bool all) {
  double best = 0;
  for (int t = 0; t < TARN_TARGETS; t++) {
    const double g = all ? c->gflops_all[t] : c->gflops[t];
    if (g > best) best = g;
  }
  return best;
}

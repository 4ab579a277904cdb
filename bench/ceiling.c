#include "bench/ceiling.h"

#include "core/cpu.h"
#include "core/trace.h"

enum { ATTEMPTS = 25 };

typedef struct job {
  const tarn_ceiling_loops *loops;
  long rounds;                   /* multiply-adds, when data is NULL */
  float *data;                   /* [threads][floats] */
  size_t floats;
  double flops;                  /* of one chunk; the same in all */
} job;

static volatile double kept;     /* what the loops compute is used */

static tarn_status chunk(void *argument, int64_t index, int worker) {
  job *j = argument;
  (void)worker;
  double flops = 0, sum = 0;
  if (j->data)
    for (long r = 0; r < j->rounds; r++) sum += j->loops->read(j->data + (size_t)index * j->floats, j->floats);
  else sum = j->loops->multiply_add(j->rounds, &flops);
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
      attempt = 0;               /* the best so far was of fewer rounds */
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

tarn_status tarn__ceiling_measure(tarn_pool *pool, tarn_ceiling *c) {
  const int threads = tarn__pool_threads(pool);
  const tarn_cpu *cpu = tarn__cpu();
  const tarn_ceiling_loops *best = &tarn__ceiling_reference;
  double seconds;
  *c = (tarn_ceiling){.threads = threads};
  for (int t = 0; t < TARN_TARGETS; t++) {
    const tarn_ceiling_loops *loops = loops_of((tarn_target)t);
    if (!loops) continue;
    best = loops;
    job j = {.loops = loops, .rounds = 1024};
    TARN_TRY(fastest(NULL, &j, &seconds));
    c->gflops[t] = j.flops / seconds / 1e9;
    if (threads > 1) TARN_TRY(fastest(pool, &j, &seconds));
    c->gflops_all[t] = j.flops * threads / seconds / 1e9;
  }
  /* Half of L1 and of L2; for DRAM four times L3, at most 256 MiB for all threads together. */
  size_t dram = 4 * cpu->l3_bytes;
  if (dram > (size_t)256 << 20) dram = (size_t)256 << 20;
  const size_t bytes[TARN_LEVELS] = {cpu->l1d_bytes / 2, cpu->l2_bytes / 2, dram / (size_t)threads};
  for (int level = 0; level < TARN_LEVELS; level++) {
    const size_t floats = bytes[level] / 1024 * 256, size = floats * sizeof(float) * (size_t)threads;
    float *data = tarn__alloc_zero(tarn__allocator_default(), size);
    if (!data) return TARN_NO_MEMORY;
    for (size_t i = 0; i < floats * (size_t)threads; i += 256) data[i] = 1;   /* pages of its own, not the one of zeros */
    c->bytes[level] = floats * sizeof(float);
    job j = {.loops = best, .rounds = 1, .data = data, .floats = floats};
    tarn_status status = fastest(NULL, &j, &seconds);
    c->gbytes[level] = (double)j.rounds * (double)c->bytes[level] / seconds / 1e9;
    if (status == TARN_OK && threads > 1) status = fastest(pool, &j, &seconds);
    c->gbytes_all[level] = (double)j.rounds * (double)c->bytes[level] * threads / seconds / 1e9;
    tarn__free(tarn__allocator_default(), data, size);
    TARN_TRY(status);
  }
  return TARN_OK;
}

tarn_level tarn__ceiling_level(size_t bytes) {
  const tarn_cpu *cpu = tarn__cpu();
  return bytes <= cpu->l1d_bytes ? TARN_LEVEL_L1 : bytes <= cpu->l2_bytes ? TARN_LEVEL_L2 : TARN_LEVEL_DRAM;
}

double tarn__ceiling_best(const tarn_ceiling *c, bool all) {
  double best = 0;
  for (int t = 0; t < TARN_TARGETS; t++) {
    const double g = all ? c->gflops_all[t] : c->gflops[t];
    if (g > best) best = g;
  }
  return best;
}

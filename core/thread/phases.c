/* The loop of phases.h.
 *
 * Each share has a word (phase, first, end): the chunks of that phase not yet taken. Taking one is
 * a compare-and-swap, and a word of an earlier phase stands for the whole share of this one, so
 * nobody has to be there to begin his share. A phase is over when as many chunks are finished as
 * there are up to its end; each thread counts its own, on a line of its own, and adds the others'
 * up. Only who has seen a phase end takes from the next, so a swap that succeeds proves that the
 * phase is still under way.
 *
 * Two threads walk their shares to and fro against one another, 0 > < n and then 0 < > n. One that
 * has been left alone goes on through the other's share, 0 > > n, and must come back as it went,
 * other's share first, to find in its cache what it read last. */
#include "core/thread/phases.h"

#include "core/thread/cpu.h"

#include <sched.h>
#include <stdatomic.h>

enum { SHARES = 16, PAUSES = 256 };

/* 128 bytes: processors fetch lines in pairs. */
typedef struct share {
  _Alignas(128) _Atomic uint64_t left; /* phase + 1 << 32 | first << 16 | end */
  _Alignas(128) _Atomic int64_t finished;
} share;

typedef struct team {
  const tarn_phases *p;
  int shares;
  atomic_bool failed;
  share share[SHARES];
} team;

static int64_t chunks_of(const tarn_phases *p, int64_t phase) {
  return p->chunks[phase % p->kinds];
}

/* A chunk of that share of the phase; -1: none is left. */
static int64_t take(team *t, int of, int64_t phase, bool front) {
  _Atomic uint64_t *left = &t->share[of].left;
  const int64_t chunks = chunks_of(t->p, phase);
  uint64_t word = atomic_load_explicit(left, memory_order_acquire);
  for (;;) {
    const int64_t at = (int64_t)(word >> 32) - 1;
    int64_t first = word >> 16 & 0xffff, end = word & 0xffff;
    if (at > phase) return -1;
    if (at < phase) first = chunks * of / t->shares, end = chunks * (of + 1) / t->shares;
    if (first == end) return -1;
    const int64_t chunk = front ? first : end - 1;
    const uint64_t rest = (uint64_t)(first + front) << 16 | (uint64_t)(end - !front);
    if (atomic_compare_exchange_weak_explicit(left, &word, (uint64_t)(phase + 1) << 32 | rest,
                                              memory_order_acq_rel, memory_order_acquire))
      return chunk;
  }
}

/* The chunks of a phase that the others leave to this thread, and how many those are. */
static tarn_status work(team *t, int64_t phase, int self, bool alone, int worker, int64_t *taken) {
  const tarn_phases *p = t->p;
  const bool fro = phase / p->kinds % 2 != 0;
  int64_t done = 0;
  tarn_status status = TARN_OK;
  for (int i = 0; i < t->shares && status == TARN_OK; i++) {
    const int of = (self + (alone && fro ? t->shares - 1 - i : i)) % t->shares;
    const bool front = (of % 2 != 0) == fro;
    for (int64_t chunk;
         status == TARN_OK && (chunk = take(t, of, phase, front == (of == self))) >= 0; done++)
      status = p->body(p->argument, phase, chunk, worker);
  }
  *taken = done;
  if (status != TARN_OK) atomic_store(&t->failed, true);
  _Atomic int64_t *finished = &t->share[self].finished;
  if (done)
    atomic_store_explicit(finished, atomic_load_explicit(finished, memory_order_relaxed) + done,
                          memory_order_release);
  return status;
}

/* Until so many chunks are finished by all; false when the loop has failed. */
static bool wait_for(team *t, int64_t chunks) {
  for (int pauses = 0;; pauses++) {
    int64_t finished = 0;
    for (int i = 0; i < t->shares; i++)
      finished += atomic_load_explicit(&t->share[i].finished, memory_order_acquire);
    if (finished >= chunks) return true;
    if (atomic_load_explicit(&t->failed, memory_order_relaxed)) return false;
    if (pauses < PAUSES || pauses % 16)
      tarn__cpu_pause();
    else
      (void)sched_yield();
  }
}

/* Chunks of the phases before this one. */
static int64_t chunks_before(const tarn_phases *p, int64_t phase) {
  return p->kinds == 1 ? phase * p->chunks[0]
                       : (phase + 1) / 2 * p->chunks[0] + phase / 2 * p->chunks[1];
}

static tarn_status take_part(void *argument, int64_t self, int worker) {
  team *t = argument;
  bool alone = false;
  for (int64_t phase = 0; phase < t->p->phases; phase++) {
    /* Who comes late goes on where the others are. */
    const uint64_t word = atomic_load_explicit(&t->share[0].left, memory_order_acquire);
    const int64_t at = (int64_t)(word >> 32) - 1;
    if (at > phase) phase = at;
    int64_t taken;
    TARN_TRY(work(t, phase, (int)self, alone, worker, &taken));
    alone = taken == chunks_of(t->p, phase);
    if (!wait_for(t, chunks_before(t->p, phase + 1))) return TARN_OK;
  }
  return TARN_OK;
}

tarn_status tarn__pool_run_phases(tarn_pool *pool, const tarn_phases *p) {
  int shares = tarn__pool_threads(pool);
  int64_t most = 0;
  for (int k = 0; k < p->kinds; k++) most = p->chunks[k] > most ? p->chunks[k] : most;
  if (shares > most) shares = (int)most;
  if (shares > SHARES) shares = SHARES;
  if (shares < 2) {
    for (int64_t phase = 0; phase < p->phases; phase++)
      for (int64_t i = 0, n = chunks_of(p, phase); i < n; i++)
        TARN_TRY(p->body(p->argument, phase, phase / p->kinds % 2 ? n - 1 - i : i, 0));
    return TARN_OK;
  }
  team t = {.p = p, .shares = shares};
  return tarn__pool_run(pool, shares, take_part, &t);
}

/* The pool of threads.h.
 *
 * A loop that is under way stands in one of a few slots. Its word holds (generation, first, end):
 * the chunks that are left. Taking one is a compare-and-swap that moves first up or end down. A
 * swap that succeeds proves that loop g is still under way and that a chunk of it is now ours, so
 * its body and argument stay put until we have counted the chunk as finished; a worker that was
 * asleep meanwhile fails the swap and looks again. The owner takes chunks like everybody, then
 * waits until all are counted.
 *
 * Every second worker takes from the end. So two threads walk through their own halves and meet,
 * wherever that is: the rows that one writes are those it reads in the next loop, from its own
 * cache, and a kernel can fetch ahead what it will probably be given next (tarn__pool_next).
 *
 * Sleeping (workers without work, owners that wait) follows one pattern: announce oneself, look
 * again, sleep; the other side changes the state, then looks whether somebody is announced. Both in
 * sequentially consistent order, so one of the two sees the other and no wake-up is lost. */
#include "core/thread/threads.h"

#include "core/thread/cpu.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/trace/trace.h"

#define MAX_THREADS 256
#define SLOTS 8 /* loops under way at once; a further caller runs its loop alone */
#define SPIN_NS 30000
#define SPIN_SOON_NS 600000
#define YIELDS 4
#define INDEX_BITS 20
#define INDEX_MASK ((1u << INDEX_BITS) - 1u)
#define LARGEST_LOOP \
  ((int64_t)INDEX_MASK) /* chunks that fit the word; longer loops run in pieces */

typedef struct slot {
  _Alignas(64) _Atomic uint64_t word; /* generation, first and end of the chunks left to take */
  _Atomic int64_t finished;
  atomic_bool waiting; /* the owner sleeps, or is about to */
  atomic_bool failed;  /* somebody is writing, or has written, what follows */
  tarn_status status;
  char message[TARN_ERROR_BYTES];
  /* Written by the owner before the word, read by those who hold a chunk. */
  int64_t first, chunks;
  tarn_chunk body;
  void *argument;
  tarn_trace_here here; /* what the owner is at */
} slot;

typedef struct worker {
  tarn_pool *pool;
  pthread_t thread;
  int index;
} worker;

struct tarn_pool {
  const tarn_allocator *allocator;
  size_t bytes;
  int threads;
  worker *workers;                  /* [threads], of which 0 stands for the callers */
  _Alignas(64) atomic_uint taken;   /* slots in use by owners */
  _Alignas(64) atomic_uint open;    /* slots that may have chunks left */
  _Alignas(64) atomic_int sleepers; /* workers asleep, or about to be */
  atomic_bool stop;
  pthread_mutex_t lock;
  pthread_cond_t work, done;
  slot slots[SLOTS];
};

/* The loops that this thread is inside of, innermost first: a loop of the same pool inside them is
 * run here, under the index that the thread has there. */
typedef struct frame {
  const tarn_pool *pool;
  int worker;
  const struct frame *outer;
} frame;

static _Thread_local const frame *inside;

/* Looking for some 30 us, then a few yields, then it is time to sleep. While a loop is under way,
 * what is waited for will come soon: its end, or the next loop. Then looking goes on for up to 600
 * us, with a yield every 30: a chunk may take long, and waking a processor that the system has
 * halted takes 50 us and more on virtual machines. Behind it a caller had better sleep, so that the
 * system moves a worker whose processor is taken to the caller's: Linux leaves a thread that ran
 * less than 500 us ago where it is. Start with {0}. */
typedef struct patience {
  uint64_t since_ns, until_ns;
  int yields;
} patience;

/* soon: a loop is under way. False when it is time to sleep. */
static bool wait_a_little(patience *p, bool soon) {
  for (int i = 0; i < 16; i++) tarn__cpu_pause();
  uint64_t now = tarn__now_ns();
  if (p->since_ns == 0) p->since_ns = now, p->until_ns = now + SPIN_NS;
  if (now < p->until_ns) return true;
  (void)sched_yield();
  if (soon && now < p->since_ns + SPIN_SOON_NS) {
    p->until_ns = now + SPIN_NS;
    return true;
  }
  return p->yields++ < YIELDS;
}

/* ---- chunks -------------------------------------------------------------------------------- */

static uint64_t word_of(uint64_t generation, uint64_t first, uint64_t end) {
  return generation << 2 * INDEX_BITS | first << INDEX_BITS | end;
}

static uint64_t first_of(uint64_t word) { return word >> INDEX_BITS & INDEX_MASK; }
static uint64_t end_of(uint64_t word) { return word & INDEX_MASK; }
static uint64_t left_of(uint64_t word) { return end_of(word) - first_of(word); }

static bool from_the_end(int index) { return index % 2 != 0; }

/* Takes a chunk; -1: there was none. */
static int64_t take(slot *s, int index) {
  const bool back = from_the_end(index);
  const uint64_t taken = back ? (uint64_t)-1 : word_of(0, 1, 0);
  uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);
  while (left_of(word) != 0)
    if (atomic_compare_exchange_weak_explicit(&s->word, &word, word + taken, memory_order_acq_rel,
                                              memory_order_relaxed))
      return (int64_t)(back ? end_of(word) - 1 : first_of(word));
  return -1;
}

/* The caller holds an unfinished chunk. Takes all that are left, so that nobody starts one: returns
 * how many. */
static uint64_t take_rest(slot *s) {
  uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);
  while (!atomic_compare_exchange_weak_explicit(&s->word, &word, word - left_of(word),
                                                memory_order_acq_rel, memory_order_relaxed)) {
  }
  return left_of(word);
}

/* Takes and runs chunks until none is left; true when there was one. */
static bool work_on(tarn_pool *pool, slot *s, int index) {
  int64_t chunk = take(s, index);
  if (chunk < 0) return false;
  const frame here = {.pool = pool, .worker = index, .outer = inside};
  inside = &here;
  int64_t chunks = s->chunks, first = s->first, count = 0;
  tarn_chunk body = s->body;
  void *argument = s->argument;
  const tarn_trace_here traced = index ? s->here : (tarn_trace_here){0};
  const uint64_t began = traced.trace ? tarn__now_ns() : 0;
  do {
    tarn_status status = body(argument, first + chunk, index);
    count++;
    if (status != TARN_OK) {
      if (!atomic_exchange(&s->failed, true)) {
        s->status = status;
        tarn__error_save(s->message, sizeof s->message);
      }
      count += (int64_t)take_rest(s);
      break;
    }
    chunk = take(s, index);
  } while (chunk >= 0);
  tarn__wide_registers_done();
  inside = here.outer;
  if (traced.trace) tarn__trace_tick(traced.trace, traced.label, true, began, tarn__now_ns());
  /* Once all are counted the owner may leave and reuse the slot: only locals and the pool from here
   * on. */
  if (atomic_fetch_add(&s->finished, count) + count == chunks && atomic_load(&s->waiting)) {
    (void)pthread_mutex_lock(&pool->lock);
    (void)pthread_cond_broadcast(&pool->done);
    (void)pthread_mutex_unlock(&pool->lock);
  }
  return true;
}

/* ---- workers ------------------------------------------------------------------------------- */

static bool work_on_any(tarn_pool *pool, int index, unsigned *turn) {
  unsigned open = atomic_load_explicit(&pool->open, memory_order_acquire);
  if (open == 0) return false;
  bool found = false;
  unsigned start = (*turn)++; /* so that all the loops under way get workers */
  for (unsigned i = 0; i < SLOTS; i++) {
    unsigned at = (start + i) % SLOTS;
    if (open >> at & 1u) found |= work_on(pool, &pool->slots[at], index);
  }
  return found;
}

static bool anything_left(tarn_pool *pool) {
  unsigned open = atomic_load(&pool->open);
  for (unsigned i = 0; i < SLOTS; i++)
    if ((open >> i & 1u) && left_of(atomic_load(&pool->slots[i].word)) != 0) return true;
  return false;
}

static void sleep_until_work(tarn_pool *pool) {
  (void)pthread_mutex_lock(&pool->lock);
  atomic_fetch_add(&pool->sleepers, 1);
  while (!anything_left(pool) && !atomic_load(&pool->stop))
    (void)pthread_cond_wait(&pool->work, &pool->lock);
  atomic_fetch_sub(&pool->sleepers, 1);
  (void)pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *argument) {
  worker *self = argument;
  tarn_pool *pool = self->pool;
  unsigned turn = (unsigned)self->index;
  char name[16];
  (void)snprintf(name, sizeof name, "tarn-%d", self->index);
  (void)pthread_setname_np(pthread_self(), name);
  (void)tarn__denormals_off();
  patience p = {0};
  while (!atomic_load_explicit(&pool->stop, memory_order_acquire)) {
    if (work_on_any(pool, self->index, &turn)) {
      p = (patience){0};
    } else if (!wait_a_little(&p, atomic_load_explicit(&pool->taken, memory_order_relaxed) != 0)) {
      sleep_until_work(pool);
      p = (patience){0};
    }
  }
  return NULL;
}

/* ---- loops --------------------------------------------------------------------------------- */

static tarn_status run_here(int64_t first, int64_t chunks, tarn_chunk body, void *argument,
                            int index) {
  for (int64_t i = 0; i < chunks; i++) TARN_TRY(body(argument, first + i, index));
  return TARN_OK;
}

/* A free slot becomes the caller's; NULL when there is none. */
static slot *acquire(tarn_pool *pool) {
  unsigned taken = atomic_load_explicit(&pool->taken, memory_order_relaxed);
  while (taken != (1u << SLOTS) - 1u) {
    unsigned lowest = ~taken & (taken + 1u);
    if (atomic_compare_exchange_weak_explicit(&pool->taken, &taken, taken | lowest,
                                              memory_order_acquire, memory_order_relaxed))
      return &pool->slots[__builtin_ctz(lowest)];
  }
  return NULL;
}

static void wake_workers(tarn_pool *pool, int64_t useful) {
  int sleepers = atomic_load(&pool->sleepers);
  if (sleepers == 0 || useful <= 0) return;
  (void)pthread_mutex_lock(&pool->lock);
  if (useful >= sleepers)
    (void)pthread_cond_broadcast(&pool->work);
  else
    for (int64_t i = 0; i < useful; i++) (void)pthread_cond_signal(&pool->work);
  (void)pthread_mutex_unlock(&pool->lock);
}

static void wait_for_all(tarn_pool *pool, slot *s, int64_t chunks) {
  patience p = {0};
  while (atomic_load_explicit(&s->finished, memory_order_acquire) != chunks) {
    if (wait_a_little(&p, true)) continue;
    (void)pthread_mutex_lock(&pool->lock);
    atomic_store(&s->waiting, true);
    while (atomic_load(&s->finished) != chunks) (void)pthread_cond_wait(&pool->done, &pool->lock);
    atomic_store(&s->waiting, false);
    (void)pthread_mutex_unlock(&pool->lock);
  }
}

static tarn_status run_in(tarn_pool *pool, slot *s, int64_t first, int64_t chunks, tarn_chunk body,
                          void *argument) {
  s->first = first;
  s->chunks = chunks;
  s->body = body;
  s->argument = argument;
  s->here = tarn__trace_where();
  atomic_store_explicit(&s->finished, 0, memory_order_relaxed);
  atomic_store_explicit(&s->failed, false, memory_order_relaxed);
  uint64_t generation =
      (atomic_load_explicit(&s->word, memory_order_relaxed) >> 2 * INDEX_BITS) + 1;
  atomic_store(&s->word, word_of(generation, 0, (uint64_t)chunks));
  unsigned bit = 1u << (unsigned)(s - pool->slots);
  atomic_fetch_or(&pool->open, bit);
  wake_workers(pool, chunks - 1);
  (void)work_on(pool, s, 0);
  atomic_fetch_and(&pool->open, ~bit);
  wait_for_all(pool, s, chunks);

  tarn_status status = TARN_OK;
  if (atomic_load_explicit(&s->failed, memory_order_relaxed)) {
    status = s->status;
    tarn__error_restore(s->message);
  }
  atomic_fetch_and_explicit(&pool->taken, ~bit, memory_order_release);
  return status;
}

tarn_status tarn__pool_run(tarn_pool *pool, int64_t chunks, tarn_chunk body, void *argument) {
  if (!pool) return run_here(0, chunks, body, argument, 0);
  for (const frame *f = inside; f; f = f->outer)
    if (f->pool == pool) return run_here(0, chunks, body, argument, f->worker);
  if (chunks <= 1 || pool->threads == 1) return run_here(0, chunks, body, argument, 0);
  for (int64_t first = 0; first < chunks; first += LARGEST_LOOP) {
    int64_t piece = chunks - first < LARGEST_LOOP ? chunks - first : LARGEST_LOOP;
    slot *s = acquire(pool);
    TARN_TRY(s ? run_in(pool, s, first, piece, body, argument)
               : run_here(first, piece, body, argument, 0));
  }
  return TARN_OK;
}

int tarn__pool_threads(const tarn_pool *pool) {
  return pool ? pool->threads : 1;
}

int64_t tarn__pool_next(const tarn_pool *pool, int64_t chunk, int64_t chunks, int index) {
  if (!pool || pool->threads == 1) return chunk + 1 < chunks ? chunk + 1 : -1;
  const bool back = from_the_end(index);
  const int64_t step =
      back ? pool->threads / 2 : (pool->threads + 1) / 2; /* as many take from that side */
  const int64_t next = back ? chunk - step : chunk + step;
  return next >= 0 && next < chunks ? next : -1;
}

/* ---- creation ------------------------------------------------------------------------------ */

/* Signals go to the program's own threads. */
static int start(worker *w) {
  sigset_t all, before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&w->thread, NULL, worker_main, w);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

tarn_status tarn__pool_create(const tarn_allocator *a, int threads, tarn_pool **pool) {
  if (threads < 0 || threads > MAX_THREADS)
    return tarn_fail(TARN_INVALID, "%d threads, expected 0 to %d", threads, MAX_THREADS);
  if (threads == 0) threads = tarn__cpu_count();
  if (threads > MAX_THREADS) threads = MAX_THREADS;
  size_t bytes = sizeof(tarn_pool) + (size_t)threads * sizeof(worker);
  tarn_pool *p = tarn__alloc_zero(a, bytes);
  if (!p) return TARN_NO_MEMORY;
  p->allocator = a;
  p->bytes = bytes;
  p->threads = 1; /* as many as are running */
  p->workers = (worker *)(p + 1);
  (void)pthread_mutex_init(&p->lock, NULL);
  (void)pthread_cond_init(&p->work, NULL);
  (void)pthread_cond_init(&p->done, NULL);
  for (int i = 1; i < threads; i++) {
    p->workers[i] = (worker){.pool = p, .index = i};
    int error = start(&p->workers[i]);
    if (error != 0) {
      tarn__pool_destroy(p);
      return tarn_fail(TARN_LIMIT, "cannot start thread %d of %d: %s", i + 1, threads,
                       strerrordesc_np(error));
    }
    p->threads++;
  }
  *pool = p;
  return TARN_OK;
}

void tarn__pool_destroy(tarn_pool *pool) {
  if (!pool) return;
  atomic_store(&pool->stop, true);
  (void)pthread_mutex_lock(&pool->lock);
  (void)pthread_cond_broadcast(&pool->work);
  (void)pthread_mutex_unlock(&pool->lock);
  for (int i = 1; i < pool->threads; i++) (void)pthread_join(pool->workers[i].thread, NULL);
  (void)pthread_cond_destroy(&pool->done);
  (void)pthread_cond_destroy(&pool->work);
  (void)pthread_mutex_destroy(&pool->lock);
  tarn__free(pool->allocator, pool, pool->bytes);
}

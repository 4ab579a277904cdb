/* Waits: see wait.h. */
#include "kernels/state/waiting/wait.h"

#include "core/trace/trace.h"

#include <time.h>

enum { POLL_NS = 5000000 };
/* A thread that was told to go on may need this long until it does, on a machine that is busy with
 * other things. */
static const uint64_t STUCK_NS = 2000000000;

/* All parties wait, and none has begun a new wait for STUCK_NS. */
static tarn_status stuck(tarn_waiting *w, const char *what, const char *name) {
  tarn_activity *a = w->run ? w->run->activity : NULL;
  if (!a) return TARN_OK;
  const unsigned parties = atomic_load(&a->parties);
  if (!w->counted) {
    w->counted = true;
    atomic_fetch_add(&a->waiting, 1);
    atomic_fetch_add(&a->waits, 1);
  }
  const unsigned waits = atomic_load(&a->waits);
  const bool all = parties && atomic_load(&a->waiting) >= parties;
  if (!all || !w->since_ns || waits != w->waits) {
    w->waits = waits;
    w->since_ns = all ? tarn__now_ns() : 0;
    return TARN_OK;
  }
  if (tarn__now_ns() - w->since_ns < STUCK_NS) return TARN_OK;
  if (parties == 1)
    return tarn_fail(TARN_FAILED,
                     "the run waits for %s '%s' for ever: nothing else runs that could provide it",
                     what, name);
  return tarn_fail(
      TARN_FAILED,
      "the run waits for %s '%s' for ever: the other %u threads of the session wait, too", what,
      name, parties - 1);
}

tarn_status tarn__wait(tarn_waiting *w, pthread_cond_t *changed, pthread_mutex_t *lock,
                       const char *what, const char *name) {
  struct timespec until;
  TARN_TRY(tarn__run_check(w->run));
  TARN_TRY(stuck(w, what, name));
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += POLL_NS;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  pthread_cond_timedwait(changed, lock, &until);
  return TARN_OK;
}

void tarn__wait_end(tarn_waiting *w) {
  if (w->counted) atomic_fetch_sub(&w->run->activity->waiting, 1);
  w->counted = false;
  w->since_ns = 0;
}

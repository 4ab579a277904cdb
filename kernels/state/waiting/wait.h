/* Waiting inside of a run until another run of the session changes something: room in a queue, an
 * element, a gradient.
 *
 * A wait ends with its run: when the run is cancelled, its time is up, or its `stop` flag is set,
 * all looked at some hundred times a second. Where the session knows who may still change something
 * (its parties: the program's own thread and the threads of queue runners), a wait also ends, in
 * words, once all of them wait for each other. */
#ifndef TARN_KERNELS_STATE_WAIT_H
#define TARN_KERNELS_STATE_WAIT_H

#include "kernels/run.h"

#include <pthread.h>
#include <stdatomic.h>

/* Who uses a session. Of no use until somebody counts the parties: 0 of them means that they are
 * not known. */
struct tarn_activity {
  atomic_uint parties;           /* threads that may run the session */
  atomic_uint waiting;           /* how many of them wait */
  atomic_uint waits;             /* counts waits that began */
};

/* One wait, from the first look at the condition to its end. */
typedef struct tarn_waiting {
  const tarn_run *run;
  bool counted;                  /* in activity->waiting */
  unsigned waits; /* activity->waits when all were last seen to wait, and since when */
  uint64_t since_ns;
} tarn_waiting;

static inline tarn_waiting tarn__waiting(const tarn_run *run) { return (tarn_waiting){.run = run}; }
/* Unlocks until `changed` is signalled or some milliseconds passed; to be called in a loop that
 * looks at the condition, which tarn__wait_end follows. `what` goes into the message of a wait that
 * can never end: "elements of queue 'q'". TARN_CANCELLED, TARN_LIMIT (see tarn__run_check),
 * TARN_FAILED (nobody is left who could change anything). */
TARN_MUST_CHECK tarn_status tarn__wait(tarn_waiting *w, pthread_cond_t *changed,
                                       pthread_mutex_t *lock, const char *what, const char *name);
void tarn__wait_end(tarn_waiting *w);

#endif

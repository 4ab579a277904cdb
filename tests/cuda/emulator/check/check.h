/* What the checker knows of the emulated device's work, and is told by it: which accesses to device
 * and shared memory come before which others by CUDA's rules. Two accesses to the same byte, one of
 * them a write, of which neither comes before the other, are a race, whatever the emulated order
 * made of it.
 *
 * Everything that happens has a stamp, a number that grows wherever something is ordered; work of
 * streams, blocks and barriers are intervals of stamps. All of it is under the emulated device's
 * lock. */
#ifndef TARN_EMULATOR_CHECK_H
#define TARN_EMULATOR_CHECK_H

#include <cstddef>
#include <cstdint>
#include <map>

namespace tarn_emulated {

/* What runs now. */
struct moment {
  uint64_t now = 1;     /* the stamp */
  uint64_t barrier = 0; /* since when: the block's last barrier */
  uint64_t block = 0;   /* the block's start */
  uint64_t work = 0;    /* the kernel's, the copy's or the library's start */
  uint64_t floor = 0;   /* everything earlier comes before this work */
  unsigned thread = 0;  /* its number in the block; of work that is no kernel: 0 */
  bool working = false, quiet = false;
};
extern moment here;

/* ---- accesses (shadow.cpp) ----------------------------------------------------------------------
 * By what runs now; of memory that is neither device nor shared memory, nothing. `copied`: read,
 * but not used, so anything may be there. `load` and `store` are volatile. */
enum class access { read, copied, write, atomic, load, store };
void note_device(access kind, const void *at, size_t bytes, const void *site);
void note_shared(access kind, const void *at, size_t bytes, const void *site);

/* Whether the compiler tells those of device code; else nothing is checked. */
extern const bool accesses_are_told;

struct addresses {
  uintptr_t from = 0;
  size_t bytes = 0;
  bool hold(const void *at) const { return reinterpret_cast<uintptr_t>(at) - from < bytes; }
};
extern addresses device_addresses, shared_addresses;

inline void note_access(access kind, const void *at, size_t bytes, const void *site) {
  if (!here.working) return;
  if (device_addresses.hold(at))
    note_device(kind, at, bytes, site);
  else if (shared_addresses.hold(at))
    note_shared(kind, at, bytes, site);
}
/* A library's. */
inline void note_read(const void *at, size_t bytes) {
  note_access(access::read, at, bytes, nullptr);
}
inline void note_write(const void *at, size_t bytes) {
  note_access(access::write, at, bytes, nullptr);
}
/* Dynamic shared memory: what a launch has of it. */
void note_dynamic(const void *at, size_t bytes, size_t room);
/* Before the first of them. */
void begin_shadow();
/* Names an access that is wrong in a word or two; once a work. */
void note_wrong(const char *what, const void *at, size_t bytes, const void *site);

/* ---- threads of a block (order.cpp) ---------------------------------------------------------- */

void block_begins();
void barrier_passed(unsigned threads); /* all of the block's */
/* __syncwarp of the lanes of a mask; first: the warp's first thread. */
void lanes_met(unsigned first, unsigned mask);
/* What some lanes of a warp did at or before a stamp comes before what runs now. */
bool comes_before_otherwise(uint64_t stamp, unsigned warp, unsigned lanes);
inline bool comes_before(uint64_t stamp, unsigned warp, unsigned lanes) {
  return stamp < here.floor || (stamp < here.barrier && stamp >= here.block) ||
         comes_before_otherwise(stamp, warp, lanes);
}

/* ---- fences and atomics (fences.cpp) --------------------------------------------------------- */

void fences_begin_work();
void fences_begin_block();
void fences_at_barrier(unsigned threads);
void fence_passed();
void atomic_passed(const void *at, bool reads, bool writes);
void thread_touched(); /* any memory */
/* What some lanes did at or before a stamp comes before what runs now, by fences. */
bool fenced(uint64_t stamp, unsigned warp, unsigned lanes);
/* What this thread knows of the lanes of its warp: all that is earlier than the stamp. */
uint64_t known_of_lane(unsigned lane);

/* ---- streams (order.cpp) --------------------------------------------------------------------- */

/* What comes before something: all before the floor, and each stream's work up to a stamp. */
struct clock {
  uint64_t floor = 0;
  std::map<unsigned, uint64_t> upto;
  void join(const clock &other);
};
/* A stream's own. */
struct stream_order {
  unsigned id;
  clock known;
  stream_order();
};

/* What the host, whose threads are taken for one, knows: work that it enqueues comes after it. */
const clock &host_clock();
/* The host has waited for a stream. `idle`: nothing that was enqueued is left to do. */
void host_waited(const stream_order &stream, bool idle);
void host_waited(const clock &known);
/* What comes before whatever waits for this stream as it is now. */
clock reached(const stream_order &stream);

/* Work of a stream runs, from here to the end of the scope; it may hold work of others. */
struct work_of {
  work_of(stream_order &stream, const clock &given, const char *name);
  ~work_of();
  moment outer;
  const stream_order *outer_stream;
};
/* The name of the work that had a stamp, or "work that is over". */
const char *work_named(uint64_t stamp);

}  // namespace tarn_emulated

#endif

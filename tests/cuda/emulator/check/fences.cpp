/* What fences and atomics order, of threads that no barrier orders. What a thread did before a
 * __threadfence comes before what another does after one, if between them the first (or, behind a
 * barrier, one of its block) changed a word by an atomic, and the second (or one of its block, with
 * a barrier behind) later used an atomic of the same word. Without the fences an atomic orders
 * nothing but what is done to its word. */
#include <algorithm>
#include <unordered_map>

#include "check.h"

namespace tarn_emulated {
namespace {

/* Of blocks by their start: what all of their threads did before a stamp, and single ones. */
struct of_block {
  uint64_t all = 0;
  std::map<unsigned, uint64_t> thread;

  void join(unsigned t, uint64_t upto) {
    if (upto > all) thread[t] = std::max(thread[t], upto);
  }
};
struct reach {
  std::map<uint64_t, of_block> blocks;

  void join(const reach &other) {
    for (const auto &[start, theirs] : other.blocks) {
      of_block &mine = blocks[start];
      mine.all = std::max(mine.all, theirs.all);
      for (const auto &[t, upto] : theirs.thread) mine.join(t, upto);
    }
  }
  bool covers(uint64_t stamp, unsigned warp, unsigned lanes) const {
    auto found = blocks.upper_bound(stamp);
    if (found == blocks.begin()) return false;
    const of_block &b = (--found)->second;
    if (stamp < b.all) return true;
    for (unsigned l = 0; l < 32; l++) {
      if (!(lanes >> l & 1)) continue;
      const auto upto = b.thread.find(warp * 32 + l);
      if (upto == b.thread.end() || stamp >= upto->second) return false;
    }
    return true;
  }
};

struct of_thread {
  uint64_t fence = 0; /* the stamp of its last */
  reach given;        /* what it knew then of others */
  reach awaits;       /* of words, until its next fence */
  reach taken;
  bool takes_block = false; /* what the block awaited too */
};

bool any; /* fence of this work so far */
std::unordered_map<unsigned, of_thread> threads;
reach given, awaits, taken; /* the block's, by its last barrier */
std::unordered_map<const void *, reach> words;
uint64_t touched[1024]; /* the stamp of each thread's last access */

void forget_block() {
  threads.clear();
  given = awaits = taken = reach();
}

}  // namespace

void thread_touched() {
  touched[here.thread] = here.now;
}

void fences_begin_work() {
  if (!any) return;
  any = false;
  words.clear();
  forget_block();
}

void fences_begin_block() {
  if (any) forget_block();
}

void fences_at_barrier(unsigned count) {
  if (!any) return;
  of_block mine;
  unsigned done = 0; /* threads whose last accesses lie before their fences */
  if (std::any_of(threads.begin(), threads.end(),
                  [](const auto &t) { return t.second.takes_block; }))
    taken.join(awaits);
  for (auto &[t, r] : threads) {
    taken.join(r.taken);
    given.join(r.given);
    awaits.join(r.awaits);
    mine.join(t, r.fence);
    done += r.fence > touched[t];
  }
  if (done == count) mine = {here.barrier, {}};
  given.join({{{here.block, mine}}});
  threads.clear();
}

void fence_passed() {
  any = true;
  of_thread &r = threads[here.thread];
  r.taken.join(r.awaits);
  r.awaits = reach();
  r.takes_block = true;
  r.fence = ++here.now;
  r.given = r.taken;
  of_block &mine = r.given.blocks[here.block];
  mine.all = here.barrier;
  for (unsigned l = 0; l < 32; l++)
    mine.join(here.thread / 32 * 32 + l, l == here.thread % 32 ? r.fence : known_of_lane(l));
}

void atomic_passed(const void *at, bool reads, bool writes) {
  if (!any) return;
  of_thread &r = threads[here.thread];
  if (writes) {
    reach &word = words[at];
    word.join(given);
    if (r.fence) {
      word.join(taken);
      if (r.takes_block) word.join(awaits);
      word.join(r.given);
    }
  }
  const auto found = words.find(at);
  if (reads && found != words.end()) r.awaits.join(found->second);
}

bool fenced(uint64_t stamp, unsigned warp, unsigned lanes) {
  if (!any) return false;
  if (taken.covers(stamp, warp, lanes)) return true;
  const auto r = threads.find(here.thread);
  return r != threads.end() && (r->second.taken.covers(stamp, warp, lanes) ||
                                (r->second.takes_block && awaits.covers(stamp, warp, lanes)));
}

}  // namespace tarn_emulated

/* What comes before what: threads of a block by barriers and __syncwarp, work of streams by the
 * streams, events and waits of the host. */
#include <algorithm>
#include <deque>
#include <set>

#include "check.h"

#include "../device.h"

namespace tarn_emulated {

moment here;

/* ---- threads of a block ---------------------------------------------------------------------- */

namespace {

/* What each thread of the block knows of its warp's lanes; what an earlier block left is smaller
 * than all of this one. */
uint64_t known[1024][32];

}  // namespace

void block_begins() {
  here.block = here.barrier = ++here.now;
  fences_begin_block();
}

void barrier_passed(unsigned threads) {
  here.barrier = ++here.now;
  fences_at_barrier(threads);
}

void lanes_met(unsigned first, unsigned mask) {
  uint64_t all[32] = {0};
  here.now++;
  for (unsigned i = 0; i < 32; i++)
    if (mask >> i & 1)
      for (unsigned l = 0; l < 32; l++) all[l] = std::max(all[l], known[first + i][l]);
  for (unsigned l = 0; l < 32; l++)
    if (mask >> l & 1) all[l] = here.now;
  for (unsigned i = 0; i < 32; i++)
    if (mask >> i & 1) std::copy(all, all + 32, known[first + i]);
}

uint64_t known_of_lane(unsigned lane) {
  return known[here.thread][lane];
}

/* ---- streams --------------------------------------------------------------------------------- */

namespace {

struct past_work {
  uint64_t start;
  unsigned stream;
  const char *name;
};

std::deque<past_work> works; /* those that somebody may not know of */
std::set<unsigned> unknown;  /* streams with work that the host has not waited for */
clock host;
const stream_order *current;
uint64_t one_stream_since; /* work of one stream alone */
unsigned one_stream, streams_made;

const past_work *work_at(uint64_t stamp) {
  const auto after = std::upper_bound(works.begin(), works.end(), stamp,
                                      [](uint64_t s, const past_work &w) { return s < w.start; });
  return after == works.begin() ? nullptr : &*(after - 1);
}

}  // namespace

void clock::join(const clock &other) {
  floor = std::max(floor, other.floor);
  for (const auto &[id, stamp] : other.upto) upto[id] = std::max(upto[id], stamp);
}

stream_order::stream_order() : id(streams_made++) {}

const clock &host_clock() {
  return host;
}

void host_waited(const clock &known_there) {
  host.join(known_there);
}
void host_waited(const stream_order &stream, bool idle) {
  host.join(reached(stream));
  unknown.erase(stream.id);
  if (!unknown.empty() || !idle) return;
  host.floor = here.now;
  host.upto.clear();
  if (!current) works.clear();
}

clock reached(const stream_order &stream) {
  clock all = stream.known;
  all.upto[stream.id] = ++here.now;
  return all;
}

work_of::work_of(stream_order &stream, const clock &given, const char *name)
    : outer(here), outer_stream(current) {
  begin_shadow();
  stream.known.join(given);
  current = &stream;
  here.work = here.block = here.barrier = ++here.now;
  here.thread = 0;
  here.working = accesses_are_told && setting("checks", 1);
  if (works.empty())
    one_stream_since = 0;
  else if (one_stream != stream.id)
    one_stream_since = here.now;
  one_stream = stream.id;
  here.floor = stream.known.floor >= one_stream_since ? here.now : stream.known.floor;
  works.push_back({here.now, stream.id, name});
  unknown.insert(stream.id);
  fences_begin_work();
}
work_of::~work_of() {
  outer.now = here.now + 1;
  here = outer;
  current = outer_stream;
}

const char *work_named(uint64_t stamp) {
  const past_work *w = work_at(stamp);
  return w ? w->name : "work that is over";
}

/* ---- both ------------------------------------------------------------------------------------ */

bool comes_before_otherwise(uint64_t stamp, unsigned warp, unsigned lanes) {
  if (stamp < here.work) {
    const past_work *w = work_at(stamp);
    if (!w || w->stream == current->id) return true;
    const auto upto = current->known.upto.find(w->stream);
    return upto != current->known.upto.end() && stamp < upto->second;
  }
  if (stamp >= here.block && warp == here.thread / 32) {
    unsigned unmet = lanes & ~(1u << here.thread % 32);
    for (unsigned l = 0; l < 32 && unmet >> l; l++)
      if (unmet >> l & 1 && stamp < known[here.thread][l]) unmet &= ~(1u << l);
    if (!unmet) return true;
  }
  return fenced(stamp, warp, lanes);
}

}  // namespace tarn_emulated

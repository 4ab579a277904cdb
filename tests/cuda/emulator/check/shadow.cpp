/* The shadow of device and shared memory: for each word who wrote it, who has read it and who has
 * changed it by atomics, as far as that matters to whatever comes next, and the rule that finds
 * races, reads of what nobody wrote and accesses outside of allocations by it.
 *
 * A word of four bytes has one cell, until something smaller touches it: then its bytes have cells
 * of their own, until the word is written whole again. */
#include <sys/mman.h>
#include <tarn_emulated.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <vector>

#include "../device.h"
#include "check.h"

/* Of this module: its `__shared__` variables are statics without values. */
extern "C" {
extern unsigned char __bss_start __attribute__((visibility("hidden")));
extern unsigned char _end __attribute__((visibility("hidden")));
}

namespace tarn_emulated {

addresses device_addresses, shared_addresses;

namespace {

/* Accesses of one kind since the last write: those of the latest warp that are not ordered among
 * themselves, and the latest elsewhere, of another block if there was one. */
struct accesses {
  uint64_t last, elsewhere; /* stamp << 5 | warp; 0: none */
  uint32_t lanes, lanes_elsewhere;

  bool last_comes_before() const { return comes_before(last >> 5, last & 31, lanes); }
  bool come_before() const {
    return last_comes_before() &&
           (!elsewhere || comes_before(elsewhere >> 5, elsewhere & 31, lanes_elsewhere));
  }
  /* If they do not. */
  uint64_t one_of_them() const { return last_comes_before() ? elsewhere : last; }
  /* The last was this thread's, which has seen the others': of one word, that is an order. */
  bool are_mine() const {
    return last >> 5 >= here.block && (last & 31) == here.thread / 32 &&
           lanes == 1u << here.thread % 32;
  }
  void add() {
    const uint64_t mine = here.now << 5 | here.thread / 32;
    const uint32_t lane = 1u << here.thread % 32;
    if (last && last != mine && !last_comes_before()) {
      const bool beside = last >> 5 >= here.barrier && (last & 31) == here.thread / 32;
      if (!beside && (elsewhere >> 5 >= here.block ||
                      comes_before(elsewhere >> 5, elsewhere & 31, lanes_elsewhere))) {
        elsewhere = last;
        lanes_elsewhere = lanes;
      }
      if (!beside) lanes = 0;
    } else if (last != mine) {
      lanes = 0;
    }
    last = mine;
    lanes |= lane;
  }
};

/* What few words have. */
struct rest {
  uint64_t elsewhere = 0; /* with lanes: of the cell's reads */
  uint32_t lanes = 0;
  accesses atomics = {};
};
std::deque<rest> rests(1);
std::vector<uint32_t> free_rests;

struct cell {
  uint64_t wrote; /* stamp << 10 | thread; 0: nobody */
  uint64_t read;  /* with readers and the rest: accesses */
  uint32_t readers;
  uint32_t more; /* its rest; 0: none */
  uint32_t site; /* of the write, from the module's start */
  bool apart;    /* its bytes have cells of their own */

  accesses reads() const {
    const rest &r = rests[more];
    return {read, r.elsewhere, readers, r.lanes};
  }
  void add_read() {
    accesses all = reads();
    all.add();
    read = all.last;
    readers = all.lanes;
    if (!all.elsewhere) return;
    rest &r = own_rest();
    r.elsewhere = all.elsewhere;
    r.lanes = all.lanes_elsewhere;
  }
  rest &own_rest() {
    if (!more) {
      if (free_rests.empty()) {
        more = static_cast<uint32_t>(rests.size());
        rests.emplace_back();
      } else {
        more = free_rests.back();
        free_rests.pop_back();
        rests[more] = rest();
      }
    }
    return rests[more];
  }
  void forget() {
    if (more) free_rests.push_back(more);
    *this = cell();
  }
  const accesses &atomics() const { return rests[more].atomics; }
  uint64_t latest() const {
    return std::max(wrote >> 10, std::max(read >> 5, atomics().last >> 5));
  }
  bool write_comes_before() const {
    const unsigned thread = wrote & 1023;
    return (wrote >> 10 >= here.block && thread == here.thread) ||
           comes_before(wrote >> 10, thread / 32, 1u << thread % 32);
  }

  /* The common ways of visit() below, without questions: false if it has to ask. */
  bool quick(bool writes, uint64_t born, uint32_t from) {
    const uint64_t w = wrote >> 10, r = read >> 5;
    if (more || apart || w < born) return false;
    if (!(w < here.floor ||
          (w >= here.block && (w < here.barrier || (wrote & 1023) == here.thread))))
      return false;
    const uint64_t mine = here.now << 5 | here.thread / 32;
    const uint32_t lane = 1u << here.thread % 32;
    const bool over = r < here.floor || (r >= here.block && r < here.barrier);
    if (writes) {
      if (!over && !(read == mine && readers == lane)) return false;
      read = 0;
      wrote = here.now << 10 | here.thread;
      site = from;
      return true;
    }
    if (read == mine)
      readers |= lane;
    else if (over)
      read = mine, readers = lane;
    else
      return false;
    return true;
  }
};
static_assert(sizeof(cell) == 32, "two in a line of the cache");

/* Cells of a range of addresses, for words and for bytes. */
struct shadow : addresses {
  cell *words = nullptr, *each_byte = nullptr;

  static cell *room(size_t cells) {
    void *at = mmap(nullptr, cells * sizeof(cell), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
      perror("the emulated device's checks");
      abort();
    }
    return static_cast<cell *>(at);
  }
  void cover(const void *start, size_t length, addresses *noted) {
    from = reinterpret_cast<uintptr_t>(start) & ~uintptr_t{3};
    bytes = length + 8;
    words = room(bytes / 4 + 1);
    each_byte = room(bytes + 4);
    *noted = *this;
  }
};
shadow device, shared;

/* Dynamic shared memory. */
uintptr_t dynamic_from;
size_t dynamic_bytes, dynamic_room;
uint64_t wrong_in; /* the last work with something to report */

const unsigned char *module_start() {
  extern const unsigned char start __asm__("__ehdr_start") __attribute__((visibility("hidden")));
  return &start;
}
uint32_t offset_of(const void *site) {
  return site ? static_cast<uint32_t>(static_cast<const unsigned char *>(site) - module_start())
              : 0;
}

const char *name_of(access kind) {
  switch (kind) {
    case access::read:
    case access::copied:
      return "read";
    case access::write:
      return "write";
    case access::atomic:
      return "atomic";
    case access::store:
      return "volatile write";
    default:
      return "volatile read";
  }
}

/* Who else, in words. */
void tell(char *text, size_t room, const char *did, uint64_t stamp, unsigned thread, bool warp) {
  if (stamp < here.work)
    snprintf(text, room, "%s by %s, which no event, stream or wait puts first", did,
             work_named(stamp));
  else
    snprintf(text, room, "%s by %s %u of %s", did, warp ? "warp" : "thread", thread,
             stamp < here.block ? "another block" : "this block");
}

/* What stands against an access to a cell, in words; false: nothing. */
bool against(const cell &c, access kind, char *text, size_t room) {
  if (c.wrote && !c.write_comes_before()) {
    tell(text, room, "a write", c.wrote >> 10, c.wrote & 1023, false);
    const size_t length = strlen(text);
    if (c.site) snprintf(text + length, room - length, " (at +0x%x)", c.site);
    return true;
  }
  const bool strong = kind == access::atomic || kind == access::store || kind == access::load;
  const bool writes = kind != access::read && kind != access::copied && kind != access::load;
  if (writes && !c.reads().come_before()) {
    const uint64_t of = c.reads().one_of_them();
    tell(text, room, "a read", of >> 5, of & 31, true);
    return true;
  }
  if (!strong && !c.atomics().come_before() && !c.atomics().are_mine()) {
    const uint64_t of = c.atomics().one_of_them();
    tell(text, room, "an atomic or volatile write", of >> 5, of & 31, true);
    return true;
  }
  return false;
}

void leave(cell &c, access kind, uint32_t site) {
  switch (kind) {
    case access::read:
    case access::copied:
      c.add_read();
      break;
    case access::atomic:
    case access::store:
      c.own_rest().atomics.add();
      break;
    case access::write:
      c.forget();
      c.wrote = here.now << 10 | here.thread;
      c.site = site;
      break;
    default:
      break;
  }
}

/* Not one of the bytes has been written: some may not, where a structure has gaps. */
bool unset(const shadow &s, size_t first, size_t end, uint64_t born) {
  for (size_t i = first; i < end;) {
    const cell &word = s.words[i / 4], &c = word.apart ? s.each_byte[i] : word;
    if (word.latest() >= born && (c.wrote || c.atomics().last)) return false;
    i = word.apart ? i + 1 : i / 4 * 4 + 4;
  }
  return true;
}

struct one_access {
  access kind;
  const void *at;
  size_t bytes;
  const void *site;
  uint64_t born; /* earlier accesses are not of this memory */
};

void visit(cell &c, const one_access &a) {
  char other[160];
  if (wrong_in != here.work) {
    if (against(c, a.kind, other, sizeof other)) {
      char text[240];
      snprintf(text, sizeof text, "a race: this %s and %s", name_of(a.kind), other);
      note_wrong(text, a.at, a.bytes, a.site);
    }
  }
  leave(c, a.kind, offset_of(a.site));
}

void visit_bytes(const shadow &s, cell &word, size_t first, size_t end, const one_access &a) {
  cell *of = s.each_byte + first / 4 * 4;
  if (!word.apart) {
    for (int i = 0; i < 4; i++) {
      of[i].forget();
      of[i] = word;
      of[i].more = 0;
      if (word.more) of[i].own_rest() = rests[word.more];
    }
    word.forget();
    word.apart = true;
  }
  for (size_t i = first; i < end; i++) visit(s.each_byte[i], a);
  word.wrote = here.now << 10;
  if (end - first == 4 && a.kind == access::write) {
    word = of[0]; /* which has no rest, as it was written */
    word.apart = false;
  }
}

void visit_all(const shadow &s, const one_access &a) {
  const size_t first = reinterpret_cast<uintptr_t>(a.at) - s.from, end = first + a.bytes;
  const bool writes = a.kind == access::write;
  const bool plain = writes || a.kind == access::read || a.kind == access::copied;
  /* whether it was written */
  bool asked = writes || a.kind == access::copied || a.kind == access::store;
  thread_touched();
  for (size_t i = first; i < end;) {
    const size_t next = std::min(end, i / 4 * 4 + 4);
    cell &word = s.words[i / 4];
    if (!plain || next - i < 4 || !word.quick(writes, a.born, offset_of(a.site))) {
      if (!asked && unset(s, first, end, a.born))
        note_wrong("a read of what nobody wrote", a.at, a.bytes, a.site);
      asked = true;
      if (word.latest() < a.born) word.forget();
      if (next - i == 4 && !word.apart)
        visit(word, a);
      else
        visit_bytes(s, word, i, next, a);
    }
    i = next;
  }
}

}  // namespace

void note_wrong(const char *what, const void *at, size_t bytes, const void *site) {
  if (wrong_in == here.work) return;
  wrong_in = here.work;
  char where[96] = "shared memory", code[32] = "";
  if (const allocation *in = allocation_at(at))
    snprintf(where, sizeof where, "byte %zu of an allocation of %zu",
             static_cast<size_t>(static_cast<const unsigned char *>(at) - in->at), in->bytes);
  else if (device.hold(at))
    snprintf(where, sizeof where, "outside of the device's allocations");
  else if (!shared.hold(at))
    snprintf(where, sizeof where, "%p", at);
  if (site) snprintf(code, sizeof code, " at +0x%x", offset_of(site));
  fault("%s: %s; %zu bytes, %s; thread %u of block (%u,%u,%u)%s", work_named(here.work), what,
        bytes, where, here.thread, blockIdx.x, blockIdx.y, blockIdx.z, code);
}

void note_dynamic(const void *at, size_t bytes, size_t room) {
  dynamic_from = reinterpret_cast<uintptr_t>(at);
  dynamic_bytes = bytes;
  dynamic_room = room;
}

void begin_shadow() {
  if (device.bytes) return;
  device.cover(device_memory(), device_memory_bytes(), &device_addresses);
  shared.cover(&__bss_start, static_cast<size_t>(&_end - &__bss_start), &shared_addresses);
}

void note_device(access kind, const void *at, size_t bytes, const void *site) {
  const allocation *in = allocation_at(at);
  if (!in ||
      bytes > in->bytes - static_cast<size_t>(static_cast<const unsigned char *>(at) - in->at))
    note_wrong("an access outside of allocations", at, bytes, site);
  else
    visit_all(device, {kind, at, bytes, site, in->born});
}

void note_shared(access kind, const void *at, size_t bytes, const void *site) {
  const size_t offset = reinterpret_cast<uintptr_t>(at) - dynamic_from;
  if (offset < dynamic_room && (offset > dynamic_bytes || bytes > dynamic_bytes - offset))
    note_wrong("an access outside of the launch's shared memory", at, bytes, site);
  else
    visit_all(shared, {kind, at, bytes, site, here.block});
}

}  // namespace tarn_emulated

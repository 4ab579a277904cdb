/* Blocks of threads on one thread of the host. Each emulated thread runs on a stack of its own until it waits at a barrier or
 * a shuffle; then the next goes on, in a fixed order, so that runs repeat exactly. A thread that ends without having
 * waited leaves its stack to the next one, so kernels without barriers cost no switches.
 *
 * A block in which nobody can go on (a barrier that some threads never reach, a mask with lanes that do not come) is a fault. */
#include "device.h"

#include <tarn_emulated.h>

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <deque>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define TARN_ASAN 1
#else
#define TARN_ASAN 0
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

/* Not among what has no value, where the checker takes everything for shared memory. */
#define INDEX __attribute__((section(".data")))
uint3 threadIdx INDEX, blockIdx INDEX, blockDim INDEX, gridDim INDEX;

namespace tarn_emulated {
namespace {

constexpr size_t STACK_BYTES = size_t{256} << 10;

/* A stack is begun by its context and then changed to by _longjmp, which asks nothing of the system; the address sanitizer knows stacks by
 * their contexts. */
struct fiber {
  ucontext_t context;
  jmp_buf where;
  bool begun = false;
  void *stack;
  const void *bottom;   /* of the stack, for the sanitizer; the main one's is learnt at the first switch */
  size_t bytes;
  void *fake = nullptr;
  unsigned thread = 0;
};

struct lane {
  uint64_t got[32];     /* what the last exchange gave */
  uint64_t turn = 0;    /* counts exchanges that are over */
};
struct warp {
  uint64_t posted[32];
  unsigned arrived = 0, masks[32];
  const char *calls[32];
};

struct stack_owner {
  fiber *f;
  stack_owner(fiber *made) : f(made) {}
  stack_owner(stack_owner &&other) : f(other.f) { other.f = nullptr; }
  ~stack_owner() {
    if (f) munmap(f->stack, STACK_BYTES);
    delete f;
  }
};

fiber host;                      /* who called run_grid */
std::vector<stack_owner> owned;
fiber *current = &host;
std::vector<fiber *> idle;
std::deque<fiber *> waiting;

/* The block that runs. */
const std::function<void()> *body;
const char *kernel_name;
unsigned threads, next_thread, finished;
unsigned arrived, yes_now, yes_before;
call_site barrier_of_first;
uint64_t turn;                   /* counts barriers */
bool backwards, stuck;
size_t idle_switches;            /* since somebody got on */
std::vector<warp> warps;
std::vector<lane> lanes;
alignas(16) unsigned char shared[MOST_SHARED];
size_t shared_bytes_now;

void place(unsigned thread) {
  threadIdx.x = thread % blockDim.x;
  threadIdx.y = thread / blockDim.x % blockDim.y;
  threadIdx.z = thread / blockDim.x / blockDim.y;
  here.thread = thread;
}

#if !TARN_ASAN
[[noreturn]] void leap(fiber *to) {
  if (to->begun) _longjmp(to->where, 1);
  to->begun = true;
  setcontext(&to->context);
  __builtin_unreachable();
}
#endif

void switch_to(fiber *to) {
  fiber *const from = current;
  current = to;
#if TARN_ASAN
  __sanitizer_start_switch_fiber(&from->fake, to->bottom, to->bytes);
  swapcontext(&from->context, &to->context);
  __sanitizer_finish_switch_fiber(from->fake, nullptr, nullptr);
#else
  if (_setjmp(from->where) == 0) leap(to);
#endif
  if (current != &host) place(current->thread);   /* whoever came back here has named it */
}

void live() {
#if TARN_ASAN
  /* The first time on this stack; where it comes from tells what the host's is. */
  const void *bottom;
  size_t bytes;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &bytes);
  if (!host.bottom) host.bottom = bottom, host.bytes = bytes;
#endif
  for (;;) {
    while (next_thread < threads) {
      const unsigned nth = next_thread++;
      current->thread = backwards ? threads - 1 - nth : nth;
      place(current->thread);
      (*body)();
      finished++;
      idle_switches = 0;
    }
    idle.push_back(current);
    if (waiting.empty()) {
      switch_to(&host);
    } else {
      fiber *to = waiting.front();
      waiting.pop_front();
      switch_to(to);
    }
  }
}

__attribute__((noinline)) void give_stack(ucontext_t *context, void *stack) {
  getcontext(context);
  context->uc_stack.ss_sp = stack;
  context->uc_stack.ss_size = STACK_BYTES;
  context->uc_link = nullptr;
  makecontext(context, live, 0);
#if TARN_ASAN
  context->uc_stack.ss_size = 0;   /* or each switch would clear what is known of the whole stack */
#endif
}

fiber *fresh() {
  if (!idle.empty()) {
    fiber *f = idle.back();
    idle.pop_back();
    return f;
  }
  fiber *f = new fiber;
  owned.push_back(f);
  f->stack = mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  f->bottom = f->stack;
  f->bytes = STACK_BYTES;
  give_stack(&f->context, f->stack);
  return f;
}

/* Lets the others go on; false: nobody can. */
bool step_aside() {
  if (stuck || ++idle_switches > 2 * static_cast<size_t>(threads) + 2) {
    stuck = true;   /* the host abandons the block */
    switch_to(&host);
  }
  waiting.push_back(current);
  fiber *to;
  if (next_thread < threads) {
    to = fresh();
  } else {
    to = waiting.front();
    waiting.pop_front();
  }
  if (to != current) switch_to(to);
  return true;
}

void run_block() {
  next_thread = finished = arrived = yes_now = 0;
  idle_switches = 0;
  warps.assign((threads + 31) / 32, warp());
  lanes.assign(threads, lane());
  memset(shared, 0xff, shared_bytes_now);   /* NaN: nobody set it */
  block_begins();
  switch_to(fresh());
  if (finished == threads) return;
  fault("%s: block (%u,%u,%u) cannot go on: %u of %u threads have ended, and the others wait at a barrier or for lanes that do "
        "not come", kernel_name, blockIdx.x, blockIdx.y, blockIdx.z, finished, threads);
  /* Their stacks hold what will never return. */
  waiting.clear();
  stuck = false;
}

}  // namespace

unsigned thread_rank() { return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z); }
void *shared_memory() { return shared; }
void fence() { fence_passed(); }

/* Counts those who said yes at this barrier. */
int block_count(bool yes, call_site site) {
  const uint64_t mine = turn;
  yes_now += yes;
  if (arrived == 0) barrier_of_first = site;
  else if (site.line != barrier_of_first.line || strcmp(site.file, barrier_of_first.file) != 0)
    fault("%s: threads of block (%u,%u,%u) meet at different barriers, %s:%d and %s:%d",
          kernel_name, blockIdx.x, blockIdx.y, blockIdx.z, barrier_of_first.file,
          barrier_of_first.line, site.file, site.line);
  if (++arrived == threads) {
    barrier_passed(threads);
    arrived = 0;
    yes_before = yes_now;
    yes_now = 0;
    turn++;
    idle_switches = 0;
  }
  while (turn == mine) step_aside();
  idle_switches = 0;
  return static_cast<int>(yes_before);
}

const uint64_t *exchange(const char *call, unsigned mask, uint64_t value) {
  const unsigned rank = current->thread, in_warp = rank % 32, first = rank - in_warp;
  warp &w = warps[rank / 32];
  if (threads - first < 32) mask &= (1u << (threads - first)) - 1;   /* lanes that the block does not have */
  if (!(mask >> in_warp & 1)) fault("%s: lane %u is not in its own mask %08x", kernel_name, in_warp, mask);
  const uint64_t mine = lanes[rank].turn;
  w.posted[in_warp] = value;
  w.masks[in_warp] = mask;
  w.calls[in_warp] = call;
  w.arrived |= 1u << in_warp;
  if ((w.arrived & mask) == mask) {
    for (unsigned i = 0; i < 32; i++)
      if (mask >> i & 1) {
        if (w.masks[i] != mask || strcmp(w.calls[i], call) != 0)
          fault("%s: lanes %u and %u meet with %s of %08x and %s of %08x", kernel_name, i, in_warp,
                w.calls[i], w.masks[i], call, mask);
        memcpy(lanes[first + i].got, w.posted, sizeof w.posted);
        lanes[first + i].turn++;
      }
    w.arrived &= ~mask;
    if (!strcmp(call, "__syncwarp")) lanes_met(first, mask);   /* the others order no memory */
    idle_switches = 0;
  }
  while (lanes[rank].turn == mine) step_aside();
  idle_switches = 0;
  return lanes[rank].got;
}

void run_grid(const char *name, dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()> &the_body) {
  kernel_name = name;
  body = &the_body;
  gridDim = {grid.x, grid.y, grid.z};
  blockDim = {block.x, block.y, block.z};
  threads = block.x * block.y * block.z;
  backwards = setting_is("order", "reverse");
  shared_bytes_now = shared_bytes;
  note_dynamic(shared, shared_bytes, sizeof shared);
  ASAN_UNPOISON_MEMORY_REGION(shared, sizeof shared);
  ASAN_POISON_MEMORY_REGION(shared + shared_bytes, sizeof shared - shared_bytes);
  host.bottom = nullptr;   /* another thread's stack, perhaps */
  host.begun = true;
  const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
  for (uint64_t i = 0; i < blocks && broken() == cudaSuccess; i++) {
    const uint64_t at = backwards ? blocks - 1 - i : i;
    blockIdx.x = static_cast<unsigned>(at % grid.x);
    blockIdx.y = static_cast<unsigned>(at / grid.x % grid.y);
    blockIdx.z = static_cast<unsigned>(at / grid.x / grid.y);
    run_block();
  }
}

}  // namespace tarn_emulated

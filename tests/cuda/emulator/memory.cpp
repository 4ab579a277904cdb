/* The device's memory: a range of addresses of its own, whose pages can be touched only while the device works, so that
 * host code which reads a device pointer stops there. Every allocation has guards before and behind it, is filled with 0xff
 * (NaN) when it is made and when it is freed, and under the address sanitizer everything outside allocations is
 * poisoned. */
#include "device.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

namespace tarn_emulated {
namespace {

constexpr size_t RESERVED = size_t{64} << 30, GUARD = 512, ALIGN = 512, PAGE = size_t{2} << 20;
constexpr unsigned char GUARD_BYTE = 0xa5, UNSET = 0xff;

unsigned char *base, *top;   /* the range, and the end of what has been used of it */
size_t used;
int workers;
bool opened;
std::map<unsigned char *, allocation> blocks;          /* by address */
std::map<unsigned char *, size_t> pinned_blocks;       /* by address: bytes */
allocation recent[64];                                 /* for allocation_at */

size_t padded(size_t bytes) { return (bytes + ALIGN - 1) / ALIGN * ALIGN + 2 * GUARD; }
size_t capacity() { return static_cast<size_t>(setting("memory", 4ll << 30)); }

void reserve() {
  if (base) return;
  void *at = mmap(nullptr, RESERVED + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) {
    perror("the emulated device's memory");
    abort();
  }
  /* large pages, which are opened and closed quickly */
  base = top = reinterpret_cast<unsigned char *>((reinterpret_cast<uintptr_t>(at) + PAGE - 1) / PAGE * PAGE);
  madvise(base, RESERVED, MADV_HUGEPAGE);
}

/* The first gap that is large enough, as lists of free memory would find it. */
unsigned char *find(size_t bytes) {
  unsigned char *at = base;
  for (const auto &[start, block] : blocks) {
    if (at + bytes <= start - GUARD) return at;
    at = start - GUARD + padded(block.bytes);
  }
  return at + bytes <= base + RESERVED ? at : nullptr;
}

void fill(unsigned char *at, size_t bytes) {
  unsigned char *block = at - GUARD;
  const size_t all = padded(bytes);
  ASAN_UNPOISON_MEMORY_REGION(block, all);
  memset(block, GUARD_BYTE, all);
  memset(at, UNSET, bytes);
  ASAN_POISON_MEMORY_REGION(block, GUARD);
  ASAN_POISON_MEMORY_REGION(at + bytes, all - GUARD - bytes);
}

bool whole(unsigned char *at, size_t bytes) {
  unsigned char *block = at - GUARD, *end = block + padded(bytes);
  bool intact = true;
  ASAN_UNPOISON_MEMORY_REGION(block, GUARD);
  ASAN_UNPOISON_MEMORY_REGION(at + bytes, static_cast<size_t>(end - at) - bytes);
  for (const unsigned char *c = block; c < at; c++) intact = intact && *c == GUARD_BYTE;
  for (const unsigned char *c = at + bytes; c < end; c++) intact = intact && *c == GUARD_BYTE;
  ASAN_POISON_MEMORY_REGION(block, GUARD);
  ASAN_POISON_MEMORY_REGION(at + bytes, static_cast<size_t>(end - at) - bytes);
  return intact;
}

}  // namespace

working::working(bool stays_open) : stays(stays_open) {
  lock.lock();
  reserve();
  workers++;
  if (!opened && top > base) mprotect(base, static_cast<size_t>(top - base), PROT_READ | PROT_WRITE);
  opened = true;
}
working::~working() {
  if (--workers == 0 && !stays) {
    if (top > base) mprotect(base, static_cast<size_t>(top - base), PROT_NONE);
    opened = false;
  }
  lock.unlock();
}

bool in_device(const void *p) {
  const auto *at = static_cast<const unsigned char *>(p);
  return base && at >= base && at < base + RESERVED;
}

const void *device_memory() {
  reserve();
  return base;
}
size_t device_memory_bytes() { return RESERVED; }

const allocation *allocation_at(const void *p) {
  auto *at = const_cast<unsigned char *>(static_cast<const unsigned char *>(p));
  allocation &kept = recent[reinterpret_cast<uintptr_t>(at) / 4096 % 64];
  if (static_cast<size_t>(at - kept.at) >= kept.bytes) {
    const auto after = blocks.upper_bound(at);
    if (after == blocks.begin()) return nullptr;
    kept = std::prev(after)->second;
  }
  return static_cast<size_t>(at - kept.at) < kept.bytes ? &kept : nullptr;
}

bool allocated(const void *p, size_t bytes) {
  auto *at = const_cast<unsigned char *>(static_cast<const unsigned char *>(p));
  auto found = blocks.upper_bound(at);
  if (found == blocks.begin()) return false;
  const allocation &a = std::prev(found)->second;
  const auto offset = static_cast<size_t>(at - a.at);
  return offset <= a.bytes && bytes <= a.bytes - offset;
}

bool pinned(const void *p, size_t bytes) {
  auto *at = const_cast<unsigned char *>(static_cast<const unsigned char *>(p));
  auto found = pinned_blocks.upper_bound(at);
  if (found == pinned_blocks.begin()) return false;
  --found;
  return at >= found->first && bytes <= found->second && static_cast<size_t>(at - found->first) <= found->second - bytes;
}

/* Programs, heaps, mapped files and stacks of x86-64 Linux lie from 0x55.. to 0x7f.., where no size or stride does. */
bool looks_like_host(uint64_t word) {
  if (word < 0x550000000000u || word >= 0x800000000000u || in_device(reinterpret_cast<const void *>(word))) return false;
  unsigned char resident;   /* only what is mapped: two numbers side by side may look alike */
  return mincore(reinterpret_cast<void *>(word & ~uint64_t{4095}), 1, &resident) == 0;
}

void check_guards() {
  working open;
  for (const auto &[at, block] : blocks)
    if (!whole(at, block.bytes)) {
      fault("somebody wrote outside of an allocation of %zu bytes", block.bytes);
      fill(at, block.bytes);
    }
}

size_t live_blocks() { return blocks.size() + pinned_blocks.size(); }

}  // namespace tarn_emulated

using namespace tarn_emulated;

extern "C" {

cudaError_t cudaMalloc(void **memory, size_t bytes) {
  working open(true);
  if (broken() != cudaSuccess) return broken();
  if (bytes == 0) {
    *memory = nullptr;
    return cudaSuccess;
  }
  const size_t all = bytes < capacity() ? padded(bytes) : RESERVED + 1;
  unsigned char *at = all <= capacity() - used && !fails_now() ? find(all) : nullptr;
  if (!at) return fail(cudaErrorMemoryAllocation);
  if (at + all > top) {
    unsigned char *end = reinterpret_cast<unsigned char *>((reinterpret_cast<uintptr_t>(at + all) + PAGE - 1) / PAGE * PAGE);
    mprotect(top, static_cast<size_t>(end - top), PROT_READ | PROT_WRITE);
    ASAN_POISON_MEMORY_REGION(top, static_cast<size_t>(end - top));
    top = end;
  }
  used += all;
  blocks[at + GUARD] = {at + GUARD, bytes, ++here.now};
  fill(at + GUARD, bytes);
  *memory = at + GUARD;
  return cudaSuccess;
}

/* As the real one: waits for all work first. */
cudaError_t cudaFree(void *memory) {
  if (!memory) return broken();
  drain_all();
  working open(true);
  auto *at = static_cast<unsigned char *>(memory);
  const auto found = blocks.find(at);
  if (found == blocks.end()) return fault("cudaFree of what is no allocation");
  const size_t bytes = found->second.bytes;
  if (!whole(at, bytes)) fault("somebody wrote outside of an allocation of %zu bytes", bytes);
  fill(at, bytes);
  ASAN_POISON_MEMORY_REGION(at, bytes);
  used -= padded(bytes);
  blocks.erase(found);
  for (allocation &kept : recent) kept = {};
  return broken();
}

cudaError_t cudaMallocHost(void **memory, size_t bytes) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (broken() != cudaSuccess) return broken();
  void *at = nullptr;
  if (fails_now() || posix_memalign(&at, 4096, bytes ? bytes : 1)) return fail(cudaErrorMemoryAllocation);
  memset(at, UNSET, bytes);
  pinned_blocks[static_cast<unsigned char *>(at)] = bytes;
  *memory = at;
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void *memory) {
  if (!memory) return cudaSuccess;
  drain_all();
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (!pinned_blocks.erase(static_cast<unsigned char *>(memory))) return fault("cudaFreeHost of what is no allocation");
  free(memory);
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *left, size_t *all) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  *all = capacity();
  *left = *all > used ? *all - used : 0;
  return cudaSuccess;
}

/* For tests: how many allocations there are. */
__attribute__((visibility("default"))) size_t tarn_emulated_allocations(void) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  return live_blocks();
}
}

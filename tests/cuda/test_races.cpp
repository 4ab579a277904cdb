/* The emulated device finds what compute-sanitizer's racecheck, synccheck, initcheck and memcheck
 * would: kernels that are wrong in one way each, and beside them, where there is one, the twin that
 * is right, of which nothing is said. */
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/cuda/launch.h"

extern "C" int tarn_emulated_faults(void);

namespace {

constexpr int INTS = 1024;
struct bench {
  cudaStream_t first, second;
  int *zeros; /* INTS of them */
  int *unset; /* as many, which nobody has written */
};

/* ---- threads of a block ---------------------------------------------------------------------- */

template <bool RIGHT>
__global__ void turn_round(int *y) {
  __shared__ int room[64];
  room[threadIdx.x] = 0;
  __syncthreads();
  room[threadIdx.x] = static_cast<int>(threadIdx.x);
  if (RIGHT) __syncthreads();
  y[threadIdx.x] = room[63 - threadIdx.x];
}

/* Of which the second round writes what others still read. */
template <bool RIGHT>
__global__ void rounds(int *y) {
  __shared__ int room[64];
  for (int k = 0; k < 2; k++) {
    room[threadIdx.x] = k;
    __syncthreads();
    y[k * 64 + threadIdx.x] = room[63 - threadIdx.x];
    if (RIGHT) __syncthreads();
  }
}

/* Everybody reads what one then changes. */
template <bool RIGHT>
__global__ void read_and_change(int *y) {
  const int seen = y[0];
  if (RIGHT) __syncthreads();
  if (threadIdx.x == 40) y[0] = seen + 1;
  y[1 + threadIdx.x] = seen;
}

enum meeting { NONE, SHUFFLE, SYNCWARP, SYNCWARP_OF_HALF };
template <meeting HOW>
__global__ void pairs(int *y) {
  TARN_SHARED(int, room);
  const unsigned t = threadIdx.x;
  room[t] = 0;
  __syncthreads();
  room[t] = static_cast<int>(t);
  if (HOW == SHUFFLE) __shfl_sync(0xffffffffu, 1, 0); /* which orders no memory */
  if (HOW == SYNCWARP) __syncwarp();
  if (HOW == SYNCWARP_OF_HALF) __syncwarp(t % 32 < 16 ? 0xffffu : 0xffff0000u);
  y[t] = room[t ^ 17];
}
template <meeting HOW>
__global__ void halves(int *y) {
  TARN_SHARED(int, room);
  const unsigned t = threadIdx.x;
  room[t] = static_cast<int>(t);
  if (HOW == SYNCWARP_OF_HALF) __syncwarp(t % 32 < 16 ? 0xffffu : 0xffff0000u);
  y[t] = room[t ^ 3];
}

template <bool RIGHT>
__global__ void bytes(unsigned char *y) {
  y[RIGHT ? threadIdx.x : threadIdx.x / 2] = 1;
}

template <bool RIGHT>
__global__ void count(int *y) {
  __shared__ int sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  if (RIGHT)
    atomicAdd(&sum, 1);
  else
    sum += 1;
  __syncthreads();
  if (threadIdx.x == 0) y[0] = sum;
}

/* An atomic and a plain read of the same word. */
__global__ void count_and_look(int *y) {
  __shared__ int sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  atomicAdd(&sum, 1);
  y[threadIdx.x] = sum;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

template <bool RIGHT>
__global__ void one_word(int *y) {
  if (threadIdx.x == 0) y[RIGHT ? blockIdx.x : 0] = 7;
}

__global__ void beside(int *y) {
  y[blockIdx.x] = y[blockIdx.x ^ 1] + 1;
}

/* The block that comes last adds up what all have written. */
enum fences { WITHOUT, BEFORE, BOTH, EACH, EACH_TOO_SOON };
template <fences WHICH>
__global__ void last_block(int *y) {
  __shared__ bool last;
  if (WHICH == EACH_TOO_SOON) __threadfence();
  y[1 + blockIdx.x * 32 + threadIdx.x] = 1;
  if (WHICH == EACH) __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    if (WHICH == BEFORE || WHICH == BOTH) __threadfence();
    last = atomicAdd(&y[0], 1) == static_cast<int>(gridDim.x) - 1;
    if (WHICH == BOTH) __threadfence();
    if (last) y[0] = 0;
  }
  __syncthreads();
  if (WHICH >= EACH) __threadfence();
  if (!last || threadIdx.x != 0) return;
  int sum = 0;
  for (unsigned i = 0; i < gridDim.x * 32; i++) sum += y[1 + i];
  y[200] = sum;
}

/* ---- streams --------------------------------------------------------------------------------- */

__global__ void fill(int *y) {
  y[threadIdx.x] = 1;
}
__global__ void twice(const int *x, int *y) {
  y[threadIdx.x] = 2 * x[threadIdx.x];
}

void two_streams(const bench &b) {
  TARN_LAUNCH(fill, 1, 32, 0, b.first, b.zeros);
  TARN_LAUNCH(twice, 1, 32, 0, b.second, b.zeros, b.zeros + 64);
}
void two_streams_and_event(const bench &b) {
  cudaEvent_t event;
  cudaEventCreate(&event);
  TARN_LAUNCH(fill, 1, 32, 0, b.first, b.zeros);
  cudaEventRecord(event, b.first);
  cudaStreamWaitEvent(b.second, event, 0);
  TARN_LAUNCH(twice, 1, 32, 0, b.second, b.zeros, b.zeros + 64);
  cudaStreamSynchronize(b.second);
  cudaEventDestroy(event);
}
void two_streams_and_late_event(const bench &b) { /* of what was there before the write */
  cudaEvent_t event;
  cudaEventCreate(&event);
  cudaEventRecord(event, b.first);
  TARN_LAUNCH(fill, 1, 32, 0, b.first, b.zeros);
  cudaStreamWaitEvent(b.second, event, 0);
  TARN_LAUNCH(twice, 1, 32, 0, b.second, b.zeros, b.zeros + 64);
  cudaStreamSynchronize(b.second);
  cudaEventDestroy(event);
}
void two_streams_and_wait(const bench &b) {
  TARN_LAUNCH(fill, 1, 32, 0, b.first, b.zeros);
  cudaStreamSynchronize(b.first);
  TARN_LAUNCH(twice, 1, 32, 0, b.second, b.zeros, b.zeros + 64);
}
void one_stream(const bench &b) {
  TARN_LAUNCH(fill, 1, 32, 0, b.first, b.zeros);
  TARN_LAUNCH(twice, 1, 32, 0, b.first, b.zeros, b.zeros + 64);
}
void write_after_read(const bench &b) {
  TARN_LAUNCH(twice, 1, 32, 0, b.first, b.zeros, b.zeros + 64);
  cudaMemsetAsync(b.zeros, 0, 4, b.second);
}
void graph_in_two_streams(const bench &b) {
  cudaGraph_t graph;
  cudaGraphExec_t ready;
  cudaStreamBeginCapture(b.first, cudaStreamCaptureModeRelaxed);
  TARN_LAUNCH(fill, 1, 32, 0, b.first, b.zeros);
  cudaStreamEndCapture(b.first, &graph);
  cudaGraphInstantiate(&ready, graph, 0);
  cudaGraphLaunch(ready, b.first);
  cudaGraphLaunch(ready, b.second);
  cudaGraphExecDestroy(ready);
  cudaGraphDestroy(graph);
}
template <bool RIGHT>
void from_pageable(const bench &b) {
  const std::vector<int> v(32, 3);
  cudaMemcpy(b.zeros, v.data(), sizeof(int) * v.size(), cudaMemcpyHostToDevice);
  if (RIGHT) cudaStreamSynchronize(nullptr);
  TARN_LAUNCH(twice, 1, 32, 0, b.first, b.zeros, b.zeros + 64);
}

/* ---- threads that do not meet ---------------------------------------------------------------- */

__global__ void different_barriers(int *y) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    y[threadIdx.x] = 1;
    __syncthreads();
  }
}
__global__ void different_masks(int *y) {
  y[threadIdx.x] = __shfl_sync(threadIdx.x == 3 ? 0xfu : 0xffffffffu, 1, 0);
}
__global__ void different_calls(int *y) {
  if (threadIdx.x & 1)
    y[threadIdx.x] = __any_sync(0xffffffffu, 1);
  else
    __syncwarp();
}
__global__ void not_in_its_mask(int *y) {
  y[threadIdx.x] = __shfl_sync(0xfffffffeu, 1, 1);
}

/* ---- memory ---------------------------------------------------------------------------------- */

__global__ void unset_shared(int *y) {
  __shared__ int room[64];
  room[threadIdx.x] = 1;
  __syncthreads();
  y[threadIdx.x] = room[threadIdx.x + 32];
}
template <bool RIGHT>
__global__ void far_shared(int *y) {
  TARN_SHARED(int, room);
  room[threadIdx.x + (RIGHT ? 0 : 1)] = 1;
  y[threadIdx.x] = 1;
}
struct alignas(8) two {
  float at[2];
}; /* of four, the host stops too */
__global__ void two_at_once(int *y) {
  *reinterpret_cast<two *>(y) = two();
}
__global__ void nothing() {}

struct trial {
  const char *name;
  void (*run)(const bench &);
  const char *wanted; /* in what is said; NULL: nothing is said */
};
#define RUN(...) [](const bench &b) { TARN_LAUNCH(__VA_ARGS__); }
const trial trials[] = {
    {"shared memory without a barrier", RUN((turn_round<false>), 1, 64, 0, b.first, b.zeros),
     "race"},
    {"with it", RUN((turn_round<true>), 1, 64, 0, b.first, b.zeros), nullptr},
    {"of three blocks, into one row", RUN((turn_round<true>), 3, 64, 0, b.first, b.zeros),
     "another block"},
    {"rounds without a barrier between", RUN((rounds<false>), 1, 64, 0, b.first, b.zeros), "race"},
    {"with it", RUN((rounds<true>), 1, 64, 0, b.first, b.zeros), nullptr},
    {"a read and another's write", RUN((read_and_change<false>), 1, 64, 0, b.first, b.zeros),
     "race"},
    {"and a barrier between", RUN((read_and_change<true>), 1, 64, 0, b.first, b.zeros), nullptr},
    {"lanes of a warp", RUN((pairs<NONE>), 1, 32, 128, b.first, b.zeros), "race"},
    {"with a shuffle between", RUN((pairs<SHUFFLE>), 1, 32, 128, b.first, b.zeros), "race"},
    {"with __syncwarp between", RUN((pairs<SYNCWARP>), 1, 64, 256, b.first, b.zeros), nullptr},
    {"with __syncwarp of halves between",
     RUN((pairs<SYNCWARP_OF_HALF>), 1, 32, 128, b.first, b.zeros), "race"},
    {"inside of the halves", RUN((halves<SYNCWARP_OF_HALF>), 1, 32, 128, b.first, b.zeros),
     nullptr},
    {"the same byte",
     RUN((bytes<false>), 1, 64, 0, b.first, reinterpret_cast<unsigned char *>(b.zeros)), "race"},
    {"bytes of one word",
     RUN((bytes<true>), 1, 64, 0, b.first, reinterpret_cast<unsigned char *>(b.zeros)), nullptr},
    {"sums without atomics", RUN((count<false>), 1, 64, 0, b.first, b.zeros), "race"},
    {"with atomics", RUN((count<true>), 1, 64, 0, b.first, b.zeros), nullptr},
    {"an atomic and a read", RUN(count_and_look, 1, 64, 0, b.first, b.zeros), "race"},

    {"two blocks write a word", RUN((one_word<false>), 2, 32, 0, b.first, b.zeros),
     "another block"},
    {"a word each", RUN((one_word<true>), 2, 32, 0, b.first, b.zeros), nullptr},
    {"a block reads what another writes", RUN(beside, 2, 1, 0, b.first, b.zeros), "another block"},
    {"the last block without fences", RUN((last_block<WITHOUT>), 4, 32, 0, b.first, b.zeros),
     "race"},
    {"with the writers' alone", RUN((last_block<BEFORE>), 4, 32, 0, b.first, b.zeros), "race"},
    {"with a fence of each thread", RUN((last_block<EACH>), 4, 32, 0, b.first, b.zeros), nullptr},
    {"which comes too soon", RUN((last_block<EACH_TOO_SOON>), 4, 32, 0, b.first, b.zeros), "race"},
    {"with both", RUN((last_block<BOTH>), 4, 32, 0, b.first, b.zeros), nullptr},

    {"two streams", two_streams, "race: this read and a write by fill"},
    {"and an event", two_streams_and_event, nullptr},
    {"an event of before", two_streams_and_late_event, "race"},
    {"and a wait of the host", two_streams_and_wait, nullptr},
    {"one stream", one_stream, nullptr},
    {"a write in a stream after a read in another", write_after_read,
     "race: this write and a read by twice"},
    {"a graph in two streams", graph_in_two_streams, "race: this write and a write by fill"},
    {"a copy that is still on its way", from_pageable<false>,
     "race: this read and a write by cudaMemcpy"},
    {"one that has arrived", from_pageable<true>, nullptr},

    {"different barriers", RUN(different_barriers, 1, 64, 0, b.first, b.zeros),
     "different barriers"},
    {"different masks", RUN(different_masks, 1, 32, 0, b.first, b.zeros), "lanes"},
    {"different calls", RUN(different_calls, 1, 32, 0, b.first, b.zeros), "lanes"},
    {"a lane outside of its mask", RUN(not_in_its_mask, 1, 32, 0, b.first, b.zeros),
     "not in its own mask"},

    {"shared memory that nobody wrote", RUN(unset_shared, 1, 32, 0, b.first, b.zeros),
     "what nobody wrote"},
    {"device memory that nobody wrote", RUN(twice, 1, 32, 0, b.first, b.unset, b.zeros),
     "what nobody wrote"},
    {"beyond the launch's shared memory", RUN((far_shared<false>), 1, 32, 128, b.first, b.zeros),
     "outside of the launch's shared memory"},
    {"inside of it", RUN((far_shared<true>), 1, 32, 128, b.first, b.zeros), nullptr},
    {"beyond an allocation", RUN(fill, 1, 32, 0, b.first, b.zeros + INTS - 31),
     "outside of allocations"},
    {"its end", RUN(fill, 1, 32, 0, b.first, b.zeros + INTS - 32), nullptr},
    {"a vector at an odd address", RUN(two_at_once, 1, 1, 0, b.first, b.zeros + 1),
     "not a multiple of 8"},
    {"at an even one", RUN(two_at_once, 1, 1, 0, b.first, b.zeros + 2), nullptr},
};

/* What a trial makes the device say. */
std::string said(const bench &b, const trial &t) {
  fflush(stderr);
  FILE *const file = tmpfile();
  const int saved = dup(2);
  dup2(fileno(file), 2);
  cudaMemsetAsync(b.zeros, 0, INTS * sizeof(int), b.first);
  cudaStreamSynchronize(b.first);
  t.run(b);
  cudaStreamSynchronize(b.first);
  cudaStreamSynchronize(b.second);
  cudaDeviceSynchronize();
  cudaGetLastError();
  dup2(saved, 2);
  close(saved);
  std::string text;
  rewind(file);
  for (int c; (c = getc(file)) != EOF;) text += static_cast<char>(c);
  fclose(file);
  return text;
}

int limits(const bench &b) {
  const auto refused = [&](dim3 grid, dim3 block, size_t shared) {
    TARN_LAUNCH(nothing, grid, block, shared, b.first);
    return cudaGetLastError() != cudaSuccess;
  };
  const struct {
    const char *name;
    bool is, wanted;
  } each[] = {
      {"1024 threads", refused(1, 1024, 0), false},
      {"1025 threads", refused(1, dim3(205, 5), 0), true},
      {"65 threads along z", refused(1, dim3(1, 1, 65), 0), true},
      {"65535 blocks along y", refused(dim3(1, 65535), 1, 0), false},
      {"65536 blocks along y", refused(dim3(1, 65536), 1, 0), true},
      {"65536 blocks along z", refused(dim3(1, 1, 65536), 1, 0), true},
      {"no blocks", refused(0, 1, 0), true},
      {"48 KiB of shared memory", refused(1, 1, 48 << 10), false},
      {"more, not asked for", refused(1, 1, (48 << 10) + 4), true},
      {"asked for",
       cudaFuncSetAttribute(reinterpret_cast<const void *>(nothing),
                            cudaFuncAttributeMaxDynamicSharedMemorySize, 64 << 10) != cudaSuccess ||
           refused(1, 1, 64 << 10),
       false},
      {"more than there is",
       cudaFuncSetAttribute(reinterpret_cast<const void *>(nothing),
                            cudaFuncAttributeMaxDynamicSharedMemorySize, 1 << 20) == cudaSuccess,
       false},
  };
  int bad = 0;
  for (const auto &e : each)
    if (e.is != e.wanted) bad++, printf("FAIL %s: %s\n", e.name, e.is ? "refused" : "not refused");
  cudaGetLastError();
  return bad;
}

}  // namespace

int main() {
  int bad = 0, found = 0;
  for (const char *order : {"", "order=reverse"}) {
    setenv("TARN_EMULATED", order, 1);
    bench b;
    cudaStreamCreateWithFlags(&b.first, cudaStreamNonBlocking);
    cudaStreamCreateWithFlags(&b.second, cudaStreamNonBlocking);
    cudaMalloc(reinterpret_cast<void **>(&b.zeros), INTS * sizeof(int));
    cudaMalloc(reinterpret_cast<void **>(&b.unset), INTS * sizeof(int));
    for (const trial &t : trials) {
      const std::string text = said(b, t);
      const bool right = t.wanted ? text.find(t.wanted) != std::string::npos : text.empty();
      found += t.wanted != nullptr;
      if (right) continue;
      bad++;
      printf("FAIL %s%s%s: said '%s', expected '%s'\n", t.name, *order ? ", " : "", order,
             text.c_str(), t.wanted ? t.wanted : "");
    }
    tarn_emulated_faults();
    if (!*order) bad += limits(b);
    cudaFree(b.zeros);
    cudaFree(b.unset);
    cudaStreamDestroy(b.first);
    cudaStreamDestroy(b.second);
  }
  if (!bad) printf("all of %d races and other faults were found, and nothing else\n", found);
  return bad != 0;
}

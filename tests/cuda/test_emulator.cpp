/* The emulated device does what CUDA says, and its faults are found: kernels that are wrong in one way each. */
#include "kernels/cuda/launch.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

extern "C" {
long tarn_emulated_fail(long calls);
int tarn_emulated_faults(void);
size_t tarn_emulated_allocations(void);
}

namespace {

int bad;

void expect(bool yes, const char *what) {
  if (yes) return;
  printf("FAIL %s\n", what);
  bad++;
}

struct device_ints {
  int *at = nullptr;
  int count;
  explicit device_ints(int n) : count(n) { cudaMalloc(reinterpret_cast<void **>(&at), sizeof(int) * static_cast<size_t>(n)); }
  ~device_ints() { cudaFree(at); }
  std::vector<int> read() const {
    std::vector<int> v(static_cast<size_t>(count));
    cudaMemcpy(v.data(), at, sizeof(int) * v.size(), cudaMemcpyDeviceToHost);
    return v;
  }
};

/* ---- what is right ------------------------------------------------------------------------- */

__global__ void number(int *to) {
  to[(blockIdx.y * gridDim.x + blockIdx.x) * blockDim.x * blockDim.y + threadIdx.y * blockDim.x + threadIdx.x] =
      static_cast<int>(blockIdx.x * 1000 + blockIdx.y * 100 + threadIdx.y * 10 + threadIdx.x);
}

/* The sum over a block three times: by shared memory, by shuffles, by an atomic. */
__global__ void sum_up(const int *from, int *to) {
  TARN_SHARED(int, partial);
  __shared__ int total;
  const int t = static_cast<int>(threadIdx.x), n = static_cast<int>(blockDim.x);
  partial[t] = from[t];
  if (t == 0) total = 0;
  __syncthreads();
  atomicAdd(&total, from[t]);
  for (int half = n / 2; half > 0; half /= 2) {
    if (t < half) partial[t] += partial[t + half];
    __syncthreads();
  }
  int lanes = from[t];
  for (int by = 16; by > 0; by /= 2) lanes += __shfl_down_sync(0xffffffffu, lanes, by);
  const int all = __shfl_sync(0xffffffffu, lanes, 0);
  const unsigned odd = __ballot_sync(0xffffffffu, from[t] & 1);
  const int across = __shfl_xor_sync(0xffffffffu, t, 1), before = __shfl_up_sync(0xffffffffu, t, 1);
  const int large = __syncthreads_count(from[t] > 100);
  if (t == 0) {
    to[0] = partial[0];
    to[1] = total;
    to[4] = large;
  }
  if (t == 40) {
    to[2] = all;
    to[3] = __popc(odd);
    to[5] = across;
    to[6] = before;
  }
}

__global__ void add_one(int *at) { at[threadIdx.x]++; }

void right() {
  cudaStream_t stream;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  device_ints numbers(2 * 3 * 4 * 2);
  TARN_LAUNCH(number, dim3(3, 2), dim3(4, 2), 0, stream, numbers.at);
  expect(cudaStreamQuery(stream) == cudaErrorNotReady, "work waits for somebody to wait for it");
  cudaStreamSynchronize(stream);
  expect(numbers.read()[5] == 11 && numbers.read()[(1 * 3 + 2) * 8 + 7] == 2113, "indices of threads and blocks");

  device_ints from(128), to(7);
  std::vector<int> v(128);
  int wanted = 0, second = 0, odd = 0, large = 0;
  for (int i = 0; i < 128; i++) {
    v[static_cast<size_t>(i)] = i * 37 % 211;
    wanted += i * 37 % 211;
    large += i * 37 % 211 > 100;
    if (i / 32 == 1) second += i * 37 % 211, odd += i * 37 % 211 % 2;
  }
  cudaMemcpy(from.at, v.data(), sizeof(int) * v.size(), cudaMemcpyHostToDevice);
  cudaStreamSynchronize(nullptr);   /* for which that one does not wait */
  for (const char *order : {"", "order=reverse"}) {
    setenv("TARN_EMULATED", order, 1);
    TARN_LAUNCH(sum_up, 1, 128, 128 * sizeof(int), stream, from.at, to.at);
    expect(cudaStreamSynchronize(stream) == cudaSuccess, "barriers and shuffles");
    const std::vector<int> got = to.read();
    expect(got[0] == wanted && got[1] == wanted, "sums over a block");
    expect(got[2] == second && got[3] == odd, "shuffles and votes of a warp");
    expect(got[4] == large, "counts over a block");
    expect(got[5] == 41 && got[6] == 39, "lanes beside");
  }
  unsetenv("TARN_EMULATED");

  device_ints counter(4);
  cudaMemsetAsync(counter.at, 0, sizeof(int) * 4, stream);
  cudaStreamSynchronize(stream);
  cudaGraph_t graph;
  cudaGraphExec_t ready;
  cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed);
  TARN_LAUNCH(add_one, 1, 4, 0, stream, counter.at);
  TARN_LAUNCH(add_one, 1, 4, 0, stream, counter.at);
  cudaStreamEndCapture(stream, &graph);
  cudaGraphInstantiate(&ready, graph, 0);
  cudaStreamSynchronize(stream);
  expect(counter.read()[3] == 0, "a capture notes work and does none");
  for (int i = 0; i < 3; i++) cudaGraphLaunch(ready, stream);
  cudaStreamSynchronize(stream);
  expect(counter.read()[3] == 6, "a graph repeats what was captured");
  cudaGraphExecDestroy(ready);
  cudaGraphDestroy(graph);

  cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed);
  expect(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported, "a wait in a capture is refused");
  expect(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated, "and spoils it");
  cudaGetLastError();
  TARN_LAUNCH(add_one, 1, 2000, 0, stream, counter.at);
  expect(cudaGetLastError() == cudaErrorInvalidConfiguration, "more threads than a block may have");
  void *none;
  expect(cudaMalloc(&none, size_t{1} << 50) == cudaErrorMemoryAllocation && cudaGetLastError() == cudaErrorMemoryAllocation, "too much memory");
  cudaStreamDestroy(stream);
}

/* ---- what is wrong ------------------------------------------------------------------------- */

#ifndef __SANITIZE_ADDRESS__   /* which ends the program there */
__global__ void beside(int *at) { at[4 + threadIdx.x] = 1; }
#endif
__global__ void some_wait(int *at) {
  if (threadIdx.x < 16) return;
  __syncthreads();
  at[0] = 1;
}
__global__ void lane_missing(int *at) {
  if (threadIdx.x == 3) return;
  at[0] = __shfl_sync(0xffffffffu, 1, 0);
}
__global__ void read_host(const int *from, int *to) { to[0] = from[0]; }

void faults(cudaStream_t stream, const char *what, void (*wrong)(cudaStream_t)) {
  fflush(stderr);
  const int saved = dup(2), quiet = fileno(tmpfile());
  dup2(quiet, 2);
  wrong(stream);
  const cudaError_t error = cudaStreamSynchronize(stream);
  dup2(saved, 2);
  close(saved);
  expect(error == cudaErrorLaunchFailure && tarn_emulated_faults() > 0, what);
}

void wrong() {
  cudaStream_t stream;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  static int *four, host[4];
  cudaMalloc(reinterpret_cast<void **>(&four), 4 * sizeof(int));
#ifndef __SANITIZE_ADDRESS__
  faults(stream, "a write beside an allocation", [](cudaStream_t s) { TARN_LAUNCH(beside, 1, 4, 0, s, four); });
#endif
  faults(stream, "a barrier that some threads never reach", [](cudaStream_t s) { TARN_LAUNCH(some_wait, 1, 64, 0, s, four); });
  faults(stream, "a shuffle with a lane that has ended", [](cudaStream_t s) { TARN_LAUNCH(lane_missing, 1, 32, 0, s, four); });
  faults(stream, "a kernel that is given host memory", [](cudaStream_t s) { TARN_LAUNCH(read_host, 1, 1, 0, s, host, four); });
  faults(stream, "a copy out to memory that is not pinned",
         [](cudaStream_t s) { cudaMemcpyAsync(host, four, sizeof host, cudaMemcpyDeviceToHost, s); });
  faults(stream, "a copy of more than an allocation", [](cudaStream_t s) { cudaMemcpyAsync(four, four, 64, cudaMemcpyDeviceToDevice, s); });
  faults(stream, "a free of what is no allocation", [](cudaStream_t) { cudaFree(four + 1); });
  cudaMemsetAsync(four, 0, 4 * sizeof(int), stream);
  TARN_LAUNCH(add_one, 1, 4, 0, stream, four);
  expect(cudaStreamSynchronize(stream) == cudaSuccess, "all is well after that");

  /* Host code that reads device memory ends: tried in a process of its own. */
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    close(2);
    const volatile int *at = four;
    _exit(at[0] == 12345 ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  expect(!WIFEXITED(status) || WEXITSTATUS(status) != 0, "host code cannot read device memory");
  cudaFree(four);
  cudaStreamDestroy(stream);
  expect(tarn_emulated_allocations() == 0, "no allocation is left");
}

}  // namespace

int main() {
  right();
  wrong();
  if (!bad) printf("the emulated device is right, and finds what is wrong\n");
  return bad != 0;
}

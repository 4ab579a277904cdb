/* What the parts of the emulated device share. One lock is held by whoever runs its work or changes
 * its state.
 *
 * TARN_EMULATED in the environment, read when it is asked for, says what the device is like:
 *   driver=N        cudaDriverGetVersion's answer; 0: none is installed
 *   devices=N       how many there are
 *   capability=MN   compute capability 10 * M + N
 *   code=0          the module has no code for the device
 *   memory=BYTES    how large its memory is
 *   cudnn=1         graphs are put to cuDNN itself as well; 2: with a line for each that it took
 *   order=reverse   blocks and threads run from the last to the first
 *   checks=0        accesses are not checked (check/), which takes most of the time */
#ifndef TARN_EMULATOR_DEVICE_H
#define TARN_EMULATOR_DEVICE_H

#include "check/check.h"

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>

namespace tarn_emulated {

extern std::recursive_mutex lock;

/* The number behind NAME= in TARN_EMULATED. */
long long setting(const char *name, long long otherwise);
bool setting_is(const char *name, const char *value);

/* Keeps the first failure until cudaGetLastError; gives it back. */
cudaError_t fail(cudaError_t error);
/* For faults of the kernels rather than of the world: a line on standard error, and
 * cudaErrorLaunchFailure from every call until it was said by a wait or cudaGetLastError. A real
 * device would stay broken; here the next test goes on. */
cudaError_t fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
cudaError_t broken();   /* such a fault; cudaSuccess: there is none */
cudaError_t say();      /* the same, and it has been said */
/* Counts calls that may fail, and says whether a test wants this one to (tarn_emulated_fail). */
bool fails_now();

/* Device memory (memory.cpp). All of it lies in one reserved range. Its pages can be touched only
 * while the device works. */
bool in_device(const void *p);
/* Whether the bytes lie inside one live allocation. */
bool allocated(const void *p, size_t bytes);
/* The live allocation that p is in, until the next is made or freed; NULL: none. */
struct allocation {
  unsigned char *at;
  size_t bytes;
  uint64_t born; /* the stamp (check/check.h) */
};
const allocation *allocation_at(const void *p);
const void *device_memory();
size_t device_memory_bytes();
/* Whether p is in the process's other memory, as far as an address tells. */
bool looks_like_host(uint64_t word);
bool pinned(const void *p, size_t bytes);
/* Guards of every allocation; a fault names the first that was written to. */
void check_guards();
/* Holds the pages open; with stays_open until the next that does not, since opening takes time. */
struct working {
  explicit working(bool stays_open = false);
  ~working();
  bool stays;
};

/* Runs one grid now (threads.cpp). */
void run_grid(const char *name, dim3 grid, dim3 block, size_t shared_bytes,
              const std::function<void()> &body);
/* The most dynamic shared memory that a kernel may have, which wants to be asked for above 48 KiB
 * (cudaFuncSetAttribute). */
constexpr size_t MOST_SHARED = size_t{64} << 10;
size_t most_shared(const void *kernel);

/* Puts work into a stream (streams.cpp): done when the stream is waited for, or noted while it is
 * captured. */
typedef std::function<cudaError_t()> work;
cudaError_t enqueue_work(cudaStream_t stream, const char *name, work w);
void drain_all();   /* work of every stream */

}  // namespace tarn_emulated

#endif

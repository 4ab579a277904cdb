/* Streams, events and graphs. Work is kept in its stream until somebody waits for it, as late as a real device might do it, so
 * that code which does not wait sees what a slow device would show. Work of a stream that is captured is noted instead. */
#include "device.h"

#include <tarn_emulated.h>

#include <cstring>
#include <ctime>
#include <deque>
#include <set>
#include <vector>

using namespace tarn_emulated;

struct CUevent_st {
  cudaStream_t stream = nullptr;
  bool recorded = false, passed = false;
  double ms = 0;
  tarn_emulated::clock before;   /* what has been done when it passes */
};
namespace {
struct step {
  const char *name;
  work run;
};
struct enqueued {
  step of;
  tarn_emulated::clock known;   /* to the host, then */
};
}  // namespace
struct CUgraph_st {
  std::vector<step> steps;
};
struct CUgraphExec_st {
  std::vector<step> steps;
};
struct CUstream_st {
  std::deque<enqueued> pending;
  bool capturing = false, invalid = false;
  std::vector<step> captured;
  stream_order order;
};

namespace {

std::set<cudaStream_t> streams;
CUstream_st default_stream;   /* those above do not wait for it: cudaStreamNonBlocking */

bool all_idle() {
  for (cudaStream_t stream : streams)
    if (!stream->pending.empty()) return false;
  return true;
}

cudaError_t run_now(cudaStream_t stream, const step &s, const tarn_emulated::clock &known) {
  const work_of checked(stream->order, known, s.name);
  return s.run();
}

double now_ms() {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_nsec);
}

cudaError_t drain(cudaStream_t stream) {
  if (stream->pending.empty()) return broken();
  working open;
  while (!stream->pending.empty() && broken() == cudaSuccess) {
    const enqueued next = std::move(stream->pending.front());
    stream->pending.pop_front();
    const cudaError_t error = run_now(stream, next.of, next.known);
    if (error != cudaSuccess) fail(error);
  }
  stream->pending.clear();
  return broken();
}

void copy(void *to, const void *from, size_t bytes) {
  note_access(access::copied, from, bytes, nullptr);
  note_access(access::write, to, bytes, nullptr);
  memmove(to, from, bytes);
}

/* A wait in the midst of a capture spoils it. */
bool spoils(cudaStream_t stream) {
  if (stream && stream->capturing) stream->invalid = true;
  return stream && stream->capturing;
}

/* What a copy's ends have to be; 0: as they are. `now`: the host's memory may be any. */
cudaError_t check_copy(const void *to, const void *from, size_t bytes, cudaMemcpyKind kind, bool now) {
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (to_device ? !allocated(to, bytes) : in_device(to))
    return fault("a copy of %zu bytes to what is not %s", bytes, to_device ? "in an allocation of the device" : "the host's memory");
  if (from_device ? !allocated(from, bytes) : in_device(from))
    return fault("a copy of %zu bytes from what is not %s", bytes, from_device ? "in an allocation of the device" : "the host's memory");
  if (!now && !to_device && !pinned(to, bytes)) return fault("a copy to host memory that is not pinned");
  if (!now && !from_device && !pinned(from, bytes)) return fault("a copy from host memory that is not pinned");
  return cudaSuccess;
}

}  // namespace

namespace tarn_emulated {

cudaError_t enqueue_work(cudaStream_t stream, const char *name, work w) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (broken() != cudaSuccess) return broken();
  if (!stream) {
    working open;
    return run_now(&default_stream, {name, std::move(w)}, host_clock());
  }
  if (stream->capturing) stream->captured.push_back({name, std::move(w)});
  else stream->pending.push_back({{name, std::move(w)}, host_clock()});
  return cudaSuccess;
}

void drain_all() {
  const std::lock_guard<std::recursive_mutex> held(lock);
  for (cudaStream_t stream : streams) {
    drain(stream);
    host_waited(stream->order, all_idle());
  }
  host_waited(default_stream.order, all_idle());
}

void enqueue(const char *name, const void *kernel, dim3 grid, dim3 block, size_t shared_bytes,
             cudaStream_t stream, std::function<void()> body) {
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  if (!threads || threads > 1024 || block.z > 64 || !grid.x || !grid.y || !grid.z || grid.x > 0x7fffffffu || grid.y > 65535 ||
      grid.z > 65535) {
    fail(cudaErrorInvalidConfiguration);
    return;
  }
  if (shared_bytes > most_shared(kernel)) {
    fail(cudaErrorInvalidValue);
    return;
  }
  if (fails_now()) {
    fail(cudaErrorLaunchOutOfResources);
    return;
  }
  const cudaError_t error = enqueue_work(stream, name, [=] {
    run_grid(name, grid, block, shared_bytes, body);
    return broken();
  });
  if (error != cudaSuccess) fail(error);
}

void check_argument(const char *name, int index, const void *bytes, size_t count) {
  for (size_t i = 0; i + 8 <= count; i += 8) {
    uint64_t word;
    memcpy(&word, static_cast<const char *>(bytes) + i, sizeof word);
    if (!looks_like_host(word)) continue;
    fault("%s: argument %d holds an address of the host's memory at byte %zu (or a field that nobody set)", name, index, i);
    return;
  }
}

}  // namespace tarn_emulated

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (broken() != cudaSuccess) return broken();
  if (fails_now()) return fail(cudaErrorMemoryAllocation);
  *stream = new CUstream_st;
  streams.insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  drain(stream);
  host_waited(stream->order, all_idle());   /* which CUDA does not promise; here nothing is left */
  streams.erase(stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (spoils(stream)) return fail(cudaErrorStreamCaptureUnsupported);
  if (fails_now()) return fail(cudaErrorUnknown);
  if (stream) {
    working open;
    drain(stream);
    check_guards();
  }
  host_waited((stream ? stream : &default_stream)->order, all_idle());
  return say();
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (!stream->pending.empty()) return cudaErrorNotReady;
  host_waited(stream->order, all_idle());
  return broken();
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *status) {
  *status = stream && stream->capturing ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

/* ---- copies -------------------------------------------------------------------------------- */

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t stream) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (fails_now()) return fail(cudaErrorUnknown);
  /* The real one stages what is not pinned before it returns; so does this, and refuses what would come too late. */
  const bool staged = kind == cudaMemcpyHostToDevice && !pinned(from, bytes);
  const cudaError_t error = check_copy(to, from, bytes, kind, staged);
  if (error != cudaSuccess) return error;
  if (!staged)
    return enqueue_work(stream, "a copy", [=] { return copy(to, from, bytes), cudaSuccess; });
  if (spoils(stream)) return fail(cudaErrorStreamCaptureUnsupported);
  const std::vector<char> kept(static_cast<const char *>(from), static_cast<const char *>(from) + bytes);
  return enqueue_work(stream, "a copy", [=] { return copy(to, kept.data(), bytes), cudaSuccess; });
}
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind) {
  working open;
  if (fails_now()) return fail(cudaErrorUnknown);
  const cudaError_t error = check_copy(to, from, bytes, kind, true);
  if (error != cudaSuccess) return error;
  const cudaError_t done =
      enqueue_work(nullptr, "cudaMemcpy", [=] { return copy(to, from, bytes), cudaSuccess; });
  /* The real one returns once what is not pinned was staged, and does not wait within the device.
   */
  const bool waits =
      kind == cudaMemcpyDeviceToHost || (kind == cudaMemcpyHostToDevice && pinned(from, bytes));
  if (waits) host_waited(default_stream.order, all_idle());
  return done;
}
cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (!allocated(to, bytes)) return fault("a memset of %zu bytes outside of the device's allocations", bytes);
  return enqueue_work(stream, "a memset", [=] {
    note_write(to, bytes);
    return memset(to, value, bytes), cudaSuccess;
  });
}
cudaError_t cudaMemset(void *to, int value, size_t bytes) { return cudaMemsetAsync(to, value, bytes, nullptr); }
cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height,
                              enum cudaMemcpyKind kind, cudaStream_t stream) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (!width || !height) return cudaSuccess;
  const cudaError_t error = check_copy(to, from, width, kind, false);
  if (error != cudaSuccess) return error;
  return enqueue_work(stream, "a copy", [=] {
    for (size_t i = 0; i < height; i++)
      copy(static_cast<char *>(to) + i * to_pitch, static_cast<const char *>(from) + i * from_pitch,
           width);
    return cudaSuccess;
  });
}

/* ---- capture ------------------------------------------------------------------------------- */

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (stream->capturing) return fail(cudaErrorIllegalState);
  if (fails_now()) return fail(cudaErrorUnknown);
  stream->capturing = true;
  stream->invalid = false;
  stream->captured.clear();
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  *graph = nullptr;
  if (!stream->capturing) return fail(cudaErrorIllegalState);
  stream->capturing = false;
  if (stream->invalid || fails_now()) {
    stream->captured.clear();
    return fail(cudaErrorStreamCaptureInvalidated);
  }
  *graph = new CUgraph_st{std::move(stream->captured)};
  stream->captured.clear();
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *made, cudaGraph_t graph, unsigned long long) {
  if (fails_now()) return fail(cudaErrorMemoryAllocation);
  *made = new CUgraphExec_st{graph->steps};
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (fails_now()) return fail(cudaErrorUnknown);
  for (const step &s : graph->steps) {
    const cudaError_t error = enqueue_work(stream, s.name, s.run);
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

/* ---- events -------------------------------------------------------------------------------- */

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned) {
  if (fails_now()) return fail(cudaErrorMemoryAllocation);
  *event = new CUevent_st;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t *event) { return cudaEventCreateWithFlags(event, 0); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  drain_all();   /* whose work may still name it */
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned flags) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (stream->capturing && flags != cudaEventRecordExternal) return fail(cudaErrorStreamCaptureUnsupported);
  event->stream = stream;
  event->recorded = true;
  event->passed = false;
  return enqueue_work(stream, "an event", [=] {
    event->passed = true;
    event->ms = now_ms();
    event->before = reached(stream->order);
    return cudaSuccess;
  });
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault);
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (!event->recorded) return cudaSuccess;
  const cudaError_t error = drain(event->stream);
  host_waited(event->before);
  return error;
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  const std::lock_guard<std::recursive_mutex> held(lock);
  if (event->recorded && !event->passed) return cudaErrorNotReady;
  host_waited(event->before);
  return broken();
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return enqueue_work(stream, "a wait", [=] {
    if (!event->recorded) return cudaSuccess;
    const cudaError_t error = event->passed ? cudaSuccess : drain(event->stream);
    stream->order.known.join(event->before);
    return error;
  });
}
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t first, cudaEvent_t last) {
  if (!first->recorded || !last->recorded) return fail(cudaErrorInvalidResourceHandle);
  if (!first->passed || !last->passed) return cudaErrorNotReady;
  *ms = static_cast<float>(last->ms - first->ms);
  return cudaSuccess;
}
}

/* The graphs that the stand-ins take, put to cuDNN itself: with cudnn=1 in TARN_EMULATED each one is
 * built a second time from the library's own descriptors, and its heuristics have to know engines for
 * it on a device of compute capability 9.0, of which they are told the properties. No device is
 * needed, and nothing is run. A graph that cuDNN refuses is a fault. */
#include "dnn.h"

#include <dlfcn.h>

#include <string>

namespace tarn_emulated {

#if CUDNN_VERSION < 91100
void put_to_library(const descriptor &) {
  if (setting("cudnn", 0)) fault("cuDNN before 9.11 cannot be asked without a device");
}
#else

namespace {

/* Numbers of an H100 as CUDA and its data sheet have them, in the form that cuDNN writes. */
const char device_properties[] =
    R"({"cudnnVersion":%d,"schemaVersion":1,"deviceName":"NVIDIA H100 80GB HBM3","deviceVer":900,)"
    R"("driverVer":13000,"cudaDeviceId":0,"pciDeviceId":0,"isTccDriver":0,"supportCoopLaunch":1,)"
    R"("maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,)"
    R"("multiProcessorCount":132,"warpSize":32,"maxSharedMemoryPerBlock":49152,)"
    R"("maxSharedMemoryPerBlockOptin":232448,"reservedSharedMemoryPerBlock":1024,)"
    R"("maxRegistersPerSM":65536,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,)"
    R"("maxThreadsPerSM":2048,"smClockRateKHz":1980000,"memClockRateKHz":2619000,)"
    R"("l2CacheSize":52428800,"totalGlobalMem":85000000000})";

struct library {
  decltype(&cudnnGetVersion) version;
  decltype(&cudnnBackendCreateDescriptor) create;
  decltype(&cudnnBackendDestroyDescriptor) destroy;
  decltype(&cudnnBackendSetAttribute) set;
  decltype(&cudnnBackendGetAttribute) get;
  decltype(&cudnnBackendFinalize) finalize;
  decltype(&cudnnGetLastErrorString) last_error;
  cudnnBackendDescriptor_t device = nullptr;
  std::string missing;

  template <typename F>
  void find(void *from, const char *name, F *f) {
    *f = reinterpret_cast<F>(dlsym(from, name));
    if (!*f) missing = name;
  }
  library() {
    void *file = dlopen(TARN_CUDNN_FILE, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (!file) {
      missing = dlerror();
      return;
    }
    find(file, "cudnnGetVersion", &version);
    find(file, "cudnnBackendCreateDescriptor", &create);
    find(file, "cudnnBackendDestroyDescriptor", &destroy);
    find(file, "cudnnBackendSetAttribute", &set);
    find(file, "cudnnBackendGetAttribute", &get);
    find(file, "cudnnBackendFinalize", &finalize);
    find(file, "cudnnGetLastErrorString", &last_error);
    if (!missing.empty()) return;
    char text[1024];
    const int length = snprintf(text, sizeof text, device_properties, static_cast<int>(version()));
    if (create(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &device) != CUDNN_STATUS_SUCCESS ||
        set(device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, length, text) !=
            CUDNN_STATUS_SUCCESS ||
        finalize(device) != CUDNN_STATUS_SUCCESS)
      missing = "a device of text alone: " + why();
  }
  std::string why() const {
    char text[1000] = "";
    last_error(text, sizeof text);
    return text;
  }
};

/* A descriptor's double and those of its parts, each once; destroyed with this. */
struct doubles {
  const library &dnn;
  std::map<const descriptor *, cudnnBackendDescriptor_t> made;
  std::vector<cudnnBackendDescriptor_t> owned;
  std::string wrong;

  explicit doubles(const library &l) : dnn(l) {}
  ~doubles() {
    while (!owned.empty()) {
      dnn.destroy(owned.back());
      owned.pop_back();
    }
  }
  bool fails(cudnnStatus_t status, const char *what, int which) {
    if (status != CUDNN_STATUS_SUCCESS && wrong.empty())
      wrong = std::string(what) + " of " + std::to_string(which) + ": " + dnn.why();
    return status != CUDNN_STATUS_SUCCESS;
  }
  cudnnBackendDescriptor_t create(cudnnBackendDescriptorType_t type) {
    cudnnBackendDescriptor_t d = nullptr;
    if (!fails(dnn.create(type, &d), "creation", type)) owned.push_back(d);
    return d;
  }
  cudnnBackendDescriptor_t of(const descriptor &d) {
    const auto found = made.find(&d);
    if (found != made.end()) return found->second;
    cudnnBackendDescriptor_t twin = create(d.type);
    made[&d] = twin;
    for (const auto &named : d.values) {
      const attribute &a = named.second;
      if (!twin || a.type == CUDNN_TYPE_HANDLE) continue;
      std::vector<cudnnBackendDescriptor_t> parts;
      for (const auto &part : a.parts) parts.push_back(of(*part));
      if (!wrong.empty()) return nullptr;
      const bool nested = a.type == CUDNN_TYPE_BACKEND_DESCRIPTOR;
      const int64_t count = static_cast<int64_t>(a.bytes.size() / attribute_bytes(a.type));
      const void *from = nested ? static_cast<const void *>(parts.data()) : a.bytes.data();
      if (fails(dnn.set(twin, named.first, a.type, count, from), "an attribute", named.first))
        return nullptr;
    }
    return twin && !fails(dnn.finalize(twin), "the end", d.type) ? twin : nullptr;
  }
  /* How many engines a mode of heuristics names; those that have to be compiled count without it. */
  int64_t engines(cudnnBackendDescriptor_t graph, cudnnBackendHeurMode_t mode) {
    cudnnBackendDescriptor_t h = create(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    int64_t count = 0;
    const bool set =
        h && dnn.set(h, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                     &graph) == CUDNN_STATUS_SUCCESS &&
        dnn.set(h, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode) ==
            CUDNN_STATUS_SUCCESS &&
        dnn.set(h, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                &dnn.device) == CUDNN_STATUS_SUCCESS;
    if (!set || dnn.finalize(h) != CUDNN_STATUS_SUCCESS ||
        dnn.get(h, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count,
                nullptr) != CUDNN_STATUS_SUCCESS)
      return 0;
    return count;
  }
};

}  // namespace

void put_to_library(const descriptor &graph) {
  if (!setting("cudnn", 0)) return;
  static const library dnn;
  static int taken;
  if (!dnn.missing.empty()) {
    fault("cuDNN itself (%s) cannot be asked: %s", TARN_CUDNN_FILE, dnn.missing.c_str());
    return;
  }
  doubles d(dnn);
  cudnnBackendDescriptor_t twin = d.of(graph);
  if (!twin) fault("cuDNN itself does not take the graph: %s", d.wrong.c_str());
  else if (d.engines(twin, CUDNN_HEUR_MODE_A) + d.engines(twin, CUDNN_HEUR_MODE_FALLBACK) == 0)
    fault("cuDNN itself knows no engine for the graph: %s", dnn.why().c_str());
  else if (setting("cudnn", 0) > 1) fprintf(stderr, "cuDNN itself took graph %d\n", ++taken);
}

#endif

}  // namespace tarn_emulated

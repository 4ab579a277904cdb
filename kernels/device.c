/* Opens the module of a back end with memory of its own, and its device. */
#include "kernels/device.h"

#include "core/knobs.h"
#include "kernels/state/generator.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where libraries are installed, as seen from the prefix: TarnSources.cmake. */
#ifndef TARN_LIBDIR
#define TARN_LIBDIR "lib"
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static tarn_backend cuda;
static bool tried;
static tarn_status outcome;
static char why[TARN_ERROR_BYTES];

static tarn_status fail(tarn_status status, const char *message) {
  return tarn__fail(status, NULL, 0, "%s", message);
}
static const tarn_device_host host = {
    .abi = TARN_DEVICE_ABI, .fail = fail, .random = tarn__generator_reserve};

/* The folder of whatever holds this code: the shared library, or the program it was linked into. */
static bool own_folder(char *folder, size_t bytes) {
  Dl_info info;
  if (!dladdr((const void *)&lock, &info) || !info.dli_fname) return false;
  const char *end = strrchr(info.dli_fname, '/');
  const int n = end ? (int)(end - info.dli_fname) : 1;
  return n < (int)bytes &&
         snprintf(folder, bytes, "%.*s", n, end ? info.dli_fname : ".") < (int)bytes;
}

/* Where the module is, in `path`: what TARN_CUDA_MODULE says, else the first of a few places beside
 * the library or the program where there is such a file, else its bare name, for the system to
 * look. */
static void find_module(char *path, size_t bytes) {
  static const char name[] = "libtarn_cuda.so";
  /* installed beside the library, or from the program's folder; in a build folder */
  static const char *const beside[] = {"", "/../" TARN_LIBDIR, "/../lib", "/kernels/cuda",
                                       "/../kernels/cuda"};
  char folder[PATH_MAX - 128];
  const char *asked = tarn__knobs()->cuda_module;
  if (asked[0]) {
    snprintf(path, bytes, "%s", asked);
    return;
  }
  if (own_folder(folder, sizeof folder))
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
      snprintf(path, bytes, "%s%s/%s", folder, beside[i], name);
      if (access(path, F_OK) == 0) return;
    }
  snprintf(path, bytes, "%s", name);
}

/* Why dlopen did not open it: its reason is "NAME: cannot open shared object file: ..." for what
 * was not found, which may be a library that the module needs. */
static tarn_status refuse(const char *path, const char *reason) {
  static const char not_found[] = ": cannot open shared object file: No such file";
  const char *end = strstr(reason, not_found);
  const int n = end ? (int)(end - reason) : 0;
  if (end && (size_t)n == strlen(path) && !strncmp(reason, path, (size_t)n)) {
    if (tarn__knobs()->cuda_module[0])
      return tarn__fail(TARN_UNSUPPORTED, NULL, 0,
                        "there is no CUDA module %s, which TARN_CUDA_MODULE names", path);
    return tarn__fail(TARN_UNSUPPORTED, NULL, 0,
                      "there is no CUDA module (%s) beside this library or program or where the "
                      "system looks; a build with the CUDA "
                      "toolkit and cuDNN makes it (cmake -DTARN_CUDA=ON says what is missing)",
                      path);
  }
  if (end)
    return tarn__fail(TARN_UNSUPPORTED, NULL, 0,
                      "the CUDA module %s needs %.*s, which is not installed (%s of that version)",
                      path, n, reason,
                      strstr(reason, "cudnn")    ? "cuDNN"
                      : strstr(reason, "cublas") ? "cuBLAS"
                                                 : "a library");
  return tarn__fail(TARN_UNSUPPORTED, NULL, 0, "the CUDA module %s cannot be opened: %s", path,
                    reason);
}

static tarn_status open_cuda(void) {
  char path[PATH_MAX];
  find_module(path, sizeof path);
  void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!module) {
    const char *reason = dlerror();
    return refuse(path, reason ? reason : "no reason given");
  }
  union {
    void *object;
    tarn_device_module_function *function;
  } entry = {dlsym(module, "tarn_device_module")};
  const tarn_device_api *api = entry.object ? entry.function(&host) : NULL;
  tarn_status status = TARN_OK;
  if (!entry.object)
    status = tarn__fail(TARN_UNSUPPORTED, NULL, 0,
                        "%s is no CUDA module of this library: it lacks tarn_device_module", path);
  else if (!api || api->abi != TARN_DEVICE_ABI)
    status = tarn__fail(
        TARN_UNSUPPORTED, NULL, 0,
        "the CUDA module %s is of another version of this library: its interface has not number %u",
        path, (unsigned)TARN_DEVICE_ABI);
  tarn_device *device = NULL;
  if (status == TARN_OK) status = api->open(0, &device);
  if (status == TARN_OK) {
    cuda = (tarn_backend){.api = api, .device = device};
    status = api->describe(device, &cuda.info);
    if (status != TARN_OK) api->close(device);
  }
  if (status != TARN_OK) dlclose(module);
  return status;
}

tarn_status tarn__backend_cuda(const tarn_backend **backend) {
  pthread_mutex_lock(&lock);
  if (!tried) {
    outcome = open_cuda();
    if (outcome != TARN_OK) tarn__error_save(why, sizeof why);
    tried = true;
  }
  pthread_mutex_unlock(&lock);
  *backend = outcome == TARN_OK ? &cuda : NULL;
  return outcome == TARN_OK ? TARN_OK : tarn__fail(outcome, NULL, 0, "%s", why);
}

tarn_machine tarn__backend_machine(const tarn_backend *backend, const tarn_machine *m) {
  tarn_machine device = *m;
  if (backend->info.gflops > 0)
    for (int t = TARN_TARGET_CUDA; t <= TARN_TARGET_CUDNN; t++)
      device.gflops[t] = backend->info.gflops;
  if (backend->info.gbytes_per_s > 0) device.gbytes_per_s = backend->info.gbytes_per_s;
  return device;
}

bool tarn__backend_next(const tarn_backend *backend, const char *op, tarn_kernel_ref *k) {
  const tarn_kernel_file *file = k->file ? k->file : backend->api->kernels;
  const tarn_kernel *row = k->kernel ? k->kernel + 1 : file->rows;
  for (; file->rows; row = (++file)->rows)
    for (; row->op; row++)
      if (!strcmp(row->op, op)) {
        *k = (tarn_kernel_ref){row, file};
        return true;
      }
  return false;
}

bool tarn__backend_select(const tarn_backend *backend, const tarn_problem *p, const tarn_machine *m,
                          tarn_target target, tarn_kernel_ref *chosen) {
  const tarn_machine device = tarn__backend_machine(backend, m);
  bool found = false;
  double best = 0;
  for (tarn_kernel_ref k = {0}; tarn__backend_next(backend, p->op, &k);) {
    if (target != TARN_TARGETS && k.file->target != target) continue;
    if (tarn__kernel_refusal(k, p)) continue;
    const double cost = tarn__kernel_cost_us(k, p, &device);
    if (found && !(cost <= best)) continue;
    found = true;
    best = cost;
    *chosen = k;
  }
  return found;
}

tarn_status tarn__device_charge(tarn_device_budget *budget, size_t bytes) {
  const size_t before = atomic_fetch_add(&budget->used, bytes);
  if (!budget->limit || (before <= budget->limit && bytes <= budget->limit - before))
    return TARN_OK;
  atomic_fetch_sub(&budget->used, bytes);
  return tarn_fail(
      TARN_LIMIT, "%zu bytes of the device's memory are wanted, %zu are used, and the limit is %zu",
      bytes, before, budget->limit);
}

void tarn__device_refund(tarn_device_budget *budget, size_t bytes) {
  atomic_fetch_sub(&budget->used, bytes);
}

#include "bench/device/timing.h"

#include <stdlib.h>

#include "core/trace/trace.h"
#include "kernels/run.h"
#include "kernels/state/resources.h"

enum { MOST_RECORDED = 64, COLD_BYTES = 256 << 20 };
static const double batch_us = 200; /* runs that are timed together take so long */
static const double slow_us = 2e6;  /* a kernel that takes longer is run twice and no more */

/* ---- a queue and two moments --------------------------------------------------------------- */

tarn_status tarn__stopwatch_make(const tarn_backend *backend, tarn_stopwatch *watch) {
  const tarn_device_api *api = backend->api;
  *watch = (tarn_stopwatch){.backend = backend};
  if (!api->mark_create)
    return tarn_fail(TARN_UNSUPPORTED, "the module of %s tells no times", backend->info.name);
  TARN_TRY(api->queue_create(backend->device, &watch->queue));
  TARN_TRY(api->mark_create(backend->device, &watch->first));
  return api->mark_create(backend->device, &watch->last);
}

void tarn__stopwatch_clear(tarn_stopwatch *watch) {
  if (!watch->backend) return;
  const tarn_device_api *api = watch->backend->api;
  if (watch->first) api->mark_destroy(watch->first);
  if (watch->last) api->mark_destroy(watch->last);
  if (watch->queue) api->queue_destroy(watch->queue);
  *watch = (tarn_stopwatch){0};
}

tarn_status tarn__stopwatch_time(tarn_stopwatch *watch, tarn_device_work *work, void *context,
                                 double *us) {
  const tarn_device_api *api = watch->backend->api;
  TARN_TRY(api->mark(watch->queue, watch->first));
  TARN_TRY(work(watch->queue, context));
  TARN_TRY(api->mark(watch->queue, watch->last));
  TARN_TRY(api->sync(watch->queue));
  return api->mark_between(watch->first, watch->last, us);
}

/* ---- a kernel with its tensors ------------------------------------------------------------- */

struct tarn_device_binding {
  tarn_stopwatch *watch;
  const tarn_case *made;
  const tarn_kernel *kernel;
  tarn_tensor in[TARN_CASE_MAX_INPUTS], out[TARN_CASE_MAX_INPUTS]; /* as the kernel sees them */
  const tarn_tensor *in_at[TARN_CASE_MAX_INPUTS];
  tarn_tensor *out_at[TARN_CASE_MAX_INPUTS];
  void *memory[2 * TARN_CASE_MAX_INPUTS + 2]; /* of the device */
  int blocks;
  void *scratch, *prepared;
  tarn_resources *resources;
  tarn_recording *recording;
  long recorded; /* runs in it */
  tarn_run run;
  tarn_call call;
};

static tarn_status take(tarn_device_binding *b, size_t bytes, void **memory) {
  const tarn_backend *backend = b->watch->backend;
  TARN_TRY(backend->api->alloc(backend->device, bytes, memory));
  b->memory[b->blocks++] = *memory;
  return TARN_OK;
}

static bool host_output(const tarn_kernel *k, int i) {
  return i < 32 && k->host_out >> i & 1u;
}

static tarn_status lay_out(tarn_device_binding *b) {
  const tarn_backend *backend = b->watch->backend;
  const tarn_problem *p = &b->made->problem;
  const tarn_kernel *k = b->kernel;
  for (int i = 0; i < p->inputs; i++) {
    b->in[i] = b->made->in[i];
    b->in_at[i] = &b->in[i];
    if (tarn__host_input(k, p->inputs, i)) continue;
    const size_t bytes = tarn__tensor_bytes(&b->in[i]);
    TARN_TRY(take(b, bytes, &b->in[i].data));
    TARN_TRY(backend->api->upload(backend->device, b->in[i].data, b->made->in[i].data, bytes));
  }
  for (int i = 0; i < p->outputs; i++) {
    b->out_at[i] = &b->out[i];
    if (p->out_shape[i].rank < 0)
      return tarn_fail(TARN_UNSUPPORTED,
                       "the shape of output %d follows from elements: it stays on the CPU", i);
    if (host_output(k, i)) {
      TARN_TRY(tarn__tensor_new(b->made->graph->allocator, p->out_dtype[i], &p->out_shape[i],
                                &b->out[i]));
      continue;
    }
    b->out[i] = (tarn_tensor){.dtype = p->out_dtype[i], .shape = p->out_shape[i]};
    TARN_TRY(take(b, tarn__tensor_bytes(&b->out[i]), &b->out[i].data));
  }
  return TARN_OK;
}

static tarn_status prepare(tarn_device_binding *b) {
  const tarn_problem *p = &b->made->problem;
  const tarn_kernel *k = b->kernel;
  const size_t scratch = k->scratch_bytes ? k->scratch_bytes(p, 1) : 0,
               prepared = k->prepared_bytes ? k->prepared_bytes(p) : 0;
  if (scratch) TARN_TRY(take(b, scratch, &b->scratch));
  if (prepared) {
    const tarn_tensor *stable[TARN_CASE_MAX_INPUTS];
    for (int i = 0; i < p->inputs; i++)
      stable[i] = p->stable && p->stable[i] ? &b->made->in[i] : NULL;
    TARN_TRY(take(b, prepared, &b->prepared));
    TARN_TRY(k->prepare(p, stable, b->prepared, NULL));
  }
  TARN_TRY(tarn__resources_create(b->made->graph->allocator, &b->resources));
  b->run = (tarn_run){.allocator = b->made->graph->allocator, .resources = b->resources};
  b->call = (tarn_call){.problem = p,
                        .in = b->in_at,
                        .out = b->out_at,
                        .scratch = b->scratch,
                        .prepared = b->prepared,
                        .run = &b->run,
                        .queue = b->watch->queue};
  return TARN_OK;
}

tarn_status tarn__device_binding_make(tarn_stopwatch *watch, const tarn_case *made,
                                      tarn_kernel_ref kernel, tarn_device_binding **binding) {
  tarn_device_binding *b = calloc(1, sizeof *b);
  if (!b) return tarn_fail(TARN_NO_MEMORY, "no memory for a kernel");
  b->watch = watch;
  b->made = made;
  b->kernel = kernel.kernel;
  tarn_status status = lay_out(b);
  if (status == TARN_OK) status = prepare(b);
  if (status == TARN_OK)
    *binding = b;
  else
    tarn__device_binding_destroy(b);
  return status;
}

void tarn__device_binding_destroy(tarn_device_binding *b) {
  if (!b) return;
  const tarn_backend *backend = b->watch->backend;
  if (backend->api->sync(b->watch->queue) != TARN_OK) {
    /* What failed in it was reported by whoever waited. */
  }
  if (b->recording) backend->api->recording_destroy(b->recording);
  while (b->blocks > 0) backend->api->free(backend->device, b->memory[--b->blocks]);
  for (int i = 0; i < b->made->problem.outputs; i++)
    if (host_output(b->kernel, i)) tarn__tensor_clear(&b->out[i]);
  tarn__resources_destroy(b->resources);
  free(b);
}

static tarn_status fetch(tarn_device_binding *b, int i, tarn_tensor *out) {
  const tarn_backend *backend = b->watch->backend;
  TARN_TRY(tarn__tensor_new(b->made->graph->allocator, b->out[i].dtype, &b->out[i].shape, out));
  const size_t bytes = tarn__tensor_bytes(out);
  if (host_output(b->kernel, i)) {
    if (bytes) memcpy(out->data, b->out[i].data, bytes);
    return TARN_OK;
  }
  void *staging;
  TARN_TRY(backend->api->alloc_host(backend->device, bytes, &staging));
  tarn_status status = backend->api->copy_out(b->watch->queue, staging, b->out[i].data, bytes);
  if (status == TARN_OK) status = backend->api->sync(b->watch->queue);
  if (status == TARN_OK && bytes) memcpy(out->data, staging, bytes);
  backend->api->free_host(backend->device, staging);
  return status;
}

tarn_status tarn__device_binding_results(tarn_device_binding *b, tarn_tensor *out) {
  TARN_TRY(b->kernel->run(&b->call));
  TARN_TRY(b->watch->backend->api->sync(b->watch->queue));
  for (int i = 0; i < b->made->problem.outputs; i++) TARN_TRY(fetch(b, i, &out[i]));
  return TARN_OK;
}

/* ---- times --------------------------------------------------------------------------------- */

typedef struct batch {
  tarn_device_binding *b;
  long runs;
} batch;

static tarn_status run_all(tarn_queue *queue, void *context) {
  const batch *w = context;
  if (w->b->recording) return w->b->watch->backend->api->replay(queue, w->b->recording);
  for (long i = 0; i < w->runs; i++) TARN_TRY(w->b->kernel->run(&w->b->call));
  return TARN_OK;
}

static tarn_status record(tarn_device_binding *b, long runs) {
  const tarn_device_api *api = b->watch->backend->api;
  tarn_status status = TARN_OK;
  TARN_TRY(api->record_begin(b->watch->queue));
  for (long i = 0; i < runs && status == TARN_OK; i++) status = b->kernel->run(&b->call);
  const tarn_status ended = api->record_end(b->watch->queue, &b->recording);
  return status == TARN_OK ? ended : status;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

tarn_status tarn__device_measure(tarn_device_binding *b, double seconds, double *times,
                                 tarn_figures *figures) {
  batch w = {b, 1};
  double us;
  TARN_TRY(tarn__stopwatch_time(b->watch, run_all, &w,
                                &us)); /* a warm-up: libraries choose what they run */
  TARN_TRY(tarn__stopwatch_time(b->watch, run_all, &w, &us));
  const long least = us > slow_us ? 1 : 3;
  w.runs = us > batch_us                   ? 1
           : us > batch_us / MOST_RECORDED ? (long)(batch_us / us)
                                           : MOST_RECORDED;
  if (!b->kernel->fleeting && !b->kernel->host_out) TARN_TRY(record(b, w.runs));
  TARN_TRY(tarn__stopwatch_time(b->watch, run_all, &w, &us));
  const uint64_t begin = tarn__now_ns();
  long n = 0;
  while (n < TARN_BENCH_MOST_RUNS &&
         (n < least || (double)(tarn__now_ns() - begin) / 1e9 < seconds)) {
    TARN_TRY(tarn__stopwatch_time(b->watch, run_all, &w, &us));
    times[n++] = us / (double)w.runs;
  }
  qsort(times, (size_t)n, sizeof *times, by_value);
  *figures = (tarn_figures){.min_us = times[0],
                            .median_us = times[n / 2],
                            .p90_us = times[n * 9 / 10],
                            .cold_us = -1,
                            .runs = n * w.runs};
  return TARN_OK;
}

tarn_status tarn__device_measure_cold(tarn_device_binding *b, tarn_figures *figures) {
  const tarn_backend *backend = b->watch->backend;
  const batch w = {b, 1};
  void *other;
  double us;
  if (b->recording) backend->api->recording_destroy(b->recording); /* one run at a time */
  b->recording = NULL;
  TARN_TRY(backend->api->alloc(backend->device, COLD_BYTES, &other));
  tarn_status status = TARN_OK;
  for (int attempt = 0; attempt < 3 && status == TARN_OK; attempt++) {
    status = backend->api->copy_within(b->watch->queue, (char *)other + COLD_BYTES / 2, other,
                                       COLD_BYTES / 2);
    if (status == TARN_OK)
      status = tarn__stopwatch_time(b->watch, run_all, (void *)(uintptr_t)&w, &us);
    if (status == TARN_OK && (figures->cold_us < 0 || us < figures->cold_us)) figures->cold_us = us;
  }
  backend->api->free(backend->device, other);
  return status;
}

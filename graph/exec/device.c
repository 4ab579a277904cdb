#include "graph/exec/device.h"

#include <string.h>

/* ---- copies --------------------------------------------------------------------------------- */

size_t tarn__device_staged(const tarn_problem *p) {
  const size_t bytes =
      (size_t)tarn__shape_elements(&p->in_shape[0]) * tarn_dtype_bytes(p->in_dtype[0]);
  return (bytes + TARN_ALIGN - 1) / TARN_ALIGN * TARN_ALIGN;
}

static size_t constant_bytes(const tarn_problem *p) {
  return p->stable[0] ? tarn__device_staged(p) : 0;
}

static tarn_status keep_constant(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                                 tarn_pool *pool) {
  (void)p;
  (void)pool;
  const tarn_backend *b;
  TARN_TRY(tarn__backend_cuda(&b));
  return b->api->upload(b->device, memory, in[0]->data, tarn__tensor_bytes(in[0]));
}

static tarn_status upload(const tarn_call *call) {
  const tarn_backend *b;
  if (call->prepared) {
    call->out[0]->data = (void *)(uintptr_t)call->prepared;
    return TARN_OK;
  }
  const size_t bytes = tarn__tensor_bytes(call->in[0]);
  if (!bytes) return TARN_OK;
  TARN_TRY(tarn__backend_cuda(&b));
  memcpy(call->scratch, call->in[0]->data, bytes);
  return b->api->copy_in(call->queue, call->out[0]->data, call->scratch, bytes);
}

static tarn_status download(const tarn_call *call) {
  const tarn_backend *b;
  const size_t bytes = tarn__tensor_bytes(call->out[0]);
  TARN_TRY(tarn__backend_cuda(&b));
  TARN_TRY(b->api->copy_out(call->queue, call->scratch, call->in[0]->data, bytes));
  TARN_TRY(b->api->sync(call->queue));
  if (bytes) memcpy(call->out[0]->data, call->scratch, bytes);
  return TARN_OK;
}

static const tarn_kernel up_rows[] = {
    {.op = "_Upload",
     .prepared_bytes = constant_bytes,
     .prepare = keep_constant,
     .spent = 1,
     .run = upload,
     .host_in = 1},
    {0},
};
static const tarn_kernel down_rows[] = {{.op = "_Download", .run = download, .host_out = 1}, {0}};
static const tarn_kernel_file copy_files[] = {
    {down_rows, "download", TARN_TARGET_CUDA, "kernels/cuda/copy"},
    {up_rows, "upload", TARN_TARGET_CUDA, "kernels/cuda/copy"},
};

tarn_kernel_ref tarn__device_copy_kernel(bool up) {
  return (tarn_kernel_ref){copy_files[up].rows, &copy_files[up]};
}
bool tarn__device_is_copy(tarn_kernel_ref k) {
  return k.kernel == up_rows || k.kernel == down_rows;
}

/* ---- memory --------------------------------------------------------------------------------- */

/* Its own, or that of the variables. */
static tarn_status take_queue(tarn_exec *x) {
  struct tarn_exec_device *d = x->device;
  if (!x->plan->device.variables)
    return d->backend->api->queue_create(d->backend->device, &d->queue);
  d->residence = x->shared->residence;
  if (!d->residence) return tarn_fail(TARN_INVALID, "this session has no variables on the device");
  tarn__residence_lock(d->residence);
  const tarn_status status = tarn__residence_queue(d->residence, &d->queue);
  tarn__residence_unlock(d->residence);
  return status;
}

tarn_status tarn__exec_device_create(tarn_exec *x) {
  const struct tarn_device_needs *needs = &x->plan->device;
  if (!needs->steps) return TARN_OK;
  const tarn_allocator *a = x->shared->allocator;
  struct tarn_exec_device *d = x->device = tarn__alloc_zero(a, sizeof *d);
  if (!d) return TARN_NO_MEMORY;
  d->backend = x->shared->planning->device;
  d->budget = x->shared->device_budget;
  const tarn_device_api *api = d->backend->api;
  const size_t wanted = needs->arena_bytes + needs->scratch_bytes;
  TARN_TRY(tarn__device_charge(d->budget, wanted));
  d->charged = wanted;
  if (!(d->recording = tarn__alloc_zero(a, ((size_t)needs->recordings + 1) * sizeof *d->recording)))
    return TARN_NO_MEMORY;
  TARN_TRY(take_queue(x));
  if (needs->arena_bytes) TARN_TRY(api->alloc(d->backend->device, needs->arena_bytes, &d->arena));
  if (needs->scratch_bytes)
    TARN_TRY(api->alloc(d->backend->device, needs->scratch_bytes, &d->scratch));
  if (needs->staging_bytes)
    TARN_TRY(api->alloc_host(d->backend->device, needs->staging_bytes, &d->staging));
  return needs->faults ? tarn__exec_faults_create(x) : TARN_OK;
}

void tarn__exec_device_destroy(tarn_exec *x) {
  struct tarn_exec_device *d = x->device;
  const tarn_allocator *a = x->shared->allocator;
  if (!d) return;
  const tarn_device_api *api = d->backend->api;
  if (d->queue) (void)tarn__exec_device_sync(x);
  for (int i = 0; d->recording && i < x->plan->device.recordings; i++)
    if (d->recording[i].made) api->recording_destroy(d->recording[i].made);
  tarn__exec_times_free(x);
  tarn__exec_faults_destroy(x);
  if (d->queue && !d->residence) api->queue_destroy(d->queue);
  if (d->arena) api->free(d->backend->device, d->arena);
  if (d->scratch) api->free(d->backend->device, d->scratch);
  if (d->staging) api->free_host(d->backend->device, d->staging);
  tarn__device_refund(d->budget, d->charged);
  tarn__free(a, d->recording, ((size_t)x->plan->device.recordings + 1) * sizeof *d->recording);
  tarn__free(a, d, sizeof *d);
}

tarn_status tarn__exec_device_sync(tarn_exec *x) {
  tarn__exec_queue_enter(x);
  x->device->staged = 0;
  const tarn_status status = x->device->backend->api->sync(x->device->queue);
  tarn__exec_queue_leave(x);
  return status;
}

tarn_status tarn__exec_device_move(tarn_exec *x, void *to, const void *from, size_t bytes) {
  tarn__exec_queue_enter(x);
  const tarn_status status =
      x->device->backend->api->copy_within(x->device->queue, to, from, bytes);
  tarn__exec_queue_leave(x);
  return status;
}

tarn_status tarn__exec_device_stage(tarn_exec *x, size_t bytes, void **memory) {
  struct tarn_exec_device *d = x->device;
  /* a loop comes by again */
  if (d->staged + bytes > x->plan->device.staging_bytes) TARN_TRY(tarn__exec_device_sync(x));
  *memory = (char *)d->staging + d->staged;
  d->staged += bytes;
  return TARN_OK;
}

/* Piece by piece through the staging memory. */
static tarn_status copy_home(tarn_exec *x, const tarn_tensor *from, void *to) {
  const struct tarn_exec_device *d = x->device;
  const size_t bytes = tarn__tensor_bytes(from), room = x->plan->device.staging_bytes;
  TARN_TRY(tarn__exec_device_sync(x));   /* the staging memory is free */
  for (size_t done = 0; done < bytes;) {
    const size_t piece = bytes - done < room ? bytes - done : room;
    TARN_TRY(d->backend->api->copy_out(d->queue, d->staging, (char *)from->data + done, piece));
    TARN_TRY(d->backend->api->sync(d->queue));
    memcpy((char *)to + done, d->staging, piece);
    done += piece;
  }
  return TARN_OK;
}

tarn_status tarn__exec_device_bring(tarn_exec *x, const tarn_tensor *from, tarn_tensor *out) {
  tarn_tensor made;
  TARN_TRY(tarn__tensor_new_raw(x->run->allocator, from->dtype, &from->shape, &made));
  tarn__exec_queue_enter(x);
  const tarn_status status = copy_home(x, from, made.data);
  tarn__exec_queue_leave(x);
  if (status != TARN_OK) {
    tarn__tensor_clear(&made);
    return status;
  }
  tarn__tensor_clear(out);
  *out = made;
  return TARN_OK;
}

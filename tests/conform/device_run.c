#include "device_run.h"

#include "kernels/run.h"
#include "kernels/state/resources.h"

/* What a run takes of the device; all of it goes with `release`. */
typedef struct place {
  const tarn_device_api *api;
  tarn_device *device;
  tarn_queue *queue;
  tarn_recording *recording;
  void *in[TARN_CASE_MAX_INPUTS], *out[TARN_CASE_MAX_INPUTS];   /* blocks; NULL: none */
  void *scratch, *prepared, *staging;
  tarn_resources *resources;
  size_t staging_bytes, staged;
} place;

static void release(place *d) {
  if (d->recording) d->api->recording_destroy(d->recording);
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) {
    if (d->in[i]) d->api->free(d->device, d->in[i]);
    if (d->out[i]) d->api->free(d->device, d->out[i]);
  }
  if (d->scratch) d->api->free(d->device, d->scratch);
  if (d->prepared) d->api->free(d->device, d->prepared);
  if (d->staging) d->api->free_host(d->device, d->staging);
  tarn__resources_destroy(d->resources);
}

/* A block's own part of the staging memory, in the order of the calls. */
static unsigned char *part(place *d, const guarded *g) {
  unsigned char *at = (unsigned char *)d->staging + d->staged;
  d->staged += g->total;
  return at;
}
static tarn_status put(place *d, void *to, const guarded *g) {
  unsigned char *at = part(d, g);
  memcpy(at, g->block, g->total);
  return d->api->copy_in(d->queue, to, at, g->total);
}

static bool host_output(const tarn_kernel *k, int i) { return i < 32 && k->host_out >> i & 1u; }

/* Memory of everything, and the tensors as the kernel sees them. */
static tarn_status lay_out(place *d, const tarn_case *made, const tarn_kernel *k, const guarded *in,
                           const guarded *out, const device_way *way, tarn_tensor *in_tensors,
                           tarn_tensor *out_tensors) {
  const tarn_problem *p = &made->problem;
  for (int i = 0; i < p->outputs; i++) {
    if (!out[i].block || host_output(k, i)) continue;
    TARN_TRY(d->api->alloc(d->device, out[i].total, &d->out[i]));
    out_tensors[i].data = (char *)d->out[i] + out[i].offset;
    d->staging_bytes += out[i].total;
  }
  for (int i = 0; i < p->inputs; i++) {
    in_tensors[i] = made->in[i];
    if (!in[i].block || tarn__host_input(k, p->inputs, i)) continue;
    if (i == way->in_place) {
      in_tensors[i].data = out_tensors[0].data;
      continue;
    }
    d->staging_bytes += in[i].total;
    TARN_TRY(d->api->alloc(d->device, in[i].total, &d->in[i]));
    in_tensors[i].data = (char *)d->in[i] + in[i].offset;
  }
  return d->api->alloc_host(d->device, d->staging_bytes, &d->staging);
}

static tarn_status prepare(place *d, const tarn_case *made, const tarn_kernel *k,
                           tarn_tensor *in_tensors) {
  const tarn_problem *p = &made->problem;
  const size_t scratch = k->scratch_bytes ? k->scratch_bytes(p, 1) : 0,
               prepared = k->prepared_bytes ? k->prepared_bytes(p) : 0;
  if (scratch) TARN_TRY(d->api->alloc(d->device, scratch, &d->scratch));
  if (!prepared) return TARN_OK;
  TARN_TRY(d->api->alloc(d->device, prepared, &d->prepared));
  const tarn_tensor *stable[TARN_CASE_MAX_INPUTS];
  for (int i = 0; i < p->inputs; i++) stable[i] = p->stable && p->stable[i] ? &made->in[i] : NULL;
  TARN_TRY(k->prepare(p, stable, d->prepared, NULL));
  for (int i = 0; i < p->inputs; i++)
    if (k->spent >> i & 1u) in_tensors[i].data = NULL;   /* a plan may have let it go */
  return TARN_OK;
}

static tarn_status put_all(place *d, const tarn_problem *p, const guarded *in, const guarded *out) {
  for (int i = 0; i < p->inputs; i++)
    if (d->in[i]) TARN_TRY(put(d, d->in[i], &in[i]));
  for (int i = 0; i < p->outputs; i++)
    if (d->out[i]) TARN_TRY(put(d, d->out[i], &out[i]));
  return TARN_OK;
}

static tarn_status get_all(place *d, const tarn_problem *p, const guarded *in, const guarded *out,
                           bool *inputs_kept) {
  const unsigned char *in_part[TARN_CASE_MAX_INPUTS] = {0}, *out_part[TARN_CASE_MAX_INPUTS] = {0};
  d->staged = 0;   /* what went in has arrived */
  for (int i = 0; i < p->inputs; i++)
    if (d->in[i]) TARN_TRY(d->api->copy_out(d->queue, part(d, &in[i]), d->in[i], in[i].total));
  for (int i = 0; i < p->outputs; i++)
    if (d->out[i]) TARN_TRY(d->api->copy_out(d->queue, part(d, &out[i]), d->out[i], out[i].total));
  TARN_TRY(d->api->sync(d->queue));
  d->staged = 0;
  for (int i = 0; i < p->inputs; i++)
    if (d->in[i]) in_part[i] = part(d, &in[i]);
  for (int i = 0; i < p->outputs; i++)
    if (d->out[i]) out_part[i] = part(d, &out[i]);
  for (int i = 0; i < p->inputs; i++)
    if (in_part[i] && memcmp(in_part[i], in[i].block, in[i].total)) *inputs_kept = false;
  for (int i = 0; i < p->outputs; i++)
    if (out_part[i]) memcpy(out[i].block, out_part[i], out[i].total);
  return TARN_OK;
}

static tarn_status record(place *d, const tarn_kernel *k, const tarn_call *call) {
  TARN_TRY(d->api->record_begin(d->queue));
  const tarn_status status = k->run(call);
  const tarn_status ended = d->api->record_end(d->queue, &d->recording);
  return status == TARN_OK ? ended : status;
}

static tarn_status run(place *d, const tarn_case *made, tarn_kernel_ref ref, const guarded *in,
                       const guarded *out, tarn_tensor *out_tensors, const device_way *way,
                       bool *inputs_kept) {
  const tarn_kernel *k = ref.kernel;
  const tarn_problem *p = &made->problem;
  tarn_tensor in_tensors[TARN_CASE_MAX_INPUTS];
  TARN_TRY(lay_out(d, made, k, in, out, way, in_tensors, out_tensors));
  TARN_TRY(prepare(d, made, k, in_tensors));
  const tarn_tensor *in_at[TARN_CASE_MAX_INPUTS];
  tarn_tensor *out_at[TARN_CASE_MAX_INPUTS];
  for (int i = 0; i < p->inputs; i++) in_at[i] = &in_tensors[i];
  for (int i = 0; i < p->outputs; i++) out_at[i] = &out_tensors[i];
  TARN_TRY(tarn__resources_create(made->graph->allocator, &d->resources));
  tarn_run limits = {.allocator = made->graph->allocator, .resources = d->resources};
  const tarn_call call = {.problem = p,
                          .in = in_at,
                          .out = out_at,
                          .scratch = d->scratch,
                          .prepared = d->prepared,
                          .run = &limits,
                          .queue = d->queue};
  if (way->replayed) TARN_TRY(record(d, k, &call));
  TARN_TRY(put_all(d, p, in, out));
  if (way->replayed) {
    TARN_TRY(d->api->replay(d->queue, d->recording));
    if (way->in_place < 0) TARN_TRY(d->api->replay(d->queue, d->recording));
  } else {
    TARN_TRY(k->run(&call));
  }
  TARN_TRY(d->api->sync(d->queue));
  return get_all(d, p, in, out, inputs_kept);
}

tarn_status device_run(const tarn_backend *backend, tarn_queue *queue, const tarn_case *made,
                       tarn_kernel_ref k, const guarded *in, const guarded *out,
                       tarn_tensor *out_tensors, device_way way, bool *inputs_kept) {
  place d = {.api = backend->api, .device = backend->device, .queue = queue};
  void *host_data[TARN_CASE_MAX_INPUTS];
  *inputs_kept = true;
  for (int i = 0; i < made->problem.outputs; i++) host_data[i] = out_tensors[i].data;
  const tarn_status status = run(&d, made, k, in, out, out_tensors, &way, inputs_kept);
  for (int i = 0; i < made->problem.outputs; i++)
    if (d.out[i]) out_tensors[i].data = host_data[i];
  release(&d);
  return status;
}

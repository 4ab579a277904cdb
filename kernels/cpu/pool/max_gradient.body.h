/* The gradient of max pooling in f32 with channels last, for AVX2 and AVX-512.
 *
 *   for an image, and a part of its channels; of windows that do not overlap in height, for a line
 * of windows      a chunk for a window for a vector of channels: the greatest element so far and
 * the tap where it was, over the window each tap's dx += dy where it is that tap
 *
 * A window is read once and written once, and stays in L1 in between. */
#include "kernels/cpu/pool/under.h"
#include "kernels/cpu/simd/vec.h"
#include "kernels/kernel.h"
#include "kernels/params/pool.h"

#include <string.h>

enum { CHANNEL_PART = 4 * VF };

typedef struct job {
  tarn_pooling g;
  const float *x, *dy;
  float *dx;
  bool lines;                    /* chunks are lines of windows */
  int64_t part, parts;           /* channels of a chunk */
} job;

static const char *supports(const tarn_problem *p) {
  const tarn_pooling_params *params = p->params;
  if (params->window.channels_first) return "channels are not last";
  if (params->depth_window > 1) return "the window covers channels";
  return NULL;
}

/* One window and one vector of channels; x and dx: of the image, at the channel. */
static inline void window(const tarn_pooling *g, const float *x, float *dx, const int64_t first[3],
                          const int64_t last[3], vm m, vf dy) {
  const tarn_axis *a = g->axis;
  vf best = vf_zero();
  vi where = vi_set1(0);
  int32_t tap = 0;
  for (int64_t h = first[1]; h < last[1]; h++)
    for (int64_t w = first[2]; w < last[2]; w++, tap++) {
      const vf v = vf_load_m(x + (h * a[2].in + w) * g->C, m);
      if (tap == 0) {
        best = v;
        continue;
      }
      const vm more = vf_gt(v, best);
      best = vf_pick(more, v, best);
      where = vi_pick(more, vi_set1(tap), where);
    }
  const vf at = vi_to_float(where);
  tap = 0;
  for (int64_t h = first[1]; h < last[1]; h++)
    for (int64_t w = first[2]; w < last[2]; w++, tap++) {
      float *to = dx + (h * a[2].in + w) * g->C;
      vf_store_m(to, m,
                 vf_add(vf_load_m(to, m), vf_pick(vf_eq(at, vf_set1((float)tap)), dy, vf_zero())));
    }
}

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const tarn_axis *a = j->g.axis;
  const int64_t part = chunk % j->parts, C = j->g.C, c0 = part * j->part,
                c1 = c0 + j->part < C ? c0 + j->part : C;
  const int64_t block = chunk / j->parts, n = j->lines ? block / a[1].out : block;
  const int64_t oh0 = j->lines ? block % a[1].out : 0, oh1 = j->lines ? oh0 + 1 : a[1].out;
  const float *x = j->x + n * a[1].in * a[2].in * C;
  float *dx = j->dx + n * a[1].in * a[2].in * C;
  /* What the windows of this chunk cover, and behind the last of an image what is left. */
  int64_t first[3] = {0, 0, 0}, last[3] = {1, 0, 0};
  const int64_t begin = oh0 == 0 ? 0 : oh0 * a[1].stride - a[1].before;
  const int64_t end = oh1 == a[1].out ? a[1].in : oh1 * a[1].stride - a[1].before;
  for (int64_t h = begin < 0 ? 0 : begin; h < end && h < a[1].in; h++) {
    float *line = dx + h * a[2].in * C;
    if (j->parts == 1) memset(line, 0, (size_t)(a[2].in * C) * sizeof(float));
    else
      for (int64_t w = 0; w < a[2].in; w++)
        memset(line + w * C + c0, 0, (size_t)(c1 - c0) * sizeof(float));
  }
  for (int64_t oh = oh0; oh < oh1; oh++) {
    tarn__axis_under(&a[1], oh, &first[1], &last[1]);
    for (int64_t ow = 0; ow < a[2].out; ow++) {
      const float *dy = j->dy + ((n * a[1].out + oh) * a[2].out + ow) * C;
      tarn__axis_under(&a[2], ow, &first[2], &last[2]);
      for (int64_t c = c0; c < c1; c += VF) {
        const vm m = vm_first(c1 - c < VF ? c1 - c : VF);
        window(&j->g, x + c, dx + c, first, last, m, vf_load_m(dy + c, m));
      }
    }
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  job j = {.g = tarn__pooling_of(call->problem->params, &call->problem->in_shape[0]),
           .x = call->in[0]->data,
           .dy = call->in[2]->data,
           .dx = call->out[0]->data};
  const tarn_axis *h = &j.g.axis[TARN_HEIGHT];
  const int64_t elements = tarn__tensor_elements(call->out[0]);
  if (elements == 0) return TARN_OK;
  if (h->out < 1 || j.g.axis[TARN_WIDTH].out < 1) {
    memset(j.dx, 0, tarn__tensor_bytes(call->out[0]));
    return TARN_OK;
  }
  j.lines = h->stride >= h->window;
  j.part = j.lines ? j.g.C : CHANNEL_PART;
  j.parts = (j.g.C + j.part - 1) / j.part;
  return tarn__pool_run(elements < 32768 ? NULL : call->pool,
                        j.g.N * (j.lines ? h->out : 1) * j.parts, chunk_run, &j);
}

#define ROWS {.op = "MaxPoolGrad", .dtypes = TARN_BIT(TARN_F32), .supports = supports, .run = run},

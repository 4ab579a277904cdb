/* The gradients of Conv2D and Conv3D towards their filters in float with channels last, for AVX2
 * and AVX-512.
 *
 *   dw[tap, kc, oc] = sum over outputs of x[output * stride + tap, kc] dy[output, oc]
 *
 *   for a block of output lines whose x and dy stay in L2
 *     dy of the block by panels of two vectors                         where many rows are many
 * taps or channels for a tap, and up to 14 (6) of its rows kc                       a chunk: it
 * owns those rows of dw for two vectors of oc accumulators: 14 (6) rows by two vectors for an
 * output of the block: a row's x by broadcast, times dy
 *
 * x is neither copied nor transposed: its channels of one position are the rows. dy is read once
 * for each chunk, from panels without gaps between positions, which else lie in few sets of L1.
 * Taps that fall outside leave out outputs. A filter of few channels would fill few accumulators:
 * there x is copied with zeros round it (padded.h), so that a line of taps is one run of rows. Sums
 * are in order, whatever the threads. */
#include "kernels/cpu/gemm/outer.body.h"
#include "kernels/cpu/convolution/padded.h"

#define TARGET (VF == 16 ? TARN_TARGET_AVX512 : TARN_TARGET_AVX2)
enum { MAX_LINES = 64, BLOCK_BYTES = 512 << 10, FEW_CHANNELS = 8, MANY_CHUNKS = 4 };

typedef struct plan {
  tarn_conv g;
  bool copied;
  tarn_padded padded;
  tarn_axis axis[TARN_AXES]; /* of what the taps walk over: padded, and as one tap along the width,
                                where copied */
  tarn_conv_layout x, y;
  int64_t taps, run, parts;      /* rows of a tap, and into how many tiles they are cut */
  int64_t per_group, lines, block;
  bool packed;                   /* dy goes into panels of COLS */
  int64_t panels, panel;         /* of one group; elements of one */
} plan;

static plan plan_of(const tarn_problem *p) {
  plan k = {.g = tarn__conv_of(p->params, &p->in_shape[0], &p->out_shape[0], false)};
  const tarn_conv *g = &k.g;
  k.copied = g->groups == 1 && g->KC < FEW_CHANNELS && g->axis[TARN_WIDTH].dilation == 1 &&
             g->axis[TARN_WIDTH].window > 1;
  k.x = tarn__conv_input(g);
  k.y = tarn__conv_output(g);
  k.run = g->KC;
  memcpy(k.axis, g->axis, sizeof k.axis);
  if (k.copied) {
    int64_t in[TARN_AXES], before[TARN_AXES], reach[TARN_AXES];
    for (int a = 0; a < TARN_AXES; a++) {
      const tarn_axis *s = &g->axis[a];
      in[a] = s->in, before[a] = s->before;
      reach[a] = (s->out - 1) * s->stride - s->before + (s->window - 1) * s->dilation + 1;
    }
    k.padded = tarn__padded_of(false, g->N, g->C, in, before, reach);
    k.x = k.padded.layout;
    for (int a = 0; a < TARN_AXES; a++) k.axis[a].in = k.padded.size[a], k.axis[a].before = 0;
    k.run = g->KC * g->axis[TARN_WIDTH].window;
    k.axis[TARN_WIDTH].window = 1;
  }
  k.taps = k.axis[0].window * k.axis[1].window * k.axis[2].window;
  k.parts = (k.run + MAX_ROWS - 1) / MAX_ROWS;
  k.per_group = g->groups > 0 ? g->OC / g->groups : 0;
  k.lines = g->N * g->axis[0].out * g->axis[1].out;
  const int64_t bytes = 4 * (k.x.H * g->axis[1].stride + k.y.H) + 1;
  k.block = BLOCK_BYTES / bytes < 1           ? 1
            : BLOCK_BYTES / bytes > MAX_LINES ? MAX_LINES
                                              : BLOCK_BYTES / bytes;
  if (k.block > k.lines) k.block = k.lines;
  k.packed = g->OC > COLS && k.per_group >= VF && k.taps * k.parts >= MANY_CHUNKS;
  k.panels = (k.per_group + COLS - 1) / COLS;
  k.panel = k.block * g->axis[2].out * COLS;
  return k;
}

static const char *supports(const tarn_problem *p) {
  if (p->out_shape[0].rank < 0) return "the shape is not known yet";
  if (((const tarn_window_params *)p->params)->channels_first) return "channels are not last";
  return NULL;
}

/* Rows and columns that are computed, at three quarters of the peak. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const plan k = plan_of(p);
  const double outputs = (double)(k.lines * k.g.axis[TARN_WIDTH].out),
               cols = (double)((k.per_group + VF - 1) / VF * VF);
  const double rows = (double)(k.taps * (k.run < 4 ? 4 : k.run));
  const double work =
      2 * outputs * rows * cols * (double)k.g.groups / (1e3 * m->gflops[TARGET] * 0.75);
  return 1 + (work > 20 ? work / m->threads : work);
}

static int64_t padded_elements(const plan *k) {
  return k->copied ? (tarn__padded_elements(&k->padded) + 15) / 16 * 16 : 0;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  if (p->out_shape[0].rank < 0) return 0;
  const plan k = plan_of(p);
  const int64_t panels =
      k.packed && k.lines > 0 && k.panel > 0 ? k.g.groups * k.panels * k.panel : 0;
  return (size_t)(padded_elements(&k) + panels) * sizeof(float);
}

typedef struct job {
  const plan *k;
  const float *x, *dy;
  float *dw, *panels; /* panels: [group][panel][position of the block][COLS], where dy is packed */
  int64_t first_line, last_line; /* of the block */
} job;

/* One panel of dy of the block; columns that are not there are zero. */
static tarn_status pack_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const plan *k = j->k;
  const int64_t oc = chunk % k->panels * COLS, group = chunk / k->panels, OC = k->g.OC,
                OW = k->g.axis[2].out;
  const int64_t cols = k->per_group - oc < COLS ? k->per_group - oc : COLS;
  const vm low = vm_first(cols < VF ? cols : VF), high = vm_first(cols > VF ? cols - VF : 0);
  const float *dy = j->dy + j->first_line * OW * OC + group * k->per_group + oc;
  float *to = j->panels + chunk * k->panel;
  for (int64_t i = (j->last_line - j->first_line) * OW; i > 0; i--, dy += OC, to += COLS) {
    vf_store(to, vf_load_m(dy, low));
    vf_store(to + VF, cols > VF ? vf_load_m(dy + VF, high) : vf_zero());
  }
  return TARN_OK;
}

/* The outputs [*first, *last) whose position through the tap is inside. */
static void reached(const tarn_axis *a, int64_t tap, int64_t *first, int64_t *last) {
  const int64_t from = a->before - tap * a->dilation;
  *first = from > 0 ? (from + a->stride - 1) / a->stride : 0;
  *last = a->in + from > 0 ? (a->in + from - 1) / a->stride + 1 : 0;
  if (*last > a->out) *last = a->out;
}

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const plan *k = j->k;
  const tarn_conv *g = &k->g;
  const int64_t part = chunk % k->parts, tap = chunk / k->parts % k->taps,
                group = chunk / k->parts / k->taps;
  const int64_t r0 = k->run * part / k->parts, r1 = k->run * (part + 1) / k->parts;
  const int64_t at[TARN_AXES] = {tap / k->axis[2].window / k->axis[1].window,
                                 tap / k->axis[2].window % k->axis[1].window,
                                 tap % k->axis[2].window};
  int64_t first[TARN_AXES], last[TARN_AXES];
  for (int a = 0; a < TARN_AXES; a++) reached(&k->axis[a], at[a], &first[a], &last[a]);
  line lines[MAX_LINES];
  tile t = {.lines = lines,
            .outputs = last[2] - first[2],
            .x_step = k->axis[2].stride * k->x.W,
            .dy_step = k->packed ? COLS : k->y.W,
            .ld = g->OC,
            .first = j->first_line == 0};
  if (t.outputs < 0) t.outputs = 0;
  for (int64_t l = j->first_line; l < j->last_line; l++) {
    const int64_t oh = l % g->axis[1].out, od = l / g->axis[1].out % g->axis[0].out,
                  n = l / g->axis[1].out / g->axis[0].out;
    if (oh < first[1] || oh >= last[1] || od < first[0] || od >= last[0] || t.outputs == 0)
      continue;
    int64_t x = n * k->x.N + group * g->KC + r0;
    x += (od * k->axis[0].stride - k->axis[0].before + at[0] * k->axis[0].dilation) * k->x.D;
    x += (oh * k->axis[1].stride - k->axis[1].before + at[1] * k->axis[1].dilation) * k->x.H;
    x += (first[2] * k->axis[2].stride - k->axis[2].before + at[2] * k->axis[2].dilation) * k->x.W;
    const float *dy = k->packed ? j->panels + group * k->panels * k->panel +
                                      ((l - j->first_line) * k->g.axis[2].out + first[2]) * COLS
                                : j->dy + n * k->y.N + od * k->y.D + oh * k->y.H +
                                      first[2] * k->y.W + group * k->per_group;
    lines[t.count++] = (line){j->x + x, dy};
  }
  if (t.count == 0 && !t.first) return TARN_OK;
  float *dw = j->dw + (tap * k->run + r0) * g->OC + group * k->per_group;
  for (int64_t oc = 0; oc < k->per_group; oc += COLS) {
    t.dw = dw + oc;
    t.cols = (int)(k->per_group - oc < COLS ? k->per_group - oc : COLS);
    tile_run(&t, (int)(r1 - r0));
    for (int64_t i = 0; i < t.count; i++) lines[i].dy += k->packed ? k->panel : COLS;
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const plan k = plan_of(call->problem);
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  job j = {.k = &k, .x = call->in[0]->data, .dy = call->in[2]->data, .dw = call->out[0]->data};
  if (k.lines < 1 || k.g.axis[TARN_WIDTH].out < 1) {
    memset(j.dw, 0, tarn__tensor_bytes(call->out[0]));
    return TARN_OK;
  }
  j.panels = (float *)call->scratch + padded_elements(&k);
  if (k.copied) {
    tarn__padded_copy(&k.padded, j.x, call->scratch, sizeof(float));
    j.x = call->scratch;
  }
  const bool small = k.lines * k.g.axis[TARN_WIDTH].out * k.taps * k.run * k.per_group < 65536;
  for (j.first_line = 0; j.first_line < k.lines; j.first_line = j.last_line) {
    j.last_line = k.lines - j.first_line < k.block ? k.lines : j.first_line + k.block;
    if (k.packed)
      TARN_TRY(tarn__pool_run(small ? NULL : call->pool, k.g.groups * k.panels, pack_chunk, &j));
    TARN_TRY(
        tarn__pool_run(small ? NULL : call->pool, k.g.groups * k.taps * k.parts, chunk_run, &j));
  }
  return TARN_OK;
}

#define ROW(text)                  \
  {.op = text,                     \
   .dtypes = TARN_BIT(TARN_F32),   \
   .supports = supports,           \
   .cost_us = cost_us,             \
   .scratch_bytes = scratch_bytes, \
   .run = run},
#define ROWS ROW("Conv2DBackpropFilter") ROW("Conv3DBackpropFilter") ROW("Conv3DBackpropFilterV2")

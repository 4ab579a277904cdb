/* The gradients of Conv2D and Conv3D towards their filters in float with channels last, for AVX2
 * and AVX-512.
 *
 *   dw[tap, kc, oc] = sum over outputs of x[output * stride + tap, kc] dy[output, oc]
 *
 *   for a block of output lines whose x and dy stay in L2
 *     dy of the block by panels of two vectors                         where many rows are many
 * taps or channels x of the block by parts of 14 (6) channels                       1x1 filters for
 * a tap, and up to 14 (6) of its rows kc                       a chunk: it owns those rows of dw,
 * or a share of their columns for two vectors of oc accumulators: 14 (6) rows by two vectors for an
 * output of the block: a row's x by broadcast, times dy
 *
 * x is not transposed: its channels of one position are the rows. dy is read once for each part,
 * from panels without gaps between positions, which else lie in few sets of L1; the x of a 1x1
 * filter is copied likewise, as each part of it is read by all panels of dy: with 256 channels and
 * more that takes half the time. Taps that fall outside leave out outputs. A filter of few channels
 * would fill few accumulators: there x is copied with zeros round it (padded.h), so that a line of
 * taps is one run of rows. Sums are in order, whatever the threads. */
#include "kernels/cpu/gemm/outer.body.h"
#include "kernels/cpu/convolution/padded.h"

#define TARGET (VF == 16 ? TARN_TARGET_AVX512 : TARN_TARGET_AVX2)
enum { MAX_LINES = 64, BLOCK_BYTES = 512 << 10, FEW_CHANNELS = 8, MANY_CHUNKS = 4 };
enum { BOTH_BYTES = 1 << 19, CHUNKS = 16, PACKED_AT_ONCE = 4 };

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
  bool both;                     /* x goes into parts of VF elements a position */
  int64_t part, shares;          /* elements of a part; of the panels, among chunks */
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
  k.packed = g->OC > COLS && k.per_group >= VF && k.taps * k.parts >= MANY_CHUNKS;
  k.panels = (k.per_group + COLS - 1) / COLS;
  k.both = k.packed && g->groups == 1 && k.taps == 1;
  for (int a = 0; a < TARN_AXES; a++)
    k.both &= k.axis[a].before == 0 && (k.axis[a].out - 1) * k.axis[a].stride < k.axis[a].in;
  if (k.both) {
    const int64_t copies = 4 * g->axis[2].out * (k.parts * VF + k.panels * COLS) + 1;
    k.block = BOTH_BYTES / copies < 1 ? 1 : BOTH_BYTES / copies;
  }
  if (k.block > k.lines) k.block = k.lines;
  k.panel = k.block * g->axis[2].out * COLS;
  k.part = k.block * g->axis[2].out * VF;
  k.shares = 1;
  while (k.both && k.shares * 2 <= k.panels && k.parts * k.shares < CHUNKS) k.shares *= 2;
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
  const int64_t parts = k.both && k.lines > 0 && k.part > 0 ? k.parts * k.part : 0;
  return (size_t)(padded_elements(&k) + panels + parts) * sizeof(float);
}

typedef struct job {
  const plan *k;
  const float *x, *dy;
  float *dw, *panels; /* panels: [group][panel][position of the block][COLS], where dy is packed */
  float *parts;       /* [part][position of the block][VF], where x is */
  int64_t first_line, last_line; /* of the block */
} job;

/* Where in x the tap 0 of the first output of a line is; a position outside lies before that. */
static int64_t line_of_x(const plan *k, int64_t l) {
  const int64_t oh = l % k->g.axis[1].out, od = l / k->g.axis[1].out % k->g.axis[0].out,
                n = l / k->g.axis[1].out / k->g.axis[0].out;
  return n * k->x.N + (od * k->axis[0].stride - k->axis[0].before) * k->x.D +
         (oh * k->axis[1].stride - k->axis[1].before) * k->x.H - k->axis[2].before * k->x.W;
}

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

static int64_t part_row(const plan *k, int64_t part) {
  return k->run * part / k->parts;
}

/* Some parts of x of the block. */
static tarn_status part_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const plan *k = j->k;
  const int64_t OW = k->g.axis[2].out, step = k->axis[2].stride * k->x.W;
  const int64_t first = chunk * PACKED_AT_ONCE;
  float *to = j->parts + first * k->part;
  /* Parts that are not there are copied as the last one is. */
  int64_t row[PACKED_AT_ONCE], place[PACKED_AT_ONCE];
  vm mask[PACKED_AT_ONCE];
  for (int64_t i = 0; i < PACKED_AT_ONCE; i++) {
    const int64_t part = first + i < k->parts ? first + i : k->parts - 1;
    row[i] = part_row(k, part), place[i] = (part - first) * k->part;
    mask[i] = vm_first(part_row(k, part + 1) - row[i]);
  }
  for (int64_t l = j->first_line; l < j->last_line; l++) {
    const float *x = j->x + line_of_x(k, l);
    for (int64_t ow = 0; ow < OW; ow++, x += step, to += VF)
#pragma GCC unroll 4
      for (int i = 0; i < PACKED_AT_ONCE; i++)
        vf_store(to + place[i], vf_load_m(x + row[i], mask[i]));
  }
  return TARN_OK;
}

/* What lies in one piece of the next block. */
typedef struct range {
  const char *from;
  int64_t bytes;
} range;

static int64_t lines_ahead(const job *j) {
  const int64_t left = j->k->lines - j->last_line;
  return left < j->k->block ? left : j->k->block;
}
static range ahead_x(const job *j) {
  const plan *k = j->k;
  const bool whole = k->axis[0].stride == 1 && k->axis[1].stride == 1 && k->axis[2].stride == 1;
  if (!whole || lines_ahead(j) < 1) return (range){0};
  return (range){(const char *)(j->x + line_of_x(k, j->last_line)),
                 lines_ahead(j) * k->x.H * (int64_t)sizeof(float)};
}
static range ahead_dy(const job *j) {
  const int64_t OW = j->k->g.axis[2].out, OC = j->k->g.OC;
  return (range){(const char *)(j->dy + j->last_line * OW * OC),
                 lines_ahead(j) * OW * OC * (int64_t)sizeof(float)};
}

/* dw of one part of x and a share of the panels of dy, both packed. */
static tarn_status share_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const plan *k = j->k;
  const int64_t part = chunk / k->shares, share = chunk % k->shares, r0 = part_row(k, part);
  const int64_t panel0 = k->panels * share / k->shares,
                panel1 = k->panels * (share + 1) / k->shares;
  const int64_t outputs = (j->last_line - j->first_line) * k->g.axis[2].out;
  const range next_x = ahead_x(j), next_dy = ahead_dy(j);
  const int64_t tiles = k->parts * k->panels, all_bytes = next_x.bytes + next_dy.bytes;
  for (int64_t panel = panel0; panel < panel1; panel++) {
    const int64_t oc = panel * COLS, at = all_bytes * (part * k->panels + panel) / tiles;
    const line all = {j->parts + part * k->part, j->panels + panel * k->panel};
    tile t = {.lines = &all,
              .count = 1,
              .outputs = outputs,
              .x_step = VF,
              .dy_step = COLS,
              .dw = j->dw + r0 * k->g.OC + oc,
              .ld = k->g.OC,
              .cols = (int)(k->per_group - oc < COLS ? k->per_group - oc : COLS),
              .first = j->first_line == 0};
    if (all_bytes > 0) {
      t.ahead = at < next_x.bytes ? next_x.from + at : next_dy.from + (at - next_x.bytes);
      t.ahead_step = all_bytes / (tiles * outputs) + 1;
    }
    tile_run(&t, (int)(part_row(k, part + 1) - r0));
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
  const int64_t r0 = part_row(k, part), r1 = part_row(k, part + 1);
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
    const int64_t x = line_of_x(k, l) + at[0] * k->axis[0].dilation * k->x.D +
                      at[1] * k->axis[1].dilation * k->x.H +
                      (first[2] * k->axis[2].stride + at[2] * k->axis[2].dilation) * k->x.W +
                      group * g->KC + r0;
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
  j.parts = j.panels + (k.packed ? k.g.groups * k.panels * k.panel : 0);
  if (k.copied) {
    tarn__padded_copy(&k.padded, j.x, call->scratch, sizeof(float));
    j.x = call->scratch;
  }
  const bool small = k.lines * k.g.axis[TARN_WIDTH].out * k.taps * k.run * k.per_group < 65536;
  for (j.first_line = 0; j.first_line < k.lines; j.first_line = j.last_line) {
    j.last_line = k.lines - j.first_line < k.block ? k.lines : j.first_line + k.block;
    if (k.packed)
      TARN_TRY(tarn__pool_run(small ? NULL : call->pool, k.g.groups * k.panels, pack_chunk, &j));
    if (k.both) {
      TARN_TRY(tarn__pool_run(small ? NULL : call->pool,
                              (k.parts + PACKED_AT_ONCE - 1) / PACKED_AT_ONCE, part_chunk, &j));
      TARN_TRY(tarn__pool_run(small ? NULL : call->pool, k.parts * k.shares, share_chunk, &j));
      continue;
    }
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

/* _FusedConvChain in f32 a few rows at a time; the including file defines ISA and TARGET.
 *
 *   chunk = a band of rows of the last stage's output        the stages' rows at its border are
 * computed twice for a few rows of the band for each stage: the rows that these need and that are
 * not there yet
 *
 * What passes from stage to stage is a window of rows: all of a picture's before a depthwise stage
 * that still needs the last two live in a ring, those before a product are used up at once. Windows
 * and weights fit L2 together, so only the input is read from beyond and only the output written
 * there. The step's last product asks for the input's rows of the next step. Stages:
 *
 *   depthwise 3x3          depthwise3.h
 *   1x1, stride 1          the matrix product of gemm/ on the new rows
 *   first stage, few channels, any filter      its padded rows are copied, then a product with a
 * pointer a filter row
 *
 * MobileNet v1's layers 0 to 2 at batch 1 write and read 14 MB in eight steps; as one chain they
 * move 1.4. */
#include "kernels/cpu/conv2d/depthwise3.h"
#include "kernels/cpu/gemm/epilogue.h"
#include "kernels/cpu/gemm/gemm.h"
#include "kernels/params/conv_chain.h"

enum {
  FEW_CHANNELS = 16,
  WINDOWS = 192 << 10,     /* bytes of all windows of a thread, above one row each */
  STEP_PIXELS = 112        /* at least: rows of the last product */
};

typedef struct stage {
  tarn_conv2d g;
  tarn_activation activation;
  bool product, first;       /* first: reads padded rows through pointers */
  bool ring;                 /* its output is a ring of `rows` rows, else just the new ones */
  int64_t rows;
  int64_t row_elems;         /* of the output */
  size_t window;             /* bytes of the output's window, 0: the last stage */
  size_t pack_at;            /* of its weights among the prepared ones */
} stage;

typedef struct plan {
  stage stage[TARN_CHAIN_STAGES];
  int stages;
  int64_t step,
      bands; /* rows of the last stage at once; bands of a picture, which differ by one row */
  int64_t pad_width;                  /* first: columns of a padded row */
  size_t pad_bytes, zero_bytes, pointer_bytes, pack_bytes, thread_bytes;
  bool packed;
  int asks; /* the last product: asks for what the next step reads */
} plan;

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static bool is_product(const tarn_conv2d *g) {
  return g->KH * g->KW == 1 && g->stride_h * g->stride_w == 1 && g->groups == 1 && g->OH == g->H &&
         g->OW == g->W;
}

/* Windows for `step` rows of the last stage at a time: returns their bytes. */
static size_t windows(plan *t, int64_t step) {
  size_t bytes = 0;
  for (int i = t->stages - 1; i > 0; i--) {
    const stage *s = &t->stage[i];
    stage *from = &t->stage[i - 1];
    from->ring = !s->product;
    from->rows = s->product ? step : (step - 1) * s->g.stride_h + s->g.KH;
    if (from->rows > from->g.OH) from->rows = from->g.OH;
    from->window = aligned((size_t)(from->rows * from->row_elems) * sizeof(float));
    bytes += from->window;
    step = from->rows;
  }
  const stage *s = &t->stage[0];
  t->pad_bytes =
      s->first ? aligned((size_t)(((step - 1) * s->g.stride_h + s->g.KH) * t->pad_width * s->g.C) *
                         sizeof(float))
               : 0;
  return bytes + t->pad_bytes;
}

static plan plan_of(const tarn_problem *p, int threads) {
  plan t = {.packed = true, .asks = -1};
  tarn_conv2d g[TARN_CHAIN_STAGES];
  const tarn_conv_chain_params *c = tarn__chain_geometry(p, g);
  t.stages = c->stages;
  for (int i = 0; i < t.stages; i++) {
    stage *s = &t.stage[i];
    *s = (stage){.g = g[i], .activation = tarn__epilogue_activation(c->stage[i].activation),
                 .product = !c->stage[i].depthwise && is_product(&g[i]), .pack_at = t.pack_bytes,
                 .row_elems = g[i].OW * g[i].OC};
    s->first = !c->stage[i].depthwise && !s->product;
    if (s->product) t.asks = i;
    const size_t zero = aligned((size_t)(g[i].W * g[i].C) * sizeof(float));
    if (c->stage[i].depthwise && zero > t.zero_bytes) t.zero_bytes = zero;
    if (s->first) {
      t.pad_width = (g[i].OW - 1) * g[i].stride_w + g[i].KW;
      t.pointer_bytes = aligned(tarn__gemm_scratch_bytes(g[i].KH, 1));
    }
    t.pack_bytes += aligned(
        c->stage[i].depthwise ? (size_t)(g[i].KH * g[i].KW * g[i].C) * sizeof(float)
                              : tarn__gemm_packed_bytes(&ISA, g[i].KH * g[i].KW * g[i].C, g[i].OC));
    t.packed = t.packed && p->stable && p->stable[tarn__chain_filter(i)];
  }
  const tarn_conv2d *last = &t.stage[t.stages - 1].g;
  t.step = ceil_div(STEP_PIXELS, last->OW > 0 ? last->OW : 1);
  if (t.step > last->OH) t.step = last->OH;
  while (t.step < last->OH && windows(&t, t.step + 1) <= WINDOWS) t.step++;
  if (t.step > 0) t.step = ceil_div(last->OH, ceil_div(last->OH, t.step));
  t.thread_bytes = windows(&t, t.step) + t.pointer_bytes;
  /* Some four bands a thread, two where their borders are computed twice, as many for each; half a
   * step at least, since the last filter is read once a step. */
  int depthwise = 0;
  for (int i = 0; i < t.stages; i++) depthwise += !t.stage[i].product && !t.stage[i].first;
  t.bands = threads > 1 && last->N > 0
                ? ceil_div((depthwise > 1 ? 2 : 4) * (int64_t)threads, last->N)
                : 1;
  const int64_t most = ceil_div(2 * last->OH, t.step > 0 ? t.step : 1);
  if (t.bands > most) t.bands = most;
  if (t.bands > last->OH) t.bands = last->OH;
  if (t.bands > threads) t.bands -= t.bands % threads;
  if (t.bands < 1) t.bands = 1;
  return t;
}

static const char *supports(const tarn_problem *p) {
  tarn_conv2d g[TARN_CHAIN_STAGES];
  const tarn_conv_chain_params *c = tarn__chain_geometry(p, g);
  for (int i = 0; i < c->stages; i++) {
    if (!tarn__gemm_fits(g[i].N * g[i].H, g[i].W, g[i].C) ||
        !tarn__gemm_fits(g[i].N * g[i].OH, g[i].OW, g[i].OC) ||
        !tarn__gemm_fits(1, g[i].OC, g[i].KH * g[i].KW * g[i].KC))
      return "the tensors are too large";
    if (c->stage[i].depthwise) {
      if (g[i].OC != g[i].C || g[i].KH != 3 || g[i].KW != 3)
        return "a depthwise stage that is not 3x3 with multiplier 1";
      if (!depthwise3_takes(g[i].W, g[i].OW, g[i].stride_h, g[i].stride_w, g[i].pad_left))
        return "a depthwise stage of few columns, or of strides or padding that rows of 3x3 do not "
               "take";
    } else if (!is_product(&g[i])) {
      if (i > 0) return "a stage after the first that is neither depthwise nor 1x1";
      if (g[i].C > FEW_CHANNELS) return "a first stage of many channels that is not 1x1";
      if (g[i].KH > 64 || g[i].KW > 64 || g[i].stride_h > 64 || g[i].stride_w > 64)
        return "a large first filter";
    }
    if (g[i].OW < 3) return "rows of fewer than 3 pixels";
  }
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const plan t = plan_of(p, m->threads);
  double us = 0;
  for (int i = 0; i < t.stages; i++) {
    const tarn_conv2d *g = &t.stage[i].g;
    us += 2.0 * (double)(g->N * g->OH * g->OW * g->OC) * (double)(g->KH * g->KW * g->KC) /
          (1e3 * m->gflops[TARGET] * (t.stage[i].product ? 0.8 : 0.5));
  }
  return 1.0 + (us > 20 ? us / m->threads : us);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const plan t = plan_of(p, threads);
  return t.zero_bytes + (size_t)threads * t.thread_bytes + (t.packed ? 0 : t.pack_bytes);
}

static size_t prepared_bytes(const tarn_problem *p) {
  const plan t = plan_of(p, 1);
  return t.packed ? t.pack_bytes : 0;
}

static tarn_status pack(const plan *t, const tarn_tensor *const *in, char *memory,
                        tarn_pool *pool) {
  for (int i = 0; i < t->stages; i++) {
    const tarn_conv2d *g = &t->stage[i].g;
    const float *w = in[tarn__chain_filter(i)]->data;
    float *to = (float *)(void *)(memory + t->stage[i].pack_at);
    if (g->groups > 1 || !(t->stage[i].product || t->stage[i].first))
      memcpy(to, w, (size_t)(g->KH * g->KW * g->C) * sizeof *w);
    else
      TARN_TRY(tarn__gemm_pack(&ISA, g->KH * g->KW * g->C, g->OC, w, g->OC, false, to, pool));
  }
  return TARN_OK;
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  const plan t = plan_of(p, 1);
  return pack(&t, in, memory, pool);
}

/* ---- a run ----------------------------------------------------------------------------------- */

typedef struct job {
  const plan *t;
  const float *x, *zero, *bias[TARN_CHAIN_STAGES];
  float *y;
  const char *packed;
  char *windows;             /* of all threads */
  const tarn_pool *pool;
} job;

/* A band on its way: rows [from, to) of each stage's output are there or being made. */
typedef struct band {
  const job *j;
  int64_t n;
  float *window[TARN_CHAIN_STAGES], *pad;
  const float **pointers;
  int64_t from[TARN_CHAIN_STAGES], to[TARN_CHAIN_STAGES];
  const float *next; /* rows of x that the next step reads, and how many bytes */
  int64_t next_bytes;
} band;

/* Row r of what stage i writes. */
static float *output_row(const band *b, int i, int64_t r) {
  const stage *s = &b->j->t->stage[i];
  if (i + 1 == b->j->t->stages) return b->j->y + (b->n * s->g.OH + r) * s->row_elems;
  return b->window[i] + (s->ring ? r % s->rows : r - b->from[i]) * s->row_elems;
}

static const float *input_row(const band *b, int i, int64_t r) {
  const tarn_conv2d *g = &b->j->t->stage[i].g;
  if (r < 0 || r >= g->H) return b->j->zero;
  return i > 0 ? output_row(b, i - 1, r) : b->j->x + (b->n * g->H + r) * g->W * g->C;
}

static void depthwise_rows(const band *b, int i) {
  const stage *s = &b->j->t->stage[i];
  const tarn_conv2d *g = &s->g;
  const depthwise3 d = {.C = g->C,
                        .W = g->W,
                        .OW = g->OW,
                        .stride = g->stride_w,
                        .pad_left = g->pad_left,
                        .w = (const float *)(const void *)(b->j->packed + s->pack_at),
                        .bias = b->j->bias[i],
                        .zero = b->j->zero,
                        .activation = s->activation};
  for (int64_t oh = b->from[i]; oh < b->to[i]; oh += DEPTHWISE3_ROWS) {
    const float *x[(DEPTHWISE3_ROWS - 1) * 2 + 3];
    float *y[DEPTHWISE3_ROWS];
    const int rows = (int)(b->to[i] - oh < DEPTHWISE3_ROWS ? b->to[i] - oh : DEPTHWISE3_ROWS);
    for (int k = 0; k < (rows - 1) * g->stride_h + 3; k++)
      x[k] = input_row(b, i, oh * g->stride_h - g->pad_top + k);
    for (int r = 0; r < rows; r++) y[r] = output_row(b, i, oh + r);
    depthwise3_rows(&d, rows, x, y, NULL);
  }
}

/* A product on rows [first, first + rows), which are adjacent in x and in y. */
static tarn_status product_rows(const band *b, int i, int64_t first, int64_t rows, tarn_gemm gemm) {
  const stage *s = &b->j->t->stage[i];
  const tarn_conv2d *g = &s->g;
  gemm.M = rows * g->OW;
  gemm.N = gemm.ldc = g->OC;
  gemm.K = g->KH * g->KW * g->C;
  gemm.b = (const float *)(const void *)(b->j->packed + s->pack_at);
  gemm.c = output_row(b, i, first);
  gemm.bias = b->j->bias[i];
  gemm.activation = s->activation;
  if (i == b->j->t->asks) gemm.then = b->next, gemm.then_bytes = b->next_bytes;
  return tarn__gemm_run(&ISA, &gemm, b->pointers, NULL);
}

/* The first stage's windows: pixel m of the rows being made. */
typedef struct source {
  const tarn_conv2d *g;
  const float *x;            /* the padded row above the first pixel */
  int64_t width;
} source;

static void point(const void *argument, int64_t m, int rows, int mr, const float **pointers) {
  const source *s = argument;
  const tarn_conv2d *g = s->g;
  int64_t oh = m / g->OW, ow = m % g->OW;
  for (int r = 0; r < rows; r++) {
    const float *row = s->x + (oh * g->stride_h * s->width + ow * g->stride_w) * g->C;
    for (int64_t kh = 0; kh < g->KH; kh++, row += s->width * g->C) pointers[kh * mr + r] = row;
    if (++ow == g->OW) ow = 0, oh++;
  }
}

static void pad_rows(const band *b, const tarn_conv2d *g, int64_t width) {
  const int64_t top = b->from[0] * g->stride_h - g->pad_top,
                rows = (b->to[0] - b->from[0] - 1) * g->stride_h + g->KH;
  const int64_t left = g->pad_left < width ? g->pad_left : width;
  const int64_t inner = g->W < width - left ? g->W : width - left;
  for (int64_t r = 0; r < rows; r++) {
    float *to = b->pad + r * width * g->C;
    const bool inside = top + r >= 0 && top + r < g->H;
    if (!inside) {
      memset(to, 0, (size_t)(width * g->C) * sizeof *to);
      continue;
    }
    memset(to, 0, (size_t)(left * g->C) * sizeof *to);
    memcpy(to + left * g->C, b->j->x + (b->n * g->H + top + r) * g->W * g->C,
           (size_t)(inner * g->C) * sizeof *to);
    memset(to + (left + inner) * g->C, 0, (size_t)((width - left - inner) * g->C) * sizeof *to);
  }
}

static tarn_status stage_rows(const band *b, int i) {
  const stage *s = &b->j->t->stage[i];
  if (!s->product && !s->first) {
    depthwise_rows(b, i);
    return TARN_OK;
  }
  const tarn_conv2d *g = &s->g;
  if (s->first) pad_rows(b, g, b->j->t->pad_width);
  for (int64_t r = b->from[i]; r < b->to[i];) {
    int64_t rows = b->to[i] - r;
    if (s->ring && rows > s->rows - r % s->rows) rows = s->rows - r % s->rows;
    const source from = {g, b->pad + (r - b->from[i]) * g->stride_h * b->j->t->pad_width * g->C,
                         b->j->t->pad_width};
    const tarn_gemm gemm =
        s->first
            ? (tarn_gemm){.point = point, .source = &from, .taps = g->KH, .depth = g->KW * g->C}
            : (tarn_gemm){.a = input_row(b, i, r), .lda = g->C};
    TARN_TRY(product_rows(b, i, r, rows, gemm));
    r += rows;
  }
  return TARN_OK;
}

/* A band of rows of the last stage's output, of picture n: [begin, end). */
typedef struct extent {
  int64_t n, begin, end;
} extent;

static extent extent_of(const plan *t, int64_t chunk) {
  const int64_t height = t->stage[t->stages - 1].g.OH, at = chunk % t->bands;
  return (extent){chunk / t->bands, height * at / t->bands, height * (at + 1) / t->bands};
}

/* A step's rows of each stage's output, backwards: those that the next stage's new rows need, and
 * that are not there yet (before[i] rows are; NULL: none). Returns the rows of x that are read. */
static extent step_rows(const plan *t, const extent *e, int64_t row, const int64_t *before,
                        int64_t *from, int64_t *to) {
  extent need = {e->n, row, row + t->step < e->end ? row + t->step : e->end};
  for (int i = t->stages - 1; i >= 0; i--) {
    const tarn_conv2d *g = &t->stage[i].g;
    from[i] = before && before[i] > need.begin ? before[i] : need.begin;
    to[i] = need.end;
    need.begin = from[i] * g->stride_h - g->pad_top;
    need.end = (to[i] - 1) * g->stride_h - g->pad_top + g->KH;
    if (need.begin < 0) need.begin = 0;
    if (need.end > g->H) need.end = g->H;
  }
  return need;
}

/* Finds the rows of x that come after those of the step at `row`, which ended at row `read`: of the
 * next step, or of the first one of the next band. */
static void look_ahead(band *b, const extent *e, int64_t row, int64_t read, int64_t next_chunk) {
  const plan *t = b->j->t;
  const tarn_conv2d *g = &t->stage[0].g;
  int64_t from[TARN_CHAIN_STAGES], to[TARN_CHAIN_STAGES];
  extent x = {0};
  if (row + t->step < e->end) {
    x = step_rows(t, e, row + t->step, b->to, from, to);
    if (x.begin < read) x.begin = read;
  } else if (next_chunk >= 0) {
    const extent next = extent_of(t, next_chunk);
    x = step_rows(t, &next, next.begin, NULL, from, to);
  }
  b->next = b->j->x + (x.n * g->H + x.begin) * g->W * g->C;
  b->next_bytes = x.end > x.begin ? (x.end - x.begin) * g->W * g->C * (int64_t)sizeof *b->next : 0;
}

static tarn_status band_run(void *argument, int64_t chunk, int worker) {
  const job *j = argument;
  const plan *t = j->t;
  const extent e = extent_of(t, chunk);
  char *memory = j->windows + (size_t)worker * t->thread_bytes;
  band b = {.j = j, .n = e.n, .pointers = (const float **)(void *)memory};
  memory += t->pointer_bytes;
  b.pad = (float *)(void *)memory;
  memory += t->pad_bytes;
  for (int i = 0; i + 1 < t->stages; i++) {
    b.window[i] = (float *)(void *)memory;
    memory += t->stage[i].window;
  }
  const int64_t next = tarn__pool_next(j->pool, chunk, t->stage[0].g.N * t->bands, worker);
  for (int64_t row = e.begin; row < e.end; row += t->step) {
    const extent x = step_rows(t, &e, row, row > e.begin ? b.to : NULL, b.from, b.to);
    look_ahead(&b, &e, row, x.end, next);
    for (int i = 0; i < t->stages; i++)
      if (b.from[i] < b.to[i]) TARN_TRY(stage_rows(&b, i));
  }
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  const int threads = tarn__pool_threads(call->pool);
  const plan t = plan_of(call->problem, threads);
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  char *scratch = call->scratch;
  job j = {.t = &t,
           .x = call->in[0]->data,
           .y = call->out[0]->data,
           .zero = call->scratch,
           .packed = call->prepared,
           .pool = call->pool};
  memset(scratch, 0, t.zero_bytes);
  scratch += t.zero_bytes;
  j.windows = scratch;
  scratch += (size_t)threads * t.thread_bytes;
  for (int i = 0; i < t.stages; i++) j.bias[i] = call->in[tarn__chain_bias(i)]->data;
  if (!t.packed) {
    TARN_TRY(pack(&t, call->in, scratch, call->pool));
    j.packed = scratch;
  }
  return tarn__pool_run(call->pool, t.stage[0].g.N * t.bands, band_run, &j);
}

/* The filters of eight stages. */
#define ROWS                                                                              \
  {                                                                                       \
    .op = "_FusedConvChain", .dtypes = TARN_BIT(TARN_F32), .supports = supports,          \
    .cost_us = cost_us, .scratch_bytes = scratch_bytes, .prepared_bytes = prepared_bytes, \
    .prepare = prepare, .spent = 0xAAAAu, .run = run                                      \
  }

/* Conv2D, Conv3D, their gradients and _FusedConv2D by cuDNN's graph API, channels last.
 *
 *   - A filter [KD, KH, KW, KC, OC] becomes [OC, KD, KH, KW, KC]: once, where it is stable, else in
 * scratch at each run.
 *   - Where the padding before and behind differ, cuDNN is told so; where it has no engine for
 * that, x is copied into a larger one with its border of zeros.
 *   - An added tensor, bias and Relu are in cuDNN's graph, in the order that its engines know;
 * where it has no such engine, or for another activation, a plain convolution and one pass over y
 * (epilogue/finish.cu).
 *   - The filter's gradient comes transposed, the input's with the border; both are put right
 * afterwards.
 *
 * Plans are chosen by heuristics within a workspace and kept by the queue. Where cuDNN has none, it
 * is done by definition. f32 is f32 (no TF32) unless the problem's precision allows less. `graph`
 * is what heuristics think best; behind it come other ways for `tarn tune` to measure: engines
 * further down (graph_2 and so on), the epilogue by itself, the border by itself. */
#include "kernels/cuda/conv2d/conv.h"
#include "kernels/cuda/dnn/graph.h"

#include <stdlib.h>

enum { X = 1, W, Y, BIAS, ADD, SUM0, SUM1, SUM2 }; /* names in the graph */

/* What names a plan; no padding. */
typedef struct key {
  const void *table;
  int64_t n[4 + 6 * TARN_CONV_AXES];
  int64_t after[TARN_CONV_AXES];
  int32_t dtype, part, exact, bias, add, relu, way, unused;
} key;

typedef struct kept {
  tarn_dnn_plan plan;
  bool fused;    /* with the epilogue */
  bool bordered; /* of an image with its border */
} kept;

/* How a plan is looked for: `skip` engines are passed over; the epilogue or the border apart. */
typedef enum way { GRAPH, GRAPH_2, GRAPH_3, GRAPH_4, APART, BORDERED } way;

typedef struct layout {
  int spatial;
  tarn_cuda_conv g, wide; /* as it is, and with the border inside of its size */
  tarn_cuda_border border;
  bool lopsided;
  size_t filter, image,
      limit; /* bytes in scratch: transposed filter, image with its border, workspace at most */
} layout;

static size_t rounded(size_t bytes) {
  return (bytes + 255) / 256 * 256;
}

/* What is missing behind the last row so that the last window is whole; 0 where rows are left over.
 */
static int64_t behind(const tarn_cuda_conv *g, int a) {
  const int64_t needed = (g->out[a] - 1) * g->stride[a] + (g->window[a] - 1) * g->dilation[a] + 1 -
                         g->in[a] - g->before[a];
  return needed > 0 ? needed : 0;
}

static int64_t filter_elements(const tarn_cuda_conv *g) {
  return tarn__conv_volume(g->window) * g->KC * g->OC;
}

static layout layout_of(const tarn_problem *p) {
  layout l = {.spatial = tarn__conv_deep(p) ? 3 : 2, .g = tarn__conv_numbers(p)};
  const tarn_cuda_conv *g = &l.g;
  const size_t bytes = tarn_dtype_bytes(p->out_dtype[0]);
  l.border = (tarn_cuda_border){.N = g->N, .C = g->C};
  for (int a = 0; a < TARN_CONV_AXES; a++) {
    l.border.in[a] = g->in[a];
    l.border.before[a] = g->before[a];
    l.border.after[a] = behind(g, a);
    l.lopsided = l.lopsided || l.border.after[a] != g->before[a];
  }
  l.wide = l.g;
  for (int a = 0; l.lopsided && a < TARN_CONV_AXES; a++) {
    l.wide.in[a] += l.border.before[a] + l.border.after[a];
    l.wide.before[a] = 0;
  }
  const size_t image = (size_t)(g->N * tarn__conv_volume(l.wide.in) * g->C) * bytes;
  if (l.lopsided) l.image = rounded(image);
  const size_t tensors =
      image + (size_t)(g->N * tarn__conv_volume(g->out) * g->OC + filter_elements(g)) * bytes;
  l.filter = rounded((size_t)filter_elements(g) * bytes);
  l.limit = rounded(((size_t)8 << 20) +
                    (tensors < ((size_t)128 << 20) ? 2 * tensors : (size_t)256 << 20));
  return l;
}

static bool stable_filter(const tarn_problem *p) {
  return tarn__conv_part(p) != TARN_CONV_FILTER && p->stable && p->stable[1];
}

static const char *supports(const tarn_problem *p) {
  const tarn_cuda_conv g = tarn__conv_numbers(p);
  if (g.channels_first) return "NCHW: a pass turns networks to NHWC";
  if (g.groups != 1 && g.KC == 1)
    return "a group a channel: the direct kernel waits for memory too";
  bool empty = !g.N || !g.C || !g.OC;
  for (int a = 0; a < TARN_CONV_AXES; a++)
    empty = empty || !g.in[a] || g.out[a] <= 0 || !g.window[a];
  return empty ? "an empty tensor" : NULL;
}

/* Six tenths of the peak, of tensor cores for 16-bit floats, half of that in groups; a launch or
 * two. */
static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  const tarn_cuda_conv g = tarn__conv_numbers(p);
  const double type = p->out_dtype[0] == TARN_F64 ? 0.5 : p->out_dtype[0] == TARN_F32 ? 1 : 6;
  const double rate = 0.6 * type * (g.groups == 1 ? 1 : 0.5);
  return 8 + tarn__conv_flops(&g) / (1e3 * rate * m->gflops[TARN_TARGET_CUDNN]) +
         tarn__conv_bytes(p, &g) / (1e3 * m->gbytes_per_s);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  if (supports(p)) return 0;
  const layout l = layout_of(p);
  return l.filter + l.image + l.limit;
}

/* ---- the filter, ahead --------------------------------------------------------------------- */

static size_t prepared_bytes(const tarn_problem *p) {
  return stable_filter(p) && !supports(p) ? layout_of(p).filter : 0;
}
static uint64_t prepared_from(const tarn_problem *p) {
  (void)p;
  return 2;
}

static tarn_status prepare(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                           tarn_pool *pool) {
  (void)pool;
  const tarn_cuda_conv g = tarn__conv_numbers(p);
  const size_t bytes = tarn_dtype_bytes(p->out_dtype[0]);
  const int64_t rows = tarn__conv_volume(g.window) * g.KC, columns = g.OC;
  char *turned = malloc((size_t)(rows * columns) * bytes);
  if (!turned)
    return tarn_fail(TARN_NO_MEMORY, "no memory for a filter of %lld elements",
                     (long long)(rows * columns));
  const char *w = in[1]->data;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++)
      memcpy(turned + (size_t)(c * rows + r) * bytes, w + (size_t)(r * columns + c) * bytes, bytes);
  const tarn_status status = tarn__cuda_upload(memory, turned, (size_t)(rows * columns) * bytes);
  free(turned);
  return status;
}

/* ---- plans --------------------------------------------------------------------------------- */

typedef struct request {
  const tarn_problem *p;
  const layout *l;
  const tarn_epilogue *e;
  way way;
} request;

static tarn_status build(tarn_dnn_builder *b, const request *r, bool fused, bool bordered) {
  const tarn_cuda_conv *g = bordered ? &r->l->wide : &r->l->g;
  const tarn_conv_part part = tarn__conv_part(r->p);
  const cudnnDataType_t type = tarn__dnn_type(r->p->out_dtype[0]);
  const cudnnDataType_t compute = type == CUDNN_DATA_DOUBLE ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;
  const int skip = TARN_CONV_AXES - r->l->spatial; /* the depth that is not there */
  const tarn_dnn_shape xs = tarn__dnn_channels_last(g->N, g->C, r->l->spatial, g->in + skip);
  const tarn_dnn_shape ws = tarn__dnn_channels_last(g->OC, g->KC, r->l->spatial, g->window + skip);
  const tarn_dnn_shape ys = tarn__dnn_channels_last(g->N, g->OC, r->l->spatial, g->out + skip);
  const tarn_dnn_shape bs = tarn__dnn_channels(g->OC, r->l->spatial);
  tarn_dnn_convolution c = {.direction = part == TARN_CONV_INPUT    ? TARN_DNN_DATA
                                         : part == TARN_CONV_FILTER ? TARN_DNN_FILTER
                                                                    : TARN_DNN_FORWARD,
                            .compute = compute,
                            .spatial = r->l->spatial};
  for (int a = 0; a < r->l->spatial; a++) {
    c.before[a] = g->before[a + skip];
    c.after[a] = bordered ? 0 : r->l->border.after[a + skip];
    c.stride[a] = g->stride[a + skip];
    c.dilation[a] = g->dilation[a + skip];
  }
  const bool add = fused && r->e->add, bias = fused && r->e->bias,
             relu = fused && r->e->activation == TARN_FUSED_RELU;
  int left = add + bias + relu; /* operations after the product; the last gives y */
  int64_t held = SUM0;
  cudnnBackendDescriptor_t x, w, y, more, last;
  TARN_TRY(tarn__dnn_tensor(b, X, type, &xs, &x));
  TARN_TRY(tarn__dnn_tensor(b, W, type, &ws, &w));
  /* What the graph alone holds is as wide as the sums. */
  if (left)
    TARN_TRY(tarn__dnn_held(b, held++, compute, &ys, &last));
  else
    TARN_TRY(tarn__dnn_tensor(b, Y, type, &ys, &last));
  TARN_TRY(tarn__dnn_convolve(b, &c, x, w, last));
  for (int k = 0; k < 3; k++) {
    if (!(k == 0 ? add : k == 1 ? bias : relu)) continue;
    left--;
    more = NULL;
    if (k == 0) TARN_TRY(tarn__dnn_tensor(b, ADD, type, &ys, &more));
    if (k == 1) TARN_TRY(tarn__dnn_tensor(b, BIAS, type, &bs, &more));
    if (left)
      TARN_TRY(tarn__dnn_held(b, held++, compute, &ys, &y));
    else
      TARN_TRY(tarn__dnn_tensor(b, Y, type, &ys, &y));
    TARN_TRY(tarn__dnn_pointwise(b, more ? CUDNN_POINTWISE_ADD : CUDNN_POINTWISE_RELU_FWD, compute,
                                 last, more, y));
    last = y;
  }
  return TARN_OK;
}

static bool exact(const tarn_problem *p) {
  return p->out_dtype[0] == TARN_F32 && p->precision == TARN_PRECISION_F32;
}
static bool in_graph(const tarn_epilogue *e) {
  return (e->bias || e->add || e->activation) &&
         (e->activation == TARN_FUSED_NONE || e->activation == TARN_FUSED_RELU);
}

static void destroy(void *object) {
  kept *k = object;
  tarn__dnn_plan_clear(&k->plan);
  free(k);
}

/* The first that there is: of the image as it is before one with its border, with the epilogue
 * before without. */
static tarn_status look(tarn_dnn_builder *b, const request *r, int skip, kept *k) {
  const bool fusible = r->way != APART && in_graph(r->e);
  for (int bordered = r->way == BORDERED; bordered <= r->l->lopsided; bordered++)
    for (int fused = fusible; fused >= 0; fused--) {
      tarn_status status = build(b, r, fused, bordered);
      if (status == TARN_OK)
        status = tarn__dnn_plan_make(b, exact(r->p), skip, r->l->limit, &k->plan);
      tarn__dnn_clear(b);
      k->fused = fused;
      k->bordered = bordered;
      if (status != TARN_UNSUPPORTED) TARN_TRY(status);
      if (k->plan.plan) return TARN_OK;
    }
  return TARN_OK;
}

static tarn_status make(tarn_queue *queue, const void *context, void **object) {
  const request *r = context;
  tarn_dnn_builder b = {0};
  TARN_TRY(tarn__queue_dnn(queue, &b.dnn));
  kept *k = calloc(1, sizeof *k);
  if (!k) return tarn_fail(TARN_NO_MEMORY, "no memory for the plan of a convolution");
  const int skip = r->way <= GRAPH_4 ? (int)r->way : 0;
  tarn_status status = look(&b, r, skip, k);
  if (status == TARN_OK && !k->plan.plan && skip) status = look(&b, r, 0, k);
  if (status != TARN_OK) {
    destroy(k);
    return status;
  }
  *object = k;
  return TARN_OK;
}

static tarn_status run(const tarn_call *call, way how) {
  const tarn_problem *p = call->problem;
  tarn_conv_job j = tarn__conv_job(call);
  const layout l = layout_of(p);
  const tarn_epilogue e =
      p->op[0] == '_' ? tarn__epilogue_of(p) : (tarn_epilogue){.activation = TARN_FUSED_NONE};
  const request r = {p, &l, &e, how};
  void *bias = e.bias ? call->in[e.bias]->data : NULL, *add = e.add ? call->in[e.add]->data : NULL;
  static const char table; /* of this file's plans */
  const tarn_cuda_conv *g = &l.g;
  key name = {.table = &table,
              .n = {g->N, g->C, g->KC, g->OC},
              .dtype = (int32_t)p->out_dtype[0],
              .part = (int32_t)j.part,
              .exact = exact(p),
              .bias = bias != NULL,
              .add = add != NULL,
              .relu = (int32_t)e.activation,
              .way = (int32_t)how};
  memcpy(name.after, l.border.after, sizeof name.after);
  for (int a = 0; a < TARN_CONV_AXES; a++) {
    const int64_t axis[6] = {g->in[a],     g->out[a],      g->window[a],
                             g->stride[a], g->dilation[a], g->before[a]};
    memcpy(name.n + 4 + 6 * a, axis, sizeof axis);
  }
  void *object;
  TARN_TRY(tarn__queue_keep(call->queue, &name, sizeof name, make, destroy, &r, &object));
  const kept *k = object;
  const cudaStream_t stream = tarn__stream(call);
  const int bytes = (int)tarn_dtype_bytes(p->out_dtype[0]);
  const int64_t rows = tarn__conv_volume(g->window) * g->KC;
  /* With a filter that was prepared, TensorFlow's own may be gone. */
  const bool ready = prepared_bytes(p) && call->prepared;
  char *scratch = call->scratch;
  void *filter = ready ? (void *)(uintptr_t)call->prepared : scratch, *image = j.x;
  void *const all[] = {j.x, ready ? NULL : j.w, j.y, bias, add};
  if (!k->plan.plan || !tarn__dnn_aligned(5, all)) {
    if (ready) {
      TARN_LAUNCHED(tarn__cuda_matrix_transpose(stream, bytes, filter, scratch, g->OC, rows));
      j.w = scratch;
    }
    return tarn__conv_direct(call, &j);
  }
  scratch += l.filter;
  if (l.lopsided) {
    if (k->bordered) image = scratch;
    scratch += l.image;
  }
  if (!ready && j.part != TARN_CONV_FILTER)
    TARN_LAUNCHED(tarn__cuda_matrix_transpose(stream, bytes, j.w, filter, rows, g->OC));
  if (k->bordered && j.part != TARN_CONV_INPUT)
    TARN_LAUNCHED(tarn__cuda_border_add(stream, bytes, &l.border, j.x, image));

  int64_t names[TARN_DNN_TENSORS] = {X, W, Y};
  void *data[TARN_DNN_TENSORS] = {image, filter, j.y};
  int n = 3;
  if (k->fused && bias) names[n] = BIAS, data[n++] = bias;
  if (k->fused && add) names[n] = ADD, data[n++] = add;
  cudnnHandle_t dnn;
  TARN_TRY(tarn__queue_dnn(call->queue, &dnn));
  TARN_TRY(tarn__dnn_plan_run(dnn, &k->plan, n, names, data, scratch));

  if (j.part == TARN_CONV_FILTER)
    TARN_LAUNCHED(tarn__cuda_matrix_transpose(stream, bytes, filter, j.w, g->OC, rows));
  if (k->bordered && j.part == TARN_CONV_INPUT)
    TARN_LAUNCHED(tarn__cuda_border_remove(stream, bytes, &l.border, image, j.x));
  return k->fused ? TARN_OK : tarn__conv_finish(call, g);
}

/* ---- rows: each way is one ------------------------------------------------------------------- */

static const char *refuse(const tarn_problem *p, way how) {
  const char *why = supports(p);
  if (why || how <= GRAPH_4) return why;
  if (how == BORDERED)
    return layout_of(p).lopsided ? NULL : "the padding is alike on both sides: no border is needed";
  if (p->op[0] != '_') return "no epilogue";
  const tarn_epilogue e = tarn__epilogue_of(p);
  return in_graph(&e) ? NULL : "the epilogue is apart anyway";
}

#define WAY(WORD, NUMBER)                                                   \
  static const char *refuse_##WORD(const tarn_problem *p) {                 \
    return refuse(p, NUMBER);                                               \
  }                                                                         \
  /* an estimate does not know better than heuristics */                    \
  static double cost_##WORD(const tarn_problem *p, const tarn_machine *m) { \
    return cost_us(p, m) * (1 + 0.001 * NUMBER);                            \
  }                                                                         \
  static tarn_status run_##WORD(const tarn_call *call) {                    \
    return run(call, NUMBER);                                               \
  }
WAY(graph, GRAPH)
WAY(graph_2, GRAPH_2)
WAY(graph_3, GRAPH_3)
WAY(graph_4, GRAPH_4)
WAY(graph_apart, APART)
WAY(graph_bordered, BORDERED)

#define ROW(OP, HOST, WORD)                                                               \
  {                                                                                       \
    .op = OP, .name = #WORD, .dtypes = TARN_FLOATS, .keyed = -1, .host_in = HOST,         \
    .supports = refuse_##WORD, .cost_us = cost_##WORD, .scratch_bytes = scratch_bytes,    \
    .prepared_bytes = prepared_bytes, .prepared_from = prepared_from, .prepare = prepare, \
    .spent = 2, .run = run_##WORD                                                         \
  }
#define ROWS(OP, HOST)                                                                          \
  ROW(OP, HOST, graph), ROW(OP, HOST, graph_2), ROW(OP, HOST, graph_3), ROW(OP, HOST, graph_4), \
      ROW(OP, HOST, graph_bordered)
const tarn_kernel tarn_kernels_conv2d_graph_cudnn[] = {
    ROWS("Conv2D", 0),
    ROWS("_FusedConv2D", 0),
    ROW("_FusedConv2D", 0, graph_apart),
    ROWS("Conv2DBackpropInput", 1),
    ROWS("Conv2DBackpropFilter", 2),
    ROW("Conv3D", 0, graph),
    ROW("Conv3DBackpropInput", 0, graph),
    ROW("Conv3DBackpropInputV2", 1, graph),
    ROW("Conv3DBackpropFilter", 0, graph),
    ROW("Conv3DBackpropFilterV2", 2, graph),
    {0},
};

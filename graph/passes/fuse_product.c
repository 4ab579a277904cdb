/* Convolutions and matrix products with what follows them: batch norm in inference, scaling, bias,
 * residual sum, activation; and a Pad in front of a VALID convolution.
 *
 *   Pad -> Conv2D -> FusedBatchNormV3 -> AddV2(residual) -> Relu
 *     becomes   _FusedConv2D(x, w', b', residual)
 *   w'[.., o] = w[.., o] * m[o],   m[o] = scale[o] / sqrt(variance[o] + epsilon)
 *   b'[o] = b[o] * m[o] + offset[o] - mean[o] * m[o]
 *
 * Done where the chain is the only user of each result in between, so that nobody misses it.
 * Scaling needs a filter whose elements are known (a constant, or a variable that the plan does not
 * write). Scaled filters get a contents number that follows from their sources, so that every plan
 * of a session finds the same packed weights. */
#include "core/hash.h"
#include "core/tensor/contents.h"
#include "graph/passes/rewrite.h"
#include "graph/plan/fold.h"

#include "kernels/params/batch_norm.h"
#include "kernels/params/bias.h"
#include "kernels/params/window.h"

#include <math.h>
#include <string.h>

enum { HASHED_BYTES = 64 << 10 };

typedef struct chain {
  tarn_builder *b;
  tarn_block *block;
  int *uses, *user;              /* by value: how many, and the step when it is one */
  int product;                   /* the Conv2D, DepthwiseConv2dNative or MatMul */
  int pad;                       /* the Pad in front, or -1 */
  int last;                      /* the last step taken in */
  int y;                         /* its output */
  int64_t channels;
  double *scale, *shift;         /* folded so far; NULL: none. y = product * scale + shift */
  int bias, add;                 /* values; -1: none */
  const char *activation;
  uint64_t sources;              /* contents of what was folded and how, mixed */
  bool nameless;                 /* some source has no contents number */
  bool fleeting;                 /* some source has one that does not last */
} chain;

static const char *op_of(const chain *c, int step) {
  const tarn_step *s = &c->block->step[step];
  return s->kind == TARN_STEP_KERNEL && s->op && !s->node->problem && !s->removed ? s->op->name
                                                                                  : "";
}

static const tarn_tensor *constant(const chain *c, int value) {
  const tarn_tensor *t = &c->block->value[value].constant;
  return t->dtype ? t : NULL;
}

/* The one step that takes the chain's result, when it can join: nobody else looks, nothing waits
 * for the result's step. */
static int next_step(const chain *c) {
  const tarn_block *block = c->block;
  if (c->uses[c->y] != 1 || c->user[c->y] < 0 || block->step[c->last].kept) return -1;
  const tarn_step *s = &block->step[c->user[c->y]];
  if (s->kind != TARN_STEP_KERNEL || s->deref || s->removed || !s->op || s->node->problem ||
      !tarn__same_side(c->b, s, &block->step[c->product]))
    return -1;
  return c->user[c->y];
}

/* Element i of a float32 or float64 tensor. */
static double real(const tarn_tensor *t, int64_t i) {
  return t->dtype == TARN_F64 ? ((const double *)t->data)[i] : (double)((const float *)t->data)[i];
}

/* A known vector over the channels: [C], [1,..,1,C], or one element for all. */
static bool per_channel(const chain *c, int value, const tarn_tensor **vector) {
  const tarn_tensor *t = constant(c, value);
  if (!t || (t->dtype != TARN_F32 && t->dtype != TARN_F64)) return false;
  const int64_t n = tarn__tensor_elements(t);
  if (t->shape.rank > c->block->value[c->y].shape.rank) return false;
  if (n != 1 && (n != c->channels || t->shape.dim[t->shape.rank - 1] != n)) return false;
  *vector = t;
  return true;
}

static double at(const tarn_tensor *t, int64_t channel) {
  return real(t, tarn__tensor_elements(t) == 1 ? 0 : channel);
}

static void mix_number(chain *c, uint64_t n) {
  uint64_t x = (c->sources ^ n) * 0x9E3779B97F4A7C15u;
  c->sources = (x ^ x >> 29) * 0xBF58476D1CE4E5B9u + 1;
}

/* `role` tells what was done with the elements: the same vector as a factor and as a bias gives
 * other weights. */
static void mix(chain *c, char role, const tarn_tensor *t) {
  uint64_t contents = tarn__tensor_contents(t);
  /* Of what planning computed the elements tell more; they are few but for the weights'. */
  if (!tarn__contents_last(contents) && tarn__tensor_bytes(t) <= HASHED_BYTES)
    contents = tarn__hash((uint64_t)t->dtype, t->data, tarn__tensor_bytes(t)) | 3ull << 62;
  c->nameless = c->nameless || !contents;
  c->fleeting = c->fleeting || !tarn__contents_last(contents);
  mix_number(c, (uint64_t)(unsigned char)role);
  mix_number(c, contents);
}

/* Room for folding; the filter must be known for a scale. */
static tarn_status start_folding(chain *c) {
  if (c->scale) return TARN_OK;
  c->scale = tarn__arena_array(c->b->arena, (size_t)c->channels + 1, sizeof(double));
  c->shift = tarn__arena_array(c->b->arena, (size_t)c->channels + 1, sizeof(double));
  if (!c->scale || !c->shift) return TARN_NO_MEMORY;
  for (int64_t o = 0; o < c->channels; o++) c->scale[o] = 1;
  return TARN_OK;
}

static bool can_fold(const chain *c) {
  return c->bias < 0 && c->add < 0 && !c->activation &&
         constant(c, c->block->step[c->product].in[1]);
}

/* y * m + a for known m, a. */
static tarn_status take_batch_norm(chain *c, int at_step, bool *taken) {
  tarn_step *s = &c->block->step[at_step];
  const tarn_batch_norm_params *p = s->params;
  const tarn_tensor *v[4];
  if (!can_fold(c) || p->training || p->channels_first || s->in[0] != c->y) return TARN_OK;
  for (int k = 1; k < s->outputs; k++)
    if (c->uses[s->out[k]]) return TARN_OK;
  for (int i = 0; i < 4; i++)
    if (!per_channel(c, s->in[i + 1], &v[i]) || tarn__tensor_elements(v[i]) != c->channels)
      return TARN_OK;
  TARN_TRY(start_folding(c));
  for (int64_t o = 0; o < c->channels; o++) {
    const double m = at(v[0], o) / sqrt(at(v[3], o) + (double)p->epsilon);
    c->scale[o] *= m;
    c->shift[o] = (c->shift[o] - at(v[2], o)) * m + at(v[1], o);
  }
  uint32_t epsilon;
  memcpy(&epsilon, &p->epsilon, sizeof epsilon);
  mix_number(c, epsilon);
  for (int i = 0; i < 4; i++) mix(c, 'n', v[i]);
  *taken = true;
  return TARN_OK;
}

/* y * m, or y / m where no m is 0. */
static tarn_status take_scale(chain *c, const tarn_step *s, bool divide, bool *taken) {
  const tarn_tensor *v;
  const int other = s->in[0] == c->y ? s->in[1] : s->in[0];
  if (!can_fold(c) || other == c->y || !per_channel(c, other, &v)) return TARN_OK;
  for (int64_t o = 0; divide && o < c->channels; o++)
    if (s->in[0] != c->y || !(fabs(at(v, o)) > 0)) return TARN_OK;
  TARN_TRY(start_folding(c));
  for (int64_t o = 0; o < c->channels; o++) {
    const double m = divide ? 1 / at(v, o) : at(v, o);
    c->scale[o] *= m;
    c->shift[o] *= m;
  }
  mix(c, divide ? '/' : '*', v);
  *taken = true;
  return TARN_OK;
}

/* BiasAdd, or Add and Sub of a vector; or the sum with a tensor of y's shape. */
static tarn_status take_sum(chain *c, const tarn_step *s, bool minus, bool *taken) {
  if (s->in[0] == s->in[1] || c->activation || c->add >= 0) return TARN_OK;
  if (minus && s->in[0] != c->y) return TARN_OK;
  const int other = s->in[0] == c->y ? s->in[1] : s->in[0];
  const tarn_value *o = &c->block->value[other], *y = &c->block->value[c->y];
  const tarn_tensor *v;
  if (can_fold(c) && per_channel(c, other, &v)) {
    TARN_TRY(start_folding(c));
    for (int64_t i = 0; i < c->channels; i++) c->shift[i] += minus ? -at(v, i) : at(v, i);
    mix(c, minus ? '-' : '+', v);
    *taken = true;
  } else if (!minus && c->bias < 0 && !c->scale && o->shape.rank == 1 &&
             o->shape.dim[0] == c->channels) {
    c->bias = other;
    *taken = true;
  } else if (!minus && o->shape.rank >= 0 && tarn__shape_equal(&o->shape, &y->shape)) {
    c->add = other;
    *taken = true;
  }
  return TARN_OK;
}

/* Convolutions take those alone that their kernels all do while they store; others cost a pass over
 * y either way, which fuse_elementwise may share with what follows, and would rule kernels out. */
static bool can_activate(const chain *c, const char *op) {
  static const char *const activations[] = {"Relu", "Relu6", "Elu", "Tanh", "Sigmoid"};
  const bool matmul = !strcmp(c->block->step[c->product].op->name, "MatMul");
  for (size_t i = 0; i < (matmul ? sizeof activations / sizeof *activations : 2); i++)
    if (!strcmp(op, activations[i])) return true;
  return false;
}

/* The step is Maximum or Minimum of `value` and this number. */
static bool clips(const chain *c, int step, int value, const char *op, double number) {
  const tarn_step *s = &c->block->step[step];
  if (strcmp(op_of(c, step), op)) return false;
  const tarn_tensor *t = constant(c, s->in[s->in[0] == value]);
  return t && t->data && (t->dtype == TARN_F32 || t->dtype == TARN_F64) &&
         tarn__tensor_elements(t) == 1 && t->shape.rank <= c->block->value[value].shape.rank &&
         real(t, 0) == number;
}

/* Relu and Relu6 as they are written by hand: Maximum(y, 0), with Minimum(y, 6) before it, as
 * tf.clip_by_value has it, or after it. *last: the last step of them. */
static bool take_clip(chain *c, int step, int *last) {
  const bool relu = c->activation && !strcmp(c->activation, "Relu"),
             relu6 = c->activation && !strcmp(c->activation, "Relu6");
  *last = step;
  if ((relu6 || relu || !c->activation) && clips(c, step, c->y, "Maximum", 0)) {
    if (!c->activation) c->activation = "Relu";
    return true;
  }
  if (!clips(c, step, c->y, "Minimum", 6)) return false;
  if (relu || relu6) {
    c->activation = "Relu6";
    return true;
  }
  const int y = c->block->step[step].out[0], next = c->uses[y] == 1 ? c->user[y] : -1;
  if (c->activation || next < 0 || c->block->step[step].kept || c->block->step[next].deref ||
      !clips(c, next, y, "Maximum", 0))
    return false;
  c->activation = "Relu6";
  *last = next;
  return true;
}

static tarn_status take_one(chain *c, int step, bool *taken) {
  const tarn_step *s = &c->block->step[step];
  const char *op = op_of(c, step);
  *taken = false;
  if (!strncmp(op, "FusedBatchNorm", 14) && !strstr(op, "Grad"))
    return take_batch_norm(c, step, taken);
  if (!strcmp(op, "Mul")) return take_scale(c, s, false, taken);
  if (!strcmp(op, "RealDiv") || !strcmp(op, "Div")) return take_scale(c, s, true, taken);
  if (!strcmp(op, "Add") || !strcmp(op, "AddV2")) return take_sum(c, s, false, taken);
  if (!strcmp(op, "Sub")) return take_sum(c, s, true, taken);
  if (!strcmp(op, "BiasAdd") || !strcmp(op, "BiasAddV1")) {
    const tarn_bias_params *p = s->params;
    return p->channels_first || s->in[0] != c->y ? TARN_OK : take_sum(c, s, false, taken);
  }
  if (!c->activation && can_activate(c, op)) {
    c->activation = op;
    *taken = true;
  }
  return TARN_OK;
}

/* *last: the last step that was taken in; -1: none was. */
static tarn_status take(chain *c, int step, int *last) {
  bool taken = take_clip(c, step, last);
  if (taken) return TARN_OK;
  TARN_TRY(take_one(c, step, &taken));
  *last = taken ? step : -1;
  return TARN_OK;
}

/* A Pad of height and width by zeros in front of a VALID convolution. */
static void take_pad(chain *c) {
  const tarn_step *s = &c->block->step[c->product];
  const int x = s->in[0];
  const tarn_value *v = &c->block->value[x];
  if (v->producer < 0 || c->uses[x] != 1 || strcmp(op_of(c, v->producer), "Pad") ||
      c->block->step[v->producer].kept)
    return;
  const tarn_step *pad = &c->block->step[v->producer];
  const tarn_tensor *p = constant(c, pad->in[1]);
  if (!p || pad->deref || p->shape.rank != 2 || p->shape.dim[0] != 4 || p->shape.dim[1] != 2)
    return;
  for (int i = 0; i < 8; i++) {
    const int64_t n = tarn__tensor_int(p, i);
    if (n < 0 || n > 1 << 20 || (n && (i < 2 || i > 5))) return;
  }
  c->pad = v->producer;
}

/* What is made of all sources has a number that follows from theirs; 0 when one has none. */
static uint64_t contents(const chain *c, uint64_t salt) {
  return c->nameless ? 0 : (c->sources ^ salt) | 1ull << 63;
}

/* w' = w * scale: a constant of the block whose elements come later. */
static tarn_status scaled(chain *c, const tarn_tensor *w, int *value) {
  tarn_tensor t = {0};
  TARN_TRY(tarn__fold_create(c->b->context->allocator, w, c->scale, c->channels, contents(c, 0),
                             !c->nameless && !c->fleeting, &t));
  *value = tarn__block_add_constant(c->block, &t);
  return *value < 0 ? TARN_NO_MEMORY : TARN_OK;
}

/* b': a constant of the block. */
static tarn_status shifted(chain *c, tarn_dtype dtype, int *value) {
  tarn_tensor t = {0};
  const tarn_shape vector = tarn__shape_vector(c->channels);
  TARN_TRY(tarn__tensor_new_raw(c->b->context->allocator, dtype, &vector, &t));
  for (int64_t o = 0; o < c->channels; o++) {
    if (dtype == TARN_F64) ((double *)t.data)[o] = c->shift[o];
    else ((float *)t.data)[o] = (float)c->shift[o];
  }
  const uint64_t name = contents(c, 0x55555555u);
  if (name && !c->fleeting) tarn__tensor_name_lasting(&t, name);
  else if (name) tarn__tensor_name_contents(&t, name);
  *value = tarn__block_add_constant(c->block, &t);
  return *value < 0 ? TARN_NO_MEMORY : TARN_OK;
}

static tarn_status set(chain *c, tarn_attrs *attrs, const char *name, tarn_attr value) {
  return tarn__attr_set(c->b->arena, attrs, name, &value);
}

static tarn_status fused_attrs(chain *c, const tarn_step *s, int args, tarn_attrs **made) {
  tarn_attrs *attrs = tarn__arena_alloc(c->b->arena, sizeof *attrs);
  tarn_string *ops = tarn__arena_array(c->b->arena, 3, sizeof *ops);
  if (!attrs || !ops) return TARN_NO_MEMORY;
  for (size_t i = 0; i < s->attrs->count; i++)
    TARN_TRY(tarn__attr_set(c->b->arena, attrs, s->attrs->rows[i].name, &s->attrs->rows[i].value));
  size_t n = 0;
  if (c->bias >= 0) ops[n++] = (tarn_string){"BiasAdd", 7};
  if (c->add >= 0) ops[n++] = (tarn_string){"Add", 3};
  if (c->activation) ops[n++] = (tarn_string){c->activation, strlen(c->activation)};
  TARN_TRY(set(c, attrs, "num_args", (tarn_attr){.kind = TARN_ATTR_INT, .i = args}));
  tarn_attr list = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_STRING};
  list.list.count = n;
  list.list.s = ops;
  TARN_TRY(set(c, attrs, "fused_ops", list));
  TARN_TRY(set(c, attrs, "epsilon", (tarn_attr){.kind = TARN_ATTR_FLOAT, .f = 1e-4f}));
  if (c->pad >= 0) {
    const tarn_tensor *p = constant(c, c->block->step[c->pad].in[1]);
    int64_t *paddings = tarn__arena_array(c->b->arena, 8, sizeof *paddings);
    if (!paddings) return TARN_NO_MEMORY;
    for (int i = 0; i < 8; i++) paddings[i] = tarn__tensor_int(p, i);
    TARN_TRY(set(c, attrs, "padding", (tarn_attr){.kind = TARN_ATTR_STRING, .s = {"EXPLICIT", 8}}));
    tarn_attr explicit_paddings = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_INT};
    explicit_paddings.list.count = 8;
    explicit_paddings.list.i = paddings;
    TARN_TRY(set(c, attrs, "explicit_paddings", explicit_paddings));
  }
  *made = attrs;
  return TARN_OK;
}

/* Two lists of steps, one after the other. */
static tarn_status join(chain *c, const int *a, int n, int **list, int *count) {
  int *joined = tarn__arena_array(c->b->arena, (size_t)(n + *count) + 1, sizeof(int));
  if (!joined) return TARN_NO_MEMORY;
  if (n) memcpy(joined, a, (size_t)n * sizeof(int));
  if (*count) memcpy(joined + n, *list, (size_t)*count * sizeof(int));
  *list = joined;
  *count += n;
  return TARN_OK;
}

/* The last step of the chain becomes the fused one: whatever it needs has been computed there. */
static tarn_status rewrite(chain *c, const tarn_op *op) {
  tarn_block *block = c->block;
  const tarn_tensor *filter = constant(c, block->step[c->product].in[1]);
  int w = block->step[c->product].in[1];
  if (c->scale) {
    bool scales = false;
    for (int64_t o = 0; o < c->channels; o++) scales = scales || c->scale[o] != 1;
    mix(c, 'w', filter);
    const tarn_tensor like = *filter;   /* the values may move when one is added */
    if (scales) TARN_TRY(scaled(c, &like, &w));
    TARN_TRY(shifted(c, like.dtype, &c->bias));
  }
  tarn_step *product = &block->step[c->product], *last = &block->step[c->last];
  const int args = (c->bias >= 0) + (c->add >= 0);
  tarn_attrs *attrs;
  TARN_TRY(fused_attrs(c, product, args, &attrs));
  void *params = tarn__arena_alloc(c->b->arena, op->params_bytes);
  int *in = tarn__arena_array(c->b->arena, (size_t)args + 2, sizeof(int));
  if (!params || !in) return TARN_NO_MEMORY;
  TARN_TRY(op->parse(attrs, params));
  in[0] = c->pad >= 0 ? block->step[c->pad].in[0] : product->in[0];
  in[1] = w;
  int n = 2;
  if (c->bias >= 0) in[n++] = c->bias;
  if (c->add >= 0) in[n++] = c->add;
  for (int s = c->pad >= 0 ? c->pad : c->product;;) {   /* what the steps that go waited for */
    tarn_step *gone = &block->step[s];
    if (s != c->last) {
      TARN_TRY(join(c, gone->control, gone->controls, &last->control, &last->controls));
      TARN_TRY(join(c, gone->guard, gone->guards, &last->guard, &last->guards));
      gone->removed = true;
    }
    if (s == c->last) break;
    s = s == c->pad ? c->product : c->user[gone->out[0]];
  }
  last->name = product->name;
  last->node = product->node;
  last->op = op;
  last->attrs = attrs;
  last->params = params;
  last->in = in;
  last->inputs = n;
  last->outputs = 1;             /* a batch norm's other outputs had no user */
  last->may_die = last->may_die || product->may_die;
  return TARN_OK;
}

static tarn_status fuse(chain *c) {
  tarn_step *s = &c->block->step[c->product];
  const char *name = s->op->name;
  const tarn_op *op = tarn__op_find(!strcmp(name, "Conv2D")   ? "_FusedConv2D"
                                    : !strcmp(name, "MatMul") ? "_FusedMatMul"
                                                              : "_FusedDepthwiseConv2dNative");
  const tarn_value *y = &c->block->value[s->out[0]];
  if (!op || s->deref || (y->dtype != TARN_F32 && y->dtype != TARN_F64) || y->shape.rank < 1)
    return TARN_OK;
  c->pad = c->bias = c->add = -1;
  c->last = c->product;
  c->y = s->out[0];
  c->channels = y->shape.dim[y->shape.rank - 1];
  if (strcmp(name, "MatMul")) {
    const tarn_window_params *p = s->params;
    if (p->channels_first) return TARN_OK;
    if (p->padding == TARN_PAD_VALID) take_pad(c);
  } else if (!s->params || tarn__attr_bool(s->attrs, "transpose_b")) {
    /* The channels are the filter's rows then: only what does not touch the filter is taken. */
    c->channels = y->shape.dim[1];
    if (constant(c, s->in[1])) return TARN_OK;
  }
  for (;;) {
    const int next = next_step(c);
    int last = -1;
    if (next >= 0) TARN_TRY(take(c, next, &last));
    if (last < 0) break;
    c->last = last;
    c->y = c->block->step[last].out[0];
  }
  if (c->last == c->product && c->pad < 0) return TARN_OK;
  return rewrite(c, op);
}

tarn_status tarn__pass_fuse_product(tarn_builder *b, tarn_block *block) {
  int *uses = tarn__block_uses(block);
  int *user = tarn__arena_array(b->arena, (size_t)block->values + 1, sizeof(int));
  if (!uses || !user) return TARN_NO_MEMORY;
  for (int v = 0; v < block->values; v++) user[v] = -1;
  for (int s = 0; s < block->steps; s++)
    for (int i = 0; !block->step[s].removed && i < block->step[s].inputs; i++)
      user[block->step[s].in[i]] = s;
  const int steps = block->steps;
  for (int s = 0; s < steps; s++) {
    chain c = {.b = b, .block = block, .uses = uses, .user = user, .product = s};
    const char *op = op_of(&c, s);
    if (!strcmp(op, "Conv2D") || !strcmp(op, "DepthwiseConv2dNative") || !strcmp(op, "MatMul"))
      TARN_TRY_IN(fuse(&c), "fusing what follows '%s'", block->step[s].name);
  }
  return TARN_OK;
}

/* Depthwise and 1x1 convolutions in a row as one step, which computes them a few rows at a time so
 * that what passes between them never leaves the cache:
 *
 *   _FusedConv2D(3x3, few channels) -> _FusedDepthwiseConv2dNative -> _FusedConv2D(1x1) -> ...
 *     becomes   _FusedConvChain
 *
 * A chain ends where its weights would no longer stay in L2 beside the rows, where somebody else
 * wants a value, and where the kernels of chains do not follow; there are none where
 * there is a device. Runs after fuse_product. */
#include "graph/passes/rewrite.h"
#include "kernels/params/conv_chain.h"

#include <string.h>

/* Bytes: of a chain's products; of a chain of two; between a product and a depthwise stage, whose
 * rows are computed twice where threads share a picture, so that what L2 holds anyway is not worth
 * it. */
enum { WEIGHTS = 640 << 10, PAIR_WEIGHTS = 1536 << 10, BETWEEN = 1 << 20 };

typedef struct chain {
  tarn_builder *b;
  tarn_block *block;
  int *user;                                  /* the only user of each value */
  int step[TARN_CHAIN_STAGES], stages;
  tarn_conv2d g[TARN_CHAIN_STAGES];
  double weight_bytes;
} chain;

static bool is_product(const tarn_conv2d *g) {
  return g->KH * g->KW == 1 && g->stride_h * g->stride_w == 1 && g->OH == g->H && g->OW == g->W;
}

/* Whether the step may be a stage; its numbers. */
static bool is_stage(const chain *c, int at, tarn_conv2d *g, bool *depthwise) {
  const tarn_step *s = &c->block->step[at];
  *depthwise = tarn__step_is(s, "_FusedDepthwiseConv2dNative");
  if ((!*depthwise && !tarn__step_is(s, "_FusedConv2D")) || s->controls || s->guards || s->deref ||
      s->may_die)
    return false;
  const tarn_fused_window_params *p = s->params;
  const tarn_epilogue *e = &p->epilogue;
  if (p->window.channels_first || !e->bias || e->add ||
      (e->activation != TARN_FUSED_NONE && e->activation != TARN_FUSED_RELU &&
       e->activation != TARN_FUSED_RELU6))
    return false;
  const tarn_value *x = &c->block->value[s->in[0]], *y = &c->block->value[s->out[0]];
  /* Its elements may come only when it is packed (fuse_product.c). */
  const tarn_tensor *w = &c->block->value[s->in[1]].constant;
  if (w->dtype != TARN_F32 || w->shape.rank != 4 || y->dtype != TARN_F32 || x->shape.rank != 4 ||
      tarn__value_may_change(c->b, c->block, s->in[0]))
    return false;
  *g = tarn__conv2d_of(&p->window, &x->shape, &w->shape, *depthwise);
  if (g->dilation_h != 1 || g->dilation_w != 1 || g->OH < 1 || g->OW < 1 ||
      (!*depthwise && g->groups != 1))
    return false;
  return *depthwise ? g->OC == g->C && g->KH == 3 && g->KW == 3 : true;
}

/* The longest chain from step `at` on. */
static void follow(chain *c, int at) {
  c->stages = 0;
  c->weight_bytes = 0;
  int ended = 0;             /* stages up to the last product */
  while (c->stages < TARN_CHAIN_STAGES) {
    tarn_conv2d *g = &c->g[c->stages];
    bool depthwise;
    if (!is_stage(c, at, g, &depthwise)) break;
    const bool product = !depthwise && is_product(g);
    /* A product is worth while behind a depthwise stage only: by itself it is bound by
     * multiplication. */
    if (!depthwise && (product ? !c->stages : c->stages || g->C > 8)) break;
    if (depthwise && c->stages && 4.0 * (double)(g->H * g->W) * (double)g->C < BETWEEN) break;
    if (!depthwise) {
      const double bytes = 4.0 * (double)(g->KH * g->KW * g->C) * (double)g->OC;
      if (c->weight_bytes + bytes > (c->stages == 1 ? PAIR_WEIGHTS : WEIGHTS)) break;
      c->weight_bytes += bytes;
    }
    c->step[c->stages++] = at;
    if (product) ended = c->stages;
    const tarn_step *s = &c->block->step[at];
    const int next = c->user[s->out[0]];
    if (next < 0 || !tarn__step_pure(c->block, s) || c->block->step[next].in[0] != s->out[0]) break;
    at = next;
  }
  c->stages = ended;
}

static tarn_status attributes(const chain *c, tarn_attrs **attrs) {
  static const char *const names[] = {
      [TARN_FUSED_NONE] = "", [TARN_FUSED_RELU] = "Relu", [TARN_FUSED_RELU6] = "Relu6"};
  const size_t n = (size_t)c->stages;
  int64_t strides[2 * TARN_CHAIN_STAGES], paddings[4 * TARN_CHAIN_STAGES];
  bool *depthwise = tarn__arena_array(c->b->arena, n, sizeof *depthwise);
  tarn_string *activation = tarn__arena_array(c->b->arena, n, sizeof *activation);
  if (!depthwise || !activation) return TARN_NO_MEMORY;
  for (int i = 0; i < c->stages; i++) {
    const tarn_step *s = &c->block->step[c->step[i]];
    const tarn_conv2d *g = &c->g[i];
    const int64_t below = (g->OH - 1) * g->stride_h + g->KH - g->H - g->pad_top;
    const int64_t right = (g->OW - 1) * g->stride_w + g->KW - g->W - g->pad_left;
    const char *name = names[((const tarn_fused_window_params *)s->params)->epilogue.activation];
    depthwise[i] = tarn__step_is(s, "_FusedDepthwiseConv2dNative");
    activation[i] = (tarn_string){name, strlen(name)};
    memcpy(strides + 2 * i, (int64_t[]){g->stride_h, g->stride_w}, 2 * sizeof *strides);
    memcpy(paddings + 4 * i,
           (int64_t[]){g->pad_top, below > 0 ? below : 0, g->pad_left, right > 0 ? right : 0},
           4 * sizeof *paddings);
  }
  TARN_TRY(tarn__rewrite_attrs(c->b, NULL, attrs));
  TARN_TRY(tarn__rewrite_set_type(c->b, *attrs, "T", TARN_F32));
  TARN_TRY(tarn__rewrite_set_int(c->b, *attrs, "num_args", 2 * c->stages));
  TARN_TRY(tarn__rewrite_set_ints(c->b, *attrs, "strides", strides, 2 * c->stages));
  TARN_TRY(tarn__rewrite_set_ints(c->b, *attrs, "paddings", paddings, 4 * c->stages));
  tarn_attr list = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_BOOL};
  list.list.count = n;
  list.list.b = depthwise;
  TARN_TRY(tarn__attr_set(c->b->arena, *attrs, "depthwise", &list));
  list.element = TARN_ATTR_STRING;
  list.list.s = activation;
  return tarn__attr_set(c->b->arena, *attrs, "activations", &list);
}

/* Whether a kernel other than the reference would run it. */
static bool has_kernel(const chain *c, const tarn_node *node, const int *in, int inputs) {
  tarn_shape shape[1 + 2 * TARN_CHAIN_STAGES];
  tarn_dtype dtype[1 + 2 * TARN_CHAIN_STAGES];
  bool stable[1 + 2 * TARN_CHAIN_STAGES];
  for (int i = 0; i < inputs; i++) {
    const tarn_value *v = &c->block->value[in[i]];
    shape[i] = v->constant.dtype ? v->constant.shape : v->shape;
    dtype[i] = TARN_F32;
    stable[i] = i > 0;
  }
  tarn_shape y = {.rank = -1};
  tarn_infer t = {.op = node->op,
                  .node = node->name,
                  .attrs = &node->attrs,
                  .params = node->params,
                  .inputs = inputs,
                  .outputs = 1,
                  .in_dtype = dtype,
                  .out_dtype = node->out_dtype,
                  .in = shape,
                  .out = &y};
  if (tarn__infer(&t) != TARN_OK ||
      !tarn__shape_equal(&y, &c->block->value[c->block->step[c->step[c->stages - 1]].out[0]].shape))
    return false;
  const tarn_problem p = {.op = node->op_name,
                          .node = node->name,
                          .inputs = inputs,
                          .outputs = 1,
                          .in_dtype = dtype,
                          .out_dtype = node->out_dtype,
                          .in_shape = shape,
                          .out_shape = &y,
                          .stable = stable,
                          .params = node->params};
  tarn_kernel_ref chosen;
  return tarn__kernel_select(&p, &c->b->context->machine, c->b->context->backend, &chosen) ==
             TARN_OK &&
         chosen.file->target != TARN_TARGET_REFERENCE;
}

static tarn_status rewrite(chain *c) {
  tarn_attrs *attrs;
  TARN_TRY(attributes(c, &attrs));
  tarn_step *last = &c->block->step[c->step[c->stages - 1]];
  tarn_status status;
  const tarn_node *node =
      tarn__rewrite_node(c->b, last->node->name, "_FusedConvChain", attrs, TARN_F32, &status);
  if (!node) return status;
  int in[1 + 2 * TARN_CHAIN_STAGES];
  in[0] = c->block->step[c->step[0]].in[0];
  for (int i = 0; i < c->stages; i++) {
    const tarn_step *s = &c->block->step[c->step[i]];
    in[tarn__chain_filter(i)] = s->in[1];
    in[tarn__chain_bias(i)] = s->in[((const tarn_fused_window_params *)s->params)->epilogue.bias];
  }
  if (!has_kernel(c, node, in, 1 + 2 * c->stages)) return TARN_OK;
  TARN_TRY(tarn__rewrite_step(c->b, last, node, in, 1 + 2 * c->stages));
  for (int i = 0; i + 1 < c->stages; i++) c->block->step[c->step[i]].removed = true;
  return TARN_OK;
}

tarn_status tarn__pass_chain_convolutions(tarn_builder *b, tarn_block *block) {
  chain c = {.b = b, .block = block, .user = tarn__block_only_users(block)};
  if (!c.user) return TARN_NO_MEMORY;
  /* Products of fewer bits have kernels of their own, stage by stage; so have devices. */
  if (b->context->precision != TARN_PRECISION_F32 || b->context->device) return TARN_OK;
  for (int s = 0; s < block->steps; s++) {
    follow(&c, s);
    if (c.stages > 1) TARN_TRY_IN(rewrite(&c), "joining what follows '%s'", block->step[s].name);
  }
  return TARN_OK;
}

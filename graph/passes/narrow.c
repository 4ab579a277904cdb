/* With a device and --precision fp16 or bf16: whole nets in 16-bit floats.
 *
 * Products (convolutions and matrix products) whose device kernels take the narrow dtype are
 * computed in it, and so is what follows them of a list of ops that lose nothing by it, as long as
 * it hangs on something narrow already: sums within a kernel stay f32, values between kernels are
 * 16 bits. Where a step that stays f32 wants such a value, and where it leaves the block, a Cast
 * comes before. Constants are converted once, here; their contents number follows from the
 * original's, so the sessions of a model share what is packed from them.
 *
 * Left alone: loops, what may be dead, steps that ask for the CPU, weights that the plan writes. */
#include "core/hash.h"
#include "graph/passes/rewrite.h"
#include "graph/plan/fold.h"
#include "kernels/device.h"

static const char *const products[] = {"Conv2D",
                                       "_FusedConv2D",
                                       "DepthwiseConv2dNative",
                                       "_FusedDepthwiseConv2dNative",
                                       "MatMul",
                                       "_FusedMatMul",
                                       "BatchMatMul",
                                       "BatchMatMulV2",
                                       "BatchMatMulV3"};
/* One dtype T for all their floats. */
static const char *const followers[] = {
    "BiasAdd", "Add",       "AddV2",      "Sub",       "Mul",     "Maximum", "Minimum", "Relu",
    "Relu6",   "LeakyRelu", "Elu",        "MaxPool",   "AvgPool", "Pad",     "PadV2",   "ConcatV2",
    "Reshape", "Squeeze",   "ExpandDims", "Transpose", "Mean"};

typedef struct narrowing {
  tarn_builder *b;
  tarn_block *block;
  tarn_dtype dtype;
  bool *turned;       /* the value was f32 and is narrow */
  int *narrow, *wide; /* the value in the other dtype, or -1 */
} narrowing;

/* ---- what can be narrow -------------------------------------------------------------------- */

static tarn_dtype turn(const narrowing *n, tarn_dtype dtype) {
  return dtype == TARN_F32 ? n->dtype : dtype;
}

/* The step's attributes and params with T narrow. */
static tarn_status describe(const narrowing *n, const tarn_step *step, tarn_attrs **attrs,
                            void **params) {
  TARN_TRY(tarn__rewrite_attrs(n->b, step->attrs, attrs));
  TARN_TRY(tarn__rewrite_set_type(n->b, *attrs, "T", n->dtype));
  *params = step->op->params_bytes ? tarn__arena_alloc(n->b->arena, step->op->params_bytes) : NULL;
  if (step->op->params_bytes && !*params) return TARN_NO_MEMORY;
  return step->op->parse ? step->op->parse(*attrs, *params) : TARN_OK;
}

/* Whether the device has a kernel for it then, and the CPU, which plans fall back to. */
static tarn_status has_kernels(const narrowing *n, const tarn_step *step, const void *params,
                               bool *yes) {
  const size_t all = (size_t)(step->inputs + step->outputs) + 1;
  tarn_dtype *dtype = tarn__arena_array(n->b->arena, all, sizeof *dtype);
  tarn_shape *shape = tarn__arena_array(n->b->arena, all, sizeof *shape);
  bool *stable = tarn__arena_array(n->b->arena, all, sizeof *stable);
  if (!dtype || !shape || !stable) return TARN_NO_MEMORY;
  for (int i = 0; i < step->inputs + step->outputs; i++) {
    const tarn_value *v =
        &n->block->value[i < step->inputs ? step->in[i] : step->out[i - step->inputs]];
    dtype[i] = turn(n, v->dtype);
    shape[i] = v->shape;
    stable[i] = v->constant.dtype != TARN_NO_DTYPE;
  }
  const tarn_problem p = {.op = step->op->name,
                          .node = step->name,
                          .inputs = step->inputs,
                          .outputs = step->outputs,
                          .in_dtype = dtype,
                          .out_dtype = dtype + step->inputs,
                          .in_shape = shape,
                          .out_shape = shape + step->inputs,
                          .stable = stable,
                          .params = params,
                          .precision = n->b->context->precision};
  tarn_kernel_ref ignored;
  size_t count;
  const tarn_kernel_ref *host = tarn__kernels_of(step->op->name, &count);
  *yes = false;
  for (size_t i = 0; i < count && !*yes; i++) *yes = !tarn__kernel_refusal(host[i], &p);
  *yes = *yes && tarn__backend_select(n->b->context->device, &p, &n->b->context->machine,
                                      TARN_TARGETS, &ignored);
  return TARN_OK;
}

static bool plain(const tarn_value *v) {
  return !v->is_ref && !v->may_die && tarn__shape_known(&v->shape) &&
         tarn__dtype_in(v->dtype, TARN_PLAIN);
}

static bool candidate(const narrowing *n, const tarn_step *step) {
  const char *op = tarn__step_op(step);
  const bool product = tarn__op_among(op, products, sizeof products / sizeof *products);
  const bool follower = tarn__op_among(op, followers, sizeof followers / sizeof *followers);
  bool follows = false, floats = false;
  if ((!product && !follower) || step->outputs != 1 || step->may_die ||
      !tarn__step_pure(n->block, step) || tarn__step_asks_for(step, "CPU"))
    return false;
  for (int i = 0; i < step->inputs; i++) {
    const tarn_value *v = &n->block->value[step->in[i]];
    if (!plain(v) || (v->constant.dtype && !v->constant.data && !tarn__fold_of(&v->constant)))
      return false;
    follows = follows || n->turned[step->in[i]];
    floats = floats || v->dtype == TARN_F32;
  }
  const tarn_value *out = &n->block->value[step->out[0]];
  return plain(out) && out->dtype == TARN_F32 && !out->constant.dtype &&
         (product ? floats || follows : follows);
}

/* ---- values in the other dtype ------------------------------------------------------------- */

static tarn_status cast(const narrowing *n, int v, tarn_dtype to, int at, int *out) {
  tarn_attrs *attrs;
  bool made;
  TARN_TRY(tarn__rewrite_attrs(n->b, NULL, &attrs));
  TARN_TRY(tarn__rewrite_set_type(n->b, attrs, "SrcT", n->block->value[v].dtype));
  TARN_TRY(tarn__rewrite_set_type(n->b, attrs, "DstT", to));
  TARN_TRY(tarn__rewrite_set_bool(n->b, attrs, "Truncate", false));
  const int producer = n->block->value[v].producer;
  const tarn_node *like = producer >= 0 ? n->block->step[producer].node : NULL;
  if (!like) like = n->block->step[at < n->block->steps ? at : at - 1].node;
  const char *name =
      tarn__arena_printf(n->b->arena, "%s/%s", like->name, to == TARN_F32 ? "wide" : "narrow");
  if (!name) return TARN_NO_MEMORY;
  const tarn_new_step step = {.op = "Cast",
                              .name = name,
                              .like = like,
                              .attrs = attrs,
                              .in = &v,
                              .inputs = 1,
                              .outputs = 1,
                              .dtype = to};
  TARN_TRY(tarn__block_insert(n->b, n->block, at, &step, out, &made));
  return made ? TARN_OK : tarn_fail(TARN_UNSUPPORTED, "a value of '%s' cannot be cast", like->name);
}

/* A constant is rounded here. */
static tarn_status round_constant(const narrowing *n, int v, int *out) {
  const tarn_allocator *a = n->b->plan->allocator;
  const tarn_tensor *from = &n->block->value[v].constant;
  const tarn_fold *fold = tarn__fold_of(from);
  const size_t bytes = tarn__tensor_bytes(from);
  tarn_tensor made = {0};
  float *elements = NULL;
  tarn_status status = tarn__tensor_new_raw(a, n->dtype, &from->shape, &made);
  if (status == TARN_OK && fold) {
    elements = tarn__alloc(a, bytes + 1);
    status = elements ? tarn__fold_fill(fold, elements, NULL) : TARN_NO_MEMORY;
  }
  const float *x = fold ? elements : from->data;
  uint16_t *y = made.data;
  const int64_t count = status == TARN_OK ? tarn__tensor_elements(from) : 0;
  if (n->dtype == TARN_F16)
    for (int64_t i = 0; i < count; i++) y[i] = tarn__f32_to_f16(x[i]);
  else
    for (int64_t i = 0; i < count; i++) y[i] = tarn__f32_to_bf16(x[i]);
  tarn__free(a, elements, bytes + 1);
  if (status != TARN_OK) {
    tarn__tensor_clear(&made);
    return status;
  }
  const uint64_t contents = tarn__tensor_contents(from);
  if (contents) tarn__tensor_name_contents(&made, tarn__hash(contents, &n->dtype, sizeof n->dtype));
  *out = tarn__block_add_constant(n->block, &made);
  return *out < 0 ? TARN_NO_MEMORY : TARN_OK;
}

/* Input i of step *at becomes narrow; *at moves when a step comes before it. */
static tarn_status narrow_input(narrowing *n, int *at, int i) {
  const int v = n->block->step[*at].in[i];
  const tarn_value *value = &n->block->value[v];
  if (value->dtype != TARN_F32) return TARN_OK;
  if (n->narrow[v] < 0) {
    if (value->constant.dtype) {
      TARN_TRY(round_constant(n, v, &n->narrow[v]));
    } else {
      TARN_TRY(cast(n, v, n->dtype, *at, &n->narrow[v]));
      ++*at;
    }
  }
  n->block->step[*at].in[i] = n->narrow[v];
  return TARN_OK;
}

static tarn_status widen(narrowing *n, int *v, int *at) {
  if (!n->turned[*v]) return TARN_OK;
  if (n->wide[*v] < 0) {
    TARN_TRY(cast(n, *v, TARN_F32, *at, &n->wide[*v]));
    ++*at;
  }
  *v = n->wide[*v];
  return TARN_OK;
}

/* ---- the block ----------------------------------------------------------------------------- */

static tarn_status narrow_step(narrowing *n, int *at, bool *done) {
  const tarn_step *step = &n->block->step[*at];
  tarn_attrs *attrs;
  void *params;
  *done = false;
  if (!candidate(n, step)) return TARN_OK;
  TARN_TRY(describe(n, step, &attrs, &params));
  if (step->kind == TARN_STEP_KERNEL) {
    TARN_TRY(has_kernels(n, step, params, done));
    if (!*done) return TARN_OK;
  }
  for (int i = 0; i < n->block->step[*at].inputs; i++) TARN_TRY(narrow_input(n, at, i));
  tarn_step *turned = &n->block->step[*at];
  const tarn_node *node = tarn__plan_make_node(n->b, turned->op, turned->node, turned->name, attrs,
                                               turned->outputs, n->dtype);
  if (!node) return TARN_NO_MEMORY;
  turned->node = node;
  turned->attrs = attrs;
  turned->params = params;
  n->block->value[turned->out[0]].dtype = n->dtype;
  n->turned[turned->out[0]] = true;
  *done = true;
  return TARN_OK;
}

tarn_status tarn__pass_narrow(tarn_builder *b, tarn_block *block) {
  if (!b->context->narrow || block->straight || block->loop_vars || block->has_dead ||
      !block->steps)
    return TARN_OK;
  /* each value has one of the other dtype at most */
  const size_t room = 3 * (size_t)block->values + 1;
  narrowing n = {.b = b,
                 .block = block,
                 .dtype = b->context->narrow,
                 .turned = tarn__arena_array(b->arena, room, sizeof *n.turned),
                 .narrow = tarn__arena_array(b->arena, room, sizeof *n.narrow),
                 .wide = tarn__arena_array(b->arena, room, sizeof *n.wide)};
  if (!n.turned || !n.narrow || !n.wide) return TARN_NO_MEMORY;
  for (size_t v = 0; v < room; v++) n.narrow[v] = n.wide[v] = -1;
  for (int at = 0; at < block->steps; at++) {
    bool done;
    if (block->step[at].removed) continue;
    TARN_TRY(narrow_step(&n, &at, &done));
    for (int i = 0; i < block->step[at].inputs && !done; i++) {
      int v = block->step[at].in[i];
      TARN_TRY(widen(&n, &v, &at));
      block->step[at].in[i] = v;
    }
  }
  for (int k = 0; k < block->results; k++) {
    int end = block->steps;
    TARN_TRY(widen(&n, &block->result[k], &end));
  }
  return TARN_OK;
}

/* Convolutions, pools, norms and biases with channels first (NCHW) become the same with channels
 * last, which is what the fast kernels take, and so does what stands between them, so that a whole
 * network is transposed once where it begins and once where it ends.
 *
 *   Conv2D(x, NCHW) -> Relu -> MaxPool(NCHW)
 *     becomes   x' = Transpose(x) -> Conv2D -> Relu -> MaxPool -> Transpose
 *
 * Steps are taken in order. A step of channels first is always turned; one that works on elements,
 * pads, joins or reduces is turned where all its tensors are there with channels last already, so
 * that no transpose is made for it. After each turned step a transpose gives the result as it was:
 * where nobody asks for it, it goes (remove_unused). A transpose that the graph holds counts as a
 * tensor that is there both ways.
 *
 * Not in straight loops, nor gradients. */
#include <string.h>

#include "graph/passes/rewrite.h"

enum { CONSTANT_BYTES = 64 << 10 }; /* of a broadcast constant that is turned while planning */

static const int64_t to_last[4] = {0, 2, 3, 1}, to_first[4] = {0, 3, 1, 2};

typedef struct turner {
  tarn_builder *b;
  tarn_block *block;
  int *last_of, known;         /* by value: the same with channels last, or -1; of so many values */
  int *order, count, capacity; /* the steps to be */
  int perm_last, perm_first;   /* constants; -1: not made yet */
  int turned;
} turner;

static tarn_status append(turner *t, int step) {
  if (t->count == t->capacity) {
    const int wanted = t->capacity ? 2 * t->capacity : 64;
    int *larger = tarn__arena_array(t->b->arena, (size_t)wanted, sizeof(int));
    if (!larger) return TARN_NO_MEMORY;
    if (t->count) memcpy(larger, t->order, (size_t)t->count * sizeof(int));
    t->order = larger;
    t->capacity = wanted;
  }
  t->order[t->count++] = step;
  return TARN_OK;
}

static tarn_status set_last(turner *t, int value, int last) {
  if (t->known < t->block->values) {
    const int wanted = 2 * t->block->values;
    int *larger = tarn__arena_array(t->b->arena, (size_t)wanted, sizeof(int));
    if (!larger) return TARN_NO_MEMORY;
    for (int v = 0; v < wanted; v++) larger[v] = v < t->known ? t->last_of[v] : -1;
    t->last_of = larger;
    t->known = wanted;
  }
  t->last_of[value] = last;
  return TARN_OK;
}
static int last(const turner *t, int value) {
  return value < t->known ? t->last_of[value] : -1;
}

static tarn_shape turned_shape(const tarn_shape *x, const int64_t perm[4]) {
  tarn_shape y = {.rank = 4};
  for (int d = 0; d < 4; d++) y.dim[d] = x->dim[perm[d]];
  return y;
}

/* A step that transposes `from` into value `to`. */
static tarn_status transpose(turner *t, const char *name, int from, int to, const int64_t perm[4]) {
  int *perm_value = perm == to_last ? &t->perm_last : &t->perm_first;
  if (*perm_value < 0) TARN_TRY(tarn__rewrite_ints(t->b, t->block, perm, 4, perm_value));
  const tarn_dtype dtype = t->block->value[from].dtype;
  tarn_attrs *attrs;
  tarn_status status;
  TARN_TRY(tarn__rewrite_attrs(t->b, NULL, &attrs));
  TARN_TRY(tarn__rewrite_set_type(t->b, attrs, "T", dtype));
  TARN_TRY(tarn__rewrite_set_type(t->b, attrs, "Tperm", TARN_I32));
  const char *called = tarn__arena_printf(t->b->arena, "%s/%s", name,
                                          perm == to_last ? "channels_last" : "channels_first");
  if (!called) return TARN_NO_MEMORY;
  const tarn_node *node = tarn__rewrite_node(t->b, called, "Transpose", attrs, dtype, &status);
  if (!node) return status;
  tarn_step *step = tarn__block_add_step(t->block, TARN_STEP_KERNEL);
  int *out = tarn__arena_array(t->b->arena, 1, sizeof(int));
  if (!step || !out) return TARN_NO_MEMORY;
  const int at = t->block->steps - 1, in[2] = {from, *perm_value};
  step->name = called;
  step->out = out;
  step->outputs = 1;
  out[0] = to;
  step->may_die = t->block->value[from].may_die;
  t->block->value[to].may_die = step->may_die;
  t->block->value[to].producer = at;
  t->block->value[to].output = 0;
  TARN_TRY(tarn__rewrite_step(t->b, step, node, in, 2));
  return append(t, at);
}

/* Value x with channels last, made when it is not there. */
static tarn_status with_channels_last(turner *t, const char *name, int x, int *value) {
  *value = last(t, x);
  if (*value >= 0) return TARN_OK;
  const tarn_shape shape = turned_shape(&t->block->value[x].shape, to_last);
  *value = tarn__block_add_value(t->block, t->block->value[x].dtype, &shape);
  if (*value < 0) return TARN_NO_MEMORY;
  TARN_TRY(transpose(t, name, x, *value, to_last));
  return set_last(t, x, *value);
}

/* The step gives its result with channels last; a transpose after it, what it gave before. */
static tarn_status give_last(turner *t, int at) {
  tarn_step *step = &t->block->step[at];
  const int y = step->out[0];
  const tarn_shape shape = turned_shape(&t->block->value[y].shape, to_last);
  const int made = tarn__block_add_value(t->block, t->block->value[y].dtype, &shape);
  if (made < 0) return TARN_NO_MEMORY;
  t->block->value[made].producer = at;
  t->block->value[made].may_die = t->block->value[y].may_die;
  int *out = tarn__arena_array(t->b->arena, (size_t)step->outputs, sizeof(int));
  if (!out) return TARN_NO_MEMORY;
  memcpy(out, step->out, (size_t)step->outputs * sizeof(int));
  out[0] = made;
  step->out = out;
  TARN_TRY(append(t, at));
  TARN_TRY(set_last(t, y, made));
  t->turned++;
  return transpose(t, step->name, made, y, to_first);
}

/* The step's node with other attributes. */
static tarn_status set_attrs(turner *t, tarn_step *step, const tarn_attrs *attrs) {
  tarn_node *node = tarn__arena_alloc(t->b->arena, sizeof *node);
  if (!node) return TARN_NO_MEMORY;
  *node = *step->node;
  node->attrs = *attrs;
  if (step->op->parse) {
    node->params = tarn__arena_alloc(t->b->arena, step->op->params_bytes);
    if (!node->params) return TARN_NO_MEMORY;
    memset(node->params, 0, step->op->params_bytes);
    TARN_TRY(step->op->parse(&node->attrs, node->params));
  }
  step->node = node;
  step->attrs = &node->attrs;
  step->params = node->params;
  return TARN_OK;
}

/* Copies, as steps may share what they were made with. */
static tarn_status set_input(turner *t, tarn_step *step, int i, int value) {
  int *in = tarn__arena_array(t->b->arena, (size_t)step->inputs, sizeof(int));
  if (!in) return TARN_NO_MEMORY;
  memcpy(in, step->in, (size_t)step->inputs * sizeof(int));
  in[i] = value;
  step->in = in;
  return TARN_OK;
}

static bool image(const turner *t, int value) {
  const tarn_value *v = &t->block->value[value];
  return v->shape.rank == 4 && tarn__shape_known(&v->shape) && !v->is_ref &&
         !tarn__value_may_change(t->b, t->block, value);
}

/* ---- steps that know where the channels are ------------------------------------------------- */

static bool channels_first(const tarn_step *step) {
  static const char *const ops[] = {
      "Conv2D",         "DepthwiseConv2dNative", "MaxPool",          "AvgPool",
      "FusedBatchNorm", "FusedBatchNormV2",      "FusedBatchNormV3", "BiasAdd"};
  const char *op = tarn__step_op(step);
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    if (!strcmp(op, ops[i])) {
      const tarn_attr *format = tarn__attr_find(step->attrs, "data_format");
      return format && format->kind == TARN_ATTR_STRING && format->s.size == 4 &&
             !memcmp(format->s.data, "NCHW", 4);
    }
  return false;
}

static tarn_status turn_attrs(turner *t, tarn_step *step) {
  static const char *const lists[] = {"strides", "ksize", "dilations", "explicit_paddings"};
  tarn_attrs *attrs;
  TARN_TRY(tarn__rewrite_attrs(t->b, step->attrs, &attrs));
  TARN_TRY(tarn__rewrite_set_string(t->b, attrs, "data_format", "NHWC"));
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
    const tarn_attr *a = tarn__attr_find(step->attrs, lists[k]);
    if (!a || (a->list.count != 4 && a->list.count != 8)) continue;
    int64_t x[8];
    const size_t each = a->list.count / 4;
    for (size_t d = 0; d < 4; d++)
      for (size_t e = 0; e < each; e++) x[each * d + e] = a->list.i[each * (size_t)to_last[d] + e];
    TARN_TRY(tarn__rewrite_set_ints(t->b, attrs, lists[k], x, (int)a->list.count));
  }
  return set_attrs(t, step, attrs);
}

static tarn_status turn(turner *t, int at) {
  tarn_step *step = &t->block->step[at];
  int x;
  if (!image(t, step->in[0]) || !image(t, step->out[0]) || step->deref) return append(t, at);
  TARN_TRY(turn_attrs(t, step));
  TARN_TRY(with_channels_last(t, step->name, step->in[0], &x));
  step = &t->block->step[at]; /* adding steps may have moved it */
  TARN_TRY(set_input(t, step, 0, x));
  return give_last(t, at);
}

/* ---- steps that follow ---------------------------------------------------------------------- */

/* Of every element by itself. */
static bool elementwise(const char *op) {
  static const char *const ops[] = {"Relu",     "Relu6",     "Elu",
                                    "Selu",     "LeakyRelu", "Softplus",
                                    "Softsign", "Sigmoid",   "Tanh",
                                    "Neg",      "Abs",       "Square",
                                    "Sqrt",     "Rsqrt",     "Exp",
                                    "Log",      "Erf",       "Cast",
                                    "Add",      "AddV2",     "Sub",
                                    "Mul",      "RealDiv",   "Div",
                                    "Maximum",  "Minimum",   "SquaredDifference",
                                    "AddN"};
  return tarn__op_among(op, ops, sizeof ops / sizeof *ops);
}

/* A constant that is broadcast against images, turned like them; -1 where that is not done. */
static tarn_status turn_constant(turner *t, int value, int *made) {
  const tarn_tensor *c = tarn__value_known(t->block, value);
  *made = -1;
  if (!c || c->shape.rank > 4) return TARN_OK;
  const int64_t n = tarn__tensor_elements(c);
  if (n == 1) {
    *made = value;
    return TARN_OK;
  }
  const size_t each = tarn_dtype_bytes(c->dtype);
  if (n == 0 || tarn__tensor_bytes(c) > CONSTANT_BYTES || c->dtype == TARN_STRING) return TARN_OK;
  tarn_shape from = {.rank = 4};
  for (int d = 0; d < 4; d++)
    from.dim[d] = d < 4 - c->shape.rank ? 1 : c->shape.dim[d - (4 - c->shape.rank)];
  const tarn_shape to = turned_shape(&from, to_last);
  tarn_tensor y = {0};
  TARN_TRY(tarn__tensor_new_raw(t->b->context->allocator, c->dtype, &to, &y));
  char *out = y.data;
  for (int64_t a = 0; a < from.dim[0]; a++)
    for (int64_t h = 0; h < from.dim[2]; h++)
      for (int64_t w = 0; w < from.dim[3]; w++)
        for (int64_t k = 0; k < from.dim[1]; k++, out += each)
          memcpy(out,
                 (const char *)c->data +
                     (size_t)(((a * from.dim[1] + k) * from.dim[2] + h) * from.dim[3] + w) * each,
                 each);
  *made = tarn__block_add_constant(t->block, &y);
  return *made < 0 ? TARN_NO_MEMORY : TARN_OK;
}

static tarn_status follow_elementwise(turner *t, int at, bool *done) {
  tarn_step *step = &t->block->step[at];
  int in[8], images = 0;
  if (step->inputs > 8 || !image(t, step->out[0])) return TARN_OK;
  for (int i = 0; i < step->inputs; i++) {
    in[i] = image(t, step->in[i]) ? last(t, step->in[i]) : -1;
    images += in[i] >= 0;
  }
  if (!images) return TARN_OK;
  for (int i = 0; i < step->inputs; i++) {
    if (in[i] < 0) TARN_TRY(turn_constant(t, step->in[i], &in[i]));
    if (in[i] < 0) return TARN_OK;
  }
  for (int i = 0; i < step->inputs; i++) TARN_TRY(set_input(t, step, i, in[i]));
  *done = true;
  return give_last(t, at);
}

/* Numbers of an axis each, or -1: what they are with channels last. */
static int64_t turned_axis(int64_t axis) {
  if (axis < 0) axis += 4;
  return axis < 0 || axis > 3 ? -1 : to_first[axis];
}

static tarn_status follow_concat(turner *t, int at, bool *done) {
  tarn_step *step = &t->block->step[at];
  const tarn_tensor *axis = tarn__value_known(t->block, step->in[step->inputs - 1]);
  if (!axis || tarn__tensor_elements(axis) != 1 || !image(t, step->out[0])) return TARN_OK;
  for (int i = 0; i < step->inputs - 1; i++)
    if (!image(t, step->in[i]) || last(t, step->in[i]) < 0) return TARN_OK;
  const int64_t turned = turned_axis(tarn__tensor_int(axis, 0));
  if (turned < 0) return TARN_OK;
  const tarn_shape scalar = tarn__shape_scalar();
  tarn_tensor number = {0};
  TARN_TRY(tarn__tensor_new_raw(t->b->context->allocator, TARN_I32, &scalar, &number));
  *(int32_t *)number.data = (int32_t)turned;
  const int value = tarn__block_add_constant(t->block, &number);
  if (value < 0) return TARN_NO_MEMORY;
  tarn_attrs *attrs;
  TARN_TRY(tarn__rewrite_attrs(t->b, step->attrs, &attrs));
  TARN_TRY(tarn__rewrite_set_type(t->b, attrs, "Tidx", TARN_I32));
  TARN_TRY(set_attrs(t, step, attrs));
  for (int i = 0; i < step->inputs - 1; i++) TARN_TRY(set_input(t, step, i, last(t, step->in[i])));
  TARN_TRY(set_input(t, step, step->inputs - 1, value));
  *done = true;
  return give_last(t, at);
}

static tarn_status follow_pad(turner *t, int at, bool *done) {
  tarn_step *step = &t->block->step[at];
  const int x = last(t, step->in[0]);
  const tarn_tensor *p = tarn__value_known(t->block, step->in[1]);
  if (x < 0 || !p || p->shape.rank != 2 || p->shape.dim[0] != 4 || p->shape.dim[1] != 2 ||
      !image(t, step->out[0]))
    return TARN_OK;
  const tarn_shape shape = p->shape;
  tarn_tensor y = {0};
  TARN_TRY(tarn__tensor_new_raw(t->b->context->allocator, p->dtype, &shape, &y));
  const size_t pair = 2 * tarn_dtype_bytes(p->dtype);
  for (size_t d = 0; d < 4; d++)
    memcpy((char *)y.data + d * pair, (const char *)p->data + (size_t)to_last[d] * pair, pair);
  const int value = tarn__block_add_constant(t->block, &y);
  if (value < 0) return TARN_NO_MEMORY;
  TARN_TRY(set_input(t, step, 0, x));
  TARN_TRY(set_input(t, step, 1, value));
  *done = true;
  return give_last(t, at);
}

/* Over height and width, or these and more; what is left keeps its order only without the dims. */
static tarn_status follow_reduction(turner *t, int at, bool *done) {
  tarn_step *step = &t->block->step[at];
  const int x = last(t, step->in[0]);
  const tarn_tensor *axes = tarn__value_known(t->block, step->in[1]);
  if (x < 0 || !axes || !image(t, step->in[0])) return TARN_OK;
  const int64_t n = tarn__tensor_elements(axes);
  int64_t turned[4];
  bool height = false, width = false;
  if (n > 4 || axes->shape.rank > 1) return TARN_OK;
  for (int64_t i = 0; i < n; i++) {
    turned[i] = turned_axis(tarn__tensor_int(axes, i));
    if (turned[i] < 0) return TARN_OK;
    height = height || turned[i] == 1;
    width = width || turned[i] == 2;
  }
  const bool keeps = tarn__attr_bool(step->attrs, "keep_dims");
  if (!keeps && (!height || !width)) return TARN_OK;
  int value;
  TARN_TRY(tarn__rewrite_ints(t->b, t->block, turned, (int)n, &value));
  tarn_attrs *attrs;
  TARN_TRY(tarn__rewrite_attrs(t->b, step->attrs, &attrs));
  TARN_TRY(tarn__rewrite_set_type(t->b, attrs, "Tidx", TARN_I32));
  TARN_TRY(set_attrs(t, step, attrs));
  TARN_TRY(set_input(t, step, 0, x));
  TARN_TRY(set_input(t, step, 1, value));
  *done = true;
  return keeps ? give_last(t, at) : append(t, at);
}

/* The graph's own transposes give tensors that are there both ways. */
static tarn_status note_transpose(turner *t, const tarn_step *step) {
  const tarn_tensor *p = tarn__value_known(t->block, step->in[1]);
  if (!p || p->shape.rank != 1 || p->shape.dim[0] != 4 || !image(t, step->in[0])) return TARN_OK;
  for (int d = 0; d < 4; d++)
    if (tarn__tensor_int(p, d) != to_first[d]) return TARN_OK;
  return set_last(t, step->out[0], step->in[0]);
}

static tarn_status look_at(turner *t, int at) {
  static const char *const reductions[] = {"Mean", "Sum", "Max", "Min"};
  const tarn_step *step = &t->block->step[at];
  const char *op = tarn__step_op(step);
  bool done = false;
  if (step->removed || !op[0] || step->deref) return append(t, at);
  if (channels_first(step)) return turn(t, at);
  if (elementwise(op))
    TARN_TRY(follow_elementwise(t, at, &done));
  else if (!strcmp(op, "ConcatV2"))
    TARN_TRY(follow_concat(t, at, &done));
  else if (!strcmp(op, "Pad") || !strcmp(op, "MirrorPad"))
    TARN_TRY(follow_pad(t, at, &done));
  else if (tarn__op_among(op, reductions, 4))
    TARN_TRY(follow_reduction(t, at, &done));
  else if (!strcmp(op, "Transpose"))
    TARN_TRY(note_transpose(t, step));
  return done ? TARN_OK : append(t, at);
}

tarn_status tarn__pass_channels_last(tarn_builder *b, tarn_block *block) {
  const int steps = block->steps;
  bool any = false;
  for (int at = 0; at < steps && !any; at++) any = channels_first(&block->step[at]);
  if (!any || block->straight) return TARN_OK;
  turner t = {.b = b, .block = block, .perm_last = -1, .perm_first = -1};
  for (int at = 0; at < steps; at++)
    TARN_TRY_IN(look_at(&t, at), "turning '%s'", block->step[at].name);
  return t.turned ? tarn__block_reorder(block, t.order, t.count) : TARN_OK;
}

/* Functions of rows written by hand, over the last axis:
 *
 *   e = Exp(d), d = x - Max(x);  e / Sum(e)                  Softmax(x)
 *   d - Log(Sum(Exp(d)))                                     LogSoftmax(x)
 *   (x - m) Rsqrt(v + epsilon) scale + offset,               _LayerNorm(x, scale, offset)
 *     m = Mean(x), v = Mean((x - m)^2), and as tf.nn.batch_normalization writes it:
 *     x k + (offset - m k), k = Rsqrt(v + epsilon) scale
 *
 * Where they differ at all it is by rounding. Exp(x) / Sum(Exp(x)) without the maximum overflows
 * where Softmax does not, and -Sum(t Log(Softmax(x))) is infinite where the cross-entropy is not:
 * these stay as they are. */
#include <string.h>

#include "graph/passes/rewrite.h"
#include "kernels/params/reduce.h"

typedef struct rows {
  tarn_builder *b;
  tarn_block *block;
} rows;

/* The step of this op that makes a value, or NULL. */
static const tarn_step *by(const rows *r, int value, const char *op) {
  const int at = r->block->value[value].producer;
  if (at < 0) return NULL;
  const tarn_step *step = &r->block->step[at];
  return tarn__step_is(step, op) && tarn__step_pure(r->block, step) && !step->may_die ? step : NULL;
}
static const tarn_step *sum_of(const rows *r, int value) {
  const tarn_step *s = by(r, value, "AddV2");
  return s ? s : by(r, value, "Add");
}

/* `op` over the last axis of `x`, which stays with dim 1. */
static bool over_rows(const rows *r, int value, const char *op, int *x) {
  const tarn_step *s = by(r, value, op);
  if (!s || !((const tarn_reduce_params *)s->params)->keep_dims) return false;
  const tarn_tensor *axes = tarn__value_known(r->block, s->in[1]);
  const int rank = r->block->value[s->in[0]].shape.rank;
  if (!axes || tarn__tensor_elements(axes) != 1 || rank < 1) return false;
  const int64_t axis = tarn__tensor_int(axes, 0);
  *x = s->in[0];
  return axis == -1 || axis == rank - 1;
}

static bool usable(const rows *r, int value) {
  const tarn_value *v = &r->block->value[value];
  return tarn__shape_known(&v->shape) && !v->is_ref && !v->may_die &&
         !tarn__value_may_change(r->b, r->block, value);
}

/* ---- softmax -------------------------------------------------------------------------------- */

/* d = x - Max(x). */
static bool below_greatest(const rows *r, int value, int *x) {
  const tarn_step *d = by(r, value, "Sub");
  int of;
  if (!d || !over_rows(r, d->in[1], "Max", &of) || of != d->in[0]) return false;
  *x = of;
  return usable(r, of);
}

static tarn_status becomes(rows *r, tarn_step *step, const char *op, const tarn_attrs *more,
                           const int *in, int n) {
  const tarn_dtype dtype = r->block->value[step->out[0]].dtype;
  tarn_attrs *attrs;
  tarn_status status;
  TARN_TRY(tarn__rewrite_attrs(r->b, more, &attrs));
  TARN_TRY(tarn__rewrite_set_type(r->b, attrs, "T", dtype));
  const tarn_node *node = tarn__rewrite_node(r->b, step->name, op, attrs, dtype, &status);
  return node ? tarn__rewrite_step(r->b, step, node, in, n) : status;
}

static tarn_status softmax(rows *r, tarn_step *step) {
  int e, x;
  if (!over_rows(r, step->in[1], "Sum", &e) || e != step->in[0]) return TARN_OK;
  const tarn_step *exp = by(r, e, "Exp");
  if (!exp || !below_greatest(r, exp->in[0], &x)) return TARN_OK;
  return becomes(r, step, "Softmax", NULL, &x, 1);
}

static tarn_status log_softmax(rows *r, tarn_step *step) {
  int e, x;
  const tarn_step *log = by(r, step->in[1], "Log");
  if (!log || !over_rows(r, log->in[0], "Sum", &e)) return TARN_OK;
  const tarn_step *exp = by(r, e, "Exp");
  if (!exp || exp->in[0] != step->in[0] || !below_greatest(r, exp->in[0], &x)) return TARN_OK;
  return becomes(r, step, "LogSoftmax", NULL, &x, 1);
}

/* ---- layer norm ----------------------------------------------------------------------------- */

typedef struct norm {
  int x, mean;
  int scale, offset; /* -1: none */
  float epsilon;
} norm;

/* x - mean(x) */
static bool centred(const rows *r, int value, int *x, int *mean) {
  const tarn_step *s = by(r, value, "Sub");
  if (!s || !over_rows(r, s->in[1], "Mean", x) || *x != s->in[0]) return false;
  *mean = s->in[1];
  return true;
}

/* Mean((x - mean)^2) of these rows. */
static bool is_variance(const rows *r, int value, int x, int mean) {
  int squares, of, m;
  if (!over_rows(r, value, "Mean", &squares)) return false;
  const tarn_step *s = by(r, squares, "SquaredDifference");
  if (s) return (s->in[0] == x && s->in[1] == mean) || (s->in[1] == x && s->in[0] == mean);
  s = by(r, squares, "Square");
  return s && centred(r, s->in[0], &of, &m) && of == x && m == mean;
}

/* variance + epsilon */
static bool spread(const rows *r, int value, norm *n) {
  const tarn_step *s = sum_of(r, value);
  for (int i = 0; s && i < 2; i++) {
    const tarn_tensor *e = tarn__value_known(r->block, s->in[1 - i]);
    if (!e || e->dtype != TARN_F32 || tarn__tensor_elements(e) != 1) continue;
    n->epsilon = *(const float *)e->data;
    return is_variance(r, s->in[i], n->x, n->mean);
  }
  return false;
}

/* 1 / sqrt(variance + epsilon), with the scale or without. */
static bool factor(const rows *r, int value, norm *n) {
  const tarn_step *root = by(r, value, "Rsqrt");
  if (root) return spread(r, root->in[0], n);
  const tarn_step *s = by(r, value, "Mul");
  for (int i = 0; s && i < 2; i++) {
    root = by(r, s->in[i], "Rsqrt");
    if (!root || !spread(r, root->in[0], n)) continue;
    n->scale = s->in[1 - i];
    return true;
  }
  return false;
}

/* (x - mean) k, (x - mean) / sqrt(..), or one of them times the scale. */
static bool normed(const rows *r, int value, norm *n) {
  const tarn_step *s = by(r, value, "RealDiv");
  if (s) {
    const tarn_step *root = by(r, s->in[1], "Sqrt");
    return root && centred(r, s->in[0], &n->x, &n->mean) && spread(r, root->in[0], n);
  }
  s = by(r, value, "Mul");
  for (int i = 0; s && i < 2; i++)
    if (centred(r, s->in[i], &n->x, &n->mean) && factor(r, s->in[1 - i], n)) return true;
  return false;
}
static bool scaled(const rows *r, int value, norm *n) {
  if (normed(r, value, n)) return true;
  const tarn_step *s = by(r, value, "Mul");
  for (int i = 0; s && i < 2; i++) {
    if (!normed(r, s->in[i], n) || n->scale >= 0) continue;
    n->scale = s->in[1 - i];
    return true;
  }
  return false;
}

/* x k + (offset - mean k) */
static bool in_two_products(const rows *r, int a, int b, norm *n) {
  const tarn_step *xk = by(r, a, "Mul"), *rest = by(r, b, "Sub");
  const tarn_step *mk = rest ? by(r, rest->in[1], "Mul") : NULL;
  for (int i = 0; xk && mk && i < 4; i++) {
    const int k = xk->in[i & 1], of = xk->in[!(i & 1)], mean = mk->in[i >> 1];
    int x;
    if (mk->in[!(i >> 1)] != k || !over_rows(r, mean, "Mean", &x) || x != of) continue;
    *n = (norm){.x = x, .mean = mean, .scale = -1, .offset = rest->in[0]};
    if (factor(r, k, n)) return true;
  }
  return false;
}

/* A vector over the last axis: [C], [1,..,1,C] with no more dims than x. */
static bool channel_vector(const rows *r, int value, const tarn_shape *x) {
  const tarn_shape *s = &r->block->value[value].shape;
  const int64_t C = x->dim[x->rank - 1];
  return usable(r, value) && s->rank >= 1 && s->rank <= x->rank && s->dim[s->rank - 1] == C &&
         tarn__shape_elements(s) == C;
}

static tarn_status constant_vector(rows *r, int64_t C, float x, int *value) {
  const tarn_shape shape = tarn__shape_vector(C);
  tarn_tensor t = {0};
  TARN_TRY(tarn__tensor_new_raw(r->b->context->allocator, TARN_F32, &shape, &t));
  for (int64_t i = 0; i < C; i++) ((float *)t.data)[i] = x;
  *value = tarn__block_add_constant(r->block, &t);
  return *value < 0 ? TARN_NO_MEMORY : TARN_OK;
}

static tarn_status layer_norm(rows *r, tarn_step *step) {
  const int a = step->in[0], b = step->in[1];
  norm n = {.scale = -1, .offset = b};
  if (r->block->value[step->out[0]].dtype != TARN_F32) return TARN_OK;
  if (!scaled(r, a, &n)) {
    n = (norm){.scale = -1, .offset = a};
    if (!scaled(r, b, &n) && !in_two_products(r, a, b, &n) && !in_two_products(r, b, a, &n))
      return TARN_OK;
  }
  const tarn_shape x = r->block->value[n.x].shape;
  if (!usable(r, n.x) || x.rank < 1 ||
      !tarn__shape_equal(&x, &r->block->value[step->out[0]].shape) ||
      !channel_vector(r, n.offset, &x) || (n.scale >= 0 && !channel_vector(r, n.scale, &x)))
    return TARN_OK;
  int in[3] = {n.x, n.scale, n.offset};
  if (n.scale < 0) TARN_TRY(constant_vector(r, x.dim[x.rank - 1], 1, &in[1]));
  tarn_attrs *attrs;
  const tarn_attr epsilon = {.kind = TARN_ATTR_FLOAT, .f = n.epsilon};
  TARN_TRY(tarn__rewrite_attrs(r->b, NULL, &attrs));
  TARN_TRY(tarn__attr_set(r->b->arena, attrs, "epsilon", &epsilon));
  return becomes(r, step, "_LayerNorm", attrs, in, 3);
}

/* --------------------------------------------------------------------------------------------- */

tarn_status tarn__pass_fuse_rows(tarn_builder *b, tarn_block *block) {
  rows r = {.b = b, .block = block};
  for (int at = 0; at < block->steps; at++) {
    tarn_step *step = &block->step[at];
    const char *op = tarn__step_op(step);
    if (!op[0] || step->may_die || step->deref || step->inputs != 2) continue;
    if (!strcmp(op, "RealDiv"))
      TARN_TRY(softmax(&r, step));
    else if (!strcmp(op, "Sub"))
      TARN_TRY(log_softmax(&r, step));
    else if (!strcmp(op, "AddV2") || !strcmp(op, "Add"))
      TARN_TRY(layer_norm(&r, step));
  }
  return TARN_OK;
}

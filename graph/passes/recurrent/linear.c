/* Sums of matrix products and biases, activations and clips: what stands in front of a gate. */
#include <math.h>
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"

static const tarn_shape *shape_of(const tarn_match *m, int value) {
  return &m->block->value[tarn__match_origin(m, value)].shape;
}

/* A vector that is the same in every round. */
static bool is_vector(const tarn_match *m, int value) {
  const tarn_shape *s = shape_of(m, value);
  return tarn__shape_known(s) && s->rank == 1 && tarn__match_invariant(m, value);
}

static bool add_bias(tarn_match *m, const tarn_step *step, int value, int64_t at, tarn_linear *z) {
  if (!is_vector(m, value)) return tarn__match_no(m, step, "adds what is no vector of every round");
  if (z->biases == TARN_LINEAR_TERMS) return tarn__match_no(m, step, "too many biases");
  z->bias[z->biases++] = (struct tarn_linear_bias){tarn__match_origin(m, value), at};
  return true;
}

static bool add_term(tarn_match *m, const tarn_step *step, int source, int64_t row, int64_t rows,
                     int64_t at, tarn_linear *z) {
  if (z->terms == TARN_LINEAR_TERMS) return tarn__match_no(m, step, "too many matrix products");
  z->term[z->terms++] = (struct tarn_linear_term){
      tarn__match_origin(m, source), tarn__match_origin(m, step->in[1]), row, rows, at};
  return true;
}

static bool product(tarn_match *m, const tarn_step *step, int64_t at, tarn_linear *z) {
  const tarn_shape *w = shape_of(m, step->in[1]);
  if (!tarn__match_invariant(m, step->in[1]))
    return tarn__match_no(m, step, "its matrix changes from round to round");
  if (!tarn__shape_known(w) || w->rank != 2 || tarn__attr_bool(step->attrs, "transpose_a") ||
      tarn__attr_bool(step->attrs, "transpose_b"))
    return tarn__match_no(m, step, "a transposed matrix, or one of unknown shape");
  const tarn_step *join = tarn__match_step(m, step->in[0]);
  if (!tarn__match_is(join, "ConcatV2")) return add_term(m, step, step->in[0], 0, w->dim[0], at, z);
  /* the rows of each part; one of them may have to be what is left */
  const int parts = join->inputs - 1;
  int64_t known = 0;
  int open = -1;
  for (int i = 0; i < parts; i++) {
    const int64_t n = tarn__match_columns(m, join->in[i]);
    if (n < 0 && open >= 0) return tarn__match_no(m, join, "the widths of its inputs are unknown");
    if (n < 0)
      open = i;
    else
      known += n;
  }
  const tarn_tensor *axis = tarn__match_constant(m, join->in[parts]);
  if (!axis || (tarn__tensor_int(axis, 0) != 1 && tarn__tensor_int(axis, 0) != -1))
    return tarn__match_no(m, join, "joins along another axis than the columns");
  if (open < 0 ? known != w->dim[0] : known >= w->dim[0])
    return tarn__match_no(m, join, "gives %lld columns for a matrix of %lld rows", (long long)known,
                          (long long)w->dim[0]);
  int64_t row = 0;
  for (int i = 0; i < parts; i++) {
    const int64_t rows = i == open ? w->dim[0] - known : tarn__match_columns(m, join->in[i]);
    if (!add_term(m, step, join->in[i], row, rows, at, z)) return false;
    row += rows;
  }
  return tarn__match_take(m, join);
}

static bool linear(tarn_match *m, int value, int64_t at, int depth, tarn_linear *z) {
  const tarn_step *step = tarn__match_step(m, value);
  if (!step) return tarn__match_no(m, NULL, "a gate is no sum of matrix products");
  if (depth > TARN_CELL_DEPTH) return tarn__match_no(m, step, "a sum too deep");
  if (!tarn__match_take(m, step)) return false;
  int whole;
  int64_t from, width;
  if (tarn__match_part(m, value, &whole, &from, &width))
    return linear(m, whole, at + from, depth + 1, z);
  if (tarn__match_is(step, "MatMul")) return product(m, step, at, z);
  if (tarn__match_is(step, "BiasAdd")) {
    const tarn_attr *format = tarn__attr_find(step->attrs, "data_format");
    if (format && format->kind == TARN_ATTR_STRING &&
        tarn__attr_is(step->attrs, "data_format", "NCHW"))
      return tarn__match_no(m, step, "its bias runs along the rows");
    return add_bias(m, step, step->in[1], at, z) && linear(m, step->in[0], at, depth + 1, z);
  }
  if (tarn__match_is_add(step)) {
    for (int i = 0; i < 2; i++) {
      double x;
      if (tarn__match_scalar(m, step->in[i], &x) && shape_of(m, step->in[i])->rank == 0)
        z->constant += x;
      else if (is_vector(m, step->in[i])) {
        if (!add_bias(m, step, step->in[i], at, z)) return false;
      } else if (!linear(m, step->in[i], at, depth + 1, z)) {
        return false;
      }
    }
    return true;
  }
  if (tarn__match_is(step, "Mul")) {
    if (z->product >= 0) return tarn__match_no(m, step, "a second product in one gate");
    z->product = tarn__match_origin(m, value);
    z->product_at = at;
    return true;
  }
  return tarn__match_no(m, step, "is no part of a gate's sum of matrix products");
}

bool tarn__match_linear(tarn_match *m, int value, int64_t at, int64_t width, tarn_linear *z) {
  *z = (tarn_linear){.product = -1, .width = width < 0 ? tarn__match_columns(m, value) : width};
  return linear(m, value, at, 0, z);
}

bool tarn__match_clip(tarn_match *m, int value, int *of, float *bound) {
  const tarn_step *step = tarn__match_step(m, value);
  double low, high;
  if (tarn__match_is(step, "ClipByValue")) {
    *of = step->in[0];
    if (!tarn__match_scalar(m, step->in[1], &low) || !tarn__match_scalar(m, step->in[2], &high))
      return false;
  } else {
    const bool lower = tarn__match_is(step, "Maximum");
    if (!lower && !tarn__match_is(step, "Minimum")) return false;
    const tarn_step *inner = tarn__match_step(m, step->in[0]);
    if (!tarn__match_is(inner, lower ? "Minimum" : "Maximum") ||
        !tarn__match_scalar(m, step->in[1], lower ? &low : &high) ||
        !tarn__match_scalar(m, inner->in[1], lower ? &high : &low) || !tarn__match_take(m, inner))
      return false;
    *of = inner->in[0];
  }
  *bound = (float)high;
  return low == -high && high > 0 && (double)*bound == high && tarn__match_take(m, step);
}

bool tarn__match_clipped(tarn_match *m, int value, int *clipped, float *bound) {
  const tarn_step *step;
  value = tarn__match_origin(m, value);
  for (int k = 0; (step = tarn__match_user(m, value, k)); k++) {
    const int before = m->n_taken;
    int of, out = step->out[0];
    if (tarn__match_is(step, "Minimum") || tarn__match_is(step, "Maximum")) {
      const tarn_step *outer = tarn__match_user(m, out, 0);
      if (!outer) continue;
      out = outer->out[0];
    } else if (!tarn__match_is(step, "ClipByValue")) {
      continue;
    }
    if (tarn__match_clip(m, out, &of, bound) && tarn__match_origin(m, of) == value) {
      *clipped = out;
      return true;
    }
    m->n_taken = before;
  }
  return false;
}

/* clip(0.2 x + 0.5, 0, 1) */
static bool hard_sigmoid(tarn_match *m, int value, int *of) {
  const tarn_step *step = tarn__match_step(m, value), *outer = step;
  double low, high, half, fifth;
  int sum;
  if (tarn__match_is(step, "ClipByValue")) {
    sum = step->in[0];
    if (!tarn__match_scalar(m, step->in[1], &low) || !tarn__match_scalar(m, step->in[2], &high))
      return false;
  } else {
    if (!tarn__match_is(step, "Maximum") || !tarn__match_scalar(m, step->in[1], &low)) return false;
    step = tarn__match_step(m, step->in[0]);
    if (!tarn__match_is(step, "Minimum") || !tarn__match_scalar(m, step->in[1], &high))
      return false;
    sum = step->in[0];
  }
  const tarn_step *add = tarn__match_step(m, sum);
  if (low != 0 || high != 1 || !tarn__match_is_add(add)) return false;
  const int by = tarn__match_scalar(m, add->in[1], &half) ? 0 : 1;
  const tarn_step *mul = tarn__match_step(m, add->in[by]);
  if (!tarn__match_scalar(m, add->in[!by], &half) || !tarn__match_is(mul, "Mul")) return false;
  const int scaled = tarn__match_scalar(m, mul->in[1], &fifth) ? 0 : 1;
  if (!tarn__match_scalar(m, mul->in[!scaled], &fifth)) return false;
  if (half != 0.5 || fabs(fifth - 0.2) > 1e-8) return false;
  *of = mul->in[scaled];
  return tarn__match_take(m, outer) && tarn__match_take(m, step) && tarn__match_take(m, add) &&
         tarn__match_take(m, mul);
}

bool tarn__match_activation(tarn_match *m, int value, tarn_recurrent_activation *act, int *of) {
  static const struct {
    const char *op;
    tarn_recurrent_activation act;
  } ops[] = {{"Tanh", TARN_RECURRENT_TANH},
             {"Sigmoid", TARN_RECURRENT_SIGMOID},
             {"Relu", TARN_RECURRENT_RELU}};
  const tarn_step *step = tarn__match_step(m, value);
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    if (tarn__match_is(step, ops[i].op)) {
      *act = ops[i].act;
      *of = step->in[0];
      return tarn__match_take(m, step);
    }
  *act = TARN_RECURRENT_HARD_SIGMOID;
  return hard_sigmoid(m, value, of);
}

bool tarn__match_gate(tarn_match *m, int value, tarn_gate *gate) {
  int64_t at = 0, width = -1, from, part;
  int whole, of;
  gate->act = TARN_RECURRENT_LINEAR;
  for (int round = 0; round < 2;
       round++) { /* a part of the activation, or the activation of a part */
    while (tarn__match_part(m, value, &whole, &from, &part)) {
      if (!tarn__match_take(m, tarn__match_step(m, value))) return false;
      at += from;
      if (width < 0) width = part;
      value = whole;
    }
    tarn_recurrent_activation act;
    if (gate->act != TARN_RECURRENT_LINEAR || !tarn__match_activation(m, value, &act, &of))
      continue;
    gate->act = act;
    value = of;
  }
  return tarn__match_linear(m, value, at, width, &gate->z);
}

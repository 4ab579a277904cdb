/* Chains of elementwise ops as one: made by the pass fuse_elementwise, never found in a file.
 *
 * `ops` names TensorFlow's ops in the order they run. `operands` has two numbers an op: i < N is
 * argument i, N + k the result of op k, and -1 says that there is no second one. `alphas` has a
 * number an op, of which LeakyRelu has a use. All results have the output's shape. */
#include "kernels/params/elementwise.h"

#include <string.h>

#include "graph/op.h"

static bool is(tarn_string s, const char *text) {
  return s.size == strlen(text) && !memcmp(s.data, text, s.size);
}

static bool code_of(tarn_string name, tarn_elementwise_code *code) {
#define X(op)                      \
  if (is(name, #op)) {             \
    *code = TARN_ELEMENTWISE_##op; \
    return true;                   \
  }
  TARN_ELEMENTWISE_UNARY_MAP(X)
  TARN_ELEMENTWISE_BINARY_MAP(X)
#undef X
  return false;
}

/* Buffers for results, each free again after its last use. A result may take over the buffer of an
 * operand. */
static void place(tarn_elementwise_params *p) {
  int last[TARN_ELEMENTWISE_STEPS], free_at[TARN_ELEMENTWISE_STEPS];
  for (int k = 0; k < p->steps; k++) last[k] = k;
  for (int k = 0; k < p->steps; k++) {
    if (p->step[k].a >= p->args) last[p->step[k].a - p->args] = k;
    if (p->step[k].b >= p->args) last[p->step[k].b - p->args] = k;
  }
  p->slots = 0;
  for (int k = 0; k < p->steps; k++) {
    if (k == p->steps - 1) {
      p->step[k].slot = -1;
      break;
    }
    int slot = 0;
    while (slot < p->slots && free_at[slot] > k) slot++;
    if (slot == p->slots) p->slots++;
    free_at[slot] = last[k];
    p->step[k].slot = slot;
  }
}

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_elementwise_params *p = params;
  const tarn_attr *ops = tarn__attr_list(attrs, "ops"),
                  *operands = tarn__attr_list(attrs, "operands"),
                  *alphas = tarn__attr_list(attrs, "alphas");
  const int64_t args = tarn__attr_int(attrs, "N");
  const size_t n = ops->list.count;
  if (args < 1 || args > TARN_ELEMENTWISE_ARGS || n < 1 || n > TARN_ELEMENTWISE_STEPS)
    return tarn_fail(TARN_UNSUPPORTED, "%zu ops on %lld tensors: at most %d on %d", n,
                     (long long)args, TARN_ELEMENTWISE_STEPS, TARN_ELEMENTWISE_ARGS);
  if (operands->list.count != 2 * n || (alphas->list.count && alphas->list.count != n))
    return tarn_fail(TARN_INVALID, "%zu ops have %zu operands and %zu alphas", n,
                     operands->list.count, alphas->list.count);
  p->args = (int)args;
  p->steps = (int)n;
  for (size_t k = 0; k < n; k++) {
    tarn_elementwise_step *step = &p->step[k];
    const int64_t a = operands->list.i[2 * k], b = operands->list.i[2 * k + 1];
    if (!code_of(ops->list.s[k], &step->code))
      return tarn_fail(TARN_UNSUPPORTED, "ops: '%.*s'", (int)(ops->list.s[k].size & 63),
                       ops->list.s[k].data);
    const bool binary = tarn__elementwise_binary(step->code);
    if (a < 0 || a >= args + (int64_t)k || (binary ? b < 0 || b >= args + (int64_t)k : b != -1))
      return tarn_fail(TARN_INVALID, "op %zu has operands %lld and %lld", k, (long long)a,
                       (long long)b);
    step->a = (int)a;
    step->b = (int)b;
    step->alpha = alphas->list.count ? alphas->list.f[k] : 0;
  }
  place(p);
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  const tarn_elementwise_params *p = t->params;
  tarn_shape out = t->in[0];
  for (int i = 1; i < t->inputs; i++) {
    const tarn_shape so_far = out;
    TARN_TRY(tarn__shape_broadcast(&so_far, &t->in[i], &out));
  }
  for (int k = 0; k < p->steps; k++) { /* results all have y's shape: kernels count on it */
    const int a = p->step[k].a, b = p->step[k].b;
    const tarn_shape *x = a < p->args ? &t->in[a] : &out, *y = b < 0         ? x
                                                               : b < p->args ? &t->in[b]
                                                                             : &out;
    tarn_shape result;
    TARN_TRY(tarn__shape_broadcast(x, y, &result));
    if (!tarn__shape_equal(&result, &out))
      return tarn_fail(TARN_SHAPE, "the result of op %d is smaller than the output", k);
  }
  t->out[0] = out;
  return TARN_OK;
}

const tarn_op tarn_ops_elementwise[] = {
    {.name = "_Elementwise",
     .inputs = "args: N * T",
     .outputs = "y: T",
     .attrs = "T: {float}; N: int >= 1; ops: list(string); operands: list(int); alphas: "
              "list(float) = []",
     .inplace = 1,
     .params_bytes = sizeof(tarn_elementwise_params),
     .parse = parse,
     .infer = infer,
     .formula = "y = the last of `ops`, each on arguments and earlier results, element by element",
     .cases = {"args=f32[3x17] args=f32[17] ops=['Mul','Tanh'] operands=[0,1,2,-1]",
               "args=f32[2x5x7] args=f32[2x1x7] args=f32[] ops=['Sub','Square','Mul'] "
               "operands=[0,1,3,-1,4,2]",
               "args=f32[0x5] args=f32[5] ops=['Add','Relu'] operands=[0,1,2,-1]",
               "args=f32[1] ops=['Neg','Exp'] operands=[0,-1,1,-1]",
               "args=f32[4x1] args=f32[1x5000] ops=['Add','LeakyRelu'] operands=[0,1,2,-1] "
               "alphas=[0,0.25]",
               "args=f32[7x4100] args=f32[7x1] args=f32[] ops=['Abs','Add','Mul','Mul'] "
               "operands=[0,-1,3,1,4,2,5,3]",
               "args=f32[3x1] args=f32[3000] ops=['Sub','Neg','Maximum'] operands=[0,1,2,-1,3,0]",
               "args=f32[600x50] args=f32[50] args=f32[600x1] ops=['Add','Sigmoid','Mul','Add'] "
               "operands=[0,1,3,-1,3,4,5,2]",
               "args=f32[33x3x5] args=f32[3x1] args=f32[33x1x5] ops=['Mul','Add','Erf'] "
               "operands=[0,1,3,2,4,-1]"}},
    {0},
};

/* Trees of elementwise f32 steps as one step, whose kernel runs them over blocks that stay in the
 * cache (kernels/cpu/elementwise/program.body.h) with the loops of the single ops: the same bits,
 * and memory is read and written once.
 *
 *   h = BiasAdd(p, b);  s = Sigmoid(h);  y = Mul(h, s)     becomes   y = _Elementwise(p, b)
 *
 * From the last step backwards a step is taken in when every use of its result is inside and its
 * result has the shape of the last one's. So nothing is computed twice or lost, and the whole is
 * dead exactly when one of its inputs is. Swish, gelu and what follows a norm come out as such
 * trees. Pow by 2 and 3 is taken in as products, which C's pow in double rounds to within half a
 * unit in the last place of.
 *
 * Left out: steps whose input may be a ref variable's memory, which a later step may write. */
#include <string.h>

#include "graph/passes/rewrite.h"
#include "kernels/params/activation.h"
#include "kernels/params/bias.h"
#include "kernels/params/elementwise.h"

typedef struct tree {
  tarn_builder *b;
  tarn_block *block;
  int *uses;   /* by value */
  int *inside; /* by value: uses by members; all 0 between trees */
  int member[TARN_ELEMENTWISE_STEPS], members;
  int args[TARN_ELEMENTWISE_ARGS], n_args;
} tree;

static const char *const unary[] = {
#define X(name) #name,
    TARN_ELEMENTWISE_UNARY_MAP(X)
#undef X
};
static const char *const binary[] = {
#define X(name) #name,
    TARN_ELEMENTWISE_BINARY_MAP(X)
#undef X
};

/* 2 or 3 for a Pow by that number, else 0. */
static int small_power(const tarn_block *block, const tarn_step *step) {
  const tarn_tensor *e = tarn__step_is(step, "Pow") ? tarn__value_known(block, step->in[1]) : NULL;
  if (!e || e->dtype != TARN_F32 || tarn__tensor_elements(e) != 1 ||
      e->shape.rank > block->value[step->in[0]].shape.rank)
    return 0;
  const float x = *(const float *)e->data;
  return x == 2 ? 2 : x == 3 ? 3 : 0;
}

/* Instructions that a step becomes; 0: it cannot be one of a tree. */
static int instructions(const tree *t, const tarn_step *step) {
  const tarn_block *block = t->block;
  const char *op = tarn__step_op(step);
  if (!op[0] || step->outputs != 1 || step->deref || block->value[step->out[0]].dtype != TARN_F32 ||
      !tarn__shape_known(&block->value[step->out[0]].shape))
    return 0;
  for (int i = 0; i < step->inputs; i++)
    if (block->value[step->in[i]].dtype != TARN_F32 || block->value[step->in[i]].is_ref ||
        !tarn__shape_known(&block->value[step->in[i]].shape))
      return 0;
  if (!strncmp(op, "BiasAdd", 7) && ((const tarn_bias_params *)step->params)->channels_first)
    return 0;
  if (small_power(block, step)) return small_power(block, step) - 1;
  if (step->inputs == 1) return tarn__op_among(op, unary, sizeof unary / sizeof *unary);
  return step->inputs == 2 && tarn__op_among(op, binary, sizeof binary / sizeof *binary);
}

static bool reads_variables(const tree *t, const tarn_step *step) {
  for (int i = 0; i < step->inputs; i++)
    if (tarn__value_may_change(t->b, t->block, step->in[i])) return true;
  return false;
}

/* How many values a step wants: a power's exponent is none. */
static int operands(const tree *t, const tarn_step *step) {
  return small_power(t->block, step) ? 1 : step->inputs;
}

static void count(tree *t, const tarn_step *step, int by) {
  for (int i = 0; i < step->inputs; i++) t->inside[step->in[i]] += by;
}

static bool is_member(const tree *t, int step) {
  for (int m = 0; m < t->members; m++)
    if (t->member[m] == step) return true;
  return false;
}

/* The values that come from outside; false when they are too many. */
static bool find_args(tree *t) {
  const tarn_block *block = t->block;
  t->n_args = 0;
  for (int m = 0; m < t->members; m++) {
    const tarn_step *step = &block->step[t->member[m]];
    for (int i = 0; i < operands(t, step); i++) {
      const int v = step->in[i];
      if (block->value[v].producer >= 0 && is_member(t, block->value[v].producer)) continue;
      int k = 0;
      while (k < t->n_args && t->args[k] != v) k++;
      if (k < t->n_args) continue;
      if (t->n_args == TARN_ELEMENTWISE_ARGS) return false;
      t->args[t->n_args++] = v;
    }
  }
  return true;
}

/* The step joins, unless it makes the tree too large. */
static bool join(tree *t, int at, int *size) {
  const int n = instructions(t, &t->block->step[at]);
  if (*size + n > TARN_ELEMENTWISE_STEPS) return false;
  t->member[t->members++] = at;
  if (!find_args(t)) {
    t->members--;
    return false;
  }
  *size += n;
  count(t, &t->block->step[at], 1);
  return true;
}

/* Members by position, so that each comes after what it needs. */
static void sort_members(tree *t) {
  for (int i = 1; i < t->members; i++)
    for (int k = i; k > 0 && t->member[k - 1] > t->member[k]; k--) {
      const int x = t->member[k];
      t->member[k] = t->member[k - 1];
      t->member[k - 1] = x;
    }
}

/* Whose place the output may take comes first: of its shape, with no later use. */
static void sort_args(tree *t, const tarn_shape *y) {
  int best = -1;
  for (int i = 0; i < t->n_args; i++) {
    const int v = t->args[i];
    if (!tarn__shape_equal(&t->block->value[v].shape, y) || t->block->value[v].constant.dtype)
      continue;
    if (best < 0 ||
        (t->uses[v] == t->inside[v] && t->uses[t->args[best]] != t->inside[t->args[best]]))
      best = i;
  }
  if (best <= 0) return;
  const int v = t->args[best];
  t->args[best] = t->args[0];
  t->args[0] = v;
}

/* The program while it is written down. */
typedef struct program {
  tarn_string *op;
  int64_t *operand;
  float *alpha;
  int n;
} program;

static int operand_of(const tree *t, const int *result_of, int value) {
  for (int i = 0; i < t->n_args; i++)
    if (t->args[i] == value) return i;
  const int producer = t->block->value[value].producer;
  for (int m = 0; m < t->members; m++)
    if (t->member[m] == producer) return t->n_args + result_of[m];
  return -1;
}

static void emit(program *p, const char *op, int a, int b, float alpha) {
  p->op[p->n] = (tarn_string){op, strlen(op)};
  p->operand[2 * p->n] = a;
  p->operand[2 * p->n + 1] = b;
  p->alpha[p->n++] = alpha;
}

static tarn_status write_program(tree *t, tarn_attrs **made) {
  tarn_arena *arena = t->b->arena;
  program p = {.op = tarn__arena_array(arena, TARN_ELEMENTWISE_STEPS, sizeof *p.op),
               .operand = tarn__arena_array(arena, 2 * TARN_ELEMENTWISE_STEPS, sizeof *p.operand),
               .alpha = tarn__arena_array(arena, TARN_ELEMENTWISE_STEPS, sizeof *p.alpha)};
  int result_of[TARN_ELEMENTWISE_STEPS];
  if (!p.op || !p.operand || !p.alpha) return TARN_NO_MEMORY;
  for (int m = 0; m < t->members; m++) {
    const tarn_step *step = &t->block->step[t->member[m]];
    const int a = operand_of(t, result_of, step->in[0]), power = small_power(t->block, step);
    if (power) {
      emit(&p, "Square", a, -1, 0);
      if (power == 3) emit(&p, "Mul", t->n_args + p.n - 1, a, 0);
    } else {
      const bool leaky = tarn__step_is(step, "LeakyRelu");
      emit(&p, step->op->name, a, step->inputs > 1 ? operand_of(t, result_of, step->in[1]) : -1,
           leaky ? ((const tarn_activation_params *)step->params)->alpha : 0);
    }
    result_of[m] = p.n - 1;
  }
  tarn_attr ops = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_STRING};
  ops.list.count = (size_t)p.n;
  ops.list.s = p.op;
  tarn_attr alphas = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_FLOAT};
  alphas.list.count = (size_t)p.n;
  alphas.list.f = p.alpha;
  tarn_attrs *attrs;
  TARN_TRY(tarn__rewrite_attrs(t->b, NULL, &attrs));
  TARN_TRY(tarn__rewrite_set_type(t->b, attrs, "T", TARN_F32));
  TARN_TRY(tarn__rewrite_set_int(t->b, attrs, "N", t->n_args));
  TARN_TRY(tarn__attr_set(arena, attrs, "ops", &ops));
  TARN_TRY(tarn__rewrite_set_ints(t->b, attrs, "operands", p.operand, 2 * p.n));
  TARN_TRY(tarn__attr_set(arena, attrs, "alphas", &alphas));
  *made = attrs;
  return TARN_OK;
}

/* The last member becomes the whole; what the others waited for, it waits for. */
static tarn_status rewrite(tree *t, int last) {
  tarn_step *step = &t->block->step[last];
  tarn_attrs *attrs;
  tarn_status status;
  int controls = 0;
  sort_members(t);
  sort_args(t, &t->block->value[step->out[0]].shape);
  TARN_TRY(write_program(t, &attrs));
  const tarn_node *node =
      tarn__rewrite_node(t->b, step->name, "_Elementwise", attrs, TARN_F32, &status);
  if (!node) return status;
  for (int m = 0; m < t->members; m++) controls += t->block->step[t->member[m]].controls;
  int *control = tarn__arena_array(t->b->arena, (size_t)controls + 1, sizeof(int)), n = 0;
  if (!control) return TARN_NO_MEMORY;
  for (int m = 0; m < t->members; m++) {
    tarn_step *gone = &t->block->step[t->member[m]];
    for (int k = 0; k < gone->controls; k++) control[n++] = gone->control[k];
    if (gone != step) gone->removed = true;
  }
  step->control = control;
  step->controls = n;
  return tarn__rewrite_step(t->b, step, node, t->args, t->n_args);
}

static tarn_status grow_from(tree *t, int last) {
  const tarn_block *block = t->block;
  const tarn_step *root = &block->step[last];
  t->members = 0;
  if (!instructions(t, root)) return TARN_OK; /* it may have no output at all */
  const tarn_shape *shape = &block->value[root->out[0]].shape;
  int size = 0;
  if (!join(t, last, &size)) return TARN_OK;
  for (bool grown = true; grown;) { /* until nobody's last use has come in */
    grown = false;
    for (int i = 0; i < t->n_args && !grown; i++) {
      const int v = t->args[i], at = block->value[v].producer;
      if (at < 0 || t->uses[v] != t->inside[v] || !tarn__step_pure(block, &block->step[at]) ||
          !tarn__same_side(t->b, root, &block->step[at]) || !instructions(t, &block->step[at]) ||
          reads_variables(t, &block->step[at]) || !tarn__shape_equal(&block->value[v].shape, shape))
        continue;
      grown = join(t, at, &size);
      if (!grown) (void)find_args(t);
    }
  }
  const bool worth = t->members > 1 || small_power(block, root);
  const int members = t->members;
  tarn_status status = TARN_OK;
  int taken[TARN_ELEMENTWISE_STEPS];
  memcpy(taken, t->member, (size_t)members * sizeof *taken);
  /* Counts go back to 0 before inputs are rewritten, for the next tree. */
  tarn_step before[TARN_ELEMENTWISE_STEPS];
  for (int m = 0; m < members; m++) before[m] = block->step[taken[m]];
  if (worth) status = rewrite(t, last);
  for (int m = 0; m < members; m++) count(t, &before[m], -1);
  return status;
}

tarn_status tarn__pass_fuse_elementwise(tarn_builder *b, tarn_block *block) {
  tree t = {.b = b,
            .block = block,
            .uses = tarn__block_uses(block),
            .inside = tarn__arena_array(b->arena, (size_t)block->values + 1, sizeof(int))};
  if (!t.uses || !t.inside) return TARN_NO_MEMORY;
  if (tarn__target_refusal(TARN_TARGET_AVX2)) return TARN_OK; /* only `reference` could run it */
  for (int at = block->steps - 1; at >= 0; at--)
    if (!block->step[at].removed)
      TARN_TRY_IN(grow_from(&t, at), "fusing what leads to '%s'", block->step[at].name);
  return TARN_OK;
}

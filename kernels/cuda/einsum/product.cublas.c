/* Einsum of two inputs as products by cuBLAS, where the operands are matrices as they lie in
 * memory, without copies: "BFNH,BTNH->BNFT" and most of what attention is written with.
 *
 * Axes of the output that both inputs have are batches, others rows or columns; what is summed over
 * is the depth. Rows, columns and depth have to fold into one axis each, of which one has a step of
 * 1 in each operand. The innermost batches with one step go into one strided call, a loop walks the
 * others. */
#include "kernels/cuda/matmul/types.h"
#include "kernels/params/einsum.h"

enum { A, B, OUT = TARN_EINSUM_OUT };
enum { ROWS, COLUMNS, DEPTH, FOLDED };

typedef struct plan {
  tarn_einsum_axis folded[FOLDED];
  tarn_einsum_axis batch[TARN_EINSUM_AXES]; /* the innermost first */
  int batches;
} plan;

/* x joins `into`, which it continues in every operand. */
static bool fold(tarn_einsum_axis *into, const tarn_einsum_axis *x) {
  if (into->size == 1) {
    *into = *x;
    return true;
  }
  for (int k = 0; k < TARN_EINSUM_OPERANDS; k++)
    if (x->step[k] != into->step[k] * into->size) return false;
  into->size *= x->size;
  return true;
}

/* NULL, or why not. */
static const char *plan_of(const tarn_problem *p, plan *g) {
  const tarn_einsum e = tarn__einsum_of(p->params, p->in_shape, &p->out_shape[0]);
  *g = (plan){.folded = {{.size = 1}, {.size = 1}, {.size = 1}}};
  for (int i = 0; i < e.axes; i++) {
    const tarn_einsum_axis *x = &e.axis[i];
    if (x->size == 1) continue;
    if (!x->step[A] && !x->step[B]) return "an axis that no input has";
    if (i >= e.kept && !(x->step[A] && x->step[B])) return "a sum over one input";
    if (i < e.kept && x->step[A] && x->step[B]) {
      if (!g->batches || !fold(&g->batch[g->batches - 1], x)) g->batch[g->batches++] = *x;
      continue;
    }
    const int kind = i >= e.kept ? DEPTH : x->step[A] ? ROWS : COLUMNS;
    if (!fold(&g->folded[kind], x)) return "operands that are no matrices as they lie";
  }
  return NULL;
}

/* An operand as cuBLAS has it, by columns: `down` and `along` are the steps of its rows and
 * columns. */
typedef struct operand {
  cublasOperation_t op;
  int64_t ld;
} operand;

static bool operand_of(int64_t rows, int64_t down, int64_t cols, int64_t along, operand *o) {
  if (rows == 1 || down == 1) {
    *o = (operand){CUBLAS_OP_N, cols == 1 ? rows : along};
    return o->ld >= rows;
  }
  *o = (operand){CUBLAS_OP_T, rows == 1 ? cols : down};
  return (cols == 1 || along == 1) && o->ld >= cols;
}

typedef struct product {
  int64_t m, n, k;
  int left; /* the operand that cuBLAS has first: A or B */
  operand first, second;
  int64_t ld;
} product;

/* The output by columns: as it is where a step down its rows is 1, else transposed, with the
 * operands in the other order. */
static bool product_of(const plan *g, product *x) {
  const tarn_einsum_axis *r = &g->folded[ROWS], *c = &g->folded[COLUMNS], *d = &g->folded[DEPTH];
  const bool turned = c->size == 1 ? r->size > 1 && r->step[OUT] != 1 : c->step[OUT] == 1;
  const tarn_einsum_axis *down = turned ? c : r, *along = turned ? r : c;
  operand out;
  *x = (product){.m = down->size, .n = along->size, .k = d->size, .left = turned ? B : A};
  const int right = turned ? A : B;
  if (!operand_of(down->size, down->step[OUT], along->size, along->step[OUT], &out) ||
      out.op != CUBLAS_OP_N)
    return false;
  x->ld = out.ld;
  return operand_of(down->size, down->step[x->left], d->size, d->step[x->left], &x->first) &&
         operand_of(d->size, d->step[right], along->size, along->step[right], &x->second);
}

static const char *supports(const tarn_problem *p) {
  plan g;
  product x;
  if (p->inputs != 2) return "one input only";
  if (p->out_shape[0].rank < 0) return "the shape is not known yet";
  for (int i = 0; i < 2; i++)
    if (tarn__shape_elements(&p->in_shape[i]) == 0) return "an input has no elements";
  const char *refusal = plan_of(p, &g);
  if (refusal) return refusal;
  int64_t written = g.folded[ROWS].size * g.folded[COLUMNS].size;
  for (int i = 0; i < g.batches; i++) written *= g.batch[i].size;
  if (written != tarn__shape_elements(&p->out_shape[0])) return "an output's diagonal";
  return product_of(&g, &x) ? NULL : "operands that are no matrices as they lie";
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  plan g;
  if (plan_of(p, &g)) return 0;
  const double rate = p->in_dtype[0] == TARN_F64 ? 0.5 : p->in_dtype[0] == TARN_F32 ? 1 : 8;
  double flops =
             2.0 * (double)tarn__shape_elements(&p->out_shape[0]) * (double)g.folded[DEPTH].size,
         calls = 1;
  for (int i = 1; i < g.batches; i++) calls *= (double)g.batch[i].size;
  return 5 * calls + flops / (1e3 * m->gflops[TARN_TARGET_CUBLAS] * 0.7 * rate);
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  plan g;
  product x;
  const char *refusal = plan_of(p, &g);
  if (refusal || !product_of(&g, &x)) return tarn_fail(TARN_UNSUPPORTED, "no product");
  const double one64 = 1, zero64 = 0;
  const float one32 = 1, zero32 = 0;
  const bool wide = p->in_dtype[0] == TARN_F64;
  const void *one = wide ? (const void *)&one64 : &one32,
             *zero = wide ? (const void *)&zero64 : &zero32;
  const cudaDataType_t type = tarn__blas_type(p->in_dtype[0]);
  const int64_t bytes = (int64_t)tarn_dtype_bytes(p->in_dtype[0]);
  const tarn_einsum_axis inner = g.batches ? g.batch[0] : (tarn_einsum_axis){.size = 1};
  const int left = x.left, right = left == A ? B : A;
  cublasHandle_t blas;
  TARN_TRY(tarn__queue_blas(call->queue, &blas));
  int64_t index[TARN_EINSUM_AXES] = {0}, at[TARN_EINSUM_OPERANDS] = {0};
  for (int d = 0; d >= 0;) {
    TARN_BLAS(cublasGemmStridedBatchedEx_64(
        blas, x.first.op, x.second.op, x.m, x.n, x.k, one,
        (const char *)call->in[left]->data + at[left] * bytes, type, x.first.ld, inner.step[left],
        (const char *)call->in[right]->data + at[right] * bytes, type, x.second.ld,
        inner.step[right], zero, (char *)call->out[0]->data + at[OUT] * bytes, type, x.ld,
        inner.step[OUT], inner.size, tarn__blas_compute(p), CUBLAS_GEMM_DEFAULT));
    d = -1;
    for (int i = 1; i < g.batches && d < 0; i++) {
      const tarn_einsum_axis *b = &g.batch[i];
      const bool on = ++index[i] < b->size;
      for (int k = 0; k < TARN_EINSUM_OPERANDS; k++)
        at[k] += on ? b->step[k] : (1 - b->size) * b->step[k];
      if (on)
        d = i;
      else
        index[i] = 0;
    }
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_einsum_product_cublas[] = {
    {.op = "Einsum", .dtypes = TARN_FLOATS, .supports = supports, .cost_us = cost_us, .run = run},
    {0},
};

/* Einsum as products (kernels/cpu/contract), for AVX2 and AVX-512. Axes of the output
 * that both inputs have are batches, others rows or columns; what is summed over is the depth. */
#include "kernels/cpu/contract/contract.h"
#include "kernels/params/einsum.h"

enum { BATCH, ROW, COLUMN, DEPTH, KINDS };

typedef struct plan {
  int axes[KINDS];                              /* of each kind */
  tarn_einsum_axis axis[KINDS][TARN_EINSUM_AXES];
  int64_t size[KINDS];                          /* products of their lengths */
} plan;

static plan plan_of(const tarn_problem *p) {
  const tarn_einsum e = tarn__einsum_of(p->params, p->in_shape, &p->out_shape[0]);
  plan g = {.size = {1, 1, 1, 1}};
  for (int i = 0; i < e.axes; i++) {
    const tarn_einsum_axis *x = &e.axis[i];
    const int kind = i >= e.kept                ? DEPTH
                     : x->step[0] && x->step[1] ? BATCH
                     : x->step[1]               ? COLUMN
                                                : ROW;
    if (x->size == 1) continue;
    g.axis[kind][g.axes[kind]++] = *x;
    g.size[kind] *= x->size;
  }
  return g;
}

/* One operand's places for all indices of a kind. */
static int64_t *fill(const plan *g, int kind, int operand, int64_t *table) {
  int64_t index[TARN_EINSUM_AXES] = {0}, at = 0;
  const tarn_einsum_axis *x = g->axis[kind];
  for (int64_t i = 0; i < g->size[kind]; i++) {
    table[i] = at;
    for (int d = g->axes[kind] - 1; d >= 0; d--) {
      at += x[d].step[operand];
      if (++index[d] < x[d].size) break;
      index[d] = 0;
      at -= x[d].step[operand] * x[d].size;
    }
  }
  return table + g->size[kind];
}

static size_t table_bytes(const plan *g) {
  return (size_t)(8 * (3 * g->size[BATCH] + 2 * (g->size[ROW] + g->size[COLUMN] + g->size[DEPTH])) +
                  63) /
         64 * 64;
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const plan g = plan_of(p);
  return table_bytes(&g) +
         (size_t)threads * tarn__contract_scratch(g.size[ROW], g.size[COLUMN], g.size[DEPTH]);
}

static const char *supports(const tarn_problem *p) {
  if (p->inputs != 2) return "one input only";
  for (int i = 0; i < 2; i++)
    if (tarn__shape_elements(&p->in_shape[i]) == 0) return "an input has no elements";
  return p->out_shape[0].rank < 0 ? "the shape is not known yet" : NULL;
}

static tarn_status run(const tarn_call *call) {
  const plan g = plan_of(call->problem);
  memset(call->out[0]->data, 0,
         tarn__tensor_bytes(call->out[0])); /* an output label twice fills a diagonal only */
  int64_t *a_i = call->scratch, *b_i = fill(&g, BATCH, 0, a_i), *c_i = fill(&g, BATCH, 1, b_i);
  int64_t *a_m = fill(&g, BATCH, TARN_EINSUM_OUT, c_i), *c_m = fill(&g, ROW, 0, a_m);
  int64_t *b_n = fill(&g, ROW, TARN_EINSUM_OUT, c_m), *c_n = fill(&g, COLUMN, 1, b_n);
  int64_t *a_k = fill(&g, COLUMN, TARN_EINSUM_OUT, c_n), *b_k = fill(&g, DEPTH, 0, a_k);
  fill(&g, DEPTH, 1, b_k);
  const tarn_contract job = {.batches = g.size[BATCH],
                             .M = g.size[ROW],
                             .N = g.size[COLUMN],
                             .K = g.size[DEPTH],
                             .a_i = a_i,
                             .b_i = b_i,
                             .c_i = c_i,
                             .a_m = a_m,
                             .c_m = c_m,
                             .b_n = b_n,
                             .c_n = c_n,
                             .a_k = a_k,
                             .b_k = b_k,
                             .a = call->in[0]->data,
                             .b = call->in[1]->data,
                             .c = call->out[0]->data};
  return CONTRACT(&job, call->problem->in_dtype[0], (char *)call->scratch + table_bytes(&g),
                  call->pool);
}

#define ROWS                            \
  {.op = "Einsum",                      \
   .dtypes = TARN_REALS | TARN_COMPLEX, \
   .supports = supports,                \
   .scratch_bytes = scratch_bytes,      \
   .run = run},

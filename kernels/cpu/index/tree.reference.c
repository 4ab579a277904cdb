/* GatherTree: what a beam search decoded, followed back from the last step of each beam through
 * its parents. */
#include "kernels/run.h"

typedef struct tree {
  const int32_t *ids, *parents; /* [T, B, K] */
  int32_t *beams;
  int64_t B, K;
} tree;

/* Beam k of batch entry b, of `steps` steps; from the first end_token on there is nothing else. */
static tarn_status follow(const tree *t, int64_t b, int64_t k, int64_t steps, int32_t end) {
  int64_t parent = k;
  for (int64_t step = steps - 1; step >= 0; step--) {
    if (parent < 0 || parent >= t->K)
      return tarn_fail(TARN_INVALID,
                       "Saw invalid parent id %lld at (batch, time, beam) == (%lld, %lld, %lld)",
                       (long long)parent, (long long)b, (long long)step, (long long)k);
    const int64_t row = (step * t->B + b) * t->K;
    t->beams[row + k] = t->ids[row + parent];
    parent = t->parents[row + parent];
  }
  bool ended = false;
  for (int64_t step = 0; step < steps; step++) {
    int32_t *at = &t->beams[(step * t->B + b) * t->K + k];
    if (ended) *at = end;
    ended = ended || *at == end;
  }
  return TARN_OK;
}

static tarn_status gather_tree(const tarn_call *call) {
  const int64_t *dim = call->in[0]->shape.dim, n = tarn__tensor_elements(call->in[0]);
  const tree t = {call->in[0]->data, call->in[1]->data, call->out[0]->data, dim[1], dim[2]};
  const int32_t end = *(const int32_t *)call->in[3]->data, *length = call->in[2]->data;
  for (int64_t i = 0; i < n; i++) t.beams[i] = end;
  for (int64_t b = 0; b < t.B; b++)
    for (int64_t k = 0; k < t.K; k++)
      TARN_TRY(follow(&t, b, k, length[b] < dim[0] ? length[b] : dim[0], end));
  return TARN_OK;
}

const tarn_kernel tarn_kernels_index_tree_reference[] = {
    {.op = "GatherTree", .name = "tree", .dtypes = TARN_BIT(TARN_I32), .run = gather_tree},
    {.op = "Addons>GatherTree", .name = "tree", .dtypes = TARN_BIT(TARN_I32), .run = gather_tree},
    {0},
};

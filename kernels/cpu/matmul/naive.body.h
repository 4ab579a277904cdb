/* c = a b for every pair of a batch: one row of N sums at a time. See kernels/cpu/each.h. */
static void NAME(matmul)(const tarn_matmul *g, const tarn_matmul_params *p, const tarn_call *call) {
  WIDE *sums = call->scratch;
  const int64_t batches = tarn__shape_elements(&g->batch);
  for (int64_t i = 0; i < batches; i++) {
    int64_t a_at, b_at;
    tarn__matmul_offsets(g, i, &a_at, &b_at);
    const ELEM *a = (const ELEM *)call->in[0]->data + a_at,
               *b = (const ELEM *)call->in[1]->data + b_at;
    ELEM *c = (ELEM *)call->out[0]->data + i * g->M * g->N;
    const int64_t a_m = p->transpose_a ? 1 : g->K, a_k = p->transpose_a ? g->M : 1;
    const int64_t b_k = p->transpose_b ? 1 : g->N, b_n = p->transpose_b ? g->K : 1;
    for (int64_t m = 0; m < g->M; m++) {
      for (int64_t n = 0; n < g->N; n++) sums[n] = 0;
      for (int64_t k = 0; k < g->K; k++) {
        const WIDE left = CONJUGATE(p->conjugate && p->transpose_a, LOAD(a[m * a_m + k * a_k]));
        for (int64_t n = 0; n < g->N; n++)
          sums[n] =
              ADD(sums[n],
                  MUL(left, CONJUGATE(p->conjugate && p->transpose_b, LOAD(b[k * b_k + n * b_n]))));
      }
      for (int64_t n = 0; n < g->N; n++) c[m * g->N + n] = STORE(sums[n]);
    }
  }
}

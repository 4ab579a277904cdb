/* Cross products of vectors of 3. See kernels/cpu/each.h. */
static void NAME(cross)(const tarn_call *call) {
  const ELEM *a = call->in[0]->data, *b = call->in[1]->data;
  ELEM *c = call->out[0]->data;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i += 3)
    for (int k = 0; k < 3; k++) {
      const int64_t u = i + (k + 1) % 3, v = i + (k + 2) % 3;
      c[i + k] = STORE(ADD(MUL(LOAD(a[u]), LOAD(b[v])), NEGATE(MUL(LOAD(a[v]), LOAD(b[u])))));
    }
}

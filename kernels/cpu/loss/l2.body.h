/* Half of the sum of squares. See kernels/cpu/each.h. */
static void NAME(l2)(const tarn_call *call) {
  const ELEM *x = call->in[0]->data;
  const int64_t n = tarn__tensor_elements(call->in[0]);
  WIDE sum = 0;
  for (int64_t i = 0; i < n; i++) sum += LOAD(x[i]) * LOAD(x[i]);
  *(ELEM *)call->out[0]->data = STORE(sum / 2);
}

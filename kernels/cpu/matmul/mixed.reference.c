/* BatchMatMulV3 of bytes into int32, and of bytes with bfloat16. */
#include "kernels/cpu/array/elements.h"
#include "kernels/params/matmul.h"

static const char *supports(const tarn_problem *p) {
  const tarn_dtypes bytes = TARN_BIT(TARN_I8) | TARN_BIT(TARN_U8), brain = TARN_BIT(TARN_BF16);
  const tarn_dtype a = p->in_dtype[0], b = p->in_dtype[1];
  if (tarn__dtype_in(a, bytes) && tarn__dtype_in(b, bytes))
    return p->out_dtype[0] == TARN_I32 ? NULL : "bytes make int32";
  if (tarn__dtype_in(a, bytes | brain) && tarn__dtype_in(b, bytes | brain) && a != b)
    return p->out_dtype[0] == TARN_BF16 ? NULL : "bytes and bfloat16 make bfloat16";
  return "takes bytes, or bytes and bfloat16";
}

static float number(const tarn_tensor *t, int64_t i) {
  return t->dtype == TARN_BF16 ? tarn__bf16_to_f32(((const uint16_t *)t->data)[i])
                               : (float)tarn__index_at(t, i);
}

static tarn_status run(const tarn_call *call) {
  const tarn_matmul_params *p = call->problem->params;
  const tarn_matmul g = tarn__matmul_geometry(call->problem);
  const tarn_tensor *a = call->in[0], *b = call->in[1];
  const int64_t a_m = p->transpose_a ? 1 : g.K, a_k = p->transpose_a ? g.M : 1;
  const int64_t b_k = p->transpose_b ? 1 : g.N, b_n = p->transpose_b ? g.K : 1,
                batches = tarn__shape_elements(&g.batch);
  for (int64_t i = 0; i < batches; i++) {
    int64_t a_at, b_at;
    tarn__matmul_offsets(&g, i, &a_at, &b_at);
    for (int64_t at = 0; at < g.M * g.N; at++) {
      const int64_t m = a_at + at / g.N * a_m, n = b_at + at % g.N * b_n, to = i * g.M * g.N + at;
      if (call->out[0]->dtype == TARN_I32) {
        uint32_t sum = 0;   /* wraps */
        for (int64_t k = 0; k < g.K; k++)
          sum += (uint32_t)(tarn__index_at(a, m + k * a_k) * tarn__index_at(b, n + k * b_k));
        ((int32_t *)call->out[0]->data)[to] = (int32_t)sum;
      } else {
        float sum = 0;
        for (int64_t k = 0; k < g.K; k++) sum += number(a, m + k * a_k) * number(b, n + k * b_k);
        ((uint16_t *)call->out[0]->data)[to] = tarn__f32_to_bf16(sum);
      }
    }
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_matmul_mixed_reference[] = {
    {.op = "BatchMatMulV3",
     .dtypes = TARN_BIT(TARN_I8) | TARN_BIT(TARN_U8) | TARN_BIT(TARN_BF16),
     .supports = supports,
     .run = run},
    {0},
};

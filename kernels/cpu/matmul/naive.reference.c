/* MatMul and BatchMatMul by definition. */
#include "kernels/params/matmul.h"

#define CONJUGATE(wanted, x) (x)
#define TARN_EACH_BODY "kernels/cpu/matmul/naive.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_INTS)
#include "kernels/cpu/each.h"
#undef CONJUGATE
#define CONJUGATE(wanted, x) ((wanted) ? conj(x) : (x))
#define TARN_EACH_BODY "kernels/cpu/matmul/naive.body.h"
#define TARN_EACH_SET TARN_EACH_COMPLEX
#include "kernels/cpu/each.h"

static const char *supports(const tarn_problem *p) {
  return p->in_dtype[0] == p->in_dtype[1] && p->in_dtype[0] == p->out_dtype[0] ? NULL
                                                                               : "the types differ";
}

/* One sum of 16 bytes at most per column. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)tarn__matmul_geometry(p).N * 16;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_matmul g = tarn__matmul_geometry(p);
  TARN_EACH_OF_NUMBERS(p->in_dtype[0], matmul)(&g, p->params, call);
  return TARN_OK;
}

#define ROW(text)                                                          \
  {                                                                        \
    .op = text, .dtypes = TARN_REALS | TARN_COMPLEX, .supports = supports, \
    .scratch_bytes = scratch_bytes, .run = run                             \
  }
const tarn_kernel tarn_kernels_matmul_naive_reference[] = {
    ROW("MatMul"), ROW("BatchMatMul"), ROW("BatchMatMulV2"), ROW("BatchMatMulV3"), {0},
};

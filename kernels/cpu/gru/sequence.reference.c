/* _GRUSequence by definition. */
#include "kernels/cpu/recurrent/scalar.h"
#include "kernels/run.h"

#define TARN_EACH_BODY "kernels/cpu/gru/steps.body.h"
#define TARN_EACH_SET (TARN_EACH_F32 | TARN_EACH_F64)
#include "kernels/cpu/each.h"

/* h, the gates, r h, what reset_after needs, and x. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_recurrent g = tarn__gru_sequence(p);
  (void)threads;
  return (size_t)(6 * g.H + g.I) * sizeof(double);
}

static tarn_status run(const tarn_call *call) {
  const tarn_recurrent g = tarn__gru_sequence(call->problem);
  TARN_TRY(tarn__recurrent_check(call, &g));
  return call->problem->out_dtype[0] == TARN_F32 ? sequence_f32(call, &g) : sequence_f64(call, &g);
}

const tarn_kernel tarn_kernels_gru_sequence_reference[] = {
    {.op = "_GRUSequence",
     .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64),
     .scratch_bytes = scratch_bytes,
     .run = run},
    {0},
};

/* _LSTMSequence by definition. */
#include "kernels/cpu/recurrent/scalar.h"
#include "kernels/run.h"

#define TARN_EACH_BODY "kernels/cpu/lstm/steps.body.h"
#define TARN_EACH_SET (TARN_EACH_F32 | TARN_EACH_F64)
#include "kernels/cpu/each.h"

/* c, h, the gates, and x or m. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_recurrent g = tarn__lstm_sequence(p);
  (void)threads;
  return (size_t)(5 * g.H + g.P + (g.I > g.H ? g.I : g.H)) * sizeof(double);
}

static tarn_status run(const tarn_call *call) {
  const tarn_recurrent g = tarn__lstm_sequence(call->problem);
  TARN_TRY(tarn__recurrent_check(call, &g));
  return call->problem->out_dtype[0] == TARN_F32 ? sequence_f32(call, &g) : sequence_f64(call, &g);
}

const tarn_kernel tarn_kernels_lstm_sequence_reference[] = {
    {.op = "_LSTMSequence",
     .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64),
     .scratch_bytes = scratch_bytes,
     .run = run},
    {0},
};

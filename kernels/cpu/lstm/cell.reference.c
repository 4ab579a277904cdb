/* LSTMBlockCell, BlockLSTM and BlockLSTMV2 by definition. */
#include "kernels/cpu/lstm/weights.h"
#include "kernels/cpu/recurrent/scalar.h"

#define TARN_EACH_BODY "kernels/cpu/lstm/cell.body.h"
#define TARN_EACH_SET TARN_EACH_FLOATS
#include "kernels/cpu/each.h"

/* The gates of one row, a sum of 8 bytes at most each. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)tarn__lstm_geometry(p).H * 4 * 8;
}

static tarn_status run(const tarn_call *call) {
  const tarn_lstm_params *p = call->problem->params;
  const tarn_lstm g = tarn__lstm_geometry(call->problem);
  const lstm_weights weights = weights_of(call);
  int64_t steps;
  TARN_TRY(steps_of(call, &steps));
  TARN_EACH_OF_FLOATS(call->problem->out_dtype[0], sequence)(p, &g, &weights, call, steps);
  return TARN_OK;
}

#define ROW(text) \
  { .op = text, .dtypes = TARN_FLOATS, .keyed = -1, .scratch_bytes = scratch_bytes, .run = run }
const tarn_kernel tarn_kernels_lstm_cell_reference[] = {
    ROW("LSTMBlockCell"), ROW("BlockLSTM"), ROW("BlockLSTMV2"), {0},
};

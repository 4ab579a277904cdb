/* _LSTMSequence and _GRUSequence as layers of cuDNN, which runs all steps by itself and may keep
 * weights on the chip. Of the forms that TensorFlow has it does the plain ones; `lstm.cublas` and
 * `gru.cublas` do the others.
 *
 *   LSTM   i, f, j, o in cuDNN's order; forget_bias is a part of f's bias
 *   GRU    r, u, c, with the reset applied after the product
 *
 * Weights are put into cuDNN's form once, so they have to be constant. */
#include "kernels/cuda/recurrent/rnn.h"

#include <stdlib.h>

static bool is_lstm(const tarn_problem *p) {
  return p->op[1] == 'L';
}

static tarn_recurrent numbers(const tarn_problem *p) {
  return is_lstm(p) ? tarn__lstm_sequence(p) : tarn__gru_sequence(p);
}

/* The inputs that are packed: w, and b where there is one. They are inputs 1 to .. */
static int packed_inputs(const tarn_problem *p) {
  const tarn_recurrent_params *s = p->params;
  return s->num_w + s->num_b;
}

static tarn_rnn rnn_of(const tarn_problem *p, bool persistent) {
  const tarn_recurrent g = numbers(p);
  return (tarn_rnn){.T = (int32_t)g.T,
                    .B = (int32_t)g.B,
                    .I = (int32_t)g.I,
                    .H = (int32_t)g.H,
                    .gates = is_lstm(p) ? 4 : 3,
                    .wide = p->out_dtype[0] == TARN_F64,
                    .exact = p->precision == TARN_PRECISION_F32,
                    .persistent = persistent};
}

static const char *refuse_form(const tarn_problem *p) {
  const tarn_recurrent_params *s = p->params;
  if (s->activation != TARN_RECURRENT_TANH || s->recurrent_activation != TARN_RECURRENT_SIGMOID)
    return "other activations than tanh and sigmoid";
  if (s->num_lengths) return "rows of different lengths";
  if (s->reverse) return "runs backwards";
  if (is_lstm(p)) {
    const tarn_lstm_sequence_params *l = p->params;
    if (l->num_peephole) return "peepholes";
    if (l->num_projection) return "a projection";
    if (l->cell_clip > 0) return "a clipped cell";
  } else {
    const tarn_gru_sequence_params *g = p->params;
    if (!g->reset_after) return "the reset is applied before the product";
    if (g->separate) return "the candidate's weights are apart";
  }
  return NULL;
}

static const char *refuse(const tarn_problem *p, int packed, bool persistent) {
  const tarn_recurrent g = numbers(p);
  const int64_t most = INT32_MAX / 4;
  tarn_rnn_sizes sizes;
  if (packed_inputs(p) != packed) return "another row of this kernel has this form";
  const char *form = refuse_form(p);
  if (form) return form;
  if (!g.T || !g.B || !g.I || !g.H) return "no steps, rows, inputs or units";
  if (g.T > most || g.B > most || g.I > most || g.H > most || g.B * g.H > most)
    return "more than cuDNN can count";
  for (int i = 1; i <= packed; i++)
    if (!p->stable || !p->stable[i]) return "weights that change";
  const tarn_rnn r = rnn_of(p, persistent);
  return tarn__rnn_sizes(&r, &sizes) == TARN_OK ? NULL : "cuDNN does not do it here";
}

/* The product of x; then a step each, bound by arithmetic or by reading the weights, and a launch's
 * time less than own kernels need, as product and cells overlap. Persistent, weights are not read
 * again, but every step waits for the whole chip; which sizes cuDNN does so it says at the run
 * alone, so that this is never the estimate's choice, and `tarn tune` finds where it is faster. */
static double cost(const tarn_problem *p, const tarn_machine *m, bool persistent) {
  const tarn_recurrent g = numbers(p);
  const double gates = is_lstm(p) ? 4 : 3, columns = gates * (double)g.H, T = (double)g.T,
               B = (double)g.B, size = p->out_dtype[0] == TARN_F64 ? 8 : 4;
  const double rate = 1e3 * 0.7 * m->gflops[TARN_TARGET_CUDNN];
  const double x = 2 * T * B * (double)g.I * columns / rate;
  const double flops = 2 * B * (double)g.H * columns / rate;
  const double bytes = size * (double)g.H * columns / (1e3 * m->gbytes_per_s);
  return 10 + x + T * (4 + (flops > bytes ? flops : bytes) + (persistent ? 1 : 0));
}

static tarn_rnn_weights weights_of(const tarn_problem *p, const tarn_tensor *const *in) {
  const tarn_recurrent g = numbers(p);
  const size_t size = p->out_dtype[0] == TARN_F64 ? 8 : 4;
  const tarn_recurrent_params *s = p->params;
  const int64_t step = (is_lstm(p) ? 4 : 3) * g.H;
  const char *w = in[g.w]->data, *b = g.b >= 0 ? in[g.b]->data : NULL;
  tarn_rnn_weights r = {.x = w,
                        .h = s->num_w == 2 ? in[g.w + 1]->data : w + (size_t)(g.I * step) * size,
                        .bias_x = b,
                        .step = step};
  if (is_lstm(p)) {
    static const int order[] = {TARN_LSTM_I, TARN_LSTM_F, TARN_LSTM_J, TARN_LSTM_O};
    const tarn_lstm_sequence_params *l = p->params;
    for (int k = 0; k < 4; k++) r.column[k] = l->column[order[k]];
    r.more[1] = (double)l->forget_bias;
  } else {
    const tarn_gru_sequence_params *u = p->params;
    for (int k = 0; k < 3; k++) r.column[k] = u->column[k];
    if (b) r.bias_h = b + (size_t)step * size;
  }
  return r;
}

/* ---- runs ---------------------------------------------------------------------------------- */

/* What the queue keeps of a layer. */
typedef struct layer {
  tarn_rnn_descriptors d;
  tarn_rnn_sizes sizes;
} layer;

static void destroy(void *object) {
  layer *l = object;
  tarn__rnn_clear(&l->d);
  free(l);
}

static tarn_status make(tarn_queue *queue, const void *context, void **object) {
  cudnnHandle_t dnn;
  layer *l = calloc(1, sizeof *l);
  if (!l) return tarn_fail(TARN_NO_MEMORY, "no memory for a recurrent layer");
  tarn_status status = tarn__queue_dnn(queue, &dnn);
  if (status == TARN_OK) status = tarn__rnn_describe(dnn, context, &l->d);
  if (status == TARN_OK) status = tarn__rnn_sizes(context, &l->sizes);
  if (status == TARN_OK)
    *object = l;
  else
    destroy(l);
  return status;
}

typedef struct key {
  const void *table;
  tarn_rnn rnn;
} key;

static tarn_status run(const tarn_call *call, bool persistent) {
  const tarn_problem *p = call->problem;
  const tarn_recurrent g = numbers(p);
  static const char table; /* of this file's descriptors */
  const key name = {&table, rnn_of(p, persistent)};
  void *object;
  cudnnHandle_t dnn;
  TARN_TRY(tarn__queue_dnn(call->queue, &dnn));
  TARN_TRY(tarn__queue_keep(call->queue, &name, sizeof name, make, destroy, &name.rnn, &object));
  const layer *l = object;
  const tarn_rnn_descriptors *d = &l->d;
  TARN_DNN(cudnnRNNForward(dnn, d->rnn, CUDNN_FWD_MODE_INFERENCE, NULL, d->x, call->in[0]->data,
                           d->y, call->out[0]->data, d->state, call->in[g.h0]->data,
                           call->out[1]->data, d->state, g.c0 >= 0 ? call->in[g.c0]->data : NULL,
                           g.c0 >= 0 ? call->out[2]->data : NULL, l->sizes.weights, call->prepared,
                           l->sizes.workspace, call->scratch, 0, NULL));
  return TARN_OK;
}

/* ---- rows: how many inputs are packed is a part of a row ------------------------------------ */

static uint64_t prepared_from(const tarn_problem *p) {
  return (2u << packed_inputs(p)) - 2u;
}
/* What one version of cuDNN has packed another may not read, nor other arithmetic. */
static uint64_t prepared_key(const tarn_problem *p) {
  return 2 * (uint64_t)cudnnGetVersion() + (p->precision == TARN_PRECISION_F32);
}

#define WAY(WORD, PERSISTENT)                                                            \
  static double cost_##WORD(const tarn_problem *p, const tarn_machine *m) {              \
    return cost(p, m, PERSISTENT);                                                       \
  }                                                                                      \
  static size_t scratch_##WORD(const tarn_problem *p, int threads) {                     \
    const tarn_rnn r = rnn_of(p, PERSISTENT);                                            \
    tarn_rnn_sizes sizes;                                                                \
    (void)threads;                                                                       \
    return tarn__rnn_sizes(&r, &sizes) == TARN_OK ? sizes.workspace : 0;                 \
  }                                                                                      \
  static size_t prepared_##WORD(const tarn_problem *p) {                                 \
    const tarn_rnn r = rnn_of(p, PERSISTENT);                                            \
    tarn_rnn_sizes sizes;                                                                \
    return tarn__rnn_sizes(&r, &sizes) == TARN_OK ? sizes.weights : 0;                   \
  }                                                                                      \
  static tarn_status prepare_##WORD(const tarn_problem *p, const tarn_tensor *const *in, \
                                    void *memory, tarn_pool *pool) {                     \
    const tarn_rnn r = rnn_of(p, PERSISTENT);                                            \
    const tarn_rnn_weights w = weights_of(p, in);                                        \
    (void)pool;                                                                          \
    return tarn__rnn_pack(&r, &w, memory);                                               \
  }                                                                                      \
  static tarn_status run_##WORD(const tarn_call *call) {                                 \
    return run(call, PERSISTENT);                                                        \
  }                                                                                      \
  static const char *refuse_##WORD##_1(const tarn_problem *p) {                          \
    return refuse(p, 1, PERSISTENT);                                                     \
  }                                                                                      \
  static const char *refuse_##WORD##_2(const tarn_problem *p) {                          \
    return refuse(p, 2, PERSISTENT);                                                     \
  }                                                                                      \
  static const char *refuse_##WORD##_3(const tarn_problem *p) {                          \
    return refuse(p, 3, PERSISTENT);                                                     \
  }
WAY(rnn, false)
WAY(rnn_persistent, true)

#define ROW(OP, WORD, PACKED)                                                                      \
  {                                                                                                \
    .op = OP, .name = #WORD, .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64),                    \
    .supports = refuse_##WORD##_##PACKED, .cost_us = cost_##WORD, .scratch_bytes = scratch_##WORD, \
    .prepared_bytes = prepared_##WORD, .prepared_key = prepared_key,                               \
    .prepared_from = prepared_from, .prepare = prepare_##WORD, .spent = (2u << PACKED) - 2u,       \
    .run = run_##WORD                                                                              \
  }
const tarn_kernel tarn_kernels_recurrent_rnn_cudnn[] = {
    ROW("_LSTMSequence", rnn, 1),
    ROW("_LSTMSequence", rnn, 2),
    ROW("_LSTMSequence", rnn, 3),
    ROW("_LSTMSequence", rnn_persistent, 1),
    ROW("_LSTMSequence", rnn_persistent, 2),
    ROW("_LSTMSequence", rnn_persistent, 3),
    ROW("_GRUSequence", rnn, 2),
    ROW("_GRUSequence", rnn, 3),
    ROW("_GRUSequence", rnn_persistent, 2),
    ROW("_GRUSequence", rnn_persistent, 3),
    {0},
};

/* LSTM cells and whole sequences, with their gradients. Formulas and the order of gates:
 * kernels/params/lstm.h. */
#include "kernels/params/lstm.h"

#include <string.h>

#include "graph/op.h"

static tarn_status parse_as(tarn_lstm_form form, const char *gates, const tarn_attrs *attrs,
                            tarn_lstm_params *p) {
  p->shared = (tarn_recurrent_params){.activation = TARN_RECURRENT_TANH,
                                      .recurrent_activation = TARN_RECURRENT_SIGMOID,
                                      .zero_output = true,
                                      .num_w = 1,
                                      .num_b = 1};
  p->form = form;
  for (int g = 0; g < TARN_LSTM_GATES; g++)
    p->column[g] = (int)(strchr(gates, "ijfo"[g]) - gates);
  p->num_peephole = tarn__attr_bool(attrs, "use_peephole") ? 3 : 0;
  return TARN_OK;
}
static tarn_status parse_cell_gradient(const tarn_attrs *attrs, void *params) {
  return parse_as(TARN_LSTM_CELL, "ijfo", attrs, params);
}
static tarn_status parse_gradient(const tarn_attrs *attrs, void *params) {
  return parse_as(TARN_LSTM_BLOCK, "ijfo", attrs, params);
}
static tarn_status parse_gradient_v2(const tarn_attrs *attrs, void *params) {
  return parse_as(TARN_LSTM_BLOCK, "ifjo", attrs, params);
}

static void parse_numbers(const tarn_attrs *attrs, tarn_lstm_params *p) {
  p->forget_bias = tarn__attr_float(attrs, "forget_bias");
  p->cell_clip = tarn__attr_float(attrs, "cell_clip");
}
static tarn_status parse_cell(const tarn_attrs *attrs, void *params) {
  parse_numbers(attrs, params);
  return parse_cell_gradient(attrs, params);
}
static tarn_status parse_sequence(const tarn_attrs *attrs, void *params) {
  parse_numbers(attrs, params);
  return parse_gradient(attrs, params);
}
/* No forget_bias. */
static tarn_status parse_v2(const tarn_attrs *attrs, void *params) {
  ((tarn_lstm_params *)params)->cell_clip = tarn__attr_float(attrs, "cell_clip");
  return parse_gradient_v2(attrs, params);
}

static tarn_status expect(const tarn_infer *t, int i, int rank, const int64_t *dims) {
  tarn_shape wanted;
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__shape_make(rank, dims, &wanted));
  if (tarn__shape_equal(&t->in[i], &wanted)) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "input %d: expected %s, got %s", i, tarn__shape_print(&wanted, a),
                   tarn__shape_print(&t->in[i], b));
}

/* Checks x to b and gives the sizes; the layer's first input is `first`. */
static tarn_status layer(const tarn_infer *t, tarn_lstm *g, int *first) {
  const tarn_lstm_params *p = t->params;
  const bool block = p->form == TARN_LSTM_BLOCK;
  *first = block;
  if (block) TARN_TRY(tarn__infer_scalar(t, 0));
  TARN_TRY(tarn__infer_rank(t, *first, block ? 3 : 2));
  TARN_TRY(tarn__infer_rank(t, *first + 1, 2));
  const tarn_shape *x = &t->in[*first], *c = &t->in[*first + 1];
  g->T = block ? x->dim[0] : 1;
  g->B = x->dim[x->rank - 2];
  g->I = x->dim[x->rank - 1];
  g->H = c->dim[1];
  if (g->I > INT32_MAX || g->H > INT32_MAX / 4)
    return tarn_fail(TARN_SHAPE, "%lld inputs and %lld units must fit 31 bits", (long long)g->I,
                     (long long)g->H);
  TARN_TRY(expect(t, *first + 1, 2, (int64_t[]){g->B, g->H}));
  TARN_TRY(expect(t, *first + 2, 2, (int64_t[]){g->B, g->H}));
  TARN_TRY(expect(t, *first + 3, 2, (int64_t[]){g->I + g->H, 4 * g->H}));
  for (int i = 4; i < 7; i++) {
    TARN_TRY(tarn__infer_vector(t, *first + i));
    if (p->num_peephole) TARN_TRY(expect(t, *first + i, 1, &g->H));
  }
  return expect(t, *first + 7, 1, (int64_t[]){4 * g->H});
}

static tarn_status state_shape(const tarn_lstm_params *p, const tarn_lstm *g, tarn_shape *shape) {
  return p->form == TARN_LSTM_BLOCK ? tarn__shape_make(3, (int64_t[]){g->T, g->B, g->H}, shape)
                                    : tarn__shape_make(2, (int64_t[]){g->B, g->H}, shape);
}

static tarn_status infer(tarn_infer *t) {
  tarn_lstm g;
  int first;
  TARN_TRY(layer(t, &g, &first));
  for (int o = 0; o < 7; o++) TARN_TRY(state_shape(t->params, &g, &t->out[o]));
  return TARN_OK;
}

static tarn_status infer_gradient(tarn_infer *t) {
  const tarn_lstm_params *p = t->params;
  tarn_lstm g;
  tarn_shape state;
  int first;
  TARN_TRY(layer(t, &g, &first));
  TARN_TRY(state_shape(p, &g, &state));
  for (int i = first + 8; i < t->inputs; i++) TARN_TRY(expect(t, i, state.rank, state.dim));
  tarn_shape *out = t->out;
  if (p->form == TARN_LSTM_BLOCK) {
    out[0] = t->in[first];
    out[1] = out[2] = t->in[first + 1];
    out[3] = t->in[first + 3];
    out[4] = out[5] = out[6] = tarn__shape_vector(g.H);
    out[7] = t->in[first + 7];
    return TARN_OK;
  }
  out[0] = t->in[first + 1];
  out[2] = out[3] = out[4] = tarn__shape_vector(g.H);
  return tarn__shape_make(2, (int64_t[]){g.B, 4 * g.H}, &out[1]);
}

#define LAYER "x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T"
#define STATES "i: T, cs: T, f: T, o: T, ci: T, co: T, h: T"
#define GATES 0x3d /* of them all but cs and h */
#define LAYER_GRADIENTS                                                                            \
  "x_grad: T, cs_prev_grad: T, h_prev_grad: T, w_grad: T, wci_grad: T, wcf_grad: T, wco_grad: T, " \
  "b_grad: T"
#define TYPES "use_peephole: bool = false; T: {half, float}"
#define GRADIENT_TYPES "use_peephole: bool; T: {half, float}"
#define PARSED(parse_) .params_bytes = sizeof(tarn_lstm_params), .parse = parse_
#define FORMULA                                                                                    \
  "i, f, o = sigmoid, ci = tanh of [x, h'] w + b (f: + forget_bias); cs = clip(ci i + c' f); h = " \
  "o tanh(cs)"
#define CELL_CASE(B, I, H, H4, IH)                                                            \
  "x=T[" B "x" I "] cs_prev=T[" B "x" H "] h_prev=T[" B "x" H "] w=T[" IH "x" H4 "] wci=T[" H \
  "] wcf=T[" H "] wco=T[" H "] b=T[" H4 "]"
#define SEQUENCE_CASE(N, T, B, I, H, H4, IH)                                               \
  "seq_len_max=i64(" N ") x=T[" T "x" B "x" I "] cs_prev=T[" B "x" H "] h_prev=T[" B "x" H \
  "] w=T[" IH "x" H4 "] wci=T[" H "] wcf=T[" H "] wco=T[" H "] b=T[" H4 "]"
#define SAVED_CELL(S)                                                           \
  " i=T" S ":0..1 cs=T" S " f=T" S ":0..1 o=T" S ":0..1 ci=T" S ":-1..1 co=T" S \
  ":-1..1 cs_grad=T" S " h_grad=T" S
#define SAVED(S)                                                                               \
  " i=T" S ":0..1 cs=T" S " f=T" S ":0..1 o=T" S ":0..1 ci=T" S ":-1..1 co=T" S ":-1..1 h=T" S \
  " cs_grad=T" S " h_grad=T" S

const tarn_op tarn_ops_lstm[] = {
    {.name = "LSTMBlockCell",
     .inputs = LAYER,
     .outputs = STATES,
     .spare = GATES,
     .attrs = "forget_bias: float = 1.0; cell_clip: float = 3.0; " TYPES,
     PARSED(parse_cell),
     .infer = infer,
     .formula = FORMULA,
     .cases = {CELL_CASE("1", "1", "1", "4", "2"),
               CELL_CASE("2", "3", "5", "20", "8") " use_peephole=true",
               CELL_CASE("0", "3", "5", "20", "8"),
               CELL_CASE("3", "7", "17", "68", "24") " cell_clip=-1.0",
               CELL_CASE("7", "0", "17", "68", "17") " cell_clip=0.25",
               CELL_CASE("1", "128", "128", "512", "256")}},
    {.name = "BlockLSTM",
     .inputs = "seq_len_max: int64, " LAYER,
     .outputs = STATES,
     .spare = GATES,
     .attrs = "forget_bias: float = 1.0; cell_clip: float = 3.0; " TYPES,
     PARSED(parse_sequence),
     .infer = infer,
     .formula = FORMULA,
     .cases = {SEQUENCE_CASE("1", "1", "1", "1", "1", "4", "2"),
               SEQUENCE_CASE("3", "4", "2", "3", "5", "20", "8") " use_peephole=true",
               SEQUENCE_CASE("0", "2", "2", "3", "5", "20", "8"),
               SEQUENCE_CASE("7", "7", "3", "7", "17", "68", "24") " cell_clip=0.5",
               SEQUENCE_CASE("4", "4", "2", "0", "5", "20", "5") " forget_bias=0.5",
               "seq_len_max=i64(20) x=f32[20x1x128]:-1..1 cs_prev=f32[1x128] h_prev=f32[1x128] "
               "w=f32[256x512]:-0.1..0.1 wci=f32[128] wcf=f32[128] wco=f32[128] b=f32[512]",
               "seq_len_max=i64(9) x=f32[12x20x70]:-1..1 cs_prev=f32[20x100] h_prev=f32[20x100] "
               "w=f32[170x400]:-0.1..0.1 wci=f32[100] wcf=f32[100] wco=f32[100] b=f32[400] "
               "use_peephole=true cell_clip=0.5"}},
    {.name = "BlockLSTMV2",
     .inputs = "seq_len_max: int64, " LAYER,
     .outputs = STATES,
     .spare = GATES,
     .attrs = "cell_clip: float = 0.0; " TYPES,
     PARSED(parse_v2),
     .infer = infer,
     .formula = FORMULA ", no forget_bias",
     .cases = {SEQUENCE_CASE("1", "1", "1", "1", "1", "4", "2"),
               SEQUENCE_CASE("3", "4", "2", "3", "5", "20", "8") " use_peephole=true",
               SEQUENCE_CASE("7", "7", "3", "7", "17", "68", "24")}},
    {.name = "LSTMBlockCellGrad",
     .inputs = LAYER ", i: T, cs: T, f: T, o: T, ci: T, co: T, cs_grad: T, h_grad: T",
     .outputs = "cs_prev_grad: T, dicfo: T, wci_grad: T, wcf_grad: T, wco_grad: T",
     .attrs = GRADIENT_TYPES,
     PARSED(parse_cell_gradient),
     .infer = infer_gradient,
     .formula = "the derivatives of LSTMBlockCell; dicfo: with respect to [x, h'] w + b",
     .cases = {CELL_CASE("2", "3", "5", "20", "8") SAVED_CELL("[2x5]") " use_peephole=true",
               CELL_CASE("2", "3", "5", "20", "8") SAVED_CELL("[2x5]") " use_peephole=false"}},
    {.name = "BlockLSTMGrad",
     .inputs = "seq_len_max: int64, " LAYER ", " STATES ", cs_grad: T, h_grad: T",
     .outputs = LAYER_GRADIENTS,
     .attrs = GRADIENT_TYPES,
     PARSED(parse_gradient),
     .infer = infer_gradient,
     .formula = "the derivatives of BlockLSTM, back through time",
     .cases = {SEQUENCE_CASE("3", "4", "2", "3", "5", "20", "8")
                   SAVED("[4x2x5]") " use_peephole=true",
               SEQUENCE_CASE("4", "4", "2", "3", "5", "20", "8")
                   SAVED("[4x2x5]") " use_peephole=false"}},
    {.name = "BlockLSTMGradV2",
     .inputs = "seq_len_max: int64, " LAYER ", " STATES ", cs_grad: T, h_grad: T",
     .outputs = LAYER_GRADIENTS,
     .attrs = GRADIENT_TYPES,
     PARSED(parse_gradient_v2),
     .infer = infer_gradient,
     .formula = "the derivatives of BlockLSTMV2, back through time",
     .cases = {SEQUENCE_CASE("3", "4", "2", "3", "5", "20", "8")
                   SAVED("[4x2x5]") " use_peephole=true"}},
    {0},
};

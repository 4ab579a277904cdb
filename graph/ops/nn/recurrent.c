/* Whole sequences of LSTM and GRU layers in one op: made by passes, never found in a file.
 * Formulas, steps and lengths: kernels/params/recurrent.h. */
#include "kernels/params/recurrent.h"

#include "graph/op.h"

static tarn_recurrent_activation activation_of(const tarn_attrs *attrs, const char *name) {
#define X(value, text) \
  if (tarn__attr_is(attrs, name, text)) return TARN_RECURRENT_##value;
  TARN_RECURRENT_ACTIVATION_MAP(X)
#undef X
  return TARN_RECURRENT_TANH; /* the signature allows no other text */
}

/* How many tensors a list of at most `most` has. */
static tarn_status count_of(const tarn_attrs *attrs, const char *name, bool allowed, int64_t most,
                            int *count) {
  const int64_t n = tarn__attr_int(attrs, name);
  if (n > most || !allowed)
    return tarn_fail(TARN_INVALID, "%s is %lld, which fits none of the forms", name, (long long)n);
  *count = (int)n;
  return TARN_OK;
}

/* Each of `letters` once; column[k]: where letter k stands. */
static tarn_status order_of(const tarn_attrs *attrs, const char *letters, int *column) {
  const tarn_string s = tarn__attr_string(attrs, "gates");
  const size_t n = strlen(letters);
  for (size_t k = 0; k < n && s.size == n; k++) {
    const char *at = memchr(s.data, letters[k], n);
    if (!at) break;
    column[k] = (int)(at - s.data);
    if (k + 1 == n) return TARN_OK;
  }
  return tarn_fail(TARN_INVALID, "gates: expected the letters '%s' in some order", letters);
}

static tarn_status parse_shared(const tarn_attrs *attrs, tarn_recurrent_params *p) {
  p->activation = activation_of(attrs, "activation");
  p->recurrent_activation = activation_of(attrs, "recurrent_activation");
  p->reverse = tarn__attr_bool(attrs, "reverse");
  p->zero_output = tarn__attr_bool(attrs, "zero_output");
  TARN_TRY(count_of(attrs, "num_w", tarn__attr_int(attrs, "num_w") > 0, 2, &p->num_w));
  return count_of(attrs, "num_lengths", true, 1, &p->num_lengths);
}

static tarn_status parse_lstm(const tarn_attrs *attrs, void *params) {
  tarn_lstm_sequence_params *p = params;
  const int64_t peepholes = tarn__attr_int(attrs, "num_peephole");
  TARN_TRY(parse_shared(attrs, &p->shared));
  TARN_TRY(count_of(attrs, "num_b", true, 1, &p->shared.num_b));
  TARN_TRY(count_of(attrs, "num_peephole", !peepholes || peepholes == 3, 3, &p->num_peephole));
  TARN_TRY(count_of(attrs, "num_projection", true, 1, &p->num_projection));
  p->forget_bias = tarn__attr_float(attrs, "forget_bias");
  p->cell_clip = tarn__attr_float(attrs, "cell_clip");
  p->proj_clip = tarn__attr_float(attrs, "proj_clip");
  return order_of(attrs, "ijfo", p->column);
}

static tarn_status parse_gru(const tarn_attrs *attrs, void *params) {
  tarn_gru_sequence_params *p = params;
  TARN_TRY(parse_shared(attrs, &p->shared));
  p->separate = tarn__attr_is(attrs, "form", "CANDIDATE_APART");
  p->reset_after = tarn__attr_bool(attrs, "reset_after");
  TARN_TRY(order_of(attrs, "ruc", p->column));
  const int64_t biases = tarn__attr_int(attrs, "num_b");
  TARN_TRY(count_of(attrs, "num_b", !biases || biases == 1 + p->separate, 2, &p->shared.num_b));
  if (p->shared.num_w != 2) return tarn_fail(TARN_INVALID, "num_w: a GRU has two matrices");
  if (p->separate && (p->reset_after || p->column[TARN_GRU_C] != 2))
    return tarn_fail(
        TARN_INVALID,
        "CANDIDATE_APART: the candidate's columns are the last, and r is applied first");
  return TARN_OK;
}

static tarn_status expect(const tarn_infer *t, int i, int rank, int64_t d0, int64_t d1) {
  const tarn_shape wanted = {.rank = rank, .dim = {d0, rank > 1 ? d1 : 0}};
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  if (tarn__shape_equal(&t->in[i], &wanted)) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "input %d: expected %s, got %s", i, tarn__shape_print(&wanted, a),
                   tarn__shape_print(&t->in[i], b));
}

/* What comes before sizes can be read: ranks of x and of the states. */
static tarn_status ranks(const tarn_infer *t, int h0, int states) {
  TARN_TRY(tarn__infer_rank(t, 0, 3));
  for (int i = h0; i < h0 + states; i++) TARN_TRY(tarn__infer_rank(t, i, 2));
  return TARN_OK;
}

static tarn_status check_sizes(const tarn_infer *t, const tarn_recurrent *g) {
  const int64_t most = INT32_MAX / 4;
  if (g->I > most || g->H > most || g->P > most)
    return tarn_fail(TARN_SHAPE, "%lld inputs and %lld units must fit 29 bits", (long long)g->I,
                     (long long)g->H);
  return g->lengths < 0 ? TARN_OK : expect(t, g->lengths, 1, g->B, 0);
}

static tarn_status infer_lstm(tarn_infer *t) {
  const tarn_lstm_sequence_params *p = t->params;
  const tarn_problem like = {.in_shape = t->in, .params = p};
  TARN_TRY(ranks(t, 1 + p->shared.num_w + p->shared.num_b, 2));
  const tarn_recurrent g = tarn__lstm_sequence(&like);
  TARN_TRY(check_sizes(t, &g));
  TARN_TRY(expect(t, g.h0, 2, g.B, g.P));
  TARN_TRY(expect(t, g.c0, 2, g.B, g.H));
  if (p->shared.num_w == 1)
    TARN_TRY(expect(t, g.w, 2, g.I + g.P, 4 * g.H));
  else
    TARN_TRY(expect(t, g.w, 2, g.I, 4 * g.H));
  if (p->shared.num_w == 2) TARN_TRY(expect(t, g.w + 1, 2, g.P, 4 * g.H));
  if (g.b >= 0) TARN_TRY(expect(t, g.b, 1, 4 * g.H, 0));
  for (int i = 0; i < p->num_peephole; i++) TARN_TRY(expect(t, g.peephole + i, 1, g.H, 0));
  if (g.projection >= 0)
    TARN_TRY(expect(t, g.projection, 2, g.H, g.P));
  else if (g.P != g.H)
    return tarn_fail(TARN_SHAPE, "h0 has %lld columns, c0 has %lld, and there is no projection",
                     (long long)g.P, (long long)g.H);
  t->out[1] = t->in[g.h0];
  t->out[2] = t->in[g.c0];
  return tarn__shape_make(3, (int64_t[]){g.T, g.B, g.P}, &t->out[0]);
}

static tarn_status infer_gru(tarn_infer *t) {
  const tarn_gru_sequence_params *p = t->params;
  const tarn_problem like = {.in_shape = t->in, .params = p};
  TARN_TRY(ranks(t, 1 + p->shared.num_w + p->shared.num_b, 1));
  const tarn_recurrent g = tarn__gru_sequence(&like);
  TARN_TRY(check_sizes(t, &g));
  TARN_TRY(expect(t, g.h0, 2, g.B, g.H));
  if (p->separate) {
    TARN_TRY(expect(t, g.w, 2, g.I + g.H, 2 * g.H));
    TARN_TRY(expect(t, g.w + 1, 2, g.I + g.H, g.H));
    if (g.b >= 0) TARN_TRY(expect(t, g.b, 1, 2 * g.H, 0));
    if (g.b >= 0) TARN_TRY(expect(t, g.b + 1, 1, g.H, 0));
  } else {
    TARN_TRY(expect(t, g.w, 2, g.I, 3 * g.H));
    TARN_TRY(expect(t, g.w + 1, 2, g.H, 3 * g.H));
    if (g.b >= 0 && p->reset_after) TARN_TRY(expect(t, g.b, 2, 2, 3 * g.H));
    if (g.b >= 0 && !p->reset_after) TARN_TRY(expect(t, g.b, 1, 3 * g.H, 0));
  }
  t->out[1] = t->in[g.h0];
  return tarn__shape_make(3, (int64_t[]){g.T, g.B, g.H}, &t->out[0]);
}

#define ACTIVATIONS "{'tanh', 'sigmoid', 'hard_sigmoid', 'relu', 'linear'}"
#define SHARED                                                                              \
  "T: {float, double}; Tlen: {int32, int64} = DT_INT64; num_w: int >= 1; num_b: int >= 0; " \
  "num_lengths: int >= 0; activation: " ACTIVATIONS                                         \
  " = 'tanh'; recurrent_activation: " ACTIVATIONS                                           \
  " = 'sigmoid'; reverse: bool = false; zero_output: bool = true; "

#define PEEPHOLES(H) "peephole=T[" H "] peephole=T[" H "] peephole=T[" H "]"

const tarn_op tarn_ops_recurrent[] = {
    /* w: [I+P, 4H], x's rows first, or two: [I, 4H] and [P, 4H]. peephole: w_i, w_f, w_o. */
    {.name = "_LSTMSequence",
     .inputs = "x: T, w: num_w * T, b: num_b * T, h0: T, c0: T, lengths: num_lengths * Tlen, "
               "peephole: num_peephole * T, projection: num_projection * T",
     .outputs = "h: T, h_last: T, c_last: T",
     .attrs = SHARED "num_peephole: int >= 0; num_projection: int >= 0; gates: string = 'ijfo'; "
                     "forget_bias: float = 0.0; cell_clip: float = 0.0; proj_clip: float = 0.0",
     .params_bytes = sizeof(tarn_lstm_sequence_params),
     .parse = parse_lstm,
     .infer = infer_lstm,
     .formula = "each step: i, j, f, o = [x, h] w + b; c = sr(f) c + sr(i) s(j); h = sr(o) s(c)",
     .cases =
         {"x=T[1x1x1] w=T[2x4] b=T[4] h0=T[1x1] c0=T[1x1]",
          "x=T[0x2x3] w=T[8x20] b=T[20] h0=T[2x5] c0=T[2x5]",
          "x=T[4x0x3] w=T[8x20] b=T[20] h0=T[0x5] c0=T[0x5]",
          "x=T[7x3x4] w=T[4x68] w=T[17x68] h0=T[3x17] c0=T[3x17] lengths=i64{7,0,3} "
          "gates=ifjo zero_output=false",
          "x=T[7x2x3] w=T[8x20] b=T[20] h0=T[2x5] c0=T[2x5] " PEEPHOLES(
              "5") " forget_bias=1.0 cell_clip=0.4",
          "x=T[6x3x5] w=T[12x92] b=T[92] h0=T[3x7] c0=T[3x23] lengths=i32{6,0,4} " PEEPHOLES(
              "23") " projection=T[23x7] proj_clip=0.6 reverse=true",
          "x=T[5x1x9] w=T[9x128] w=T[32x128] b=T[128] h0=T[1x32] c0=T[1x32] reverse=true "
          "activation=relu recurrent_activation=hard_sigmoid gates=fioj",
          "x=T[3x21x5] w=T[26x84]:-0.4..0.4 b=T[84] h0=T[21x21] c0=T[21x21] "
          "activation=linear recurrent_activation=tanh",
          "x=T[9x6x12] w=T[45x132] b=T[132] h0=T[6x33] c0=T[6x33] lengths=i64{9,1,-4,0,12,8} "
          "activation=sigmoid recurrent_activation=relu",
          "x=T[5x3x6] w=T[6x28] w=T[7x28] b=T[28] h0=T[3x7] c0=T[3x7] forget_bias=1.0 gates=fijo",
          "x=f32[40x1x70]:-1..1 w=f32[170x400]:-0.1..0.1 b=f32[400] h0=f32[1x100] "
          "c0=f32[1x100]",
          "x=f32[12x20x70]:-1..1 w=f32[170x400]:-0.1..0.1 b=f32[400] h0=f32[20x100] "
          "c0=f32[20x100]"}},
    /* CANDIDATE_APART (TensorFlow 1's GRUCell): w [I+H, 2H] and [I+H, H], b [2H] and [H].
     * KERNELS (Keras): w [I, 3H] and [H, 3H], b [3H], or of x and of h [2, 3H] with reset_after. */
    {.name = "_GRUSequence",
     .inputs = "x: T, w: num_w * T, b: num_b * T, h0: T, lengths: num_lengths * Tlen",
     .outputs = "h: T, h_last: T",
     .attrs = SHARED "form: {'CANDIDATE_APART', 'KERNELS'} = 'CANDIDATE_APART'; "
                     "gates: string = 'ruc'; reset_after: bool = false",
     .params_bytes = sizeof(tarn_gru_sequence_params),
     .parse = parse_gru,
     .infer = infer_gru,
     .formula = "each step: r, u = sr([x, h] w + b); c = s([x, r h] w + b); h = u h + (1 - u) c",
     .cases = {"x=T[1x1x1] w=T[2x2] w=T[2x1] b=T[2] b=T[1] h0=T[1x1]",
               "x=T[0x2x3] w=T[8x10] w=T[8x5] b=T[10] b=T[5] h0=T[2x5]",
               "x=T[4x0x3] w=T[8x10] w=T[8x5] b=T[10] b=T[5] h0=T[0x5]",
               "x=T[7x3x4] w=T[21x34] w=T[21x17] h0=T[3x17] lengths=i64{7,0,3} gates=urc "
               "zero_output=false",
               "x=T[7x2x3] w=T[3x15] w=T[5x15] b=T[15] h0=T[2x5] lengths=i32{6,0} form=KERNELS "
               "gates=urc reverse=true",
               "x=T[6x3x5] w=T[5x69] w=T[23x69] b=T[2x69] h0=T[3x23] form=KERNELS gates=urc "
               "reset_after=true",
               "x=T[5x1x9] w=T[9x96] w=T[32x96] h0=T[1x32] form=KERNELS gates=cru reset_after=true "
               "reverse=true recurrent_activation=hard_sigmoid",
               "x=T[3x21x5] w=T[26x42]:-0.4..0.4 w=T[26x21]:-0.4..0.4 b=T[42] b=T[21] h0=T[21x21] "
               "activation=relu recurrent_activation=tanh",
               "x=T[9x6x12] w=T[12x99] w=T[33x99] b=T[2x99] h0=T[6x33] lengths=i64{9,1,-4,0,12,8} "
               "form=KERNELS reset_after=true zero_output=false",
               "x=f32[40x1x70]:-1..1 w=f32[170x200]:-0.1..0.1 w=f32[170x100]:-0.1..0.1 b=f32[200] "
               "b=f32[100] h0=f32[1x100]",
               "x=f32[12x20x70]:-1..1 w=f32[70x300]:-0.1..0.1 w=f32[100x300]:-0.1..0.1 "
               "b=f32[2x300] h0=f32[20x100] form=KERNELS gates=urc reset_after=true"}},
    {0},
};

/* GRU cells.
 *
 *   [r, u] = sigmoid([x, h'] w_ru + b_ru)    c = tanh([x, r h'] w_c + b_c)    h = (1 - u) c + u h'
 *
 * x: [B, I], h': [B, H], w_ru: [I+H, 2H], w_c: [I+H, H]. */
#include "kernels/params/gru.h"

#include "graph/op.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_gru_sequence_params *p = params;
  (void)attrs;
  p->shared = (tarn_recurrent_params){.activation = TARN_RECURRENT_TANH,
                                      .recurrent_activation = TARN_RECURRENT_SIGMOID,
                                      .zero_output = true,
                                      .num_w = 2,
                                      .num_b = 2};
  p->cell = p->separate = true;
  for (int g = 0; g < TARN_GRU_GATES; g++) p->column[g] = g;
  return TARN_OK;
}

static tarn_status expect(const tarn_infer *t, int i, int rank, int64_t d0, int64_t d1) {
  char text[TARN_SHAPE_TEXT];
  const tarn_shape *s = &t->in[i];
  if (s->rank == rank && s->dim[0] == d0 && (rank == 1 || s->dim[1] == d1)) return TARN_OK;
  if (rank == 1)
    return tarn_fail(TARN_SHAPE, "input %d: expected [%lld], got %s", i, (long long)d0,
                     tarn__shape_print(s, text));
  return tarn_fail(TARN_SHAPE, "input %d: expected [%lld,%lld], got %s", i, (long long)d0,
                   (long long)d1, tarn__shape_print(s, text));
}

static tarn_status layer(const tarn_infer *t, int64_t *B, int64_t *H) {
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_rank(t, 1, 2));
  const int64_t inputs = t->in[0].dim[1];
  *B = t->in[0].dim[0];
  *H = t->in[1].dim[1];
  if (inputs > INT32_MAX || *H > INT32_MAX / 4)
    return tarn_fail(TARN_SHAPE, "%lld inputs and %lld units must fit 31 bits", (long long)inputs,
                     (long long)*H);
  TARN_TRY(expect(t, 1, 2, *B, *H));
  TARN_TRY(expect(t, 2, 2, inputs + *H, 2 * *H));
  TARN_TRY(expect(t, 3, 2, inputs + *H, *H));
  TARN_TRY(expect(t, 4, 1, 2 * *H, 0));
  return expect(t, 5, 1, *H, 0);
}

static tarn_status infer(tarn_infer *t) {
  int64_t B, H;
  TARN_TRY(layer(t, &B, &H));
  for (int o = 0; o < 4; o++) t->out[o] = t->in[1];
  return TARN_OK;
}

static tarn_status infer_gradient(tarn_infer *t) {
  int64_t B, H;
  TARN_TRY(layer(t, &B, &H));
  for (int i = 6; i < 10; i++) TARN_TRY(expect(t, i, 2, B, H));
  t->out[0] = t->in[0];
  t->out[1] = t->out[2] = t->in[1];
  return tarn__shape_make(2, (int64_t[]){B, 2 * H}, &t->out[3]);
}

#define LAYER "x: T, h_prev: T, w_ru: T, w_c: T, b_ru: T, b_c: T"

const tarn_op tarn_ops_gru[] = {
    {.name = "GRUBlockCell",
     .inputs = LAYER,
     .outputs = "r: T, u: T, c: T, h: T",
     .attrs = "T: {float}",
     .spare = 7, /* all but h */
     .params_bytes = sizeof(tarn_gru_sequence_params),
     .parse = parse,
     .infer = infer,
     .formula = "[r, u] = sigmoid([x, h'] w_ru + b_ru); c = tanh([x, r h'] w_c + b_c); h = (1 - u) "
                "c + u h'",
     .cases =
         {"x=f32[1x1] h_prev=f32[1x1] w_ru=f32[2x2] w_c=f32[2x1] b_ru=f32[2] b_c=f32[1]",
          "x=f32[2x3] h_prev=f32[2x5] w_ru=f32[8x10] w_c=f32[8x5] b_ru=f32[10] b_c=f32[5]",
          "x=f32[0x3] h_prev=f32[0x5] w_ru=f32[8x10] w_c=f32[8x5] b_ru=f32[10] b_c=f32[5]",
          "x=f32[3x7] h_prev=f32[3x17] w_ru=f32[24x34] w_c=f32[24x17] b_ru=f32[34] b_c=f32[17]",
          "x=f32[7x0] h_prev=f32[7x17] w_ru=f32[17x34] w_c=f32[17x17] b_ru=f32[34] b_c=f32[17]",
          "x=f32[1x128] h_prev=f32[1x128] w_ru=f32[256x256] w_c=f32[256x128] b_ru=f32[256] "
          "b_c=f32[128]"}},
    {.name = "GRUBlockCellGrad",
     .inputs = LAYER ", r: T, u: T, c: T, d_h: T",
     .outputs = "d_x: T, d_h_prev: T, d_c_bar: T, d_r_bar_u_bar: T",
     .attrs = "T: {float}",
     .infer = infer_gradient,
     .formula = "the derivatives of GRUBlockCell; bars: before the nonlinearity",
     .cases = {"x=f32[2x3] h_prev=f32[2x5] w_ru=f32[8x10] w_c=f32[8x5] b_ru=f32[10] b_c=f32[5] "
               "r=f32[2x5]:0..1 "
               "u=f32[2x5]:0..1 c=f32[2x5]:-1..1 d_h=f32[2x5]"}},
    {0},
};

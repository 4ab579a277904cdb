/* _FusedConvChain by definition: stage after stage, sums in double. */
#include "kernels/params/conv_chain.h"

/* Elements of the largest value between two stages. */
static size_t between(const tarn_problem *p) {
  tarn_conv2d g[TARN_CHAIN_STAGES];
  const tarn_conv_chain_params *c = tarn__chain_geometry(p, g);
  int64_t most = 0;
  for (int i = 0; i + 1 < c->stages; i++) {
    const int64_t n = g[i].N * g[i].OH * g[i].OW * g[i].OC;
    if (n > most) most = n;
  }
  return (size_t)most;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return 2 * between(p) * sizeof(float);
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  tarn_conv2d g[TARN_CHAIN_STAGES];
  const tarn_conv_chain_params *c = tarn__chain_geometry(p, g);
  double flops = 0;
  for (int i = 0; i < c->stages; i++)
    flops += 2.0 * (double)(g[i].N * g[i].OH * g[i].OW * g[i].OC) *
             (double)(g[i].KH * g[i].KW * g[i].KC);
  return flops / (1e3 * m->gflops[TARN_TARGET_REFERENCE]) + 10;
}

static void stage(const tarn_conv2d *g, tarn_fused_activation a, const float *x, const float *w,
                  const float *bias, float *y) {
  for (int64_t n = 0; n < g->N; n++)
    for (int64_t oh = 0; oh < g->OH; oh++)
      for (int64_t ow = 0; ow < g->OW; ow++)
        for (int64_t oc = 0; oc < g->OC; oc++) {
          const int64_t channel = oc / (g->OC / g->groups) * g->KC;
          double s = 0;
          for (int64_t kh = 0; kh < g->KH; kh++)
            for (int64_t kw = 0; kw < g->KW; kw++) {
              const int64_t ih = oh * g->stride_h - g->pad_top + kh,
                            iw = ow * g->stride_w - g->pad_left + kw;
              if (ih < 0 || ih >= g->H || iw < 0 || iw >= g->W) continue;
              for (int64_t kc = 0; kc < g->KC; kc++)
                s += (double)x[((n * g->H + ih) * g->W + iw) * g->C + channel + kc] *
                     (double)w[((kh * g->KW + kw) * g->KC + kc) * g->OC + oc];
            }
          s += (double)bias[oc];
          if (a && s < 0) s = 0;
          if (a == TARN_FUSED_RELU6 && s > 6) s = 6;
          *y++ = (float)s;
        }
}

static tarn_status run(const tarn_call *call) {
  tarn_conv2d g[TARN_CHAIN_STAGES];
  const tarn_conv_chain_params *c = tarn__chain_geometry(call->problem, g);
  float *value[2] = {call->scratch, (float *)call->scratch + between(call->problem)};
  const float *x = call->in[0]->data;
  for (int i = 0; i < c->stages; i++) {
    float *y = i + 1 == c->stages ? call->out[0]->data : value[i % 2];
    stage(&g[i], c->stage[i].activation, x, call->in[tarn__chain_filter(i)]->data,
          call->in[tarn__chain_bias(i)]->data, y);
    x = y;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_fused_chain_reference[] = {
    {.op = "_FusedConvChain",
     .dtypes = TARN_BIT(TARN_F32),
     .cost_us = cost_us,
     .scratch_bytes = scratch_bytes,
     .run = run},
    {0},
};

/* _Elementwise by definition: each op's reference kernel on whole tensors, one after the other. */
#include "kernels/params/elementwise.h"

#include <string.h>

#include "kernels/params/activation.h"
#include "kernels/params/bias.h"
#include "kernels/run.h"

static const char *const names[] = {
#define X(name) [TARN_ELEMENTWISE_##name] = #name,
    TARN_ELEMENTWISE_UNARY_MAP(X) TARN_ELEMENTWISE_BINARY_MAP(X)
#undef X
};

static const tarn_kernel *kernel_of(tarn_elementwise_code code) {
  size_t count;
  const tarn_kernel_ref *rows = tarn__kernels_of(names[code], &count);
  for (size_t i = 0; i < count; i++)
    if (rows[i].file->target == TARN_TARGET_REFERENCE &&
        rows[i].kernel->dtypes & TARN_BIT(TARN_F32))
      return rows[i].kernel;
  return NULL;
}

static const char *supports(const tarn_problem *p) {
  const tarn_elementwise_params *e = p->params;
  for (int k = 0; k < e->steps; k++)
    if (!kernel_of(e->step[k].code)) return "an op of the chain has no reference kernel";
  return NULL;
}

/* A tensor of y's shape for each op but the last. */
static size_t result_bytes(const tarn_problem *p) {
  const size_t bytes = (size_t)tarn__shape_elements(&p->out_shape[0]) * sizeof(float);
  return (bytes + TARN_ALIGN - 1) / TARN_ALIGN * TARN_ALIGN;
}
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const tarn_elementwise_params *e = p->params;
  return result_bytes(p) * (size_t)e->steps;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_elementwise_params *e = p->params;
  tarn_tensor result[TARN_ELEMENTWISE_STEPS];
  for (int k = 0; k < e->steps; k++) {
    const tarn_elementwise_step *s = &e->step[k];
    result[k] = (tarn_tensor){.dtype = TARN_F32, .shape = p->out_shape[0]};
    result[k].data = k == e->steps - 1 ? call->out[0]->data
                                       : (char *)call->scratch + (size_t)k * result_bytes(p);
    const tarn_tensor *in[2] = {s->a < e->args ? call->in[s->a] : &result[s->a - e->args],
                                s->b < 0         ? NULL
                                : s->b < e->args ? call->in[s->b]
                                                 : &result[s->b - e->args]};
    const tarn_dtype dtype[2] = {TARN_F32, TARN_F32};
    const tarn_shape shape[2] = {in[0]->shape, in[1] ? in[1]->shape : tarn__shape_scalar()};
    tarn_tensor *out = &result[k];
    const tarn_bias_params last = {.channels_first = false};
    const tarn_activation_params alpha = {.alpha = s->alpha};
    const bool bias = !strncmp(names[s->code], "BiasAdd", 7);
    const tarn_problem one = {.op = names[s->code],
                              .node = p->node,
                              .inputs = in[1] ? 2 : 1,
                              .outputs = 1,
                              .in_dtype = dtype,
                              .out_dtype = dtype,
                              .in_shape = shape,
                              .out_shape = &out->shape,
                              .params = bias ? (const void *)&last : (const void *)&alpha};
    tarn_call inner = *call;
    inner.problem = &one;
    inner.in = in;
    inner.out = &out;
    TARN_TRY(kernel_of(s->code)->run(&inner));
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_fused_elementwise_reference[] = {
    {.op = "_Elementwise",
     .dtypes = TARN_BIT(TARN_F32),
     .supports = supports,
     .scratch_bytes = scratch_bytes,
     .run = run},
    {0},
};

/* FakeQuantWithMinMaxArgs, ...Vars, ...VarsPerChannel and their gradients. */
#include "kernels/cuda/quantize/fake.h"

#include "kernels/cuda/cuda.h"
#include "kernels/params/quantize.h"

/* x is input `x`; mins and maxs follow it, where they are no attributes. */
static tarn_cuda_fake work_of(const tarn_call *call, int x) {
  const tarn_quantize_params *p = call->problem->params;
  const bool given = call->problem->inputs > x + 1;
  return (tarn_cuda_fake){.n = tarn__tensor_elements(call->in[x]),
                          .C = given ? tarn__tensor_elements(call->in[x + 1]) : 1,
                          .first = p->narrow_range ? 1 : 0,
                          .last = (float)((1 << p->num_bits) - 1),
                          .min = p->min,
                          .max = p->max,
                          .invert = !given,
                          .mins = given ? call->in[x + 1]->data : NULL,
                          .maxs = given ? call->in[x + 2]->data : NULL,
                          .x = call->in[x]->data};
}

static tarn_status forward(const tarn_call *call) {
  const tarn_cuda_fake work = work_of(call, 0);
  if (work.n == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_fake(tarn__stream(call), &work, call->out[0]->data));
  return TARN_OK;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  if (p->outputs < 3) return 0;
  const int64_t C = tarn__shape_elements(&p->in_shape[2]);
  return 2 * (size_t)(C * tarn__fake_parts(C)) * sizeof(float);
}

/* The sums come first: dx may be dy. */
static tarn_status backward(const tarn_call *call) {
  const tarn_cuda_fake work = work_of(call, 1);
  const float *dy = call->in[0]->data;
  if (call->problem->outputs > 1 && work.C > 0)
    TARN_LAUNCHED(tarn__cuda_fake_sums(tarn__stream(call), &work, dy, call->scratch,
                                       call->out[1]->data, call->out[2]->data));
  if (work.n == 0) return TARN_OK;
  TARN_LAUNCHED(tarn__cuda_fake_gradient(tarn__stream(call), &work, dy, call->out[0]->data));
  return TARN_OK;
}

#define ROW(OP, RUN)                                                                              \
  {                                                                                               \
    .op = "FakeQuantWithMinMax" OP, .dtypes = TARN_BIT(TARN_F32), .scratch_bytes = scratch_bytes, \
    .run = RUN                                                                                    \
  }
const tarn_kernel tarn_kernels_quantize_fake_cuda[] = {
    ROW("Args", forward),
    ROW("ArgsGradient", backward),
    ROW("Vars", forward),
    ROW("VarsGradient", backward),
    ROW("VarsPerChannel", forward),
    ROW("VarsPerChannelGradient", backward),
    {0},
};

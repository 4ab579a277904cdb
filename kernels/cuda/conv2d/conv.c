#include "kernels/cuda/conv2d/conv.h"

/* The numbers that epilogue/finish.cu knows activations by. */
_Static_assert(TARN_FUSED_RELU == 1 && TARN_FUSED_RELU6 == 2 && TARN_FUSED_ELU == 3 &&
                   TARN_FUSED_TANH == 4 && TARN_FUSED_SIGMOID == 5,
               "finish.cu has the same order");

tarn_status tarn__conv_finish(const tarn_call *call, const tarn_cuda_conv *g) {
  if (call->problem->op[0] != '_') return TARN_OK;
  const tarn_epilogue e = tarn__epilogue_of(call->problem);
  if (!e.bias && !e.add && !e.activation) return TARN_OK;
  const tarn_cuda_finish work = {.bias = e.bias ? call->in[e.bias]->data : NULL,
                                 .add = e.add ? call->in[e.add]->data : NULL,
                                 .activation = (int)e.activation,
                                 .elements = g->N * tarn__conv_volume(g->out) * g->OC,
                                 .C = g->OC,
                                 .inner = g->channels_first ? tarn__conv_volume(g->out) : 1};
  TARN_LAUNCHED(tarn__cuda_finish(tarn__stream(call), (int)call->problem->in_dtype[0], &work,
                                  call->out[0]->data));
  return TARN_OK;
}

tarn_status tarn__conv_direct(const tarn_call *call, const tarn_conv_job *j) {
  const int dtype = (int)call->out[0]->dtype;
  const cudaStream_t stream = tarn__stream(call);
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  switch (j->part) {
    case TARN_CONV_INPUT:
      TARN_LAUNCHED(tarn__cuda_conv_input(stream, dtype, &j->g, j->w, j->y, j->x));
      return TARN_OK;
    case TARN_CONV_FILTER:
      TARN_LAUNCHED(tarn__cuda_conv_filter(stream, dtype, &j->g, j->x, j->y, j->w));
      return TARN_OK;
    case TARN_CONV_FORWARD:
      break;
  }
  TARN_LAUNCHED(tarn__cuda_conv_forward(stream, dtype, &j->g, j->x, j->w, j->y));
  return tarn__conv_finish(call, &j->g);
}

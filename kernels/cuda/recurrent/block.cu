/* One step of LSTMBlockCell and BlockLSTM, a unit of a row a thread: all that the gradient wants is
 * written as well. */
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/recurrent/cells.h"
#include "kernels/cuda/recurrent/gates.cuh"

/* In the order of tarn_lstm_sequence_params.column and of the outputs. */
enum { I, J, F, O };
enum { OUT_I, OUT_CS, OUT_F, OUT_O, OUT_CI, OUT_CO, OUT_H, OUTS };

template <class A>
__device__ inline A sigmoid(A x) {
  return 1 / (1 + exp(-x));
}
template <class A>
__device__ inline A peep(const void *weights, int64_t k, A state) {
  return weights ? ((const A *)weights)[k] * state : (A)0;
}

template <class A>
__global__ void lstm_block(tarn_cuda_lstm_block w) {
  const tarn_cuda_step &s = w.s;
  for (int64_t e = EACH_FIRST; e < s.B * s.H; e += EACH_STEP) {
    const int64_t b = e / s.H, k = e % s.H;
    const A old = ((const A *)w.c)[e];
    const A i = sigmoid(sum_of<A>(s, 4, I, s.step, b, k) + peep(w.peephole[0], k, old)),
            f = sigmoid(sum_of<A>(s, 4, F, s.step, b, k) + (A)w.forget_bias +
                        peep(w.peephole[1], k, old)),
            ci = tanh(sum_of<A>(s, 4, J, s.step, b, k));
    const A cs = clip(ci * i + old * f, (A)w.cell_clip);
    const A o = sigmoid(sum_of<A>(s, 4, O, s.step, b, k) + peep(w.peephole[2], k, cs)),
            co = tanh(cs);
    const A values[OUTS] = {i, cs, f, o, ci, co, co * o};
    for (int v = 0; v < OUTS; v++)
      if (w.out[v]) ((A *)w.out[v])[s.step * s.B * s.H + e] = values[v];
  }
}

extern "C" int tarn__cuda_lstm_block(cudaStream_t stream, bool f64,
                                     const tarn_cuda_lstm_block *work) {
  if (f64)
    EACH_LAUNCH((lstm_block<double>), work->s.B * work->s.H, stream, *work);
  else
    EACH_LAUNCH((lstm_block<float>), work->s.B * work->s.H, stream, *work);
  return tarn_launched();
}

/* One step of LSTM and GRU cells, a unit of a row a thread: what comes after the products of x and
 * of h'. */
#include "kernels/cuda/recurrent/cells.h"

#include "kernels/cuda/each/element.cuh"
#include "kernels/cuda/each/index.cuh"
#include "kernels/cuda/recurrent/gates.cuh"

/* In the order of TARN_RECURRENT_ACTIVATION_MAP (kernels/params/recurrent.h), which the C side
 * checks. */
enum { TANH, SIGMOID, HARD_SIGMOID, RELU, LINEAR };

template <class A>
__device__ inline A activate(int activation, A x) {
  const A line = (A)0.2 * x + (A)0.5;
  switch (activation) {
    case TANH:
      return tanh(x);
    case SIGMOID:
      return 1 / (1 + exp(-x));
    case HARD_SIGMOID:
      return line < 0 ? 0 : line > 1 ? 1 : line;
    case RELU:
      return x < 0 ? 0 : x;
    default:
      return x;
  }
}
/* Whether row b still runs, and at which time it is. */
struct now {
  bool runs;
  int64_t t;
};
__device__ inline now now_of(const tarn_cuda_step &s, int64_t b) {
  int64_t n = s.T;
  if (s.lengths)
    n = s.wide ? ((const int64_t *)s.lengths)[b] : (int64_t)((const int32_t *)s.lengths)[b];
  n = n < 0 ? 0 : n > s.T ? s.T : n;
  if (s.step >= n) return {false, s.step};
  return {true, s.reverse ? n - 1 - s.step : s.step};
}

/* A state is written, and the output at this step. */
template <class A>
__device__ inline void write(const tarn_cuda_step &s, now n, A *y, A *h, int64_t width, int64_t b,
                             int64_t k, A value) {
  A *state = h + b * width + k;
  if (n.runs) *state = value;
  y[(n.t * s.B + b) * width + k] = n.runs ? value : s.zero_output ? (A)0 : *state;
}

template <class A>
__global__ void lstm_cell(tarn_cuda_lstm w) {
  const tarn_cuda_step &s = w.s;
  for (int64_t i = EACH_FIRST; i < s.B * s.H; i += EACH_STEP) {
    const int64_t b = i / s.H, k = i % s.H;
    const now n = now_of(s, b);
    A m = 0;
    if (n.runs) {
      A *c = (A *)w.c + i;
      const A before = *c, *const *peephole = (const A *const *)w.peephole;
      A in = sum_of<A>(s, 4, 0, n.t, b, k),
        forget = sum_of<A>(s, 4, 2, n.t, b, k) + (A)w.forget_bias;
      A out = sum_of<A>(s, 4, 3, n.t, b, k);
      if (peephole[0]) {
        in += peephole[0][k] * before;
        forget += peephole[1][k] * before;
      }
      const A next =
          clip(before * activate(s.gate, forget) +
                   activate(s.gate, in) * activate(s.activation, sum_of<A>(s, 4, 1, n.t, b, k)),
               (A)w.cell_clip);
      *c = next;
      if (peephole[2]) out += peephole[2][k] * next;
      m = activate(s.gate, out) * activate(s.activation, next);
    }
    if (w.m)
      ((A *)w.m)[i] = m;
    else
      write(s, n, (A *)w.y, (A *)w.h, s.H, b, k, m);
  }
}

template <class A>
__global__ void lstm_settle(tarn_cuda_lstm w) {
  for (int64_t i = EACH_FIRST; i < w.s.B * w.P; i += EACH_STEP) {
    const int64_t b = i / w.P;
    write(w.s, now_of(w.s, b), (A *)w.y, (A *)w.h, w.P, b, i % w.P,
          clip(((const A *)w.projected)[i], (A)w.proj_clip));
  }
}

/* r or u. */
template <class A>
__device__ inline A gru_gate(const tarn_cuda_gru &w, int g, int64_t t, int64_t b, int64_t k) {
  A sum = sum_of<A>(w.s, 3, g, t, b, k);
  if (w.bias_h) sum += ((const A *)w.bias_h)[w.s.column[g] * w.s.H + k];
  return activate(w.s.gate, sum);
}

template <class A>
__global__ void gru_reset(tarn_cuda_gru w) {
  const tarn_cuda_step &s = w.s;
  for (int64_t i = EACH_FIRST; i < s.B * s.H; i += EACH_STEP) {
    const int64_t b = i / s.H, k = i % s.H;
    const now n = now_of(s, b);
    const A h = ((const A *)w.h)[i];
    ((A *)w.reset)[i] = n.runs ? gru_gate<A>(w, 0, n.t, b, k) * h : (A)0;
    ((A *)w.update)[i] = n.runs ? gru_gate<A>(w, 1, n.t, b, k) : (A)0;
  }
}

template <class A>
__global__ void gru_cell(tarn_cuda_gru w) {
  const tarn_cuda_step &s = w.s;
  for (int64_t i = EACH_FIRST; i < s.B * s.H; i += EACH_STEP) {
    const int64_t b = i / s.H, k = i % s.H, at = s.column[2] * s.H + k;
    const now n = now_of(s, b);
    A value = 0;
    if (n.runs) {
      const A h = ((const A *)w.h)[i],
              u = w.reset_after ? gru_gate<A>(w, 1, n.t, b, k) : ((const A *)w.update)[i];
      A c = ((const A *)s.from_x)[(n.t * s.B + b) * 3 * s.H + at];
      if (w.bias_c)
        c += ((const A *)w.bias_c)[k];
      else if (s.bias)
        c += ((const A *)s.bias)[at];
      if (w.reset_after) {
        const A hidden = ((const A *)s.from_h)[b * 3 * s.H + at] +
                         (w.bias_hidden ? ((const A *)w.bias_hidden)[k] : (A)0);
        c += gru_gate<A>(w, 0, n.t, b, k) * hidden;
      } else {
        c += ((const A *)w.candidate)[i];
      }
      value = u * h + (1 - u) * activate(s.activation, c);
    }
    write(s, n, (A *)w.y, (A *)w.h, s.H, b, k, value);
  }
}

#define LAUNCHER(NAME, KERNEL, WORK, N)                                  \
  extern "C" int NAME(cudaStream_t stream, bool f64, const WORK *work) { \
    if (f64)                                                             \
      EACH_LAUNCH((KERNEL<double>), N, stream, *work);                   \
    else                                                                 \
      EACH_LAUNCH((KERNEL<float>), N, stream, *work);                    \
    return tarn_launched();                                              \
  }
LAUNCHER(tarn__cuda_lstm_cell, lstm_cell, tarn_cuda_lstm, work->s.B * work->s.H)
LAUNCHER(tarn__cuda_lstm_settle, lstm_settle, tarn_cuda_lstm, work->s.B * work->P)
LAUNCHER(tarn__cuda_gru_reset, gru_reset, tarn_cuda_gru, work->s.B * work->s.H)
LAUNCHER(tarn__cuda_gru_cell, gru_cell, tarn_cuda_gru, work->s.B * work->s.H)

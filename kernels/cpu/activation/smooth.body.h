/* Activations and their gradients, floats only. See kernels/cpu/each.h. */
#define UNARY(name, y)                                                  \
  static void NAME(name)(const tarn_call *call, double alpha) {         \
    const ELEM *in = call->in[0]->data;                                    \
    ELEM *out = call->out[0]->data;                                        \
    const int64_t n = tarn__tensor_elements(call->out[0]);              \
    (void)alpha;                                                        \
    for (int64_t i = 0; i < n; i++) {                                   \
      const double x = (double)LOAD(in[i]);                             \
      out[i] = STORE((WIDE)(y));                                           \
    }                                                                   \
  }
/* (dy, v) -> dx, v being x or y. */
#define GRADIENT(name, dx)                                              \
  static void NAME(name)(const tarn_call *call, double alpha) {         \
    const ELEM *in0 = call->in[0]->data, *in1 = call->in[1]->data;         \
    ELEM *out = call->out[0]->data;                                        \
    const int64_t n = tarn__tensor_elements(call->out[0]);              \
    (void)alpha;                                                        \
    for (int64_t i = 0; i < n; i++) {                                   \
      const double dy = (double)LOAD(in0[i]), v = (double)LOAD(in1[i]); \
      out[i] = STORE((WIDE)(dx));                                          \
    }                                                                   \
  }

UNARY(elu, x < 0 ? expm1(x) : x)
UNARY(selu, x < 0 ? SELU_SCALE_ALPHA * expm1(x) : SELU_SCALE * x)
UNARY(leaky_relu, x > 0 ? x : alpha * x)
UNARY(softplus, x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))
UNARY(softsign, x / (1 + fabs(x)))
GRADIENT(elu_gradient, v < 0 ? (v + 1) * dy : dy)
GRADIENT(selu_gradient, v < 0 ? (v + SELU_SCALE_ALPHA) * dy : SELU_SCALE * dy)
GRADIENT(leaky_relu_gradient, v > 0 ? dy : alpha * dy)
GRADIENT(softplus_gradient, dy / (exp(-v) + 1))
GRADIENT(softsign_gradient, dy / ((1 + fabs(v)) * (1 + fabs(v))))

#undef UNARY
#undef GRADIENT

/* Activations and their gradients, floats only. See kernels/cpu/each.h and activation.h. Computed
 * in double, but for what is a few exact operations in floats; EXP, EXPM1 and SOFTPLUS are the
 * includer's. */
#define UNARY(name, y)                                                                        \
  static void NAME(name)(const void *a, const void *b, void *to, int64_t n, double alpha) {   \
    const ELEM *in = a;                                                                       \
    ELEM *out = to;                                                                           \
    (void)b, (void)alpha;                                                                     \
    TARN_EACH_LANE                                                                            \
    for (int64_t i = 0; i < n; i++) {                                                         \
      const double x = (double)LOAD(in[i]);                                                   \
      out[i] = STORE((WIDE)(y));                                                              \
    }                                                                                         \
  }
/* (dy, v) -> dx, v being x or y; IN: what it is computed in; OWN: floats, or doubles of doubles. */
#define OWN __typeof__(_Generic((ELEM)0, double: 0.0, default: 0.0f))
#define LOAD_AS(IN, x) ((IN)LOAD(x))
#define GRADIENT(name, dx) GRADIENT_IN(double, name, dx)
#define GRADIENT_IN(IN, name, dx)                                                             \
  static void NAME(name)(const void *a, const void *b, void *to, int64_t n, double alpha) {   \
    const ELEM *in0 = a, *in1 = b;                                                            \
    ELEM *out = to;                                                                           \
    (void)alpha;                                                                              \
    TARN_EACH_LANE                                                                            \
    for (int64_t i = 0; i < n; i++) {                                                         \
      const IN dy = LOAD_AS(IN, in0[i]), v = LOAD_AS(IN, in1[i]);                             \
      out[i] = STORE((WIDE)(dx));                                                             \
    }                                                                                         \
  }

UNARY(elu, x < 0 ? EXPM1(x) : x)
UNARY(selu, x < 0 ? SELU_SCALE_ALPHA * EXPM1(x) : SELU_SCALE * x)
UNARY(leaky_relu, x > 0 ? x : alpha * x)
UNARY(softplus, SOFTPLUS(x))
UNARY(softsign, x / (1 + fabs(x)))
GRADIENT(elu_gradient, v < 0 ? (v + 1) * dy : dy)
GRADIENT(selu_gradient, v < 0 ? (v + SELU_SCALE_ALPHA) * dy : SELU_SCALE * dy)
GRADIENT(leaky_relu_gradient, v > 0 ? dy : alpha * dy)
GRADIENT(softplus_gradient, dy / (EXP(-v) + 1))
GRADIENT_IN(OWN, softsign_gradient, dy / ((1 + fabs(v)) * (1 + fabs(v))))

#undef UNARY
#undef GRADIENT
#undef GRADIENT_IN
#undef OWN
#undef LOAD_AS

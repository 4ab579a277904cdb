/* Relu and Relu6 with their gradients, for all real types. NaN stays NaN forwards and counts as
 * below zero backwards, where dy is multiplied by 0 or 1 as TensorFlow does: infinity and NaN of dy
 * give NaN. See kernels/cpu/each.h and activation.h. */
#define RELU(name, six)                                                                     \
  static void NAME(name)(const void *a, const void *b, void *to, int64_t n, double alpha) { \
    const ELEM *x = a;                                                                      \
    ELEM *y = to;                                                                           \
    (void)b, (void)alpha;                                                                   \
    TARN_EACH_LANE                                                                          \
    for (int64_t i = 0; i < n; i++) {                                                       \
      const WIDE value = LOAD(x[i]);                                                        \
      const ELEM below = six && value > 6 ? STORE(6) : x[i];                                \
      y[i] = value > 0 || value != value ? below : STORE(0);                                \
    }                                                                                       \
  }                                                                                         \
  static void NAME(name##_gradient)(const void *a, const void *b, void *to, int64_t n,      \
                                    double alpha) {                                         \
    const ELEM *dy = a, *x = b;                                                             \
    ELEM *dx = to;                                                                          \
    (void)alpha;                                                                            \
    TARN_EACH_LANE                                                                          \
    for (int64_t i = 0; i < n; i++) {                                                       \
      const WIDE value = LOAD(x[i]);                                                        \
      dx[i] = STORE(LOAD(dy[i]) * (WIDE)(value > 0 && (!six || value < 6)));                \
    }                                                                                       \
  }

RELU(relu, false)
RELU(relu6, true)

#undef RELU

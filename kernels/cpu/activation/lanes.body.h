/* The reference's loops as vectors, for AVX2 and AVX-512, but for what kernels/cpu/elementwise has
 * in float32. */
#include "kernels/cpu/simd/lanes.h"

#define EXP lane_exp
#define EXPM1 lane_expm1
#define SOFTPLUS lane_softplus
#include "kernels/cpu/activation/smooth.h"

#define TARN_EACH_BODY "kernels/cpu/activation/relu.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_INTS)
#include "kernels/cpu/each.h"

/* The gradients of 16-bit floats by their bits: a positive number is a positive int16_t no greater
 * than infinity's. */
#define GRADIENT_OF_BITS(name, infinity, six)                                           \
  static void name(const void *a, const void *b, void *to, int64_t n, double alpha) {   \
    const uint16_t *dy = a, *x = b;                                                     \
    uint16_t *dx = to;                                                                  \
    (void)alpha;                                                                        \
    _Pragma("omp simd") for (int64_t i = 0; i < n; i++) {                               \
      const int16_t value = (int16_t)x[i];                                              \
      const uint16_t zero =                                                             \
          (dy[i] & 0x7fff) >= infinity ? (uint16_t)0x7fff : (uint16_t)(dy[i] & 0x8000); \
      dx[i] = value > 0 && value < six ? dy[i] : zero;                                  \
    }                                                                                   \
  }
GRADIENT_OF_BITS(relu_bits_f16, 0x7c00, 0x7c01)
GRADIENT_OF_BITS(relu_bits_bf16, 0x7f80, 0x7f81)
GRADIENT_OF_BITS(relu6_bits_f16, 0x7c00, 0x4600)
GRADIENT_OF_BITS(relu6_bits_bf16, 0x7f80, 0x40c0)
#undef GRADIENT_OF_BITS

#define RUN(name)                                                                              \
  static tarn_status run_##name(const tarn_call *call) {                                       \
    return tarn__activation_run(call, TARN_EACH_OF_REALS(call->problem->in_dtype[0], name));   \
  }
RUN(relu)
RUN(relu6)
#define RUN_BITS(name)                                                                      \
  static tarn_status run_##name##_bits(const tarn_call *call) {                             \
    return tarn__activation_run(                                                            \
        call, call->problem->in_dtype[0] == TARN_F16 ? name##_bits_f16 : name##_bits_bf16); \
  }
RUN(relu_gradient)
RUN(relu6_gradient)
RUN_BITS(relu)
RUN_BITS(relu6)
#undef RUN_BITS
#undef RUN

#define HALVES (TARN_BIT(TARN_F16) | TARN_BIT(TARN_BF16))
#define NOT_F32 (TARN_REALS & ~TARN_BIT(TARN_F32))
#define ALL_ROWS                                                                             \
  ROWS(TARN_FLOATS & ~TARN_BIT(TARN_F32))                                                    \
  ROW("Relu", relu, NOT_F32)                                                                 \
  ROW("Relu6", relu6, NOT_F32) ROW("ReluGrad", relu_gradient, NOT_F32 & ~HALVES)             \
      ROW("Relu6Grad", relu6_gradient, NOT_F32 & ~HALVES) ROW("ReluGrad", relu_bits, HALVES) \
          ROW("Relu6Grad", relu6_bits, HALVES)

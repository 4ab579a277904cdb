/* Chains of functions of single elements in f32 as a small program: what _Elementwise runs.
 *
 * Operand i is argument i, operand args + k the result of instruction k; the last instruction gives
 * the output, and each gives a tensor of the output's shape. Arguments are broadcast to it. */
#ifndef TARN_KERNELS_PARAMS_ELEMENTWISE_H
#define TARN_KERNELS_PARAMS_ELEMENTWISE_H

#include <stdbool.h>

/* X(TensorFlow's op): of one tensor. LeakyRelu has an alpha. */
#define TARN_ELEMENTWISE_UNARY_MAP(X)                                                             \
  X(Relu) X(Relu6) X(Neg) X(Abs) X(Square) X(Sqrt) X(Rsqrt) X(Reciprocal) X(Inv) X(Floor) X(Ceil) \
  X(Rint) X(Round) X(Softsign) X(Exp) X(Expm1) X(Log) X(Sigmoid) X(Tanh) X(Elu) X(Selu)           \
  X(Softplus) X(LeakyRelu) X(Erf)
/* X(TensorFlow's op): of two. */
#define TARN_ELEMENTWISE_BINARY_MAP(X)                                                            \
  X(Add) X(AddV2) X(BiasAdd) X(BiasAddV1) X(Sub) X(Mul) X(Div) X(RealDiv) X(DivNoNan) X(MulNoNan) \
  X(Maximum) X(Minimum) X(SquaredDifference) X(ReluGrad) X(Relu6Grad) X(EluGrad) X(SoftplusGrad)  \
  X(SigmoidGrad) X(TanhGrad)

typedef enum tarn_elementwise_code {
#define X(name) TARN_ELEMENTWISE_##name,
  TARN_ELEMENTWISE_UNARY_MAP(X) TARN_ELEMENTWISE_BINARY_MAP(X)
#undef X
  TARN_ELEMENTWISE_CODES
} tarn_elementwise_code;

static inline bool tarn__elementwise_binary(tarn_elementwise_code code) {
  return code > TARN_ELEMENTWISE_Erf;   /* the last of those of one tensor */
}

enum { TARN_ELEMENTWISE_ARGS = 12, TARN_ELEMENTWISE_STEPS = 32 };

typedef struct tarn_elementwise_step {
  tarn_elementwise_code code;
  int a, b;                        /* operands; b -1: of one tensor */
  float alpha;
  int slot;                        /* the block buffer that holds the result; -1: the output */
} tarn_elementwise_step;

typedef struct tarn_elementwise_params {
  int args, steps;
  int slots;                       /* buffers that results need at one time */
  tarn_elementwise_step step[TARN_ELEMENTWISE_STEPS];
} tarn_elementwise_params;

#endif

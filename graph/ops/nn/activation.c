/* Activations of one element at a time, with their gradients as ops of their own. */
#include "graph/op.h"
#include "kernels/params/activation.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  ((tarn_activation_params *)params)->alpha = tarn__attr_float(attrs, "alpha");
  return TARN_OK;
}

static tarn_status infer_gradient(tarn_infer *t) {
  TARN_TRY(tarn__infer_same(t, 0, 1));
  t->out[0] = t->in[0];
  return TARN_OK;
}

#define REAL_TYPES \
  "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64"
#define FLOAT_TYPES "T: {half, bfloat16, float, double}"
#define FORWARD(text, types, f)                                                         \
  {                                                                                     \
    .name = text, .inputs = "features: T", .outputs = "activations: T", .attrs = types, \
    .inplace = 1, .infer = tarn__infer_unary, .formula = f, .cases = {                  \
      "features=T[1]",                                                                  \
      "features=T[]",                                                                   \
      "features=T[0]",                                                                  \
      "features=T[3x17]",                                                               \
      "features=T[13x1031]"                                                             \
    }                                                                                   \
  }
#define BACKWARD(text, second, types, f)                                              \
  {                                                                                   \
    .name = text, .inputs = "gradients: T, " second ": T", .outputs = "backprops: T", \
    .attrs = types, .inplace = 1, .infer = infer_gradient, .formula = f, .cases = {   \
      "gradients=T[1] " second "=T[1]",                                               \
      "gradients=T[0] " second "=T[0]",                                               \
      "gradients=T[3x17] " second "=T[3x17]",                                         \
      "gradients=T[13x1031] " second "=T[13x1031]"                                    \
    }                                                                                 \
  }

const tarn_op tarn_ops_activation[] = {
    FORWARD("Relu", REAL_TYPES ", qint8}", "y = max(x, 0); NaN stays"),
    BACKWARD("ReluGrad", "features", REAL_TYPES "}", "dx = dy where x > 0, else 0"),
    FORWARD("Relu6", REAL_TYPES "}", "y = min(max(x, 0), 6); NaN stays"),
    BACKWARD("Relu6Grad", "features", REAL_TYPES "}", "dx = dy where 0 < x < 6, else 0"),
    FORWARD("Elu", FLOAT_TYPES, "y = exp(x) - 1 where x < 0, else x"),
    BACKWARD("EluGrad", "outputs", FLOAT_TYPES, "dx = (y + 1) dy where y < 0, else dy"),
    FORWARD("Selu", FLOAT_TYPES,
            "y = s a (exp(x) - 1) where x < 0, else s x; s = 1.0507, s a = 1.7581"),
    BACKWARD("SeluGrad", "outputs", FLOAT_TYPES, "dx = (y + s a) dy where y < 0, else s dy"),
    {.name = "LeakyRelu",
     .inputs = "features: T",
     .outputs = "activations: T",
     .attrs = "alpha: float = 0.2; " FLOAT_TYPES " = float",
     .inplace = 1,
     .params_bytes = sizeof(tarn_activation_params),
     .parse = parse,
     .infer = tarn__infer_unary,
     .formula = "y = x where x > 0, else alpha x",
     .cases = {"features=T[1]", "features=T[0]", "features=T[3x17]",
               "features=T[13x1031] alpha=1.5"}},
    {.name = "LeakyReluGrad",
     .inputs = "gradients: T, features: T",
     .outputs = "backprops: T",
     .attrs = "alpha: float = 0.2; " FLOAT_TYPES " = float",
     .inplace = 1,
     .params_bytes = sizeof(tarn_activation_params),
     .parse = parse,
     .infer = infer_gradient,
     .formula = "dx = dy where x > 0, else alpha dy",
     .cases = {"gradients=T[3x17] features=T[3x17]", "gradients=T[0] features=T[0]"}},
    FORWARD("Softplus", FLOAT_TYPES, "y = log(1 + exp(x))"),
    BACKWARD("SoftplusGrad", "features", FLOAT_TYPES, "dx = dy / (1 + exp(-x))"),
    FORWARD("Softsign", FLOAT_TYPES, "y = x / (1 + |x|)"),
    BACKWARD("SoftsignGrad", "features", FLOAT_TYPES, "dx = dy / (1 + |x|)^2"),
    {0},
};

/* Optimisers: each rule on a whole variable or on rows of it, for variables of both kinds. g is the
 * gradient. */
#include "graph/op.h"
#include "kernels/params/optimiser.h"

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_optimiser_params *p = params;
  p->nesterov = tarn__attr_find(attrs, "use_nesterov") && tarn__attr_bool(attrs, "use_nesterov");
  p->update_slots =
      !tarn__attr_find(attrs, "update_slots") || tarn__attr_bool(attrs, "update_slots");
  p->linear_by_lr = tarn__attr_find(attrs, "multiply_linear_by_lr") &&
                    tarn__attr_bool(attrs, "multiply_linear_by_lr");
  return TARN_OK;
}

#define STEP                                                                                \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_optimiser_params), .parse = parse, \
  .infer = tarn__infer_scalars
#define ATTRS "T: numbertype; use_locking: bool = false"
#define SPARSE_ATTRS "T: numbertype; Tindices: {int32, int64}; use_locking: bool = false"

/* VARS(kind): the slots; BEFORE and AFTER: rates on either side of the gradient, with their
 * commas. */
#define DENSE(OP, VARS, BEFORE, G, AFTER, MORE, FORMULA)                              \
  {.name = "Apply" OP,                                                                \
   .inputs = VARS("Ref(T)") ", " BEFORE G ": T" AFTER,                                \
   .outputs = "out: Ref(T)",                                                          \
   .attrs = ATTRS MORE,                                                               \
   STEP,                                                                              \
   .formula = FORMULA},                                                               \
  {                                                                                   \
    .name = "ResourceApply" OP, .inputs = VARS("resource") ", " BEFORE G ": T" AFTER, \
    .attrs = ATTRS MORE, STEP, .formula = FORMULA                                     \
  }
#define SPARSE(OP, VARS, BEFORE, AFTER, MORE, FORMULA)                         \
  {.name = "SparseApply" OP,                                                   \
   .inputs = VARS("Ref(T)") ", " BEFORE "grad: T, indices: Tindices" AFTER,    \
   .outputs = "out: Ref(T)",                                                   \
   .attrs = SPARSE_ATTRS MORE,                                                 \
   STEP,                                                                       \
   .formula = FORMULA ", on rows `indices`"},                                  \
  {                                                                            \
    .name = "ResourceSparseApply" OP,                                          \
    .inputs = VARS("resource") ", " BEFORE "grad: T, indices: Tindices" AFTER, \
    .attrs = SPARSE_ATTRS MORE, STEP, .formula = FORMULA ", on rows `indices`" \
  }

#define VAR(R) "var: " R
#define VAR_ACCUM(R) VAR(R) ", accum: " R
#define VAR_M(R) VAR(R) ", m: " R
#define VAR_M_V(R) VAR_M(R) ", v: " R
#define VAR_M_V_VHAT(R) VAR_M_V(R) ", vhat: " R
#define VAR_MS_MOM(R) VAR(R) ", ms: " R ", mom: " R
#define VAR_MG_MS_MOM(R) VAR(R) ", mg: " R ", ms: " R ", mom: " R
#define VAR_ACCUM_LINEAR(R) VAR_ACCUM(R) ", linear: " R
#define VAR_ACCUM_UPDATE(R) VAR_ACCUM(R) ", accum_update: " R
#define VAR_SUMS(R) VAR(R) ", gradient_accumulator: " R ", gradient_squared_accumulator: " R

#define PROXIMAL "shrink(w - alpha g) by alpha l1, over 1 + alpha l2"
#define MOMENTUM "a = momentum a + g; w -= lr a, or lr (g + momentum a) with use_nesterov"
#define KERAS "a = momentum a - lr g; w += a, or momentum a - lr g with use_nesterov"
#define ADAM \
  "m, v = averages of g, g^2; w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)"
#define AMSGRAD "Adam with the largest v so far"
#define ADA_MAX "m = average of g, v = max(beta2 v, |g|); w -= lr / (1 - beta1^t) m / (v + epsilon)"
#define ADAGRAD "a += g^2; w -= lr g / sqrt(a)"
#define ADAGRAD_V2 "a += g^2; w -= lr g / (sqrt(a) + epsilon)"
#define PROXIMAL_ADAGRAD "a += g^2; proximal step with alpha = lr / sqrt(a)"
#define ADAGRAD_DA "s += g, q += g^2; w = -lr shrink(s) by l1 t, over l2 t lr + sqrt(q)"
#define ADADELTA \
  "a = average of g^2, d = sqrt((u + epsilon) / (a + epsilon)) g, u = average of d^2; w -= lr d"
#define RMS_PROP "ms = average of g^2; mom = momentum mom + lr g / sqrt(ms + epsilon); w -= mom"
#define CENTERED "RMSProp with ms - mg^2 for ms, mg = average of g"
#define FTRL                                                                                       \
  "a += g^2; l += g - (sqrt(a) - sqrt(before)) / lr w; w = shrink(-l) by l1, over sqrt(a) / lr + " \
  "2 l2"
#define FTRL_V2 "Ftrl with g + 2 l2_shrinkage w in l"
#define ADD_SIGN "m = average of g; w -= lr (alpha + sign_decay sign(g) sign(m)) g"
#define POWER_SIGN "m = average of g; w -= lr exp(logbase sign_decay sign(g) sign(m)) g"

#define NESTEROV "; use_nesterov: bool = false"
#define UPDATE "; update_slots: bool = true"
#define BY_LR "; multiply_linear_by_lr: bool = false"
#define ADAM_RATES "beta1_power: T, beta2_power: T, lr: T, beta1: T, beta2: T, epsilon: T, "
#define RMS_RATES "lr: T, rho: T, momentum: T, epsilon: T, "

const tarn_op tarn_ops_optimiser[] = {
    DENSE("GradientDescent", VAR, "alpha: T, ", "delta", "", "", "w -= alpha g"),
    DENSE("ProximalGradientDescent", VAR, "alpha: T, l1: T, l2: T, ", "delta", "", "", PROXIMAL),
    SPARSE("ProximalGradientDescent", VAR, "alpha: T, l1: T, l2: T, ", "", "", PROXIMAL),
    DENSE("Momentum", VAR_ACCUM, "lr: T, ", "grad", ", momentum: T", NESTEROV, MOMENTUM),
    SPARSE("Momentum", VAR_ACCUM, "lr: T, ", ", momentum: T", NESTEROV, MOMENTUM),
    {.name = "ResourceApplyKerasMomentum",
     .inputs = VAR_ACCUM("resource") ", lr: T, grad: T, momentum: T",
     .attrs = ATTRS NESTEROV,
     STEP,
     .formula = KERAS},
    {.name = "ResourceSparseApplyKerasMomentum",
     .inputs = VAR_ACCUM("resource") ", lr: T, grad: T, indices: Tindices, momentum: T",
     .attrs = SPARSE_ATTRS NESTEROV,
     STEP,
     .formula = KERAS ", on rows `indices`"},
    DENSE("Adam", VAR_M_V, ADAM_RATES, "grad", "", NESTEROV, ADAM),
    {.name = "ResourceApplyAdamWithAmsgrad",
     .inputs = VAR_M_V_VHAT("resource") ", " ADAM_RATES "grad: T",
     .attrs = ATTRS,
     STEP,
     .formula = AMSGRAD},
    DENSE("AdaMax", VAR_M_V, "beta1_power: T, lr: T, beta1: T, beta2: T, epsilon: T, ", "grad", "",
          "", ADA_MAX),
    DENSE("Adagrad", VAR_ACCUM, "lr: T, ", "grad", "", UPDATE, ADAGRAD),
    SPARSE("Adagrad", VAR_ACCUM, "lr: T, ", "", UPDATE, ADAGRAD),
    DENSE("AdagradV2", VAR_ACCUM, "lr: T, epsilon: T, ", "grad", "", UPDATE, ADAGRAD_V2),
    SPARSE("AdagradV2", VAR_ACCUM, "lr: T, epsilon: T, ", "", UPDATE, ADAGRAD_V2),
    DENSE("ProximalAdagrad", VAR_ACCUM, "lr: T, l1: T, l2: T, ", "grad", "", "", PROXIMAL_ADAGRAD),
    SPARSE("ProximalAdagrad", VAR_ACCUM, "lr: T, l1: T, l2: T, ", "", "", PROXIMAL_ADAGRAD),
    DENSE("AdagradDA", VAR_SUMS, "", "grad", ", lr: T, l1: T, l2: T, global_step: int64", "",
          ADAGRAD_DA),
    SPARSE("AdagradDA", VAR_SUMS, "", ", lr: T, l1: T, l2: T, global_step: int64", "", ADAGRAD_DA),
    DENSE("Adadelta", VAR_ACCUM_UPDATE, "lr: T, rho: T, epsilon: T, ", "grad", "", "", ADADELTA),
    SPARSE("Adadelta", VAR_ACCUM_UPDATE, "lr: T, rho: T, epsilon: T, ", "", "", ADADELTA),
    DENSE("RMSProp", VAR_MS_MOM, RMS_RATES, "grad", "", "", RMS_PROP),
    SPARSE("RMSProp", VAR_MS_MOM, RMS_RATES, "", "", RMS_PROP),
    DENSE("CenteredRMSProp", VAR_MG_MS_MOM, RMS_RATES, "grad", "", "", CENTERED),
    SPARSE("CenteredRMSProp", VAR_MG_MS_MOM, RMS_RATES, "", "", CENTERED),
    DENSE("Ftrl", VAR_ACCUM_LINEAR, "", "grad", ", lr: T, l1: T, l2: T, lr_power: T", BY_LR, FTRL),
    SPARSE("Ftrl", VAR_ACCUM_LINEAR, "", ", lr: T, l1: T, l2: T, lr_power: T", BY_LR, FTRL),
    DENSE("FtrlV2", VAR_ACCUM_LINEAR, "", "grad",
          ", lr: T, l1: T, l2: T, l2_shrinkage: T, lr_power: T", BY_LR, FTRL_V2),
    SPARSE("FtrlV2", VAR_ACCUM_LINEAR, "", ", lr: T, l1: T, l2: T, l2_shrinkage: T, lr_power: T",
           BY_LR, FTRL_V2),
    DENSE("AddSign", VAR_M, "lr: T, alpha: T, sign_decay: T, beta: T, ", "grad", "", "", ADD_SIGN),
    DENSE("PowerSign", VAR_M, "lr: T, logbase: T, sign_decay: T, beta: T, ", "grad", "", "",
          POWER_SIGN),
    {0},
};

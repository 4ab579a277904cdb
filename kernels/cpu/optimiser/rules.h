/* Which rules there are (rules.body.h) and what their ops take, for all back ends. */
#ifndef TARN_KERNELS_CPU_OPTIMISER_RULES_H
#define TARN_KERNELS_CPU_OPTIMISER_RULES_H

/* What a rule demands besides shapes that fit. */
enum {
  SIGNS = 1, /* lr > 0, l1 and l2 >= 0, and of Ftrl shrinkage >= 0, lr_power <= 0 */
  SIGNS_OF_ROWS =
      2, /* that only in the sparse form; there lr may be 0 where `linear` is kept times it */
  FILLED_ROWS = 4 /* rows of at least one element, in the sparse form */
};

/* X(op, function, slots, rates before the gradient, rates after it, 1 + rate left out, demands).
 * FIELD: complex numbers too. */
#define FIELD_RULES(X)                                \
  X(GradientDescent, gradient_descent, 1, 1, 0, 0, 0) \
  X(Momentum, momentum, 2, 1, 1, 0, 0)                \
  X(Adam, adam, 3, 6, 0, 0, 0)                        \
  X(Adagrad, adagrad, 2, 1, 0, 0, FILLED_ROWS)        \
  X(AdagradV2, adagrad_v2, 2, 2, 0, 0, FILLED_ROWS)   \
  X(Adadelta, adadelta, 3, 3, 0, 0, 0)                \
  X(RMSProp, rms_prop, 3, 4, 0, 0, 0)                 \
  X(CenteredRMSProp, centered_rms_prop, 4, 4, 0, 0, 0)
#define REAL_RULES(X)                                                            \
  X(ProximalGradientDescent, proximal_gradient_descent, 1, 3, 0, 0, FILLED_ROWS) \
  X(AdaMax, ada_max, 3, 5, 0, 0, 0)                                              \
  X(ProximalAdagrad, proximal_adagrad, 2, 3, 0, 0, SIGNS | FILLED_ROWS)          \
  X(AdagradDA, adagrad_da, 3, 0, 4, 0, FILLED_ROWS)                              \
  X(Ftrl, ftrl, 3, 0, 4, 4, SIGNS_OF_ROWS | FILLED_ROWS)                         \
  X(FtrlV2, ftrl, 3, 0, 5, 0, SIGNS_OF_ROWS | FILLED_ROWS)                       \
  X(AddSign, add_sign, 2, 4, 0, 0, 0)                                            \
  X(PowerSign, power_sign, 2, 4, 0, 0, 0)
#define RULES(X) FIELD_RULES(X) REAL_RULES(X)

/* Rules for resource variables alone. */
#define RESOURCE_FIELD_RULES(X) X(KerasMomentum, keras_momentum, 2, 1, 1, 0, 0)
#define RESOURCE_REAL_RULES(X) X(AdamWithAmsgrad, amsgrad, 4, 6, 0, 0, 0)
#define RESOURCE_RULES(X) RESOURCE_FIELD_RULES(X) RESOURCE_REAL_RULES(X)

/* Those that have a form for rows: X(op, function). */
#define SPARSE_RULES(X)                                 \
  X(ProximalGradientDescent, proximal_gradient_descent) \
  X(Momentum, momentum)                                 \
  X(Adagrad, adagrad)                                   \
  X(AdagradV2, adagrad_v2)                              \
  X(ProximalAdagrad, proximal_adagrad)                  \
  X(AdagradDA, adagrad_da)                              \
  X(Adadelta, adadelta)                                 \
  X(RMSProp, rms_prop)                                  \
  X(CenteredRMSProp, centered_rms_prop)                 \
  X(Ftrl, ftrl)                                         \
  X(FtrlV2, ftrl)
#define RESOURCE_SPARSE_RULES(X) X(KerasMomentum, keras_momentum)

#endif

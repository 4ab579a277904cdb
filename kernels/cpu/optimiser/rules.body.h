/* The rules, one each, for back ends that say what they are inside of: BEGIN(f) and END go round
 * one on an element, with the variable's element w, which is stored afterwards, and the gradient's,
 * g, of the type A; SLOT(k) is the element of slot k and GET makes an A of it, KEEP(k, a) stores
 * one; RATE(k) is a rate; SIGN(x) is -1, 0, 1 or NaN; d->flags are the op's attributes. With
 * COMPLEX only those that put nothing in order.
 *
 * Formulas are TensorFlow's (training_ops). Adam: Kingma and Ba 2015; Adagrad: Duchi et al. 2011;
 * Adadelta: Zeiler 2012; Ftrl: McMahan et al. 2013; AddSign and PowerSign: Bello et al. 2017. */

/* rates: alpha */
BEGIN(gradient_descent)
  w -= g * RATE(0);
END

/* slots: accum; rates: lr, momentum */
BEGIN(momentum)
  const A accum = GET(SLOT(1)) * RATE(1) + g;
  KEEP(1, accum);
  w -= d->flags->nesterov ? g * RATE(0) + accum * RATE(1) * RATE(0) : accum * RATE(0);
END

/* slots: accum; rates: lr, momentum. The learning rate is inside the sum. */
BEGIN(keras_momentum)
  const A accum = GET(SLOT(1)) * RATE(1) - g * RATE(0);
  KEEP(1, accum);
  w += d->flags->nesterov ? accum * RATE(1) - g * RATE(0) : accum;
END

/* slots: m, v; rates: beta1_power, beta2_power, lr, beta1, beta2, epsilon */
BEGIN(adam)
  const A lr = RATE(2) * sqrt(1 - RATE(1)) / (1 - RATE(0));
  A m = GET(SLOT(1)), v = GET(SLOT(2));
  m += (g - m) * (1 - RATE(3));
  v += (g * g - v) * (1 - RATE(4));
  KEEP(1, m);
  KEEP(2, v);
  w -= (d->flags->nesterov ? (g * (1 - RATE(3)) + RATE(3) * m) * lr : m * lr) / (sqrt(v) + RATE(5));
END

/* slots: accum; rates: lr */
BEGIN(adagrad)
  const A accum = GET(SLOT(1)) + (d->flags->update_slots ? g * g : 0);
  KEEP(1, accum);
  w -= g * RATE(0) / sqrt(accum);
END

/* slots: accum; rates: lr, epsilon */
BEGIN(adagrad_v2)
  const A accum = GET(SLOT(1)) + (d->flags->update_slots ? g * g : 0);
  KEEP(1, accum);
  w -= g * RATE(0) / (sqrt(accum) + RATE(1));
END

/* slots: accum, accum_update; rates: lr, rho, epsilon */
BEGIN(adadelta)
  const A accum = GET(SLOT(1)) * RATE(1) + g * g * (1 - RATE(1)), before = GET(SLOT(2));
  const A update = sqrt(before + RATE(2)) / sqrt(accum + RATE(2)) * g;
  KEEP(1, accum);
  KEEP(2, before * RATE(1) + update * update * (1 - RATE(1)));
  w -= update * RATE(0);
END

/* slots: ms, mom; rates: lr, rho, momentum, epsilon */
BEGIN(rms_prop)
  A ms = GET(SLOT(1));
  ms += (g * g - ms) * (1 - RATE(1));
  const A mom = GET(SLOT(2)) * RATE(2) + g * RATE(0) / sqrt(ms + RATE(3));
  KEEP(1, ms);
  KEEP(2, mom);
  w -= mom;
END

/* slots: mg, ms, mom; rates as rms_prop */
BEGIN(centered_rms_prop)
  A mg = GET(SLOT(1)), ms = GET(SLOT(2));
  ms += (g * g - ms) * (1 - RATE(1));
  mg += (g - mg) * (1 - RATE(1));
  const A mom = GET(SLOT(3)) * RATE(2) + g * RATE(0) / sqrt(ms - mg * mg + RATE(3));
  KEEP(1, mg);
  KEEP(2, ms);
  KEEP(3, mom);
  w -= mom;
END

#ifndef COMPLEX

/* rates: alpha, l1, l2 */
BEGIN(proximal_gradient_descent)
  const A p = w - g * RATE(0), shrink = fabs(p) - RATE(0) * RATE(1);
  w = (RATE(1) > 0 ? SIGN(p) * (shrink > 0 ? shrink : 0) : p) / (1 + RATE(2) * RATE(0));
END

/* slots: m, v, vhat; rates as adam */
BEGIN(amsgrad)
  const A lr = RATE(2) * sqrt(1 - RATE(1)) / (1 - RATE(0));
  A m = GET(SLOT(1)), v = GET(SLOT(2)), most = GET(SLOT(3));
  m += (g - m) * (1 - RATE(3));
  v += (g * g - v) * (1 - RATE(4));
  most = v > most ? v : most;
  KEEP(1, m);
  KEEP(2, v);
  KEEP(3, most);
  w -= m * lr / (sqrt(most) + RATE(5));
END

/* slots: m, v; rates: beta1_power, lr, beta1, beta2, epsilon */
BEGIN(ada_max)
  A m = GET(SLOT(1)), v = GET(SLOT(2)) * RATE(3);
  m += (g - m) * (1 - RATE(2));
  v = v < fabs(g) ? fabs(g) : v;
  KEEP(1, m);
  KEEP(2, v);
  w -= RATE(1) / (1 - RATE(0)) * (m / (v + RATE(4)));
  END

      /* slots: accum; rates: lr, l1, l2 */
      BEGIN(proximal_adagrad)
          const A accum = GET(SLOT(1)) + g * g,
                  lr = RATE(0) / sqrt(accum), p = w - g * lr, shrink = fabs(p) - lr * RATE(1);
  KEEP(1, accum);
  w = (RATE(1) > 0 ? SIGN(p) * (shrink > 0 ? shrink : 0) : p) / (1 + RATE(2) * lr);
END

/* slots: sum of gradients, of their squares; rates: lr, l1, l2, global_step */
BEGIN(adagrad_da)
  const A sum = GET(SLOT(1)) + g, squares = GET(SLOT(2)) + g * g;
const A shrink = fabs(sum) - RATE(1) * RATE(3),
        up = RATE(1) > 0 ? SIGN(sum) * (shrink > 0 ? shrink : 0) : sum;
KEEP(1, sum);
KEEP(2, squares);
w = -RATE(0) * up / (RATE(2) * RATE(3) * RATE(0) + sqrt(squares));
END

/* slots: accum, linear; rates: lr, l1, l2, shrinkage, lr_power. `linear` is kept as it is or times
 * lr. */
#define FTRL(ROOT)                                                                             \
  const A lr = RATE(0), by = d->flags->linear_by_lr ? lr : 1,                                  \
          per = d->flags->linear_by_lr ? 1 : lr;                                               \
  const A before = GET(SLOT(1)), accum = before + g * g, root = ROOT(accum),                   \
          root_before = ROOT(before);                                                          \
  const A linear = GET(SLOT(2)) + (g + 2 * RATE(3) * w) * by - (root - root_before) / per * w, \
          l1 = RATE(1) * by;                                                                   \
  KEEP(1, accum);                                                                              \
  KEEP(2, linear);                                                                             \
  w = fabs(linear) > l1 ? (SIGN(linear) * l1 - linear) / (root / per + 2 * RATE(2) * by) : 0;
#define POWER(x) pow((x), -RATE(4))
BEGIN(ftrl_by_power)
  FTRL(POWER)
END
BEGIN(ftrl_by_root)
  FTRL(sqrt)
END
#undef FTRL
#undef POWER
/* slots: m; rates: lr, alpha, sign_decay, beta */
BEGIN(add_sign)
  const A m = GET(SLOT(1)) * RATE(3) + g * (1 - RATE(3));
  KEEP(1, m);
  w -= RATE(0) * (RATE(1) + RATE(2) * SIGN(g) * SIGN(m)) * g;
END

/* slots: m; rates: lr, logbase, sign_decay, beta */
BEGIN(power_sign)
  const A m = GET(SLOT(1)) * RATE(3) + g * (1 - RATE(3));
  KEEP(1, m);
  w -= RATE(0) * exp(RATE(1) * RATE(2) * SIGN(g) * SIGN(m)) * g;
END

#endif

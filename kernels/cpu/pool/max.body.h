/* Max pooling and its gradients. See kernels/cpu/each.h. */

/* NaN never wins, and nothing is below the least finite number: TensorFlow starts there. (In three
 * dimensions it does so only where channels fill a vector; what a NaN does in the others depends on
 * its place.) */
static void NAME(max)(tarn_pool_walk walk, const tarn_call *call) {
  const ELEM *x = call->in[0]->data;
  ELEM *y = call->out[0]->data;
  const tarn_window_at *o = &walk.window;
  while (tarn__pool_walk_next(&walk)) {
    WIDE best = LOWEST;
    TARN_UNDER_WINDOW(&walk, o, i) {
      const WIDE value = LOAD(x[i]);
      if (value > best) best = value;
    }
    y[o->out] = STORE(best);
  }
}

/* The first greatest element under the window; a NaN wins only where it is the first element. -1:
 * none under it. */
static int64_t NAME(argmax)(const tarn_pool_walk *walk, const ELEM *x) {
  const tarn_window_at *o = &walk->window;
  int64_t at = -1;
  WIDE best = LOWEST;
  TARN_UNDER_WINDOW(walk, o, i) {
    const WIDE value = LOAD(x[i]);
    if (at < 0 || value > best) {
      best = value;
      at = i;
    }
  }
  return at;
}

/* (x) -> y, index of the element in its image, or in the whole batch. */
static void NAME(with_argmax)(tarn_pool_walk walk, const tarn_call *call) {
  const tarn_pooling_params *params = call->problem->params;
  const ELEM *x = call->in[0]->data;
  ELEM *y = call->out[0]->data;
  const tarn_window_at *o = &walk.window;
  while (tarn__pool_walk_next(&walk)) {
    const int64_t at = NAME(argmax)(&walk, x);
    y[o->out] = at < 0 ? STORE(LOWEST) : x[at];
    const int64_t index = at < 0 ? 0 : params->include_batch_in_index ? at : at - o->n * walk.x.N;
    if (call->problem->out_dtype[1] == TARN_I64) ((int64_t *)call->out[1]->data)[o->out] = index;
    else ((int32_t *)call->out[1]->data)[o->out] = (int32_t)index;
  }
}

/* (x, y, dy) -> dx: each dy goes to the first greatest element, summed in WIDE. */
static void NAME(gradient)(tarn_pool_walk walk, const tarn_call *call) {
  const ELEM *x = call->in[0]->data, *dy = call->in[2]->data;
  ELEM *dx = call->out[0]->data;
  WIDE *sums = call->scratch;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i++) sums[i] = 0;
  while (tarn__pool_walk_next(&walk)) {
    const int64_t at = NAME(argmax)(&walk, x);
    if (at >= 0) sums[at] = ADD(sums[at], LOAD(dy[walk.window.out]));
  }
  for (int64_t i = 0; i < n; i++) dx[i] = STORE(sums[i]);
}

/* The same in three dimensions, where TensorFlow gives dy to every element that is within 1e-5 of
 * y. */
static void NAME(gradient_of_ties)(tarn_pool_walk walk, const tarn_call *call) {
  const ELEM *x = call->in[0]->data, *y = call->in[1]->data, *dy = call->in[2]->data;
  ELEM *dx = call->out[0]->data;
  WIDE *sums = call->scratch;
  const tarn_window_at *o = &walk.window;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i++) sums[i] = 0;
  while (tarn__pool_walk_next(&walk)) {
    const double best = (double)LOAD(y[o->out]);
    TARN_UNDER_WINDOW(&walk, o, i)
    if (fabs((double)LOAD(x[i]) - best) < 1e-5) sums[i] = ADD(sums[i], LOAD(dy[o->out]));
  }
  for (int64_t i = 0; i < n; i++) dx[i] = STORE(sums[i]);
}

/* (x, y, ddx) -> ddy: what arrived at the first element that equals y. */
static void NAME(second_gradient)(tarn_pool_walk walk, const tarn_call *call) {
  const ELEM *x = call->in[0]->data, *y = call->in[1]->data, *ddx = call->in[2]->data;
  ELEM *ddy = call->out[0]->data;
  const tarn_window_at *o = &walk.window;
  while (tarn__pool_walk_next(&walk)) {
    int64_t at = -1;
    TARN_UNDER_WINDOW(&walk, o, i) if (at < 0 && LOAD(x[i]) == LOAD(y[o->out])) at = i;
    ddy[o->out] = at < 0 ? STORE(0) : ddx[at];
  }
}

/* (x, dy, argmax) -> dx. */
static tarn_status NAME(argmax_gradient)(tarn_pool_walk walk, const tarn_call *call) {
  const tarn_pooling_params *params = call->problem->params;
  const ELEM *dy = call->in[1]->data;
  ELEM *dx = call->out[0]->data;
  WIDE *sums = call->scratch;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i++) sums[i] = 0;
  while (tarn__pool_walk_next(&walk)) {
    const tarn_window_at *o = &walk.window;
    const int64_t index = call->in[2]->dtype == TARN_I64
                              ? ((const int64_t *)call->in[2]->data)[o->out]
                              : ((const int32_t *)call->in[2]->data)[o->out];
    const int64_t first = params->include_batch_in_index ? 0 : o->n * walk.x.N;
    const int64_t room = params->include_batch_in_index ? n : walk.x.N;
    if (index < 0 || index >= room)
      return tarn__fault_fail(
          &(tarn_fault){.kind = TARN_FAULT_ARGMAX, .at = o->out, .index = {index}, .dim = {room}});
    sums[first + index] = ADD(sums[first + index], LOAD(dy[o->out]));
  }
  for (int64_t i = 0; i < n; i++) dx[i] = STORE(sums[i]);
  return TARN_OK;
}

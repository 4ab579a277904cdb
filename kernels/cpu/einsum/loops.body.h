/* One loop nest for any equation. See kernels/cpu/each.h. */

/* The sum over axes from `axis` on, of what a and b point at. b is NULL for one input. */
static WIDE NAME(sum)(const tarn_einsum *e, int axis, const ELEM *a, const ELEM *b) {
  if (axis == e->axes) return b ? MUL(LOAD(*a), LOAD(*b)) : LOAD(*a);
  const tarn_einsum_axis *x = &e->axis[axis];
  WIDE total = 0;
  if (axis + 1 == e->axes && !b) {   /* without a call for each element */
    for (int64_t i = 0; i < x->size; i++) total = ADD(total, LOAD(a[i * x->step[0]]));
    return total;
  }
  for (int64_t i = 0; i < x->size; i++)
    total = ADD(total, NAME(sum)(e, axis + 1, a + i * x->step[0], b ? b + i * x->step[1] : NULL));
  return total;
}

/* Walks the output's axes from `axis` on. Recursion is as deep as there are axes: TARN_EINSUM_AXES
 * at most. */
static void NAME(fill)(const tarn_einsum *e, int axis, const ELEM *a, const ELEM *b, ELEM *y) {
  if (axis == e->kept) {
    *y = STORE(NAME(sum)(e, axis, a, b));
    return;
  }
  const tarn_einsum_axis *x = &e->axis[axis];
  for (int64_t i = 0; i < x->size; i++)
    NAME(fill)
    (e, axis + 1, a + i * x->step[0], b ? b + i * x->step[1] : NULL,
     y + i * x->step[TARN_EINSUM_OUT]);
}

static void NAME(einsum)(const tarn_einsum *e, const tarn_call *call) {
  NAME(fill)
  (e, 0, call->in[0]->data, call->problem->inputs > 1 ? call->in[1]->data : NULL,
   call->out[0]->data);
}

/* Einsum by definition. */
#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/params/einsum.h"

#define TARN_EACH_BODY "kernels/cpu/einsum/loops.body.h"
#define TARN_EACH_SET (TARN_EACH_FLOATS | TARN_EACH_INTS | TARN_EACH_COMPLEX)
#include "kernels/cpu/each.h"

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_einsum e = tarn__einsum_of(p->params, p->in_shape, &p->out_shape[0]);
  memset(call->out[0]->data, 0,
         tarn__tensor_bytes(call->out[0])); /* an output label twice fills a diagonal only */
  for (int i = 0; i < p->inputs; i++)
    if (tarn__shape_elements(&p->in_shape[i]) == 0) return TARN_OK; /* sums of nothing */
  if (p->inputs == 1 && e.kept == e.axes) { /* a transposition, or a diagonal */
    tarn_view_copy copy = {0};
    for (int i = e.axes - 1; i >= 0; i--)
      tarn__view_add(&copy, e.axis[i].size, e.axis[i].step[TARN_EINSUM_OUT], e.axis[i].step[0]);
    return tarn__view_copy_run(&copy, call->out[0], call->in[0], call->pool);
  }
  TARN_EACH_OF_NUMBERS(p->in_dtype[0], einsum)(&e, call);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_einsum_loops_reference[] = {
    {.op = "Einsum", .dtypes = TARN_REALS | TARN_COMPLEX, .run = run},
    {0},
};

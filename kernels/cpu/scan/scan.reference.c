/* Running sums and products along an axis, rounding after each step. x is [outer, dim, inner];
 * whole rows of `inner` are done together, so memory is walked in order. */
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/array/numeric.h"
#include "kernels/params/array.h"

static tarn_status scan(const tarn_call *call, bool product) {
  const tarn_scan_params *p = call->problem->params;
  const tarn_tensor *x = call->in[0];
  int64_t axis = tarn__index_at(call->in[1], 0);
  if (axis < 0) axis += x->shape.rank;
  int64_t outer = tarn__dims_product(&x->shape, 0, (int)axis), dim = x->shape.dim[axis];
  int64_t inner = tarn__dims_product(&x->shape, (int)axis + 1, x->shape.rank);
  switch ((int)x->dtype) {
#define ROW(DT, S, A, GET, PUT)                                                                    \
  case DT:                                                                                         \
    for (int64_t o = 0; o < outer; o++)                                                            \
      for (int64_t k = 0; k < dim; k++) {                                                          \
        int64_t j = p->reverse ? dim - 1 - k : k, last = p->reverse ? j + 1 : j - 1;               \
        S *y = (S *)call->out[0]->data + (o * dim + j) * inner;                                    \
        const S *before = (const S *)call->out[0]->data + (o * dim + last) * inner;                \
        const S *term = (const S *)x->data + (o * dim + (p->exclusive ? last : j)) * inner;        \
        A unit = product ? 1 : 0;                                                                  \
        for (int64_t i = 0; i < inner; i++) {                                                      \
          if (k == 0)                                                                              \
            y[i] = p->exclusive ? PUT(unit) : term[i];                                             \
          else                                                                                     \
            y[i] =                                                                                 \
                product ? PUT(GET(before[i]) * GET(term[i])) : PUT(GET(before[i]) + GET(term[i])); \
        }                                                                                          \
      }                                                                                            \
    break;
    TARN_RING_ROWS(ROW)
#undef ROW
    default: break;
  }
  return TARN_OK;
}

static tarn_status cumsum(const tarn_call *call) { return scan(call, false); }
static tarn_status cumprod(const tarn_call *call) { return scan(call, true); }

const tarn_kernel tarn_kernels_scan_scan_reference[] = {
  {.op = "Cumsum", .run = cumsum, .dtypes = TARN_RING},
  {.op = "Cumprod", .run = cumprod, .dtypes = TARN_RING},
  {0},
};

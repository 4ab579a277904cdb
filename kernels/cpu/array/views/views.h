/* Ops that are strided copies: the bodies of this folder say which, and whoever includes them does
 * the copies. A back end with memory of its own defines both before; here they are the host's. */
#ifndef TARN_KERNELS_CPU_ARRAY_VIEWS_VIEWS_H
#define TARN_KERNELS_CPU_ARRAY_VIEWS_VIEWS_H

#include "kernels/cpu/array/views/row_pieces.h"
#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/params/array.h"

/* The strides of input 0 and of output 0, dense as they are. */
static inline void tarn__view_sides(const tarn_call *call, int64_t *in, int64_t *out) {
  tarn__strides(&call->in[0]->shape, in);
  tarn__strides(&call->out[0]->shape, out);
}

#ifndef COPY_VIEW
/* The tarn_view_copy *c of elements of `from` to `to`. */
#define COPY_VIEW(call, c, to, from) tarn__view_copy_run((c), (to), (from), (call)->pool)
/* `count` pieces of `rows` rows each. */
#define COPY_ROWS(call, pieces, count, rows) \
  tarn__copy_row_pieces((pieces), (count), (rows), (call)->pool)
/* Zeros, or empty strings, in all of `to`. */
#define CLEAR_ALL(call, to) tarn__clear_elements((to), 0, tarn__tensor_elements(to))
#endif

#endif

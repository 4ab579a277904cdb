/* Rows of a 3x3 depthwise convolution, stride 1 or 2, at most one column of padding a side: for the
 * kernels that have such rows inside; per target, as the block's columns are the target's. */
#ifndef TARN_KERNELS_CPU_CONV2D_DEPTHWISE3_H
#define TARN_KERNELS_CPU_CONV2D_DEPTHWISE3_H

#include "kernels/cpu/gemm/tile.h"
#include "kernels/cpu/simd/vec.h"

enum { DEPTHWISE3_ROWS = VF == 16 ? 2 : 1, DEPTHWISE3_COLS = VF == 16 ? 7 : 4 };

typedef struct depthwise3 {
  int64_t C, W, OW, stride, pad_left;
  const float *w, *bias;         /* [3][3][C]; [C] or NULL */
  const float *zero;             /* W*C zeros */
  tarn_activation activation;
} depthwise3;

/* Whether the rows function takes it: there are at least Q columns, and the padding is as above. */
static inline bool depthwise3_takes(int64_t W, int64_t OW, int64_t stride_h, int64_t stride_w,
                                    int64_t pad_left) {
  return (stride_w == 1 || stride_w == 2) && stride_h == stride_w && pad_left <= 1 &&
         OW >= DEPTHWISE3_COLS && (OW - 1) * stride_w - pad_left + 3 <= W + 1;
}

/* `rows` (1 to DEPTHWISE3_ROWS) rows of y from (rows-1)*stride + 3 rows of x; add NULL or rows of
 * what is added. x is not written over: blocks overlap. In vertical.<target>.c. */
#define depthwise3_rows TARN_VEC_SYMBOL(tarn__depthwise3_rows_)
void depthwise3_rows(const depthwise3 *d, int rows, const float *const *x, float *const *y,
                     const float *const *add);

#endif

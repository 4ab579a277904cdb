/* Several operands under one index: folded axes and the step of each operand along them.
 *
 * Axes along which every operand goes on as before are one, so that most problems have one axis, or
 * two. Axis 0 is the fastest. A step of 0 repeats an operand (broadcasting). Plain numbers, which a
 * launch hands over by value. */
#ifndef TARN_KERNELS_CUDA_EACH_VIEW_H
#define TARN_KERNELS_CUDA_EACH_VIEW_H

#include <stdint.h>

enum { TARN_VIEW_AXES = 12 }; /* TARN_MAX_RANK */

typedef struct tarn_view_axes {
  int rank;         /* at least 1 */
  int64_t elements; /* of the index */
  int64_t dim[TARN_VIEW_AXES];
} tarn_view_axes;

typedef struct tarn_view3 {
  tarn_view_axes axes;
  int64_t step[3][TARN_VIEW_AXES];
} tarn_view3;

#ifndef __cplusplus
#include "core/tensor/shape.h"

/* n operands broadcast to `out`; step is [n][TARN_VIEW_AXES]. */
static inline void tarn__view_fold(const tarn_shape *out, const tarn_shape *const *in, int n,
                                   tarn_view_axes *axes, int64_t (*step)[TARN_VIEW_AXES]) {
  axes->rank = 0;
  axes->elements = tarn__shape_elements(out);
  int64_t size[TARN_VIEW_AXES + 1];
  for (int i = 0; i < n; i++) size[i] = 1;
  for (int d = out->rank - 1; d >= 0; d--) {
    if (out->dim[d] == 1) continue;
    int64_t here[TARN_VIEW_AXES + 1];
    for (int i = 0; i < n; i++) {
      const int at = d - (out->rank - in[i]->rank);
      here[i] = at >= 0 && in[i]->dim[at] != 1 ? size[i] : 0;
      if (here[i]) size[i] *= out->dim[d];
    }
    bool alike = axes->rank > 0;
    for (int i = 0; alike && i < n; i++)
      alike = here[i] == step[i][axes->rank - 1] * axes->dim[axes->rank - 1];
    if (alike) {
      axes->dim[axes->rank - 1] *= out->dim[d];
      continue;
    }
    for (int i = 0; i < n; i++) step[i][axes->rank] = here[i];
    axes->dim[axes->rank++] = out->dim[d];
  }
  if (axes->rank == 0) {
    axes->rank = 1;
    axes->dim[0] = 1;
    for (int i = 0; i < n; i++) step[i][0] = 0;
  }
}
#endif

#endif

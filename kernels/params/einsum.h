/* Einsum: the parsed equation and the loops of a problem. */
#ifndef TARN_KERNELS_PARAMS_EINSUM_H
#define TARN_KERNELS_PARAMS_EINSUM_H

#include "kernels/kernel.h"

#define TARN_EINSUM_ELLIPSIS (-1)
/* Operands 0 and 1 are inputs, the last is the output. Two full inputs name at most so many
 * axes. */
enum { TARN_EINSUM_OUT = 2, TARN_EINSUM_OPERANDS = 3, TARN_EINSUM_AXES = 2 * TARN_MAX_RANK };

typedef struct tarn_einsum_params {
  int inputs;                                                   /* 1 or 2 */
  int count[TARN_EINSUM_OPERANDS];                              /* entries of label */
  int16_t label[TARN_EINSUM_OPERANDS][TARN_MAX_RANK + 1]; /* a character, or TARN_EINSUM_ELLIPSIS */
} tarn_einsum_params;

/* A loop: its length and the step in elements of each operand (0: the operand does not have the
 * axis). A label that an operand repeats steps along its diagonal. */
typedef struct tarn_einsum_axis {
  int label; /* a character; -2 - k: k-th of the ellipsis, from the right */
  int64_t size;
  int64_t step[TARN_EINSUM_OPERANDS];
} tarn_einsum_axis;

/* Axes [0, kept) are the output's, the others are summed over. */
typedef struct tarn_einsum {
  tarn_einsum_axis axis[TARN_EINSUM_AXES];
  int axes, kept;
} tarn_einsum;

/* How many dims the ellipsis of operand o stands for in a tensor of that rank; negative: the rank
 * does not fit. */
static inline int tarn__einsum_ellipsis(const tarn_einsum_params *p, int o, int rank) {
  for (int i = 0; i < p->count[o]; i++)
    if (p->label[o][i] == TARN_EINSUM_ELLIPSIS) return rank - (p->count[o] - 1);
  return rank == p->count[o] ? 0 : -1;
}

static inline tarn_einsum_axis *tarn__einsum_axis_of(tarn_einsum *e, int label) {
  for (int i = 0; i < e->axes; i++)
    if (e->axis[i].label == label) return &e->axis[i];
  e->axis[e->axes] = (tarn_einsum_axis){.label = label, .size = 1};
  return &e->axis[e->axes++];
}

/* Adds an operand's dims; ranks fit the equation, checked by the op's infer function. */
static inline void tarn__einsum_add(const tarn_einsum_params *p, int o, const tarn_shape *shape,
                                    tarn_einsum *e) {
  const int dots = tarn__einsum_ellipsis(p, o, shape->rank);
  int64_t step = 1;
  int dim = shape->rank - 1;
  for (int i = p->count[o] - 1; i >= 0; i--) {
    const bool ellipsis = p->label[o][i] == TARN_EINSUM_ELLIPSIS;
    for (int k = 0; k < (ellipsis ? dots : 1); k++, dim--) {
      tarn_einsum_axis *axis = tarn__einsum_axis_of(e, ellipsis ? -2 - k : p->label[o][i]);
      const int64_t size = shape->dim[dim];
      if (size != 1) axis->size = size;
      /* a dim of 1 under the ellipsis broadcasts; elsewhere the axis has size 1 and the step does
       * not matter */
      if (size != 1) axis->step[o] += step;
      step *= size;
    }
  }
}

static inline tarn_einsum tarn__einsum_of(const tarn_einsum_params *p, const tarn_shape *in,
                                          const tarn_shape *out) {
  tarn_einsum e = {0};
  tarn__einsum_add(p, TARN_EINSUM_OUT, out, &e);
  e.kept = e.axes;
  for (int i = 0; i < p->inputs; i++) tarn__einsum_add(p, i, &in[i], &e);
  return e;
}

#endif

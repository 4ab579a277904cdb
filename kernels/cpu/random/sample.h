/* Samples of distributions with parameters, as TensorFlow draws them: each sample has 256 blocks
 * (or as many as its method says) of the stream for itself, counted with the samples of one
 * parameter together, so threads do not matter. */
#ifndef TARN_KERNELS_CPU_RANDOM_SAMPLE_H
#define TARN_KERNELS_CPU_RANDOM_SAMPLE_H

#include "core/random.h"
#include "core/tensor/tensor.h"
#include "kernels/run.h"

/* Normal and uniform doubles of one generator: each comes in pairs of its own, whose second is
 * given first. */
typedef struct tarn_pairs {
  tarn_philox generator;
  double normal[2], uniform[2];
  int normals, uniforms;         /* left of each pair */
} tarn_pairs;

static inline double tarn__pairs_normal(tarn_pairs *p) {
  if (p->normals == 0) {
    uint32_t x[4];
    tarn__philox_next(&p->generator, x);
    tarn__box_muller_double(x[0], x[1], x[2], x[3], &p->normal[0], &p->normal[1]);
    p->normals = 2;
  }
  return p->normal[--p->normals];
}
static inline double tarn__pairs_uniform(tarn_pairs *p) {
  if (p->uniforms == 0) {
    uint32_t x[4];
    tarn__philox_next(&p->generator, x);
    p->uniform[0] = tarn__uint64_to_double(x[0], x[1]);
    p->uniform[1] = tarn__uint64_to_double(x[2], x[3]);
    p->uniforms = 2;
  }
  return p->uniform[--p->uniforms];
}
/* The generator of sample `index`, which has `blocks` for itself. */
static inline tarn_pairs tarn__pairs(tarn_philox start, int64_t index, uint64_t blocks) {
  tarn_pairs p = {.generator = start};
  tarn__philox_skip(&p.generator, (uint64_t)index * blocks);
  return p;
}

/* Element i of a tensor of floats, int32 or int64, as a double; and a double as an element (0 for
 * NaN in integers, the ends of their range beyond it). */
double tarn__sample_parameter(const tarn_tensor *t, int64_t i);
void tarn__sample_put(tarn_tensor *t, int64_t i, double value);

/* Of an input of `shape` that is broadcast to `out`, the element that element i of out reads; out
 * may have dims in front. */
static inline int64_t tarn__sample_source(const tarn_shape *out, const tarn_shape *shape,
                                          int64_t i) {
  int64_t at = 0, step = 1;
  for (int d = shape->rank - 1, o = out->rank - 1; d >= 0; d--, o--) {
    if (shape->dim[d] != 1) at += i % out->dim[o] * step;
    step *= shape->dim[d];
    i /= out->dim[o];
  }
  return at;
}

/* One sample for parameter p; index counts the samples of parameter 0, then those of parameter 1,
 * and so on. Draws that may be refused for ever look at call->run from time to time. */
typedef tarn_status (*tarn_sampler)(const tarn_call *call, tarn_philox start, int64_t p,
                                    int64_t index, double *value);

/* y = call->out[0], of shape [samples..., parameters...], with `parameters` > 0 elements in the
 * latter. */
tarn_status tarn__sample_fill(const tarn_call *call, tarn_philox start, int64_t parameters,
                              tarn_sampler draw);

#endif

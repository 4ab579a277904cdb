/* Fills memory with random numbers exactly as TensorFlow's FillPhiloxRandom does, in parallel: a
 * piece of the output starts where its own blocks of the stream start, so the number of threads
 * does not matter. */
#ifndef TARN_KERNELS_CPU_RANDOM_FILL_H
#define TARN_KERNELS_CPU_RANDOM_FILL_H

#include "core/random.h"
#include "core/tensor/tensor.h"
#include "core/thread/threads.h"

typedef enum tarn_draw {
  TARN_DRAW_UNIFORM,       /* [0, 1): floats */
  TARN_DRAW_NORMAL,        /* N(0, 1): floats */
  TARN_DRAW_TRUNCATED,     /* N(0, 1) within (-2, 2): floats */
  TARN_DRAW_INTEGER,       /* [low, low + range): 32- and 64-bit integers */
  TARN_DRAW_FULL           /* every bit: 32- and 64-bit integers */
} tarn_draw;

/* All elements of y, whose dtype fits the draw. range is not 0 for integers. */
tarn_status tarn__random_fill(tarn_draw draw, tarn_philox start, uint64_t low, uint64_t range,
                              tarn_tensor *y, tarn_pool *pool);

enum { TARN_RANDOM_RESERVE = 256 };   /* blocks that TensorFlow sets aside for each element */

#endif

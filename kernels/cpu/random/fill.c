#include "kernels/cpu/random/fill.h"

#include "core/tensor/dtype.h"
#include "kernels/cpu/random/stream.h"

#include <math.h>

enum { CHUNK = 4096 };   /* groups that a thread takes at a time */

typedef struct job {
  tarn_draw draw;
  tarn_philox start;
  uint64_t low, range;
  tarn_tensor *y;
  int64_t n;
  int group;      /* elements that one block, or one run of the rejection loop, gives */
} job;

/* Elements [at, at + count) of y, count <= group, from values. */
static void store(const job *j, int64_t at, int count, const double *value) {
  for (int i = 0; i < count; i++) {
    switch ((int)j->y->dtype) {
      case TARN_F32: ((float *)j->y->data)[at + i] = (float)value[i]; break;
      case TARN_F64: ((double *)j->y->data)[at + i] = value[i]; break;
      case TARN_F16: ((uint16_t *)j->y->data)[at + i] = tarn__f32_to_f16((float)value[i]); break;
      default: ((uint16_t *)j->y->data)[at + i] = tarn__f32_to_bf16((float)value[i]); break;
    }
  }
}

static void uniform(const job *j, const uint32_t x[4], int64_t at, int count) {
  switch ((int)j->y->dtype) {
    case TARN_F32:
      for (int i = 0; i < count; i++) ((float *)j->y->data)[at + i] = tarn__uint32_to_float(x[i]);
      break;
    case TARN_F64:
      for (int i = 0; i < count; i++)
        ((double *)j->y->data)[at + i] = tarn__uint64_to_double(x[2 * i], x[2 * i + 1]);
      break;
    case TARN_F16:
      for (int i = 0; i < count; i++)
        ((uint16_t *)j->y->data)[at + i] = tarn__uint16_to_half((uint16_t)x[i]);
      break;
    default:
      for (int i = 0; i < count; i++)
        ((uint16_t *)j->y->data)[at + i] = tarn__uint16_to_bfloat16((uint16_t)x[i]);
      break;
  }
}

static void normal(const job *j, const uint32_t x[4], int64_t at, int count) {
  double value[4];
  if (j->y->dtype == TARN_F64) {
    tarn__box_muller_double(x[0], x[1], x[2], x[3], &value[0], &value[1]);
  } else {
    float f[4];
    tarn__box_muller_float(x[0], x[1], &f[0], &f[1]);
    tarn__box_muller_float(x[2], x[3], &f[2], &f[3]);
    for (int i = 0; i < 4; i++) value[i] = (double)f[i];
  }
  store(j, at, count, value);
}

/* Takes pairs until a whole group lies within two standard deviations, also when fewer are
 * stored. */
static void truncated(const job *j, tarn_philox generator, int64_t at, int count) {
  tarn_stream s = tarn__stream(generator);
  double value[4];
  for (int have = 0; have < j->group;) {
    double pair[2];
    if (j->y->dtype == TARN_F64) {
      const uint32_t x0 = tarn__stream_word(&s), x1 = tarn__stream_word(&s),
                     x2 = tarn__stream_word(&s), x3 = tarn__stream_word(&s);
      tarn__box_muller_double(x0, x1, x2, x3, &pair[0], &pair[1]);
    } else {
      const uint32_t x0 = tarn__stream_word(&s), x1 = tarn__stream_word(&s);
      float f0, f1;
      tarn__box_muller_float(x0, x1, &f0, &f1);
      pair[0] = (double)f0;
      pair[1] = (double)f1;
    }
    for (int k = 0; k < 2 && have < j->group; k++)
      if (fabs(pair[k]) < 2) value[have++] = pair[k];
  }
  store(j, at, count, value);
}

static void integer(const job *j, const uint32_t x[4], int64_t at, int count) {
  const bool full = j->draw == TARN_DRAW_FULL;
  for (int i = 0; i < count; i++) {
    if (j->group == 2) {
      const uint64_t bits = x[2 * i] | (uint64_t)x[2 * i + 1] << 32;
      ((uint64_t *)j->y->data)[at + i] = full ? bits : j->low + bits % j->range;
    } else {
      ((uint32_t *)j->y->data)[at + i] = full ? x[i] : (uint32_t)j->low + x[i] % (uint32_t)j->range;
    }
  }
}

static tarn_status chunk(void *argument, int64_t c, int worker) {
  const job *j = argument;
  (void)worker;
  tarn_philox g = j->start;
  const int64_t first = c * CHUNK, groups = (j->n + j->group - 1) / j->group;
  const int64_t last = first + CHUNK < groups ? first + CHUNK : groups;
  /* A rejection loop has 256 words for each element of its group. */
  const uint64_t skip =
      j->draw == TARN_DRAW_TRUNCATED ? (uint64_t)j->group * TARN_RANDOM_RESERVE / 4 : 1;
  tarn__philox_skip(&g, (uint64_t)first * skip);
  for (int64_t i = first; i < last; i++) {
    const int64_t at = i * j->group;
    const int count = j->n - at < j->group ? (int)(j->n - at) : j->group;
    uint32_t x[4];
    if (j->draw == TARN_DRAW_TRUNCATED) {
      truncated(j, g, at, count);
      tarn__philox_skip(&g, skip);
      continue;
    }
    tarn__philox_next(&g, x);
    if (j->draw == TARN_DRAW_UNIFORM) uniform(j, x, at, count);
    else if (j->draw == TARN_DRAW_NORMAL) normal(j, x, at, count);
    else integer(j, x, at, count);
  }
  return TARN_OK;
}

tarn_status tarn__random_fill(tarn_draw draw, tarn_philox start, uint64_t low, uint64_t range,
                              tarn_tensor *y, tarn_pool *pool) {
  job j = {draw,
           start,
           low,
           range,
           y,
           tarn__tensor_elements(y),
           tarn_dtype_bytes(y->dtype) == 8 ? 2 : 4};
  const int64_t groups = (j.n + j.group - 1) / j.group;
  return tarn__pool_run(pool, (groups + CHUNK - 1) / CHUNK, chunk, &j);
}

/* FusedBatchNorm with its statistics, and its gradients, for AVX2 and AVX-512. Sums over a channel
 * are in double, the rest in float; half floats are brought to float first. With channels last,
 * blocks of rows have sums of their own, which are then added in order, so that results do not
 * depend on the number of threads; with channels first a chunk is a channel. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/simd/floats.h"
#include "kernels/params/batch_norm.h"

enum { BLOCKS = 32, CHANNELS = 64 };   /* of rows, at most; channels that are summed together */

/* Per channel: what the second pass needs. y = (x - mean) by + add; dx = (dy - mean of dy) by - (x
 * - mean) along. */
typedef struct coefficients { float *mean, *by, *add, *along; } coefficients;

typedef struct job {
  tarn_batch_norm g;
  bool first;                    /* channels first */
  bool gradient, fixed;          /* fixed: the gradient with given statistics, dy by */
  const float *x, *dy;
  float *y;                      /* y, or dx */
  int64_t rows, step, blocks;    /* of channels last: rows, and rows of a block */
  double *sums, *dots; /* [blocks][C], or [C] with channels first: of x and its squares, or of dy
                          and dy (x - mean) */
  const float *mean;             /* [C]; NULL in the first pass over x */
  coefficients k;
} job;

/* Sums of rows [from, to) of channels [c, c + n). */
static void sum_rows(const job *j, int64_t from, int64_t to, int64_t c, int64_t n, double *sums,
                     double *dots) {
  const int64_t C = j->g.C;
  double s[CHANNELS] = {0}, d[CHANNELS] = {0};
  float mean[CHANNELS] = {0};
  if (j->mean) memcpy(mean, j->mean + c, (size_t)n * sizeof *mean);
  for (int64_t r = from; r < to; r++) {
    const float *x = j->x + r * C + c, *dy = j->gradient ? j->dy + r * C + c : NULL;
    if (j->gradient) {
      TARN_EACH_LANE
      for (int64_t i = 0; i < n; i++) {
        s[i] += (double)dy[i];
        d[i] += (double)dy[i] * ((double)x[i] - (double)mean[i]);
      }
    } else if (j->mean) {
      TARN_EACH_LANE
      for (int64_t i = 0; i < n; i++) {
        const double away = (double)x[i] - (double)mean[i];
        s[i] += away, d[i] += away * away;
      }
    } else {
      TARN_EACH_LANE
      for (int64_t i = 0; i < n; i++) s[i] += (double)x[i];
    }
  }
  memcpy(sums + c, s, (size_t)n * sizeof *s);
  memcpy(dots + c, d, (size_t)n * sizeof *d);
}

static tarn_status sum_block(void *argument, int64_t block, int worker) {
  (void)worker;
  const job *j = argument;
  const int64_t from = block * j->step, to = j->rows - from < j->step ? j->rows : from + j->step,
                C = j->g.C;
  for (int64_t c = 0; c < C; c += CHANNELS)
    sum_rows(j, from, to, c, C - c < CHANNELS ? C - c : CHANNELS, j->sums + block * C,
             j->dots + block * C);
  return TARN_OK;
}

static tarn_status sum_channel(void *argument, int64_t c, int worker) {
  (void)worker;
  const job *j = argument;
  double sum = 0, dot = 0;
  const double mean = j->mean ? (double)j->mean[c] : 0;
  for (int64_t n = 0; n < j->g.N; n++) {
    const int64_t at = (n * j->g.C + c) * j->g.S;
    const float *x = j->x + at, *dy = j->gradient ? j->dy + at : x;
    if (j->gradient) {
      _Pragma("omp simd reduction(+:sum,dot)")
      for (int64_t i = 0; i < j->g.S; i++) {
        sum += (double)dy[i];
        dot += (double)dy[i] * ((double)x[i] - mean);
      }
    } else {
      _Pragma("omp simd reduction(+:sum,dot)")
      for (int64_t i = 0; i < j->g.S; i++) {
        const double away = (double)x[i] - mean;
        sum += away;
        dot += away * away;
      }
    }
  }
  j->sums[c] = sum;
  j->dots[c] = dot;
  return TARN_OK;
}

/* Into sums[0..C) and dots[0..C). */
static tarn_status sum_all(job *j, tarn_pool *pool) {
  if (j->first) return tarn__pool_run(pool, j->g.C, sum_channel, j);
  TARN_TRY(tarn__pool_run(pool, j->blocks, sum_block, j));
  for (int64_t b = 1; b < j->blocks; b++)
    for (int64_t c = 0; c < j->g.C; c++) {
      j->sums[c] += j->sums[b * j->g.C + c];
      j->dots[c] += j->dots[b * j->g.C + c];
    }
  return TARN_OK;
}

static tarn_status apply_block(void *argument, int64_t block, int worker) {
  (void)worker;
  const job *j = argument;
  const int64_t from = block * j->step, to = j->rows - from < j->step ? j->rows : from + j->step,
                C = j->g.C;
  const float *mean = j->k.mean, *by = j->k.by, *add = j->k.add, *along = j->k.along;
  for (int64_t r = from; r < to; r++) {
    const float *x = j->x + r * C;
    float *y = j->y + r * C;
    if (j->fixed) {
      const float *dy = j->dy + r * C;
      TARN_EACH_LANE
      for (int64_t i = 0; i < C; i++) y[i] = dy[i] * by[i];
    } else if (j->gradient) {
      const float *dy = j->dy + r * C;
      TARN_EACH_LANE
      for (int64_t i = 0; i < C; i++) y[i] = (dy[i] - add[i]) * by[i] - (x[i] - mean[i]) * along[i];
    } else {
      TARN_EACH_LANE
      for (int64_t i = 0; i < C; i++) y[i] = (x[i] - mean[i]) * by[i] + add[i];
    }
  }
  return TARN_OK;
}

static tarn_status apply_channel(void *argument, int64_t c, int worker) {
  (void)worker;
  const job *j = argument;
  const float mean = j->k.mean[c], by = j->k.by[c], add = j->k.add[c], along = j->k.along[c];
  for (int64_t n = 0; n < j->g.N; n++) {
    const int64_t at = (n * j->g.C + c) * j->g.S;
    const float *x = j->x + at;
    float *y = j->y + at;
    if (j->fixed) {
      const float *dy = j->dy + at;
      TARN_EACH_LANE
      for (int64_t i = 0; i < j->g.S; i++) y[i] = dy[i] * by;
    } else if (j->gradient) {
      const float *dy = j->dy + at;
      TARN_EACH_LANE
      for (int64_t i = 0; i < j->g.S; i++) y[i] = (dy[i] - add) * by - (x[i] - mean) * along;
    } else {
      TARN_EACH_LANE
      for (int64_t i = 0; i < j->g.S; i++) y[i] = (x[i] - mean) * by + add;
    }
  }
  return TARN_OK;
}

static tarn_status apply_all(job *j, tarn_pool *pool) {
  return j->first ? tarn__pool_run(pool, j->g.C, apply_channel, j)
                  : tarn__pool_run(pool, j->blocks, apply_block, j);
}

/* ---- runs ----------------------------------------------------------------------------------- */

static int64_t blocks_of(int64_t rows) { return rows < BLOCKS * 16 ? (rows + 15) / 16 : BLOCKS; }

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  const size_t elements = (size_t)tarn__shape_elements(&p->in_shape[0]);
  const tarn_batch_norm g = tarn__batch_norm_of(p->params, &p->in_shape[0]);
  const size_t C = (size_t)g.C, blocks = (size_t)blocks_of(g.N * g.S);
  return C * (16 * (blocks + 1) + 16) +
         (p->in_dtype[0] == TARN_F32 ? 0 : elements * 3 * sizeof(float));
}

static job make_job(const tarn_call *call, bool gradient, float **room) {
  const tarn_batch_norm_params *p = call->problem->params;
  job j = {.g = tarn__batch_norm_of(p, &call->problem->in_shape[0]),
           .first = p->channels_first,
           .gradient = gradient};
  const int64_t C = j.g.C;
  j.rows = j.g.N * j.g.S;
  j.blocks = blocks_of(j.rows);
  j.step = (j.rows + j.blocks - 1) / j.blocks;
  j.blocks = (j.rows + j.step - 1) / j.step;
  j.sums = call->scratch;
  j.dots = j.sums + (j.blocks + 1) * C;
  float *at = (float *)(j.dots + (j.blocks + 1) * C);
  j.k = (coefficients){at, at + C, at + 2 * C, at + 3 * C};
  *room = at + 4 * C;
  return j;
}

static const char *supports(const tarn_problem *p) {
  if (p->in_dtype[2] != TARN_F32 || p->in_dtype[4] != TARN_F32)
    return "scale and statistics are not float32";
  return tarn__shape_elements(&p->in_shape[0]) == 0 ? "no elements" : NULL;
}

static const char *supports_forward(const tarn_problem *p) {
  const tarn_batch_norm_params *params = p->params;
  if (!params->training && !params->channels_first && p->in_dtype[0] == TARN_F32)
    return "inference.body.h has this";
  return supports(p);
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *problem = call->problem;
  const tarn_batch_norm_params *p = problem->params;
  const float *scale = call->in[1]->data, *offset = call->in[2]->data;
  const float *old_mean = call->in[3]->data, *old_variance = call->in[4]->data;
  float *out[4];                 /* mean, variance, and both as saved for the gradient */
  for (int i = 0; i < 4; i++) out[i] = call->out[i + 1]->data;
  float *room;
  job j = make_job(call, false, &room);
  const int64_t C = j.g.C, n = tarn__tensor_elements(call->in[0]);
  const double count = (double)j.rows, factor = (double)p->exponential_avg_factor;
  tarn_pool *pool = n < 32768 ? NULL : call->pool;
  j.x = lane_floats_of(call->in[0], &room, n);
  j.y = lane_floats_for(call->out[0], &room, n);
  if (p->training) {
    TARN_TRY(sum_all(&j, pool));
    for (int64_t c = 0; c < C; c++) j.k.mean[c] = (float)(j.sums[c] / count);
    j.mean = j.k.mean;
    TARN_TRY(sum_all(&j, pool));
  }
  for (int64_t c = 0; c < C; c++) {
    double mean = p->training ? 0 : (double)old_mean[c],
           variance = p->training ? 0 : (double)old_variance[c];
    if (p->training) {
      /* The sums are about the mean rounded to float: what is left of them puts it right. */
      const double left = isfinite(j.sums[c]) ? j.sums[c] / count : 0,
                   squares = j.dots[c] - left * j.sums[c];
      mean = (double)j.k.mean[c] + left;
      variance = squares < 0 ? 0 : squares / count;
      const double unbiased = squares / (count > 1 ? count - 1 : 1);
      out[0][c] = (float)(factor == 1 ? mean : (1 - factor) * (double)old_mean[c] + factor * mean);
      out[1][c] = (float)(factor == 1 ? unbiased
                                      : (1 - factor) * (double)old_variance[c] + factor * unbiased);
    } else {
      out[0][c] = old_mean[c];
      out[1][c] = old_variance[c];
    }
    out[2][c] = (float)mean;
    out[3][c] = (float)variance;
    const double by = (double)scale[c] / sqrt(variance + (double)p->epsilon);
    j.k.mean[c] = (float)mean;
    j.k.by[c] = (float)by;
    /* The mean's own rounding; given means are floats. */
    j.k.add[c] =
        p->training ? (float)((double)offset[c] + ((double)j.k.mean[c] - mean) * by) : offset[c];
  }
  TARN_TRY(apply_all(&j, pool));
  lane_round_into(call->out[0], j.y, n);
  if (problem->outputs > 5)
    memset(call->out[5]->data, 0, tarn__tensor_bytes(call->out[5])); /* cuDNN's reserve */
  return TARN_OK;
}

static tarn_status run_gradient(const tarn_call *call) {
  const tarn_batch_norm_params *p = call->problem->params;
  const float *scale = call->in[2]->data, *means = call->in[3]->data,
              *variances = call->in[4]->data;
  float *dscale = call->out[1]->data, *doffset = call->out[2]->data, *room;
  job j = make_job(call, true, &room);
  const int64_t C = j.g.C, n = tarn__tensor_elements(call->in[0]);
  const double count = (double)j.rows;
  tarn_pool *pool = n < 32768 ? NULL : call->pool;
  j.dy = lane_floats_of(call->in[0], &room, n);
  j.x = lane_floats_of(call->in[1], &room, n);
  j.y = lane_floats_for(call->out[0], &room, n);
  j.mean = means;
  j.fixed = !p->training;
  TARN_TRY(sum_all(&j, pool));
  for (int64_t c = 0; c < C; c++) {
    const double inverse = 1 / sqrt((double)variances[c] + (double)p->epsilon),
                 by = (double)scale[c] * inverse;
    doffset[c] = (float)j.sums[c];
    dscale[c] = (float)(j.dots[c] * inverse);
    j.k.mean[c] = means[c];
    j.k.by[c] = (float)by;
    j.k.add[c] = (float)(j.sums[c] / count);
    j.k.along[c] = (float)(j.dots[c] / count * inverse * inverse * by);
  }
  TARN_TRY(apply_all(&j, pool));
  lane_round_into(call->out[0], j.y, n);
  return TARN_OK;
}

#define DTYPES (TARN_BIT(TARN_F32) | TARN_BIT(TARN_F16) | TARN_BIT(TARN_BF16))
#define ROW(text, supports_, run_) \
  {.op = text,                     \
   .dtypes = DTYPES,               \
   .supports = supports_,          \
   .scratch_bytes = scratch_bytes, \
   .run = run_},
#define ROWS                                                                                    \
  ROW("FusedBatchNorm", supports_forward, run)                                                  \
  ROW("FusedBatchNormV2", supports_forward, run) ROW("FusedBatchNormV3", supports_forward, run) \
      ROW("FusedBatchNormGrad", supports, run_gradient)                                         \
          ROW("FusedBatchNormGradV2", supports, run_gradient)                                   \
              ROW("FusedBatchNormGradV3", supports, run_gradient)

#include "kernels/cpu/random/sample.h"

#include "core/tensor/dtype.h"

#include <math.h>

enum { CHUNK = 512 };   /* samples that a thread takes at a time: some 50 us */

double tarn__sample_parameter(const tarn_tensor *t, int64_t i) {
  switch ((int)t->dtype) {
    case TARN_F16: return (double)tarn__f16_to_f32(((const uint16_t *)t->data)[i]);
    case TARN_F32: return (double)((const float *)t->data)[i];
    case TARN_F64: return ((const double *)t->data)[i];
    case TARN_I32: return ((const int32_t *)t->data)[i];
    default: return (double)((const int64_t *)t->data)[i];
  }
}

static int64_t whole(double value, int64_t low, int64_t high) {
  if (isnan(value)) return 0;
  if (value <= (double)low) return low;
  return value >= (double)high ? high : (int64_t)value;
}

void tarn__sample_put(tarn_tensor *t, int64_t i, double value) {
  switch ((int)t->dtype) {
    case TARN_F16: ((uint16_t *)t->data)[i] = tarn__f32_to_f16((float)value); break;
    case TARN_F32: ((float *)t->data)[i] = (float)value; break;
    case TARN_F64: ((double *)t->data)[i] = value; break;
    case TARN_I32: ((int32_t *)t->data)[i] = (int32_t)whole(value, INT32_MIN, INT32_MAX); break;
    default: ((int64_t *)t->data)[i] = whole(value, INT64_MIN, INT64_MAX); break;
  }
}

typedef struct job {
  const tarn_call *call;
  tarn_philox start;
  tarn_sampler draw;
  int64_t parameters, samples, all;
} job;

static tarn_status chunk(void *argument, int64_t c, int worker) {
  const job *j = argument;
  (void)worker;
  const int64_t end = c * CHUNK + CHUNK < j->all ? c * CHUNK + CHUNK : j->all;
  if (j->call->run) TARN_TRY(tarn__run_check(j->call->run));
  for (int64_t index = c * CHUNK; index < end; index++) {
    const int64_t p = index / j->samples, s = index % j->samples;
    double value;
    TARN_TRY(j->draw(j->call, j->start, p, index, &value));
    tarn__sample_put(j->call->out[0], s * j->parameters + p, value);
  }
  return TARN_OK;
}

tarn_status tarn__sample_fill(const tarn_call *call, tarn_philox start, int64_t parameters,
                              tarn_sampler draw) {
  job j = {call, start, draw, parameters, 0, tarn__tensor_elements(call->out[0])};
  if (j.all == 0) return TARN_OK;
  j.samples = j.all / parameters;
  return tarn__pool_run(call->pool, (j.all + CHUNK - 1) / CHUNK, chunk, &j);
}

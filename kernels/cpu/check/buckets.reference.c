/* Which bucket, or which of equal bins, each value falls into. */
#include "kernels/kernel.h"
#include "kernels/params/check.h"

#include <math.h>

static double value_at(const tarn_tensor *t, int64_t i) {
  switch ((int)t->dtype) {
    case TARN_F32: return (double)((const float *)t->data)[i];
    case TARN_F64: return ((const double *)t->data)[i];
    case TARN_I32: return ((const int32_t *)t->data)[i];
    default: return (double)((const int64_t *)t->data)[i];
  }
}

enum { BLOCK = 512 };

/* Elements from `at` on as doubles; how many, at most BLOCK. */
static int64_t values_from(const tarn_tensor *t, int64_t at, double *to) {
  const int64_t left = tarn__tensor_elements(t) - at, n = left < BLOCK ? left : BLOCK;
  switch ((int)t->dtype) {
#define ROW(DT, S) \
  case DT: for (int64_t i = 0; i < n; i++) to[i] = (double)((const S *)t->data)[at + i]; break;
    ROW(TARN_F32, float) ROW(TARN_F64, double) ROW(TARN_I32, int32_t) ROW(TARN_I64, int64_t)
#undef ROW
    default: break;
  }
  return n;
}

/* The number of boundaries that are <= the value, by halving. NaN is below none: it goes past the
 * last. */
static tarn_status bucketize(const tarn_call *call) {
  const tarn_bucketize_params *p = call->problem->params;
  int32_t *y = call->out[0]->data;
  int64_t n = tarn__tensor_elements(call->in[0]);
  double value[BLOCK];
  for (int64_t from = 0; from < n; from += BLOCK) {
    const int64_t part = values_from(call->in[0], from, value);
    for (int64_t i = 0; i < part; i++) {
      int64_t low = 0, high = p->count;
      while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (value[i] < (double)p->boundaries[middle]) high = middle;
        else low = middle + 1;
      }
      y[from + i] = (int32_t)low;
    }
  }
  return TARN_OK;
}

/* Counts of values in nbins equal bins over the range; what lies outside goes to the first or last.
 * NaN is refused. */
static tarn_status histogram(const tarn_call *call) {
  double low = value_at(call->in[1], 0), high = value_at(call->in[1], 1);
  if (!(low < high))
    return tarn_fail(TARN_INVALID,
                     "value_range should satisfy value_range[0] < value_range[1], but got [%g, %g]",
                     low, high);
  tarn_tensor *y = call->out[0];
  int64_t bins = tarn__tensor_elements(y), n = tarn__tensor_elements(call->in[0]);
  const double width = (high - low) / (double)bins, last = (double)(bins - 1);
  double at[BLOCK];
  if (tarn__tensor_bytes(y)) memset(y->data, 0, tarn__tensor_bytes(y));
  for (int64_t from = 0; from < n; from += BLOCK) {
    const int64_t part = values_from(call->in[0], from, at);
    bool none = false;
    for (int64_t i = 0; i < part; i++) none |= at[i] != at[i];
    for (int64_t i = 0; i < part && none; i++)
      if (isnan(at[i])) return tarn_fail(TARN_INVALID, "value %lld is NaN", (long long)(from + i));
    for (int64_t i = 0; i < part; i++) {
      const double over = at[i] - low;
      const double bin = 0.5 * (over + fabs(over)) /
                         width; /* 0 below: a choice would become a jump, half of them wrong */
      at[i] = bin < last ? bin : last;
    }
    if (y->dtype == TARN_I32)
      for (int64_t i = 0; i < part; i++) ((int32_t *)y->data)[(int64_t)at[i]]++;
    else
      for (int64_t i = 0; i < part; i++) ((int64_t *)y->data)[(int64_t)at[i]]++;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_check_buckets_reference[] = {
  {.op = "Bucketize", .run = bucketize},
  {.op = "HistogramFixedWidth", .run = histogram},
  {0},
};

#include "kernels/cpu/random/multinomial.h"

#include "kernels/cpu/array/numeric.h"
#include "kernels/cpu/random/stream.h"

#include <math.h>

static void read_row(const tarn_tensor *t, int64_t row, int64_t classes, double *to) {
  switch ((int)t->dtype) {
#define ROW(DT, S, A, GET, PUT)                                      \
  case DT: {                                                         \
    const S *x = (const S *)t->data + row * classes;                 \
    for (int64_t c = 0; c < classes; c++) to[c] = (double)GET(x[c]); \
    break;                                                           \
  }
    TARN_ORDERED_ROWS(ROW)
#undef ROW
    default: break;
  }
}

/* sum[c] = sum over finite logits up to c of exp(logit - largest finite); the last is the total. */
static void cumulate(const tarn_tensor *logits, int64_t row, int64_t classes, double *sum) {
  double most = -HUGE_VAL, total = 0;
  read_row(logits, row, classes, sum);
  for (int64_t c = 0; c < classes; c++)
    if (isfinite(sum[c]) && sum[c] > most) most = sum[c];
  for (int64_t c = 0; c < classes; c++) {
    if (isfinite(sum[c])) total += exp(sum[c] - most);
    sum[c] = total;
  }
}

/* The first class whose sum is above what was drawn. */
static int64_t find(const double *sum, int64_t classes, double wanted) {
  int64_t low = 0, high = classes;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (wanted < sum[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

tarn_status tarn__multinomial(const tarn_allocator *a, const tarn_tensor *logits, tarn_philox start,
                              tarn_tensor *y) {
  const int64_t rows = y->shape.dim[0], samples = y->shape.dim[1], classes = logits->shape.dim[1];
  const size_t bytes = (size_t)classes * sizeof(double);
  double *sum = tarn__alloc(a, bytes);
  if (!sum) return TARN_NO_MEMORY;
  tarn_stream s = tarn__stream(start);
  for (int64_t r = 0; r < rows; r++) {
    cumulate(logits, r, classes, sum);
    for (int64_t i = r * samples; i < (r + 1) * samples; i++) {
      const int64_t drawn = find(sum, classes, tarn__stream_double(&s) * sum[classes - 1]);
      if (y->dtype == TARN_I64) ((int64_t *)y->data)[i] = drawn;
      else ((int32_t *)y->data)[i] = (int32_t)drawn;
    }
  }
  tarn__free(a, sum, bytes);
  return TARN_OK;
}

/* Elements of real tensors as doubles in scratch, and back, for the files of an instruction set. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/linalg/dense.h"

#define REAL (TARN_BIT(TARN_F16) | TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64))

static void load(const tarn_tensor *t, int64_t at, int64_t n, double *x) {
  if (n <= 0) return;            /* there may be no memory */
  if (t->dtype == TARN_F64) memcpy(x, (const double *)t->data + at, (size_t)n * sizeof *x);
  else if (t->dtype == TARN_F32)
    for (int64_t i = 0; i < n; i++) x[i] = (double)((const float *)t->data)[at + i];
  else
    for (int64_t i = 0; i < n; i++)
      x[i] = (double)tarn__f16_to_f32(((const uint16_t *)t->data)[at + i]);
}
static void store(tarn_tensor *t, int64_t at, int64_t n, const double *x) {
  if (n <= 0) return;
  if (t->dtype == TARN_F64) memcpy((double *)t->data + at, x, (size_t)n * sizeof *x);
  else if (t->dtype == TARN_F32)
    for (int64_t i = 0; i < n; i++) ((float *)t->data)[at + i] = (float)x[i];
  else
    for (int64_t i = 0; i < n; i++) ((uint16_t *)t->data)[at + i] = tarn__f32_to_f16((float)x[i]);
}

#include "kernels/cpu/index/index_rows.h"

#include <stdio.h>

tarn_status tarn__index_row_fail(const tarn_index_rows *r, int64_t i) {
  char shape[TARN_SHAPE_TEXT], tuple[160] = "";
  size_t used = 0;
  for (int k = 0; k < r->depth && used + 24 < sizeof tuple; k++)
    used += (size_t)snprintf(tuple + used, sizeof tuple - used, "%s%lld", k ? "," : "",
                             (long long)tarn__index_at(r->indices, i * r->depth + k));
  return tarn_fail(TARN_INVALID, "indices[%lld] = [%s] is outside shape %s", (long long)i, tuple,
                   tarn__shape_print(r->shape, shape));
}

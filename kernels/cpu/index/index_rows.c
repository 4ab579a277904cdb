#include "kernels/cpu/index/index_rows.h"

#include "kernels/fault.h"

tarn_status tarn__index_row_fail(const tarn_index_rows *r, int64_t i) {
  tarn_fault fault = {
      .kind = TARN_FAULT_TUPLE, .at = i, .depth = r->depth, .rank = r->shape->rank};
  for (int k = 0; k < r->depth; k++) fault.index[k] = tarn__index_at(r->indices, i * r->depth + k);
  for (int k = 0; k < r->shape->rank; k++) fault.dim[k] = r->shape->dim[k];
  return tarn__fault_fail(&fault);
}

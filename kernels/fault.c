#include "kernels/fault.h"

#include <stdio.h>

#include "core/tensor/shape.h"

static tarn_status outside_tuple(const tarn_fault *f) {
  char tuple[160] = "", text[TARN_SHAPE_TEXT];
  tarn_shape shape = {.rank = f->rank};
  size_t used = 0;
  for (int k = 0; k < f->rank; k++) shape.dim[k] = f->dim[k];
  for (int k = 0; k < f->depth && used + 24 < sizeof tuple; k++)
    used += (size_t)snprintf(tuple + used, sizeof tuple - used, "%s%lld", k ? "," : "",
                             (long long)f->index[k]);
  return tarn_fail(TARN_INVALID, "indices[%lld] = [%s] is outside shape %s", (long long)f->at,
                   tuple, tarn__shape_print(&shape, text));
}

tarn_status tarn__fault_fail(const tarn_fault *f) {
  const long long at = (long long)f->at, index = (long long)f->index[0];
  switch ((tarn_fault_kind)f->kind) {
    case TARN_FAULT_ROW:
      return tarn_fail(TARN_INVALID, "indices[%lld] = %lld is not in [0, %lld)", at, index,
                       (long long)f->dim[0]);
    case TARN_FAULT_SEGMENT:
      return tarn_fail(TARN_INVALID, "segment_ids[%lld] is %lld of %lld segments", at, index,
                       (long long)f->dim[0]);
    case TARN_FAULT_ORDER:
      return tarn_fail(TARN_INVALID, "segment_ids[%lld] is %lld after %lld: ids must not decrease",
                       at, index, (long long)f->index[1]);
    case TARN_FAULT_ARGMAX:
      return tarn_fail(TARN_INVALID, "argmax %lld is outside of the input's [0, %lld)", index,
                       (long long)f->dim[0]);
    case TARN_FAULT_LENGTH:
      return tarn_fail(TARN_INVALID, "seq_lengths[%lld] is %lld, not in [0, %lld]", at, index,
                       (long long)f->dim[0]);
    case TARN_FAULT_ENTRY:
      return tarn_fail(TARN_INVALID, "entry %lld of a is outside its shape", at);
    case TARN_FAULT_TUPLE:
      return outside_tuple(f);
    case TARN_FAULT_OFFSET:
      return tarn_fail(TARN_INVALID, "Index %lld at offset %lld in indices is out of range", index,
                       at);
    case TARN_FAULT_DIVISOR:
      return tarn_fail(TARN_INVALID, "division by zero");
    case TARN_FAULT_UPDATES:
      return tarn_fail(TARN_INVALID, "updates must not contain 0");
    case TARN_FAULT_RATE:
      return tarn_fail(TARN_INVALID, "the learning rate is %g: expected a positive one",
                       f->rate[0]);
    case TARN_FAULT_L1_L2:
      return tarn_fail(TARN_INVALID, "l1 is %g, l2 %g: expected none below 0", f->rate[1],
                       f->rate[2]);
    case TARN_FAULT_POWER:
      return tarn_fail(TARN_INVALID,
                       "l2_shrinkage is %g, lr_power %g: expected none below and above 0",
                       f->rate[3], f->rate[4]);
    case TARN_FAULT_NONE:
      break;
  }
  return tarn_fail(TARN_IO, "the device noted a fault that has no words (%d)", (int)f->kind);
}

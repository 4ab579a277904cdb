/* Whether indices and updates fit a variable whose rows they change, for all back ends. */
#ifndef TARN_KERNELS_STATE_ROW_SHAPES_H
#define TARN_KERNELS_STATE_ROW_SHAPES_H

#include "core/tensor/shape.h"

/* A number for each row, along the first dim: updates are a scalar for all, or one row for each. */
static inline bool tarn__rows_fit(const tarn_shape *var, const tarn_shape *indices,
                                  const tarn_shape *updates) {
  if (var->rank < 1) return false;
  if (updates->rank == 0) return true;
  bool fits = updates->rank == indices->rank + var->rank - 1;
  for (int k = 0; k < updates->rank && fits; k++)
    fits =
        updates->dim[k] == (k < indices->rank ? indices->dim[k] : var->dim[k - indices->rank + 1]);
  return fits;
}

/* A tuple of numbers for each, the last dim of indices, into the first dims. */
static inline bool tarn__tuples_fit(const tarn_shape *var, const tarn_shape *indices,
                                    const tarn_shape *updates) {
  const int outer = indices->rank - 1;
  const bool empty = tarn__shape_elements(var) == 0;
  if (outer < 0 || indices->dim[outer] > var->rank) return false;
  if (!empty && (outer < 1 || indices->dim[outer] < 1)) return false;
  const int depth = (int)indices->dim[outer];
  bool fits = updates->rank == outer + var->rank - depth;
  for (int k = 0; k < updates->rank && fits; k++)
    fits = updates->dim[k] == (k < outer ? indices->dim[k] : var->dim[k - outer + depth]);
  return fits;
}

/* What gathering along dim `batch` gives, behind so many dims that go together; false: they do not
 * fit. */
static inline bool tarn__gathered_rows(const tarn_shape *var, const tarn_shape *indices, int batch,
                                       tarn_shape *out) {
  bool fits = batch >= 0 && batch <= indices->rank && batch < var->rank &&
              indices->rank + var->rank - 1 - batch <= TARN_MAX_RANK;
  for (int k = 0; k < batch && fits; k++) fits = var->dim[k] == indices->dim[k];
  if (!fits) return false;
  *out = *indices;
  for (int k = batch + 1; k < var->rank; k++) out->dim[out->rank++] = var->dim[k];
  return true;
}

/* What gathering by tuples gives. */
static inline bool tarn__gathered_tuples(const tarn_shape *var, const tarn_shape *indices,
                                         tarn_shape *out) {
  const int outer = indices->rank - 1;
  if (outer < 0 || indices->dim[outer] > var->rank) return false;
  const int depth = (int)indices->dim[outer];
  if (outer + var->rank - depth > TARN_MAX_RANK) return false;
  *out = *indices;
  out->rank = outer;
  for (int k = depth; k < var->rank; k++) out->dim[out->rank++] = var->dim[k];
  return true;
}

#endif

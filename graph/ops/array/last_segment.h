/* Reductions by rising segments: as many rows as the last id says. */
#ifndef TARN_GRAPH_OPS_ARRAY_LAST_SEGMENT_H
#define TARN_GRAPH_OPS_ARRAY_LAST_SEGMENT_H

#include "graph/op.h"

/* out[0] = input 0 with so many rows, where the ids of input i are known; else, and where the last
 * is none, the kernel finds out. */
static inline tarn_status tarn__infer_last_segment(tarn_infer *t, int i) {
  if (!t->value[i]) return TARN_OK;
  const int64_t n = t->in[i].dim[0], last = n ? tarn__infer_int(t, i, n - 1) : -1;
  if ((n && last < 0) || last == INT64_MAX) return TARN_OK;
  tarn_shape y = t->in[0];
  y.dim[0] = last + 1;
  return tarn__shape_make(y.rank, y.dim, &t->out[0]);
}

#endif

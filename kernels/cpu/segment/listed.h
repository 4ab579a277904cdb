/* Segments of rows that are listed by their indices: SparseSegmentSum and kin. */
#ifndef TARN_KERNELS_CPU_SEGMENT_LISTED_H
#define TARN_KERNELS_CPU_SEGMENT_LISTED_H

#include "kernels/kernel.h"

/* Checks (data, indices, segment_ids): ids that do not descend, indices of rows. Allocates output 0
 * with a row for each segment up to the last; nothing is written to it. */
tarn_status tarn__listed_segments(const tarn_call *call);

#endif

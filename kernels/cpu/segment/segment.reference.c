/* Reductions by segment for any machine; see segment.body.h. */
#include "kernels/cpu/segment/segment.body.h"

const tarn_kernel tarn_kernels_segment_segment_reference[] = {ROWS {0}};

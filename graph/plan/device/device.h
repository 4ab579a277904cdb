/* What the parts of device placement share.
 *
 *   place.c        which steps run on the device
 *   copies.c       steps that copy values there and back
 *   recordings.c   runs of steps whose work is recorded and replayed */
#ifndef TARN_GRAPH_PLAN_DEVICE_DEVICE_H
#define TARN_GRAPH_PLAN_DEVICE_DEVICE_H

#include "graph/plan/builder.h"

/* No step reads a value on the wrong side afterwards. */
tarn_status tarn__device_copies(tarn_builder *b, tarn_block *block);
/* step->record_until. Once storage is known. */
void tarn__device_recordings(tarn_builder *b, tarn_block *block);

/* Whether the step must find input i in the host's memory, or on the device; false for both: it
 * does not read it, or takes it wherever it is. */
bool tarn__step_wants_host(const tarn_block *block, const tarn_step *step, int i);
bool tarn__step_wants_device(const tarn_step *step, int i);

#endif

/* Which runs depend on queues that threads have to fill; the threads themselves are
 * tarn_queue_runners_start of tarn.h. */
#ifndef TARN_LOADER_MODEL_QUEUE_RUNNERS_H
#define TARN_LOADER_MODEL_QUEUE_RUNNERS_H

#include "loader/model/model.h"

/* Whether the roots (fetches and targets), with these tensors fed, reach a queue that a queue
 * runner fills. */
TARN_MUST_CHECK tarn_status tarn__queue_runners_needed(const tarn_metagraph *meta,
                                                       const tarn_edge *fed, size_t n_fed,
                                                       const tarn_node *const *roots,
                                                       size_t n_roots, bool *needed);

#endif

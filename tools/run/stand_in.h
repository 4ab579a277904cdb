/* Placeholders that nobody feeds, for verbs that plan without running: feeds of their declared
 * shapes, without elements. */
#ifndef TARN_TOOLS_RUN_STAND_IN_H
#define TARN_TOOLS_RUN_STAND_IN_H

#include "tools/run/model_run.h"

/* The step's feeds, and a stand-in for every other placeholder of the graph, unknown dims as
 * `size`. *open: some stand-in had unknown dims. In r's arena. The tensors have no elements: a plan
 * may be made for them, a run may not. */
tarn_status tarn__stand_in_feeds(tarn_model_run *r, const tarn_run_step *step, int64_t size,
                                 tarn_feed **feeds, size_t *count, bool *open);

#endif

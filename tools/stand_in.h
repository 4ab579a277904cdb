/* Feeds for placeholders that the user did not feed, for planning alone. */
#ifndef TARN_TOOLS_STAND_IN_H
#define TARN_TOOLS_STAND_IN_H

#include "tools/model_run.h"

/* The step's feeds, and for every other placeholder of the graph one of its declared shape, unknown
 * dims as 1. They have no elements; everything is in the run's arena. */
tarn_status tarn__stand_in_feeds(tarn_model_run *r, const tarn_run_step *step, tarn_feed **feeds,
                                 size_t *count);

#endif

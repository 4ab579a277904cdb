/* Steps side by side: stretches of a block's steps that are cut into lanes, which do not need each
 * other and run at the same time, each on one thread. */
#ifndef TARN_GRAPH_PLAN_LANES_H
#define TARN_GRAPH_PLAN_LANES_H

#include "graph/plan/builder.h"
#include "graph/plan/memory/placement.h"

/* Finds them, where the threads are worth it, and puts the steps in that order; after kernels are
 * chosen. Pass 'side_by_side'. */
tarn_status tarn__plan_lanes(tarn_builder *b, tarn_block *block);

/* The section that a step is in; NULL: none. */
const tarn_section *tarn__section_at(const tarn_block *block, int at);
/* A number from 1 on that no other lane of the block has; 0: the step is in none. */
int tarn__lane_at(const tarn_block *block, int at);
/* A value's last use so far and one more: by two lanes it is needed until the section is over. */
int tarn__lanes_last_use(const tarn_block *block, int so_far, int until);

/* A stretch begins, or ends, with a step: in a lane it is there while other lanes are anywhere. */
void tarn__stretch_begin(const tarn_block *block, tarn_stretch *s, int at);
void tarn__stretch_end(const tarn_block *block, tarn_stretch *s, int at);
/* What stretches in lanes need at least, as tarn__place_bound: in a section what is there all the
 * time, and of each lane the most that it has at one step. */
tarn_status tarn__lanes_bound(const tarn_block *block, const tarn_stretch *s, int count,
                              tarn_arena *arena, size_t *bytes);

#endif

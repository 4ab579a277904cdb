/* Places for values that live for a stretch of steps: those that live at the same time do not
 * overlap. */
#ifndef TARN_GRAPH_PLAN_MEMORY_PLACEMENT_H
#define TARN_GRAPH_PLAN_MEMORY_PLACEMENT_H

#include "core/memory.h"

/* Memory that is needed from step `first` to step `last`, both included. */
typedef struct tarn_stretch {
  int first, last;
  size_t bytes;  /* a multiple of TARN_ALIGN */
  size_t offset; /* set by tarn__place */
  /* Not 0: it begins, or ends, in that lane with that step (lanes.h), and first, or last, is the
   * section's: other lanes may be anywhere meanwhile. Two stretches of one lane are apart when one
   * ends before the other begins there. */
  int begins_in, begins_at, ends_in, ends_at;
} tarn_stretch;

/* The largest sum of bytes that are alive at one step: no placement needs less. steps: all lie in
 * [0, steps). */
tarn_status tarn__place_bound(const tarn_stretch *s, int count, int steps, tarn_arena *arena,
                              size_t *bytes);

/* Sets the offsets and gives the bytes that they take. bound: as above; the search ends when it is
 * reached. */
tarn_status tarn__place(tarn_stretch *s, int count, size_t bound, tarn_arena *arena, size_t *bytes);

#endif

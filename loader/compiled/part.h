/* The part of a model that some runs need. */
#ifndef TARN_LOADER_COMPILED_PART_H
#define TARN_LOADER_COMPILED_PART_H

#include "graph/session.h"
#include "loader/graphdef/write.h"
#include "loader/model/model.h"

typedef struct compiled_part {
  const tarn_model *model;
  tarn_arena *arena;
  bool *node;         /* by id of the main graph's nodes */
  tarn_map functions; /* bodies by name */
  const char *init;   /* the op that is run after restoring, or NULL */
  /* Constants whose elements are kept beside the graph. */
  const tarn_tensor **constant;
  size_t constants, capacity;
} compiled_part;

/* What the runs reach, with the model's initialisation. TARN_UNSUPPORTED: the model needs files
 * beside it, or threads that fill its queues. part->functions must be cleared, also after a
 * failure. */
tarn_status tarn__compiled_part_find(compiled_part *part, const tarn_model *model,
                                     tarn_arena *arena, const tarn_run_request *requests, size_t n);
/* The MetaGraphDef: graph, signatures that it still has (or one of the first run's names),
 * initialisation. */
tarn_status tarn__compiled_part_write(compiled_part *part, const tarn_run_request *requests,
                                      tarn_bytes *meta);

#endif

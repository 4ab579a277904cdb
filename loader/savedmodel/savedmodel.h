/* SavedModel: the folder, and choosing one of its meta graphs. */
#ifndef TARN_LOADER_SAVEDMODEL_SAVEDMODEL_H
#define TARN_LOADER_SAVEDMODEL_SAVEDMODEL_H

#include "core/wire/wire.h"

/* The model file in a folder: saved_model.pb, or saved_model.pbtxt; the path is in the arena.
 * TARN_IO when there is none, TARN_UNSUPPORTED when there is only the chunked form. */
TARN_MUST_CHECK tarn_status tarn__savedmodel_file(const char *folder, tarn_arena *arena,
                                                  const char **path);
/* The meta graph of a SavedModel message whose set of tags is exactly `tags`, a list with commas.
 * TARN_NOT_FOUND lists those that there are. */
TARN_MUST_CHECK tarn_status tarn__savedmodel_pick(tarn_wire message, const char *tags,
                                                  tarn_arena *arena, tarn_wire *metagraph);

#endif

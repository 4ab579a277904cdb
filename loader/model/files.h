/* Doors to files for kernels (kernels/files.h): the whole one, for sessions that allow files, and a
 * narrow one for what loading a model may reach by itself. */
#ifndef TARN_LOADER_MODEL_FILES_H
#define TARN_LOADER_MODEL_FILES_H

#include "kernels/files.h"
#include "loader/model/opened.h"

/* Everything that the process may reach. */
extern const tarn_files tarn__files_all;

/* Restoring the checkpoint `prefix` and its shards, and reading files below the folder `assets`;
 * nothing is written. Either may be NULL: not at all. opened: that checkpoint, whose tensors are
 * given without a copy; NULL: it is opened when it is needed. `table` is what a run is given; all
 * arguments are borrowed. */
typedef struct tarn_model_door {
  tarn_files table;
  const char *prefix, *assets;
  tarn_opened *opened;
} tarn_model_door;
void tarn__model_door_init(tarn_model_door *door, const char *prefix, tarn_opened *opened,
                           const char *assets);

#endif

/* Measured kernel choices in files. */
#ifndef TARN_LOADER_TUNING_TUNING_FILE_H
#define TARN_LOADER_TUNING_TUNING_FILE_H

#include "graph/tuning/tuning.h"

/* The file that `wanted` means: itself; NULL or "": the knob TARN_TUNING, else this machine's in
 * the user's folder of caches. "none" gives NULL, as does a user without a home. In the arena. */
const char *tarn__tuning_path(tarn_arena *arena, const char *wanted);
/* Errors: TARN_IO (it is not there, or cannot be read), those of tarn__tuning_parse, with the
 * file's name. */
TARN_MUST_CHECK tarn_status tarn__tuning_load(tarn_tuning *tuning, const char *path);
/* Whole or not at all; the folder is made when it is not there, with that of caches. */
TARN_MUST_CHECK tarn_status tarn__tuning_save(const tarn_tuning *tuning, const char *path);

#endif

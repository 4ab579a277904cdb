/* What a model runs once its variables are there. */
#ifndef TARN_LOADER_MODEL_INIT_OP_H
#define TARN_LOADER_MODEL_INIT_OP_H

#include "loader/graphdef/metagraph.h"

/* The name of the op, in the arena; NULL: none. TARN_CORRUPT: the model names something else than
 * one op. */
tarn_status tarn__model_init_op(const tarn_metagraph *meta, tarn_arena *arena, const char **op);

#endif

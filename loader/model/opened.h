/* The checkpoint that the sessions of a model were restored from last. It stays open with the
 * tensors that were taken from it, so that a second session gets the very tensors of the first: one
 * mapping of the files, and one packed form of each weight.
 *
 * Tensors are views of the mapped files where that is possible (tarn__checkpoint_view). Whoever
 * replaces the checkpoint by renaming, as TensorFlow's savers and tarn's do, changes nothing for
 * sessions that are there. */
#ifndef TARN_LOADER_MODEL_OPENED_H
#define TARN_LOADER_MODEL_OPENED_H

#include "loader/checkpoint/checkpoint.h"

/* A model's place for one; thread-safe. */
typedef struct tarn_opened_place tarn_opened_place;
tarn_status tarn__opened_place_create(const tarn_allocator *a, tarn_opened_place **place);
void tarn__opened_place_destroy(tarn_opened_place *place); /* NULL passes */

typedef struct tarn_opened tarn_opened;
/* The open checkpoint at `path` (as tarn__checkpoint_open takes it): the one of the place when it
 * is that and its files are the same, else opened anew and kept there. Counted: release it. */
tarn_status tarn__opened_get(tarn_opened_place *place, const char *path, tarn_opened **opened);
void tarn__opened_release(tarn_opened *opened); /* NULL passes */
const tarn_checkpoint *tarn__opened_checkpoint(const tarn_opened *opened);
/* Tensor i: the one that was given before, where it could be a view; else read into memory of `a`.
 */
tarn_status tarn__opened_tensor(tarn_opened *opened, const tarn_allocator *a, size_t i,
                                tarn_tensor *out);

#endif

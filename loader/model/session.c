/* A session of a model: the graph's session, which keeps the model, with the files of this process
 * behind it. */
#include "graph/session.h"
#include "loader/model/files.h"
#include "loader/model/model.h"
#include "loader/tuning/tuning_file.h"

#include <unistd.h>

static tarn_status tune(tarn_session *session, const char *wanted) {
  tarn_arena *arena;
  tarn_tuning *tuning = NULL;
  TARN_TRY(tarn__arena_create(tarn__session_allocator(session), &arena));
  const char *path = tarn__tuning_path(arena, wanted);
  tarn_status status = TARN_OK;
  if (path && (*wanted || access(path, F_OK) == 0)) {
    status = tarn__tuning_create(tarn__allocator_default(), &tuning);
    if (status == TARN_OK) status = tarn__tuning_load(tuning, path);
    if (status == TARN_OK) {
      tarn__session_take_tuning(session, tuning);
      tuning = NULL;
    } else if (!*wanted && status != TARN_NO_MEMORY) {
      status = TARN_OK;
    }
  }
  tarn__tuning_destroy(tuning);
  tarn__arena_destroy(arena);
  return status;
}

tarn_status tarn_session_create(tarn_model *model, const tarn_session_options *options,
                                tarn_session **session) {
  if (!model || !session)
    return tarn_fail(TARN_INVALID, "a session needs a model and a place to put it");
  tarn_session *made;
  TARN_TRY(
      tarn__session_create(model->meta.graph, &model->object, options, &tarn__files_all, &made));
  tarn__session_share_packed(made, model->packed);
  const tarn_status status = options && options->tuning ? tune(made, options->tuning) : TARN_OK;
  if (status == TARN_OK) *session = made;
  else tarn_session_destroy(made);
  return status;
}

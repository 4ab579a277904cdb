/* A session of a model: the graph's session, which keeps the model, with the files of this process behind it. */
#include "graph/session.h"
#include "loader/model/files.h"
#include "loader/model/model.h"

tarn_status tarn_session_create(tarn_model *model, const tarn_session_options *options, tarn_session **session) {
  if (!model || !session) return tarn_fail(TARN_INVALID, "a session needs a model and a place to put it");
  TARN_TRY(tarn__session_create(model->meta.graph, &model->object, options, &tarn__files_all, session));
  tarn__session_share_packed(*session, model->packed);
  return TARN_OK;
}

/* tarn_session_create: a session over a model's graph, with the loader's way to files; the session keeps the model. */
#include "graph/session.h"
#include "loader/model/model.h"

tarn_status tarn_session_create(tarn_model *model, const tarn_session_options *options, tarn_session **session) {
  if (!model || !session) return tarn_fail(TARN_INVALID, "a model and room for the session are needed");
  return tarn__session_create(model->meta.graph, &model->object, options, NULL, session);
}

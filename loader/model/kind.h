/* What kind of file a model is, by what is in it. */
#ifndef TARN_LOADER_MODEL_KIND_H
#define TARN_LOADER_MODEL_KIND_H

#include "loader/graphdef/schema.h"
#include "loader/graphdef/source.h"

/* Finds out whether *source is a GraphDef, a MetaGraphDef or a SavedModel, in binary or in text,
 * and checks all of it. The name only decides where the bytes fit two kinds, and that a .pbtxt is
 * text. A text source is replaced by its binary form. TARN_CORRUPT when it is none: with the reason
 * of the kind that fits best. */
TARN_MUST_CHECK tarn_status tarn__model_kind(const char *path, tarn_source **source,
                                             const tarn_proto_message **kind, bool *text);

#endif

/* A loaded model: its graph and what its file says about it. Immutable; counted, so that sessions
 * keep it.
 *
 * Inside the library: tarn_model_load makes it, the session, the command and the exporter read
 * it. */
#ifndef TARN_LOADER_MODEL_MODEL_H
#define TARN_LOADER_MODEL_MODEL_H

#include "graph/exec/packed.h"
#include "loader/graphdef/metagraph.h"
#include "loader/model/opened.h"

struct tarn_model {
  tarn_object object;              /* a session retains it */
  const tarn_allocator *allocator;
  const char *format;              /* "GraphDef", "MetaGraphDef", "SavedModel" or "compiled" */
  const char *path;                /* of the file that was read */
  const char *folder;              /* of a SavedModel; NULL otherwise */
  const char *variables_prefix;    /* of a SavedModel that has variables; NULL otherwise */
  const char
      *checkpoint_prefix; /* when the model was given as a checkpoint's prefix; NULL otherwise */
  tarn_metagraph meta;             /* of a GraphDef: the graph alone */
  bool text;                       /* read from the text form */
  tarn_opened_place *opened;       /* what its sessions were restored from */
  tarn_packed_store *packed;       /* what they share */
  struct tarn_compiled *compiled;  /* of a compiled file; NULL otherwise */
};

extern const tarn_object_type tarn__model_type;

#endif

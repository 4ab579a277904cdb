/* Loading a model from whatever the user names: see tarn_model_load in tarn.h.
 *
 *   a folder with saved_model.pb or .pbtxt   SavedModel
 *   a file                                   by its contents (kind.c), or what tarn_session_compile
 * wrote PREFIX with PREFIX.meta beside it        MetaGraphDef, and the checkpoint's prefix is
 * remembered a folder with a file `checkpoint`        the newest checkpoint that this names, as a
 * prefix */
#include "loader/model/model.h"

#include <errno.h>
#include <sys/stat.h>

#include "loader/checkpoint/checkpoint.h"
#include "loader/compiled/compiled.h"
#include "loader/graphdef/import.h"
#include "loader/model/kind.h"
#include "loader/savedmodel/savedmodel.h"

static void destroy(void *object) {
  tarn_model *model = object;
  tarn__graph_destroy(model->meta.graph);
  tarn__opened_place_destroy(model->opened);
  tarn__packed_store_release(model->packed);
  tarn__compiled_release(model->compiled);
  tarn__free(model->allocator, model, sizeof *model);
}

const tarn_object_type tarn__model_type = {"Model", destroy};

void tarn_model_destroy(tarn_model *model) { tarn__object_release(model); }

static tarn_status create(const tarn_allocator *a, tarn_model **model) {
  tarn_model *m = tarn__alloc_zero(a, sizeof *m);
  if (!m) return TARN_NO_MEMORY;
  tarn__object_init(&m->object, &tarn__model_type);
  m->allocator = a;
  tarn_status status = tarn__graph_create(a, &m->meta.graph);
  if (status == TARN_OK) status = tarn__opened_place_create(a, &m->opened);
  if (status == TARN_OK) status = tarn__packed_store_create(a, NULL, &m->packed);
  if (status != TARN_OK) tarn_model_destroy(m);
  else *model = m;
  return status;
}

typedef enum place { PLACE_NONE, PLACE_FILE, PLACE_FOLDER, PLACE_OTHER } place;

static place look(const char *path) {
  struct stat facts;
  if (stat(path, &facts) != 0) return PLACE_NONE;
  return S_ISREG(facts.st_mode) ? PLACE_FILE : S_ISDIR(facts.st_mode) ? PLACE_FOLDER : PLACE_OTHER;
}

static const char *join(tarn_model *m, const char *path, const char *rest) {
  return tarn__arena_printf(m->meta.graph->arena, "%s%s", path, rest);
}

static tarn_status read_graph(tarn_model *m, tarn_wire w, tarn_source *source) {
  tarn_graph *graph = m->meta.graph;
  m->format = "GraphDef";
  m->meta = (tarn_metagraph){.graph = graph, .tensorflow_version = ""};
  m->meta.saver = (tarn_saver){.filename_tensor = "", .save_tensor = "", .restore_op = ""};
  return tarn__graphdef_read(w, source, graph);
}

static tarn_status read_meta(tarn_model *m, tarn_wire w, tarn_source *source) {
  m->format = "MetaGraphDef";
  return tarn__metagraph_read(w, source, m->meta.graph, &m->meta);
}

static tarn_status read_saved(tarn_model *m, tarn_wire w, tarn_source *source, const char *tag) {
  tarn_wire meta;
  TARN_TRY(tarn__savedmodel_pick(w, tag, m->meta.graph->arena, &meta));
  TARN_TRY(read_meta(m, meta, source));
  m->format = "SavedModel";
  const char *slash = strrchr(m->path, '/');
  m->folder =
      slash ? tarn__arena_strndup(m->meta.graph->arena, m->path, (size_t)(slash - m->path) + 1)
            : "./";
  if (!m->folder) return TARN_NO_MEMORY;
  const char *prefix = join(m, m->folder, "variables/variables");
  const char *index = prefix ? join(m, prefix, ".index") : NULL;
  if (!index) return TARN_NO_MEMORY;
  if (look(index) == PLACE_FILE || look(prefix) == PLACE_FILE) m->variables_prefix = prefix;
  return TARN_OK;
}

static tarn_status read_compiled(tarn_model *m, tarn_source *source) {
  m->format = "compiled";
  TARN_TRY(tarn__compiled_open(m->allocator, source, &m->compiled));
  tarn_packed_store *packed;
  TARN_TRY(tarn__packed_store_create(m->allocator, tarn__compiled_forms(m->compiled), &packed));
  tarn__packed_store_release(m->packed);
  m->packed = packed;
  const tarn_status status =
      tarn__metagraph_read(tarn__compiled_meta(m->compiled), source, m->meta.graph, &m->meta);
  source->beside = NULL;         /* the graph is read; the tensors keep what they need */
  return status;
}

static tarn_status read_source(tarn_model *m, tarn_source **source, const char *tag) {
  if (tarn__compiled_is((*source)->data, (*source)->size)) return read_compiled(m, *source);
  const tarn_proto_message *kind;
  TARN_TRY(tarn__model_kind(m->path, source, &kind, &m->text));
  tarn_wire w = tarn__wire((*source)->data, (*source)->size, 0, kind->name);
  if (kind == &tarn__proto_saved_model) return read_saved(m, w, *source, tag);
  if (kind == &tarn__proto_meta_graph_def) return read_meta(m, w, *source);
  return read_graph(m, w, *source);
}

static tarn_status read_file(tarn_model *m, const char *path, const char *tag) {
  m->path = join(m, path, "");
  if (!m->path) return TARN_NO_MEMORY;
  tarn_source *source;
  TARN_TRY(tarn__source_map(m->allocator, path, &source));
  tarn_status status = read_source(m, &source, tag);
  tarn__source_release(source);
  if (status != TARN_OK) {
    char shown[256];
    tarn__context("reading '%s'%s", tarn__printable(path, strlen(path), shown, sizeof shown),
                  m->text ? ", a text whose binary form has these offsets" : "");
  }
  return status;
}

/* A file: itself, but for a V1 checkpoint, which is a file called PREFIX. */
static tarn_status read_file_or_prefix(tarn_model *m, const char *path, const char *meta,
                                       const char *tag) {
  if (look(meta) == PLACE_FILE) {
    TARN_TRY(read_file(m, meta, tag));
    m->checkpoint_prefix = join(m, path, "");
    return m->checkpoint_prefix ? TARN_OK : TARN_NO_MEMORY;
  }
  return read_file(m, path, tag);
}

/* A folder that training wrote to: no SavedModel, but a list of checkpoints. */
static tarn_status read_newest(tarn_model *m, const char *state, const char *tag) {
  char *prefix;
  size_t bytes;
  TARN_TRY(tarn__checkpoint_state_newest(m->allocator, state, &prefix, &bytes));
  const char *meta = join(m, prefix, ".meta");
  tarn_status status = meta ? read_file(m, meta, tag) : TARN_NO_MEMORY;
  if (status == TARN_OK) {
    m->checkpoint_prefix = join(m, prefix, "");
    if (!m->checkpoint_prefix) status = TARN_NO_MEMORY;
  }
  tarn__free(m->allocator, prefix, bytes);
  return status;
}

static tarn_status read_folder(tarn_model *m, const char *path, const char *tag) {
  const char *file, *state = join(m, path, "/checkpoint");
  if (!state) return TARN_NO_MEMORY;
  tarn_status status = tarn__savedmodel_file(path, m->meta.graph->arena, &file);
  if (status == TARN_IO && look(state) == PLACE_FILE) return read_newest(m, state, tag);
  return status == TARN_OK ? read_file(m, file, tag) : status;
}

static tarn_status read_path(tarn_model *m, const char *path, const char *tag) {
  char shown[256];
  const char *meta = join(m, path, ".meta"), *index = join(m, path, ".index");
  if (!meta || !index) return TARN_NO_MEMORY;
  switch (look(path)) {
    case PLACE_FILE:
      return read_file_or_prefix(m, path, meta, tag);
    case PLACE_FOLDER:
      return read_folder(m, path, tag);
    case PLACE_OTHER:
      return read_file(m, path, tag);   /* refused with what it is */
    case PLACE_NONE:
      break;
  }
  int error = errno;
  tarn__printable(path, strlen(path), shown, sizeof shown);
  if (look(meta) == PLACE_FILE) return read_file_or_prefix(m, path, meta, tag);
  if (look(index) == PLACE_FILE)
    return tarn_fail(TARN_IO,
                     "'%s' is a checkpoint without a graph: there is no '%s.meta' beside it", shown,
                     shown);
  return tarn_fail(TARN_IO, "'%s': %s; nor is there '%s.meta'", shown, strerrordesc_np(error),
                   shown);
}

tarn_status tarn_model_load(const char *path, const tarn_model_options *options,
                            tarn_model **model) {
  if (!path || !*path || !model)
    return tarn_fail(TARN_INVALID, "a model needs a path and a place to put it");
  const tarn_allocator *a =
      options && options->allocator ? options->allocator : tarn__allocator_default();
  tarn_model *m;
  TARN_TRY(create(a, &m));
  tarn_status status = read_path(m, path, options && options->tag ? options->tag : "serve");
  if (status != TARN_OK) {
    tarn_model_destroy(m);
    return status;
  }
  *model = m;
  return TARN_OK;
}

/* MetaGraphDef: see metagraph.h. */
#include "loader/graphdef/metagraph.h"

#include <stdlib.h>

#include "loader/graphdef/import.h"

/* Capacities are powers of two from 4, so none is stored. */
tarn_status tarn__metagraph_grow(tarn_arena *arena, void *array, size_t count, size_t bytes_each) {
  if (count != 0 && (count < 4 || (count & (count - 1)) != 0)) return TARN_OK;
  void *old, *grown = tarn__arena_array(arena, count == 0 ? 4 : 2 * count, bytes_each);
  if (!grown) return TARN_NO_MEMORY;
  memcpy(&old, array, sizeof old);
  if (count) memcpy(grown, old, count * bytes_each);
  memcpy(array, &grown, sizeof grown);
  return TARN_OK;
}

static tarn_status read_saver(tarn_import *im, tarn_wire w, tarn_saver *s) {
  s->present = true;
  for (;;) {
    tarn_wire_field f;
    int32_t version;
    TARN_TRY(tarn__wire_next(&w, &f));
    switch (f.number) {
      case 0: return TARN_OK;
      case 1: TARN_TRY(tarn__import_text(im, &f, &s->filename_tensor)); break;
      case 2: TARN_TRY(tarn__import_text(im, &f, &s->save_tensor)); break;
      case 3: TARN_TRY(tarn__import_text(im, &f, &s->restore_op)); break;
      case 5: TARN_TRY(tarn__wire_bool(&f, &s->sharded)); break;
      case 7:
        TARN_TRY(tarn__wire_int32(&f, &version));
        s->version = version;
        break;
    }
  }
}

static tarn_status read_tensor_info(tarn_import *im, tarn_wire w, tarn_tensor_info *info) {
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    int64_t number;
    bool is_ref;
    TARN_TRY(tarn__wire_next(&w, &f));
    switch (f.number) {
      case 0: return TARN_OK;
      case 1: TARN_TRY(tarn__import_text(im, &f, &info->name)); break;
      case 2:
        TARN_TRY(tarn__wire_int64(&f, &number));
        info->dtype = tarn__dtype_from_number(number, &is_ref);
        break;
      case 3:
        TARN_TRY(tarn__wire_message(&f, "TensorShapeProto", &inner));
        info->shape = (tarn_shape){.rank = 0};
        im->problem = NULL;
        TARN_TRY(tarn__shape_proto_read(im, inner, &info->shape));
        if (im->problem)
          info->shape = (tarn_shape){.rank = -1}; /* of too high a rank: only a description */
        break;
      case 4: info->kind = "sparse"; break;
      case 5: info->kind = "composite"; break;
    }
  }
}

/* An entry of a signature's inputs or outputs. */
static tarn_status read_info_entry(tarn_import *im, tarn_wire w, tarn_tensor_info *info) {
  *info = (tarn_tensor_info){.key = "", .name = "", .shape = {.rank = -1}, .kind = "dense"};
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == 1) TARN_TRY(tarn__import_text(im, &f, &info->key));
    if (f.number == 2) {
      TARN_TRY(tarn__wire_message(&f, "TensorInfo", &inner));
      TARN_TRY(read_tensor_info(im, inner, info));
    }
  }
}

static tarn_status read_signature(tarn_import *im, tarn_wire w, tarn_signature *s) {
  tarn_arena *arena = im->graph->arena;
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    switch (f.number) {
      case 0: return TARN_OK;
      case 1:
        TARN_TRY(tarn__wire_message(&f, "signature entry", &inner));
        TARN_TRY(tarn__metagraph_grow(arena, &s->inputs, s->n_inputs, sizeof *s->inputs));
        TARN_TRY(read_info_entry(im, inner, &s->inputs[s->n_inputs++]));
        break;
      case 2:
        TARN_TRY(tarn__wire_message(&f, "signature entry", &inner));
        TARN_TRY(tarn__metagraph_grow(arena, &s->outputs, s->n_outputs, sizeof *s->outputs));
        TARN_TRY(read_info_entry(im, inner, &s->outputs[s->n_outputs++]));
        break;
      case 3: TARN_TRY(tarn__import_text(im, &f, &s->method)); break;
    }
  }
}

/* Maps have no order of their own in a file; the same file should always give the same list. */
static int by_info_key(const void *a, const void *b) {
  return strcmp(((const tarn_tensor_info *)a)->key, ((const tarn_tensor_info *)b)->key);
}
static int by_signature_key(const void *a, const void *b) {
  return strcmp(((const tarn_signature *)a)->key, ((const tarn_signature *)b)->key);
}

static tarn_status read_signature_entry(tarn_import *im, tarn_wire w, tarn_signature *s) {
  *s = (tarn_signature){.key = "", .method = ""};
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__import_text(im, &f, &s->key));
    if (f.number == 2) {
      TARN_TRY(tarn__wire_message(&f, "SignatureDef", &inner));
      TARN_TRY(read_signature(im, inner, s));
    }
  }
  if (s->n_inputs) qsort(s->inputs, s->n_inputs, sizeof *s->inputs, by_info_key);
  if (s->n_outputs) qsort(s->outputs, s->n_outputs, sizeof *s->outputs, by_info_key);
  return TARN_OK;
}

static tarn_status read_asset(tarn_import *im, tarn_wire w, tarn_asset *asset) {
  *asset = (tarn_asset){"", ""};
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == 1) {
      tarn_tensor_info info = {.name = ""};
      TARN_TRY(tarn__wire_message(&f, "TensorInfo", &inner));
      TARN_TRY(read_tensor_info(im, inner, &info));
      asset->tensor = info.name;
    }
    if (f.number == 2) TARN_TRY(tarn__import_text(im, &f, &asset->filename));
  }
}

static tarn_status read_meta_info(tarn_import *im, tarn_wire w, tarn_metagraph *meta) {
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == 4) {
      TARN_TRY(
          tarn__metagraph_grow(im->graph->arena, &meta->tags, meta->n_tags, sizeof *meta->tags));
      TARN_TRY(tarn__import_text(im, &f, &meta->tags[meta->n_tags]));
      meta->n_tags++;
    }
    if (f.number == 5) TARN_TRY(tarn__import_text(im, &f, &meta->tensorflow_version));
  }
}

static tarn_status read_part(tarn_import *im, const tarn_wire_field *f, tarn_metagraph *meta) {
  tarn_arena *arena = im->graph->arena;
  tarn_wire inner;
  switch (f->number) {
    case 1:
      TARN_TRY(tarn__wire_message(f, "MetaInfoDef", &inner));
      return read_meta_info(im, inner, meta);
    case 3:
      TARN_TRY(tarn__wire_message(f, "SaverDef", &inner));
      return read_saver(im, inner, &meta->saver);
    case 4:
      TARN_TRY(tarn__wire_message(f, "collection_def entry", &inner));
      return tarn__collection_read(im, inner, meta);
    case 5:
      TARN_TRY(tarn__wire_message(f, "signature_def entry", &inner));
      TARN_TRY(tarn__metagraph_grow(arena, &meta->signatures, meta->n_signatures,
                                    sizeof *meta->signatures));
      return read_signature_entry(im, inner, &meta->signatures[meta->n_signatures++]);
    case 6:
      TARN_TRY(tarn__wire_message(f, "AssetFileDef", &inner));
      TARN_TRY(tarn__metagraph_grow(arena, &meta->assets, meta->n_assets, sizeof *meta->assets));
      return read_asset(im, inner, &meta->assets[meta->n_assets++]);
  }
  return TARN_OK;
}

tarn_status tarn__metagraph_read(tarn_wire message, tarn_source *source, tarn_graph *graph,
                                 tarn_metagraph *meta) {
  tarn_import im = {.graph = graph, .source = source};
  *meta = (tarn_metagraph){.graph = graph, .tensorflow_version = ""};
  meta->saver = (tarn_saver){.filename_tensor = "", .save_tensor = "", .restore_op = ""};
  bool has_graph = false;
  for (tarn_wire w = message;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number != 2) {
      TARN_TRY(read_part(&im, &f, meta));
      continue;
    }
    tarn_wire inner;
    if (has_graph)
      return tarn_fail(TARN_CORRUPT, "offset %llu: a second graph_def in one MetaGraphDef",
                       (unsigned long long)f.offset);
    has_graph = true;
    TARN_TRY(tarn__wire_message(&f, "GraphDef", &inner));
    TARN_TRY(tarn__graphdef_read(inner, source, graph));
  }
  if (meta->n_signatures)
    qsort(meta->signatures, meta->n_signatures, sizeof *meta->signatures, by_signature_key);
  return has_graph ? TARN_OK : tarn__graph_finish(graph);
}

tarn_status tarn__metagraph_tags(tarn_wire message, tarn_arena *arena, const char ***tags,
                                 size_t *n) {
  tarn_graph names = {.arena = arena};   /* the part of a graph that reading text needs */
  tarn_import im = {.graph = &names};
  tarn_metagraph meta = {.n_tags = 0};
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&message, &f));
    if (f.number == 0) break;
    if (f.number != 1) continue;
    TARN_TRY(tarn__wire_message(&f, "MetaInfoDef", &inner));
    TARN_TRY(read_meta_info(&im, inner, &meta));
  }
  *tags = meta.tags;
  *n = meta.n_tags;
  return TARN_OK;
}

const tarn_collection *tarn__metagraph_collection(const tarn_metagraph *meta, const char *key) {
  for (size_t i = 0; i < meta->n_collections; i++)
    if (strcmp(meta->collections[i].key, key) == 0) return &meta->collections[i];
  return NULL;
}

const tarn_signature *tarn__metagraph_signature(const tarn_metagraph *meta, const char *key) {
  for (size_t i = 0; i < meta->n_signatures; i++)
    if (strcmp(meta->signatures[i].key, key) == 0) return &meta->signatures[i];
  return NULL;
}

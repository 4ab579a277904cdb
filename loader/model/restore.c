/* tarn_session_restore: variables from a checkpoint, and what a SavedModel runs at its start.
 *
 * With a saver (a .meta, a SavedModel) the graph itself knows which key goes where: its restore op
 * is run with the prefix fed. Without one each variable takes the entry of its name (variables.c).
 * Either way the run has a door to this checkpoint and, for a SavedModel, to its assets, and to
 * nothing else: a model cannot use being loaded to reach other files. */
#include <stdio.h>

#include "graph/session.h"
#include "loader/checkpoint/checkpoint.h"
#include "loader/compiled/compiled.h"
#include "loader/model/files.h"
#include "loader/model/init_op.h"
#include "loader/model/variables.h"

static tarn_status string_scalar(const char *text, tarn_tensor **tensor) {
  TARN_TRY(tarn_tensor_create(TARN_STRING, 0, NULL, tensor));
  tarn_status status = tarn_tensor_set_string(*tensor, 0, text, strlen(text));
  if (status != TARN_OK) tarn_tensor_release(*tensor);
  return status;
}

/* The node's part of "node:0"; the arena's. */
static const char *node_name(tarn_arena *arena, const char *text) {
  return tarn__arena_strndup(arena, text, strcspn(text, ":"));
}

static tarn_status run_saver(tarn_session *session, const tarn_model *model, tarn_arena *arena,
                             tarn_opened *opened) {
  /* The saver's ops get the prefix in full, so that the door knows it again. */
  const char *prefix = tarn__checkpoint_prefix(tarn__opened_checkpoint(opened));
  const tarn_saver *saver = &model->meta.saver;
  const char *target = node_name(arena, saver->restore_op);
  if (!target) return TARN_NO_MEMORY;
  tarn_tensor *name;
  TARN_TRY(string_scalar(prefix, &name));
  tarn_model_door door;
  tarn__model_door_init(&door, prefix, opened, NULL);
  tarn_feed feed = {saver->filename_tensor, name};
  tarn_run_request request = {.feeds = &feed, .n_feeds = 1, .targets = &target, .n_targets = 1,
                              .files = &door.table};
  tarn_status status = tarn__session_run(session, &request, NULL);
  tarn_tensor_release(name);
  return status;
}

/* A part NAME/part_I that no VariableDef describes: parts follow one another along the one
 * dimension in which they differ from the whole. The shapes that the parts' nodes declare give the
 * place. false: not so. */
static bool part_of_entry(const tarn_model *model, const tarn_checkpoint *c, const tarn_node *node,
                          size_t *entry, tarn_slice *slice) {
  const char *slash = strrchr(node->name, '/');
  if (!slash || strncmp(slash, "/part_", 6) != 0 || slash - node->name > 1000) return false;
  int digits = 0;
  long part = 0;
  for (const char *d = slash + 6; *d; d++, digits++) {
    if (*d < '0' || *d > '9' || digits > 6) return false;
    part = part * 10 + (*d - '0');
  }
  if (digits == 0 || !tarn__checkpoint_find(c, node->name, (size_t)(slash - node->name), entry))
    return false;
  tarn_checkpoint_info info;
  tarn__checkpoint_info(c, *entry, &info);
  const tarn_attr *own = tarn__attr_find(&node->attrs, "shape");
  if (!own || own->kind != TARN_ATTR_SHAPE || own->shape->rank != info.shape.rank) return false;
  int axis = -1;
  *slice = tarn__slice_whole(info.shape.rank);
  for (int i = 0; i < info.shape.rank; i++) {
    if (own->shape->dim[i] == info.shape.dim[i]) continue;
    if (axis >= 0 || own->shape->dim[i] < 0) return false;
    axis = i;
  }
  if (axis < 0) return true;   /* a single part */
  int64_t start = 0;
  for (long i = 0; i < part; i++) {
    char name[1024];
    snprintf(name, sizeof name, "%.*s/part_%ld", (int)(slash - node->name), node->name, i);
    const tarn_node *before = tarn__graph_node(model->meta.graph, name);
    const tarn_attr *shape = before ? tarn__attr_find(&before->attrs, "shape") : NULL;
    if (!shape || shape->kind != TARN_ATTR_SHAPE || shape->shape->rank != info.shape.rank ||
        shape->shape->dim[axis] < 0 || tarn__add_overflow(start, shape->shape->dim[axis], &start))
      return false;
  }
  slice->start[axis] = start;
  slice->length[axis] = own->shape->dim[axis];
  return true;
}

/* Where variables come from. objects: of a checkpoint of tf.train.Checkpoint, whose keys are paths
 * through objects; the names that the variables had stand in its object graph. NULL: an ordinary
 * one. */
typedef struct source {
  const tarn_model *model;
  tarn_opened *opened;
  const tarn_checkpoint *checkpoint;   /* what is open */
  tarn_object_graph *objects;
} source;

/* The value of variable v from the checkpoint. *found false: there is no entry. */
static tarn_status read_entry(const source *from, const tarn_allocator *a,
                              const tarn_variable_entry *v, bool *found, tarn_tensor *value) {
  const tarn_checkpoint *c = from->checkpoint;
  size_t i;
  tarn_slice slice;
  *found = true;
  if (tarn__checkpoint_find(c, v->key, strlen(v->key), &i))
    return v->sliced ? tarn__checkpoint_read_slice(c, a, i, &v->slice, value)
                     : tarn__opened_tensor(from->opened, a, i, value);
  if (part_of_entry(from->model, c, v->node, &i, &slice))
    return tarn__checkpoint_read_slice(c, a, i, &slice, value);
  const char *path =
      from->objects ? tarn__object_graph_key(from->objects, v->key, strlen(v->key)) : NULL;
  if (path && tarn__checkpoint_find(c, path, strlen(path), &i))
    return tarn__opened_tensor(from->opened, a, i, value);
  /* A handle's own name may differ from that of what it shares. */
  const tarn_attr *shared = tarn__attr_find(&v->node->attrs, "shared_name");
  if (shared && shared->kind == TARN_ATTR_STRING && shared->s.size &&
      tarn__checkpoint_find(c, shared->s.data, shared->s.size, &i))
    return tarn__opened_tensor(from->opened, a, i, value);
  *found = false;
  return TARN_OK;
}

static tarn_status restore_variable(tarn_session *session, const source *from,
                                    const tarn_variable_entry *v, bool *found) {
  tarn_tensor value = {0};
  TARN_TRY(read_entry(from, tarn__session_allocator(session), v, found, &value));
  if (!*found) return TARN_OK;
  tarn_status status = tarn__session_variable_set(session, v->node, &value);
  tarn__tensor_clear(&value);
  return status;
}

/* Each variable takes the entry of its own name. One without an entry stays as it is, which is an
 * error only where a run reads it before something sets it; a checkpoint that has none of them is
 * the wrong one. */
static tarn_status each_by_name(tarn_session *session, tarn_arena *arena, const source *from) {
  const tarn_checkpoint *c = from->checkpoint;
  tarn_variable_entry *entries;
  size_t count, set = 0, unused;
  const tarn_variable_entry *first = NULL;
  TARN_TRY(tarn__variable_entries(from->model, arena, &entries, &count));
  for (size_t i = 0; i < count; i++) {
    bool found;
    TARN_TRY_IN(restore_variable(session, from, &entries[i], &found), "restoring variable '%s'",
                entries[i].node->name);
    set += found;
    if (found || entries[i].local) continue;
    if (!first) first = &entries[i];
    if (tarn__checkpoint_need(c, entries[i].key, strlen(entries[i].key), &unused) == TARN_OK)
      continue;
    char why[200];
    tarn__error_brief(why, sizeof why);
    TARN_TRY(tarn__session_variable_missing(session, entries[i].node, why));
  }
  return first && !set ? tarn__checkpoint_need(c, first->key, strlen(first->key), &unused)
                       : TARN_OK;
}

static tarn_status by_name(tarn_session *session, const tarn_model *model, tarn_arena *arena,
                           tarn_opened *opened) {
  source from = {.model = model, .opened = opened, .checkpoint = tarn__opened_checkpoint(opened)};
  const tarn_status objects =
      tarn__object_graph_read(from.checkpoint, tarn__session_allocator(session), &from.objects);
  if (objects != TARN_OK && objects != TARN_NOT_FOUND) return objects;
  const tarn_status status = each_by_name(session, arena, &from);
  tarn__object_graph_destroy(from.objects);
  return status;
}

static tarn_status restore_from(tarn_session *session, const tarn_model *model, tarn_arena *arena,
                                const char *path) {
  tarn_opened *opened;
  TARN_TRY(tarn__opened_get(model->opened, path, &opened));
  tarn_status status = model->meta.saver.present && *model->meta.saver.restore_op
                           ? run_saver(session, model, arena, opened)
                           : by_name(session, model, arena, opened);
  tarn__opened_release(opened);
  if (status != TARN_OK) {
    char shown[200];
    tarn__context("restoring '%s'", tarn__printable(path, strlen(path), shown, sizeof shown));
  }
  return status;
}

/* ---- what a SavedModel runs once its variables are there ---- */

static tarn_status feed_assets(const tarn_model *model, tarn_arena *arena, const char *folder,
                               tarn_feed *feeds, size_t *n) {
  for (*n = 0; *n < model->meta.n_assets; ++*n) {
    const tarn_asset *asset = &model->meta.assets[*n];
    const char *path = tarn__arena_printf(arena, "%s%s", folder, asset->filename);
    if (!path) return TARN_NO_MEMORY;
    feeds[*n].name = asset->tensor;
    TARN_TRY(string_scalar(path, &feeds[*n].tensor));
  }
  return TARN_OK;
}

static tarn_status initialise(tarn_session *session, const tarn_model *model, tarn_arena *arena) {
  const char *op;
  TARN_TRY(tarn__model_init_op(&model->meta, arena, &op));
  if (!op) return TARN_OK;
  const char *folder = tarn__arena_printf(arena, "%sassets/", model->folder ? model->folder : "");
  tarn_feed *feeds = tarn__arena_array(arena, model->meta.n_assets, sizeof *feeds);
  if (!folder || !feeds) return TARN_NO_MEMORY;
  tarn_model_door door;
  tarn__model_door_init(&door, NULL, NULL, model->folder ? folder : NULL);
  size_t n;
  tarn_status status = feed_assets(model, arena, folder, feeds, &n);
  if (status == TARN_OK) {
    tarn_run_request request = {.feeds = feeds, .n_feeds = n, .targets = &op, .n_targets = 1,
                                .files = &door.table};
    status = tarn__session_run(session, &request, NULL);
  }
  for (size_t i = 0; i < n; i++) tarn_tensor_release(feeds[i].tensor);
  if (status != TARN_OK) tarn__context("running the model's initialisation '%s'", op);
  return status;
}

static tarn_status restore(tarn_session *session, const tarn_model *model, tarn_arena *arena,
                           const char *prefix) {
  if (prefix) return restore_from(session, model, arena, prefix);
  if (model->compiled) {
    TARN_TRY_IN(tarn__compiled_restore(model->compiled, session), "restoring the variables of '%s'",
                model->path);
    return initialise(session, model, arena);
  }
  if (model->folder) {
    if (model->variables_prefix)
      TARN_TRY(restore_from(session, model, arena, model->variables_prefix));
    return initialise(session, model, arena);
  }
  if (model->checkpoint_prefix)
    return restore_from(session, model, arena, model->checkpoint_prefix);
  return tarn_fail(TARN_INVALID, "a %s has no variables of its own: name a checkpoint",
                   model->format);
}

tarn_status tarn_session_restore(tarn_session *session, const char *prefix) {
  if (!session) return tarn_fail(TARN_INVALID, "no session to restore");
  const tarn_model *model = (const tarn_model *)(const void *)tarn__session_keeper(session);
  if (!model || model->object.type != &tarn__model_type)
    return tarn_fail(TARN_INVALID, "the session was not made from a model");
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(model->allocator, &arena));
  tarn_status status = restore(session, model, arena, prefix);
  tarn__arena_destroy(arena);
  return status;
}

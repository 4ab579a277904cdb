/* tarn_session_save: every initialised variable into a V2 checkpoint, under the names that the
 * graph's own saver uses (variables.c), so that TensorFlow's Saver restores it. Parts of a
 * partitioned variable are stored as slices of the whole. */
#include <pthread.h>

#include "core/bytes.h"
#include "graph/session.h"
#include "kernels/state/resources.h"
#include "kernels/state/variable.h"
#include "loader/checkpoint/checkpoint.h"
#include "loader/model/variables.h"

/* The variable's value now; empty when it has none: never made by a run, or not initialised. */
static tarn_status value_of(tarn_session *session, tarn_arena *arena, const tarn_node *node,
                            tarn_tensor *value, const void **identity) {
  const tarn_string name = tarn__node_variable_name(node);
  const char *key = tarn__arena_strndup(arena, name.data, name.size);
  if (!key) return TARN_NO_MEMORY;
  tarn_variable *v =
      tarn__resources_find(tarn__session_resources(session), &tarn__variable_type, key);
  if (!v) return TARN_OK;
  pthread_mutex_lock(&v->lock);
  bool initialised = v->value.dtype != TARN_NO_DTYPE;
  pthread_mutex_unlock(&v->lock);
  tarn_status status = initialised ? tarn__variable_read(v, value) : TARN_OK;
  *identity = v;
  tarn__object_release(v);   /* the session's table keeps it */
  return status;
}

static tarn_status add(tarn_checkpoint_writer *w, const tarn_variable_entry *e,
                       const tarn_tensor *value) {
  if (!e->sliced) return tarn__checkpoint_writer_add(w, e->key, value);
  return tarn__checkpoint_writer_add_slice(w, e->key, &e->full, &e->slice, value);
}

static tarn_status add_all(tarn_session *session, const tarn_model *model, tarn_arena *arena,
                           tarn_checkpoint_writer *w, size_t *added) {
  tarn_variable_entry *entries;
  size_t count;
  TARN_TRY(tarn__variable_entries(model, arena, &entries, &count));
  const void **seen = tarn__arena_array(arena, count, sizeof *seen);
  if (!seen) return TARN_NO_MEMORY;
  *added = 0;
  for (size_t i = 0; i < count; i++) {
    tarn_tensor value = {0};
    const void *identity = NULL;
    TARN_TRY(value_of(session, arena, entries[i].node, &value, &identity));
    bool again = false;   /* two handles of one variable */
    for (size_t k = 0; k < *added && !again; k++) again = seen[k] == identity;
    if (value.dtype == TARN_NO_DTYPE || again) {
      tarn__tensor_clear(&value);
      continue;
    }
    tarn_status status = add(w, &entries[i], &value);
    tarn__tensor_clear(&value);
    if (status != TARN_OK) {
      tarn__context("saving variable '%s'", entries[i].node->name);
      return status;
    }
    seen[(*added)++] = identity;
  }
  return TARN_OK;
}

static tarn_status save(tarn_session *session, const tarn_model *model, tarn_arena *arena,
                        const char *prefix) {
  tarn_checkpoint_writer *w;
  TARN_TRY(tarn__checkpoint_writer_create(model->allocator, prefix, &w));
  size_t added;
  tarn_status status = add_all(session, model, arena, w, &added);
  if (status == TARN_OK && added == 0)
    status = tarn_fail(TARN_FAILED, "no variable is initialised: nothing to save");
  if (status != TARN_OK) {
    tarn__checkpoint_writer_discard(w);
    return status;
  }
  return tarn__checkpoint_writer_commit(w);
}

tarn_status tarn_session_save(tarn_session *session, const char *prefix) {
  if (!session || !prefix || !*prefix)
    return tarn_fail(TARN_INVALID, "saving needs a session and a prefix");
  const tarn_model *model = (const tarn_model *)(const void *)tarn__session_keeper(session);
  if (!model || model->object.type != &tarn__model_type)
    return tarn_fail(TARN_INVALID, "the session was not made from a model");
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(model->allocator, &arena));
  tarn_status status = save(session, model, arena, prefix);
  tarn__arena_destroy(arena);
  if (status != TARN_OK) {
    char shown[200];
    tarn__context("saving to '%s'", tarn__printable(prefix, strlen(prefix), shown, sizeof shown));
  }
  return status;
}

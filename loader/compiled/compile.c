/* tarn_session_compile. In two steps: first the model is written without packed forms; then it is
 * loaded from that file, so that its weights have the names that they will have whenever the file
 * is loaded, planned, packed, and written again with the forms. */
#include <unistd.h>

#include "core/tensor/contents.h"
#include "core/thread/cpu.h"
#include "graph/plan/fold.h"
#include "loader/compiled/part.h"
#include "loader/compiled/reader.h"
#include "loader/compiled/writer.h"

/* ---- without forms -----------------------------------------------------------------------------
 */

static tarn_status write_variable(compiled_writer *w, tarn_session *session, const tarn_node *node,
                                  tarn_map *done) {
  const tarn_string name = tarn__node_variable_name(node);
  if (!tarn__session_variable_is_set(session, node) || tarn__map_get(done, name.data, name.size))
    return TARN_OK;
  TARN_TRY(tarn__map_put(done, name.data, name.size, session));
  tarn_tensor value = {0};
  TARN_TRY(tarn__session_variable_get(session, node, &value));
  const tarn_status status =
      tarn__dtype_in(value.dtype, TARN_PLAIN)
          ? tarn__compiled_writer_weight(w, node->name, &value, false)
          : tarn_fail(TARN_UNSUPPORTED, "variable '%s' is %s, which a compiled file does not hold",
                      node->name, tarn_dtype_name(value.dtype));
  tarn__tensor_clear(&value);
  return status;
}

static tarn_status write_weights(compiled_writer *w, tarn_session *session,
                                 const compiled_part *part) {
  const tarn_graph *graph = part->model->meta.graph;
  tarn_map done;
  tarn_status status = TARN_OK;
  for (size_t i = 0; i < part->constants; i++)
    TARN_TRY(tarn__compiled_writer_weight(w, NULL, part->constant[i], false));
  tarn__map_init(&done, part->model->allocator);
  for (size_t i = 0; i < graph->count && status == TARN_OK; i++)
    if (part->node[graph->nodes[i]->id])
      status = write_variable(w, session, graph->nodes[i], &done);
  tarn__map_clear(&done);
  return status;
}

static tarn_status write_first(tarn_session *session, const compiled_part *part,
                               const tarn_bytes *meta, const char *path) {
  compiled_writer w;
  tarn_status status = tarn__compiled_writer_open(&w, part->model->allocator, path);
  if (status == TARN_OK) status = write_weights(&w, session, part);
  if (status == TARN_OK) return tarn__compiled_writer_commit(&w, meta);
  tarn__compiled_writer_discard(&w);
  return status;
}

/* ---- with forms --------------------------------------------------------------------------------
 */

/* How a plan uses a weight: bits. */
enum { USE_PACKED = 1, USE_AS_IT_IS = 2 };

static void mark(const tarn_compiled *c, unsigned *use, const tarn_tensor *t, unsigned how) {
  const tarn_tensor *from = tarn__fold_of(t) ? tarn__fold_source(tarn__fold_of(t)) : t;
  for (size_t i = 0; i < c->weights; i++)
    if (from->data == c->source->data + c->weight[i].offset && c->weight[i].bytes) use[i] |= how;
}

static void mark_plan(const tarn_compiled *c, unsigned *use, const tarn_plan *plan) {
  for (int b = 0; b < plan->blocks; b++) {
    const tarn_block *block = plan->block[b];
    for (int at = 0; at < block->steps; at++) {
      const tarn_step *step = &block->step[at];
      for (int i = 0; i < step->inputs && !step->removed; i++) {
        const bool spent = i < 32 && step->spends >> i & 1u;
        mark(c, use, &block->value[step->in[i]].constant, spent ? USE_PACKED : USE_AS_IT_IS);
      }
    }
    for (int i = 0; i < block->results; i++)
      mark(c, use, &block->value[block->result[i]].constant, USE_AS_IT_IS);
  }
}

static tarn_status write_forms(compiled_writer *w, const tarn_packed_store *store) {
  for (const tarn_packed *p = store->first; p; p = p->next) {
    bool lasts = p->ready && p->listed && p->key.contents[0];
    for (int i = 0; i < TARN_PACKED_INPUTS; i++)
      lasts = lasts && (!p->key.contents[i] || tarn__contents_last(p->key.contents[i]));
    if (lasts) TARN_TRY(tarn__compiled_writer_form(w, &p->key, p->memory));
  }
  return TARN_OK;
}

static tarn_status write_all(compiled_writer *w, const tarn_model *model, const unsigned *use) {
  const tarn_compiled *c = model->compiled;
  for (size_t i = 0; i < c->weights; i++) {
    const compiled_weight *weight = &c->weight[i];
    tarn_tensor t = {0};
    /* as it lies in the file, with the name that it has there */
    TARN_TRY(tarn__tensor_wrap(c->allocator, weight->dtype, &weight->shape,
                               (void *)(uintptr_t)(c->source->data + weight->offset), NULL, NULL,
                               &t));
    tarn__tensor_name_lasting(&t, weight->contents);
    const tarn_status status =
        tarn__compiled_writer_weight(w, weight->variable, &t, use[i] == USE_PACKED);
    tarn__tensor_clear(&t);
    TARN_TRY(status);
  }
  return write_forms(w, model->packed);
}

static tarn_status write_second(tarn_model *model, tarn_session *session,
                                const tarn_run_request *requests, size_t n, const tarn_bytes *meta,
                                tarn_arena *arena, const char *path) {
  unsigned *use = tarn__arena_array(arena, model->compiled->weights + 1, sizeof *use);
  if (!use) return TARN_NO_MEMORY;
  TARN_TRY(tarn_session_restore(session, NULL));
  for (size_t i = 0; i < n; i++) {
    const tarn_plan *plan;
    TARN_TRY(tarn__session_plan(session, &requests[i], false, &plan));
    mark_plan(model->compiled, use, plan);
    TARN_TRY(tarn__session_prepare(session, &requests[i]));
  }
  compiled_writer w;
  tarn_status status = tarn__compiled_writer_open(&w, model->allocator, path);
  if (status == TARN_OK) status = write_all(&w, model, use);
  if (status == TARN_OK) return tarn__compiled_writer_commit(&w, meta);
  tarn__compiled_writer_discard(&w);
  return status;
}

static tarn_status compile(tarn_session *from, compiled_part *part,
                           const tarn_run_request *requests, size_t n, tarn_bytes *meta,
                           const char *path) {
  tarn_model *model = NULL;
  tarn_session *session = NULL;
  tarn_status status;
  const char *first = tarn__arena_printf(part->arena, "%s.first-%ld", path, (long)getpid());
  if (!first) return TARN_NO_MEMORY;
  TARN_TRY(tarn__compiled_part_write(part, requests, meta));
  TARN_TRY(write_first(from, part, meta, first));
  TARN_GOTO(tarn_model_load(first, NULL, &model));
  TARN_GOTO(tarn_session_create(
      model, &(tarn_session_options){.threads = tarn__session_threads(from)}, &session));
  tarn__session_choose_as(session, from);
  TARN_GOTO(write_second(model, session, requests, n, meta, part->arena, path));
done:
  (void)unlink(first); /* what is mapped stays */
  tarn_session_destroy(session);
  tarn_model_destroy(model);
  return status;
}

tarn_status tarn__session_compile(tarn_session *session, const tarn_run_request *requests, size_t n,
                                  const char *path) {
  const tarn_model *model = (const tarn_model *)(const void *)tarn__session_keeper(session);
  if (!model || model->object.type != &tarn__model_type)
    return tarn_fail(TARN_INVALID, "the session was not made from a model");
  if (!n || !path || !*path)
    return tarn_fail(TARN_INVALID, "a compiled file needs a path and a run that it is for");
  tarn_arena *arena;
  TARN_TRY(tarn__arena_create(model->allocator, &arena));
  compiled_part part;
  tarn_bytes meta;
  tarn__bytes_init(&meta, model->allocator);
  tarn_status status = tarn__compiled_part_find(&part, model, arena, requests, n);
  if (status == TARN_OK) status = compile(session, &part, requests, n, &meta, path);
  tarn__map_clear(&part.functions);
  tarn__bytes_clear(&meta);
  tarn__arena_destroy(arena);
  if (status != TARN_OK) tarn__context("compiling to '%s'", path);
  return status;
}

tarn_status tarn_session_compile(tarn_session *session, const tarn_feed *feeds, size_t n_feeds,
                                 const char *const *fetches, size_t n_fetches,
                                 const char *const *targets, size_t n_targets, const char *path) {
  if (!session) return tarn_fail(TARN_INVALID, "no session to compile");
  const tarn_run_request request = {.feeds = feeds,
                                    .n_feeds = n_feeds,
                                    .fetches = fetches,
                                    .n_fetches = n_fetches,
                                    .targets = targets,
                                    .n_targets = n_targets};
  return tarn__session_compile(session, &request, 1, path);
}

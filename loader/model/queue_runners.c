/* Threads that fill queues: tarn_queue_runners_start and _stop of tarn.h.
 *
 * Each thread runs its enqueue op until the op fails. TARN_END is the good end: the last thread of
 * a queue closes it, so that what is behind it sees its data end, too, and so on down the pipeline.
 * Any other failure stops everything: `stopping` ends the runs of all threads wherever they wait,
 * and the cancel ops close the queues under the program's own runs. */
#include "loader/model/queue_runners.h"

#include <pthread.h>
#include <string.h>

#include "graph/session.h"
#include "kernels/state/waiting/wait.h"

typedef struct runner runner;

typedef struct thread {
  runner *of;
  const char *enqueue;
  pthread_t id;
} thread;

struct runner {
  const tarn_queue_runner_def *def;
  tarn_queue_runners *all;
  atomic_size_t left;            /* threads that have not ended */
};

struct tarn_queue_runners {
  const tarn_allocator *allocator;
  tarn_session *session;
  runner *runners;
  size_t n_runners;
  thread *threads;
  size_t n_threads, started;
  bool counted;                  /* the threads are parties of the session */
  atomic_bool stopping;
  pthread_mutex_t lock;          /* of the first failure, and of closing the queues */
  bool closed;
  tarn_status failure;
  char text[TARN_ERROR_BYTES];
};

static tarn_status run_op(const tarn_queue_runners *r, const char *op, const atomic_bool *stop) {
  const tarn_run_request request = {.targets = &op, .n_targets = 1, .stop = stop};
  return tarn__session_run(r->session, &request, NULL);
}

/* Ends what the threads do, and closes every queue, once. That a queue is closed already is no
 * failure. */
static void stop_all(tarn_queue_runners *r, tarn_status why) {
  pthread_mutex_lock(&r->lock);
  const bool stopped_before = atomic_exchange(&r->stopping, true);
  if (!stopped_before && why != TARN_OK && why != TARN_END) {
    r->failure = why;
    tarn__error_save(r->text, sizeof r->text);
  }
  if (!r->closed) {
    r->closed = true;
    for (size_t i = 0; i < r->n_runners; i++)
      if (r->runners[i].def->cancel[0]) (void)!run_op(r, r->runners[i].def->cancel, NULL);
  }
  pthread_mutex_unlock(&r->lock);
}

/* The last thread of a runner whose data have ended closes the queue. */
static void end_well(runner *of) {
  if (atomic_fetch_sub(&of->left, 1) != 1) return;
  if (of->def->close[0]) (void)!run_op(of->all, of->def->close, &of->all->stopping);
}

static void *fill(void *argument) {
  const thread *t = argument;
  runner *of = t->of;
  tarn_queue_runners *r = of->all;
  while (!atomic_load(&r->stopping)) {
    const tarn_status status = run_op(r, t->enqueue, &r->stopping);
    if (status == TARN_OK) continue;
    if (atomic_load(&r->stopping)) break;
    if (status == TARN_END || (status == TARN_CANCELLED && of->def->ends_when_cancelled)) {
      end_well(of);
      break;
    }
    tarn__context("filling queue '%s' by '%s'", of->def->queue, t->enqueue);
    stop_all(r, status);
    break;
  }
  if (r->counted) atomic_fetch_sub(&tarn__session_activity(r->session)->parties, 1);
  return NULL;
}

/* ---- starting ----------------------------------------------------------------------------- */

/* Local variables that nobody has initialised, by their initialisers. */
static tarn_status initialize_locals(tarn_session *session, const tarn_metagraph *meta) {
  for (size_t i = 0; i < meta->n_variables; i++) {
    const tarn_variable_def *v = &meta->variables[i];
    tarn_edge edge;
    if (!v->local || !v->initializer[0] || tarn__graph_find(meta->graph, v->name, &edge) != TARN_OK)
      continue;
    if (tarn__session_variable_is_set(session, edge.node)) continue;
    TARN_TRY_IN(tarn_session_run(session, NULL, 0, NULL, 0, &v->initializer, 1, NULL),
                "initialising the local variable '%s'", v->name);
  }
  return TARN_OK;
}

static tarn_status check_ops(const tarn_metagraph *meta, const tarn_queue_runner_def *def) {
  const char *other[] = {def->close, def->cancel};
  tarn_edge edge;
  for (size_t k = 0; k < def->n_enqueue; k++)
    TARN_TRY_IN(tarn__graph_find(meta->graph, def->enqueue[k], &edge),
                "looking for what fills queue '%s'", def->queue);
  for (size_t k = 0; k < 2; k++)
    if (other[k][0])
      TARN_TRY_IN(tarn__graph_find(meta->graph, other[k], &edge),
                  "looking for what closes queue '%s'", def->queue);
  return TARN_OK;
}

static void destroy(tarn_queue_runners *r) {
  pthread_mutex_destroy(&r->lock);
  tarn__free(r->allocator, r->runners, (r->n_runners + 1) * sizeof *r->runners);
  tarn__free(r->allocator, r->threads, (r->n_threads + 1) * sizeof *r->threads);
  tarn__free(r->allocator, r, sizeof *r);
}

static tarn_status create(tarn_session *session, const tarn_model *model,
                          tarn_queue_runners **made) {
  const tarn_metagraph *meta = &model->meta;
  tarn_queue_runners *r = tarn__alloc_zero(model->allocator, sizeof *r);
  if (!r) return TARN_NO_MEMORY;
  r->allocator = model->allocator;
  r->session = session;
  pthread_mutex_init(&r->lock, NULL);
  r->n_runners = meta->n_queue_runners;
  for (size_t i = 0; i < r->n_runners; i++) r->n_threads += meta->queue_runners[i].n_enqueue;
  r->runners = tarn__alloc_zero(r->allocator, (r->n_runners + 1) * sizeof *r->runners);
  r->threads = tarn__alloc_zero(r->allocator, (r->n_threads + 1) * sizeof *r->threads);
  if (!r->runners || !r->threads) {
    destroy(r);
    return TARN_NO_MEMORY;
  }
  thread *t = r->threads;
  for (size_t i = 0; i < r->n_runners; i++) {
    const tarn_queue_runner_def *def = &meta->queue_runners[i];
    r->runners[i].def = def;
    r->runners[i].all = r;
    atomic_init(&r->runners[i].left, def->n_enqueue);
    for (size_t k = 0; k < def->n_enqueue; k++)
      *t++ = (thread){.of = &r->runners[i], .enqueue = def->enqueue[k]};
  }
  *made = r;
  return TARN_OK;
}

static tarn_status start_threads(tarn_queue_runners *r) {
  tarn_activity *activity = tarn__session_activity(r->session);
  r->counted = atomic_load(&activity->parties) > 0;
  for (size_t i = 0; i < r->n_threads; i++) {
    if (r->counted) atomic_fetch_add(&activity->parties, 1);
    if (pthread_create(&r->threads[i].id, NULL, fill, &r->threads[i]) != 0) {
      if (r->counted) atomic_fetch_sub(&activity->parties, 1);
      return tarn_fail(TARN_NO_MEMORY, "no thread for '%s'", r->threads[i].enqueue);
    }
    r->started++;
  }
  return TARN_OK;
}

tarn_status tarn_queue_runners_start(tarn_session *session, tarn_queue_runners **runners) {
  if (!session || !runners)
    return tarn_fail(TARN_INVALID, "queue runners need a session and a place to put them");
  const tarn_model *model = (const tarn_model *)tarn__session_keeper(session);
  if (!model || model->object.type != &tarn__model_type)
    return tarn_fail(TARN_INVALID, "the session has no model");
  tarn_queue_runners *r;
  for (size_t i = 0; i < model->meta.n_queue_runners; i++)
    TARN_TRY(check_ops(&model->meta, &model->meta.queue_runners[i]));
  if (model->meta.n_queue_runners) TARN_TRY(initialize_locals(session, &model->meta));
  TARN_TRY(create(session, model, &r));
  const tarn_status status = start_threads(r);
  if (status == TARN_OK) {
    *runners = r;
    return TARN_OK;
  }
  char text[TARN_ERROR_BYTES];
  tarn__error_save(text, sizeof text);
  (void)!tarn_queue_runners_stop(r);
  tarn__error_restore(text);
  return status;
}

tarn_status tarn_queue_runners_stop(tarn_queue_runners *r) {
  if (!r) return TARN_OK;
  if (r->n_threads) stop_all(r, TARN_OK);
  for (size_t i = 0; i < r->started; i++) pthread_join(r->threads[i].id, NULL);
  const tarn_status failure = r->failure;
  if (failure != TARN_OK) tarn__error_restore(r->text);
  destroy(r);
  return failure;
}

/* ---- who needs them ----------------------------------------------------------------------- */

/* Marks a node that is seen for the first time and puts it on the work list. */
static void visit(const tarn_node *node, bool *seen, const tarn_node **list, size_t *count) {
  if (seen[node->id]) return;
  seen[node->id] = true;
  list[(*count)++] = node;
}

static bool is_fed(const tarn_edge *edge, const tarn_edge *fed, size_t n_fed) {
  for (size_t i = 0; i < n_fed; i++)
    if (fed[i].node == edge->node && fed[i].index == edge->index) return true;
  return false;
}

tarn_status tarn__queue_runners_needed(const tarn_metagraph *meta, const tarn_edge *fed,
                                       size_t n_fed, const tarn_node *const *roots, size_t n_roots,
                                       bool *needed) {
  const tarn_graph *graph = meta->graph;
  *needed = false;
  if (!meta->n_queue_runners) return TARN_OK;
  const size_t bytes = (graph->count + 1) * (sizeof(bool) + sizeof(tarn_node *));
  const tarn_node **list = tarn__alloc_zero(graph->allocator, bytes);
  if (!list) return TARN_NO_MEMORY;
  bool *seen = (bool *)(list + graph->count + 1);
  size_t count = 0;
  for (size_t i = 0; i < n_roots; i++) visit(roots[i], seen, list, &count);
  for (size_t at = 0; at < count; at++) {
    const tarn_node *node = list[at];
    for (int i = 0; i < node->inputs; i++)
      if (!is_fed(&node->in[i], fed, n_fed)) visit(node->in[i].node, seen, list, &count);
    for (int i = 0; i < node->controls; i++) visit(node->control[i], seen, list, &count);
  }
  for (size_t i = 0; i < meta->n_queue_runners; i++) {
    const tarn_node *queue = tarn__graph_node(graph, meta->queue_runners[i].queue);
    if (queue && seen[queue->id]) *needed = true;
  }
  tarn__free(graph->allocator, list, bytes);
  return TARN_OK;
}

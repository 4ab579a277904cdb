/* Sessions: the state of a running model (variables, queues, random generators), its plans and its
 * threads.
 *
 * Inside the library a session is made from a graph; the public tarn_session_create
 * (loader/model/session.c) adds the model's files and keeps the model alive. Plans are kept in a
 * bounded cache, by feeds (names, dtypes, shapes), fetches and targets. Many threads may run one
 * session: each run takes an execution context from a free list. tarn_session_run,
 * tarn_session_cancel and tarn_session_destroy of the public header are implemented here. */
#ifndef TARN_GRAPH_SESSION_H
#define TARN_GRAPH_SESSION_H

#include "core/trace/trace.h"
#include "graph/plan.h"
#include "kernels/files.h"

/* `keep` (may be NULL) is retained until the session ends: whatever owns the graph. files may be
 * NULL. */
tarn_status tarn__session_create(tarn_graph *graph, tarn_object *keep,
                                 const tarn_session_options *options, const tarn_files *files,
                                 tarn_session **session);
/* What owns the graph: the object given as `keep`. */
tarn_object *tarn__session_keeper(const tarn_session *session);
tarn_graph *tarn__session_graph(const tarn_session *session);
tarn_resources *tarn__session_resources(const tarn_session *session);
/* Whether a variable has a value, by its node. */
bool tarn__session_variable_is_set(tarn_session *session, const tarn_node *node);
/* Who runs the session (kernels/state/waiting/wait.h). Whoever knows every thread that does counts
 * them here as parties, and then a wait that nobody can end fails instead. */
tarn_activity *tarn__session_activity(tarn_session *session);
const tarn_allocator *tarn__session_allocator(const tarn_session *session);
int tarn__session_threads(const tarn_session *session);
/* The back end with a device that the session asked for, or NULL. */
const struct tarn_backend *tarn__session_device(const tarn_session *session);

/* Packed weights are kept in this store, which other sessions of the same graph use too. Before the
 * first run. */
struct tarn_packed_store;
void tarn__session_share_packed(tarn_session *session, struct tarn_packed_store *store);

typedef struct tarn_run_request {
  const tarn_feed *feeds; size_t n_feeds;
  const char *const *fetches; size_t n_fetches;
  const char *const *targets; size_t n_targets;
  /* not NULL: the door to files of this run, whatever the session's options say */
  const tarn_files *files;
  tarn_trace *trace;            /* NULL: none */
  /* not NULL: ends this run alone, with TARN_CANCELLED, when it is set; such a run has no time
   * limit */
  const atomic_bool *stop;
} tarn_run_request;
tarn_status tarn__session_run(tarn_session *session, const tarn_run_request *request,
                              tarn_tensor **outputs);
/* Makes the plan of such a run, its packed weights and a context. Only dtypes and shapes of feeds
 * count. */
tarn_status tarn__session_prepare(tarn_session *session, const tarn_run_request *request);
/* The plan that such a run uses (made when there is none), for explain. Owned by the session; valid
 * until it is destroyed. With `explain` missing ops are no error: see plan->unsupported. */
tarn_status tarn__session_plan(tarn_session *session, const tarn_run_request *request, bool explain,
                               const tarn_plan **plan);

/* The graph of such a run, written back with the session's variables as constants: export/export.h.
 * Both are the caller's: destroy the graph, then the plan, before the session. */
tarn_status tarn__session_export(tarn_session *session, const tarn_run_request *request,
                                 tarn_purpose purpose, tarn_plan **plan, tarn_graph **graph);

/* Sets a variable by its name (shared_name or node name), making it when no run has made it yet:
 * `node` is its VariableV2, Variable, VarHandleOp or AutoReloadVariable node. The tensor is shared
 * when it owns its memory. TARN_SHAPE or TARN_DTYPE when the declared ones differ (both in the
 * message). */
tarn_status tarn__session_variable_set(tarn_session *session, const tarn_node *node,
                                       const tarn_tensor *value);
/* The value of a variable, shared; TARN_FAILED: it has none. */
tarn_status tarn__session_variable_get(tarn_session *session, const tarn_node *node,
                                       tarn_tensor *value);
/* Remembers why a restore did not set a variable; a run that reads it before it is set says so. */
tarn_status tarn__session_variable_missing(tarn_session *session, const tarn_node *node,
                                           const char *why);

typedef struct tarn_session_memory {
  size_t used, peak;            /* bytes from the session's allocator */
} tarn_session_memory;
tarn_session_memory tarn__session_memory(const tarn_session *session);
/* How many bytes of freed memory the session may keep for its next runs (64 MiB if nobody says); 0:
 * none. */
void tarn__session_keep_memory(tarn_session *session, size_t bytes);
/* Where the lines of Print ops go, each without its line feed; default (and NULL): they are
 * dropped. Before the first run. */
void tarn__session_set_print(tarn_session *session, void (*print)(void *context, const char *line),
                             void *context);
/* Measured kernel choices, taken over by the session (also on failure); NULL: none. Before the
 * first run. */
void tarn__session_take_tuning(tarn_session *session, struct tarn_tuning *tuning);
/* Passes of the optimiser to leave out, by name ("all": every one); see graph/passes/passes.h.
 * Before the first run; the names are borrowed until the session is destroyed. */
void tarn__session_disable_passes(tarn_session *session, const char *const *names, size_t n);
/* Kernels are chosen and passes left out as `from` does. Before the first run; `from` must outlive
 * the session. */
void tarn__session_choose_as(tarn_session *session, const tarn_session *from);

#endif

/* Sessions: plans in a bounded cache, contexts in free lists, runs. */
#include "graph/session.h"

#include "core/bytes.h"
#include "core/knobs.h"
#include "core/thread/cpu.h"
#include "core/thread/threads.h"
#include "graph/exec/device.h"
#include "graph/exec/functions.h"
#include "graph/export/export.h"
#include "graph/session/request.h"
#include "graph/session/store.h"
#include "graph/tuning/tuning.h"
#include "kernels/device.h"
#include "kernels/state/resources.h"
#include "kernels/state/variable.h"
#include "kernels/state/waiting/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PLANS = 64, STEADY_RUNS = 4 };

/* A plan with its contexts. */
typedef struct entry {
  struct entry *next;
  tarn_bytes key;
  tarn_plan *plan;
  tarn_exec *idle;
  int users;
  bool dropped;                  /* out of the cache; goes with its last user */
  /* tarn__session_plan gave the plan out: it stays until the session ends */
  bool pinned;
  atomic_bool prepared;          /* its weights have been packed */
  uint64_t runs, last_used;
} entry;

struct tarn_session {
  const tarn_allocator *base, *allocator;
  tarn_store *store;
  tarn_graph *graph;
  tarn_object *keep;
  const tarn_files *files;
  bool allow_files;
  double time_limit_s;
  size_t memory_limit;
  tarn_pool *pool;
  tarn_resources *resources;
  tarn_prepared_cache prepared;
  tarn_plan_context planning;
  tarn_map volatile_variables;
  tarn_exec_shared shared;
  tarn_functions *functions;
  pthread_mutex_t lock;          /* entries, contexts */
  pthread_mutex_t plan_lock;     /* one plan is made at a time */
  entry *entries;
  entry *retired;                /* dropped but pinned */
  uint64_t clock;
  /* keys of volatile_variables, which outlive the variables; under plan_lock */
  tarn_arena *names;
  atomic_uint cancels;           /* a run stops when this is not what it was when it began */
  void (*print)(void *context, const char *line);
  void *print_context;
  tarn_activity activity;
  tarn_tuning *tuning;           /* may be NULL */
  tarn_device_budget device_budget;
  tarn_residence *residence;     /* of the variables; NULL: there is no device */
};

/* The library prints nothing: what Print ops say is dropped until somebody sets a hook. */
static void drop_line(void *context, const char *line) {
  (void)context;
  (void)line;
}

static void entry_destroy(entry *e, const tarn_allocator *a) {
  for (tarn_exec *x = e->idle, *next; x; x = next) {
    next = x->next_free;
    tarn__exec_destroy(x);
  }
  tarn__plan_destroy(e->plan);
  tarn__bytes_clear(&e->key);
  tarn__free(a, e, sizeof *e);
}

/* What a device computes whole nets in. */
static tarn_dtype narrow(const char *precision) {
  return !strcmp(precision, "fp16")   ? TARN_F16
         : !strcmp(precision, "bf16") ? TARN_BF16
                                      : TARN_NO_DTYPE;
}

tarn_status tarn__session_create(tarn_graph *graph, tarn_object *keep,
                                 const tarn_session_options *options, const tarn_files *files,
                                 tarn_session **session) {
  const tarn_session_options none = {0}, *o = options ? options : &none;
  if (o->threads < 0 || o->threads > 256)
    return tarn_fail(TARN_INVALID, "threads must be 0 to 256, got %d", o->threads);
  if (!(o->time_limit_s >= 0))
    return tarn_fail(TARN_INVALID, "the time limit must not be negative");
  tarn_target backend = TARN_TARGETS;
  const tarn_backend *device = NULL;
  if (o->backend && o->backend[0]) {
    backend = tarn__target_from_name(o->backend);
    if (backend == TARN_TARGETS)
      return tarn_fail(TARN_INVALID, "there is no back end '%s'", o->backend);
    const char *refusal = tarn__target_refusal(backend);
    if (refusal) return tarn_fail(TARN_UNSUPPORTED, "back end '%s': %s", o->backend, refusal);
    if (tarn__target_on_device(backend)) {
      TARN_TRY_IN(tarn__backend_cuda(&device), "opening back end '%s'", o->backend);
      backend = TARN_TARGETS;
    }
  }
  tarn_precision precision = TARN_PRECISION_F32;
  if (o->precision && o->precision[0]) precision = tarn__precision_from_name(o->precision);
  if (precision == TARN_PRECISIONS)
    return tarn_fail(TARN_INVALID, "there is no precision '%s': f32, tf32, fp16, bf16 or int8",
                     o->precision);
  const tarn_allocator *base = o->allocator ? o->allocator : tarn__allocator_default();
  tarn_session *s = tarn__alloc_zero(base, sizeof *s);
  if (!s) return TARN_NO_MEMORY;
  tarn_status status;
  s->base = base;
  s->graph = graph;
  s->keep = tarn__object_retain(keep);
  s->files = files;
  s->allow_files = o->allow_files;
  s->time_limit_s = o->time_limit_s;
  s->memory_limit = o->memory_limit;
  s->print = drop_line;
  pthread_mutex_init(&s->lock, NULL);
  pthread_mutex_init(&s->plan_lock, NULL);
  TARN_GOTO(tarn__store_create(base, o->memory_limit, &s->store));
  s->allocator = tarn__store_allocator(s->store);
  TARN_GOTO(tarn__prepared_cache_init(&s->prepared, s->allocator));
  s->prepared.frugal = o->low_memory;
  tarn__map_init(&s->volatile_variables, s->allocator);
  int threads = o->threads;
  if (!threads) threads = (int)strtol(tarn__knobs()->threads, NULL, 10);
  if (threads <= 0 || threads > 256) threads = tarn__cpu_count();
  TARN_GOTO(tarn__pool_create(s->allocator, threads, &s->pool));
  TARN_GOTO(tarn__resources_create(s->allocator, &s->resources));
  TARN_GOTO(tarn__arena_create(s->allocator, &s->names));
  if (device) {
    TARN_GOTO(tarn__residence_create(s->allocator, device, &s->device_budget, &s->residence));
    tarn__resources_set_residence(s->resources, s->residence);
  }
  s->planning =
      (tarn_plan_context){.allocator = s->allocator,
                          .resources = s->resources,
                          .volatile_variables = &s->volatile_variables,
                          .backend = backend,
                          .device = device,
                          .precision = precision,
                          .narrow = device && o->precision ? narrow(o->precision) : TARN_NO_DTYPE};
  tarn__machine_guess(threads, &s->planning.machine);
  s->planning.machine.low_memory = o->low_memory;
  s->shared = (tarn_exec_shared){.planning = &s->planning,
                                 .allocator = s->allocator,
                                 .pool = s->pool,
                                 .prepared = &s->prepared,
                                 .device_budget = &s->device_budget,
                                 .residence = s->residence};
  s->device_budget.limit = o->device_memory_limit;
  s->prepared.device_budget = &s->device_budget;
  TARN_GOTO(tarn__functions_create(&s->shared, graph, &s->functions));
done:
  if (status != TARN_OK) tarn_session_destroy(s);
  else *session = s;
  return status;
}

void tarn_session_destroy(tarn_session *s) {
  if (!s) return;
  entry *lists[] = {s->entries, s->retired};
  for (int i = 0; i < 2; i++)
    for (entry *e = lists[i], *next; e; e = next) {
      next = e->next;
      entry_destroy(e, s->allocator);
    }
  tarn__functions_destroy(s->functions);
  tarn__tuning_destroy(s->tuning);
  tarn__arena_destroy(s->names);
  if (s->store) {
    tarn__map_clear(&s->volatile_variables);
    tarn__prepared_cache_clear(&s->prepared);
  }
  tarn__resources_destroy(s->resources);
  tarn__object_release(s->residence);
  tarn__pool_destroy(s->pool);
  tarn__store_close(s->store);
  pthread_mutex_destroy(&s->lock);
  pthread_mutex_destroy(&s->plan_lock);
  tarn__object_release(s->keep);
  tarn__free(s->base, s, sizeof *s);
}

void tarn__session_share_packed(tarn_session *s, tarn_packed_store *store) {
  tarn__prepared_cache_share(&s->prepared, store, tarn__store_limited(s->store));
}

tarn_object *tarn__session_keeper(const tarn_session *s) { return s->keep; }
tarn_graph *tarn__session_graph(const tarn_session *s) { return s->graph; }
tarn_resources *tarn__session_resources(const tarn_session *s) { return s->resources; }
tarn_activity *tarn__session_activity(tarn_session *s) { return &s->activity; }
const tarn_allocator *tarn__session_allocator(const tarn_session *s) { return s->allocator; }
const tarn_backend *tarn__session_device(const tarn_session *s) { return s->planning.device; }
int tarn__session_threads(const tarn_session *s) { return tarn__pool_threads(s->pool); }

tarn_session_memory tarn__session_memory(const tarn_session *s) {
  return (tarn_session_memory){tarn__store_used(s->store), tarn__store_peak(s->store)};
}

void tarn__session_keep_memory(tarn_session *s, size_t bytes) { tarn__store_keep(s->store, bytes); }

void tarn__session_set_print(tarn_session *s, void (*print)(void *context, const char *line),
                             void *context) {
  s->print = print ? print : drop_line;
  s->print_context = context;
}

void tarn__session_take_tuning(tarn_session *s, tarn_tuning *tuning) {
  tarn__tuning_destroy(s->tuning);
  s->planning.tuning = s->tuning = tuning;
}

void tarn__session_disable_passes(tarn_session *s, const char *const *names, size_t n) {
  s->planning.disabled = names;
  s->planning.n_disabled = n;
}

void tarn__session_choose_as(tarn_session *s, const tarn_session *from) {
  s->planning.backend = from->planning.backend;
  s->planning.device = from->planning.device;
  s->planning.machine = from->planning.machine;
  s->planning.disabled = from->planning.disabled;
  s->planning.n_disabled = from->planning.n_disabled;
}

void tarn_session_cancel(tarn_session *s) { atomic_fetch_add(&s->cancels, 1); }

/* ---- plans -------------------------------------------------------------------------------- */

/* Takes an entry out of the cache. The lock is held; true: nobody uses it, and the caller destroys
 * it without the lock. */
static bool retire(tarn_session *s, entry *e) {
  for (entry **at = &s->entries; *at; at = &(*at)->next)
    if (*at == e) {
      *at = e->next;
      break;
    }
  if (e->pinned) {
    e->next = s->retired;
    s->retired = e;
    return false;
  }
  e->dropped = true;
  return !e->users;
}

/* The first variable that was taken for a constant and has changed since; NULL: none. */
static const tarn_frozen *changed(const tarn_plan *plan) {
  for (size_t i = 0; i < plan->frozens; i++) {
    tarn_variable *v = plan->frozen[i].variable;
    pthread_mutex_lock(&v->lock);
    const uint64_t contents = tarn__tensor_contents(&v->value);
    pthread_mutex_unlock(&v->lock);
    if (contents != plan->frozen[i].contents) return &plan->frozen[i];
  }
  return NULL;
}

/* Variables that changed soon after a plan took them for constants are not taken again. */
static tarn_status unfreeze(tarn_session *s, const tarn_plan *plan) {
  for (size_t i = 0; i < plan->frozens; i++) {
    tarn_variable *v = plan->frozen[i].variable;
    pthread_mutex_lock(&v->lock);
    const bool same = tarn__tensor_contents(&v->value) == plan->frozen[i].contents;
    pthread_mutex_unlock(&v->lock);
    const size_t bytes = strlen(v->name);
    if (same || tarn__map_get(&s->volatile_variables, v->name, bytes)) continue;
    char *name = tarn__arena_strndup(s->names, v->name, bytes);
    if (!name) return TARN_NO_MEMORY;
    TARN_TRY(tarn__map_put(&s->volatile_variables, name, bytes, s));
  }
  return TARN_OK;
}

static entry *find(tarn_session *s, const tarn_bytes *key) {
  for (entry *e = s->entries; e; e = e->next)
    if (e->key.size == key->size && (!key->size || !memcmp(e->key.data, key->data, key->size)))
      return e;
  return NULL;
}

/* The entry of a key with one user more, or NULL. */
static entry *take(tarn_session *s, const tarn_bytes *key) {
  pthread_mutex_lock(&s->lock);
  entry *e = find(s, key);
  if (e) e->users++;
  pthread_mutex_unlock(&s->lock);
  return e;
}

/* One user less. */
static void leave(tarn_session *s, entry *e) {
  pthread_mutex_lock(&s->lock);
  const bool last = --e->users == 0 && e->dropped;
  pthread_mutex_unlock(&s->lock);
  if (last) entry_destroy(e, s->allocator);
}

/* Drops an entry that is out of date (with the caller as one of its users). */
static tarn_status replace(tarn_session *s, entry *e) {
  pthread_mutex_lock(&s->lock);
  const bool early = e->runs < STEADY_RUNS;
  pthread_mutex_unlock(&s->lock);
  const tarn_status status = early ? unfreeze(s, e->plan) : TARN_OK;
  pthread_mutex_lock(&s->lock);
  e->users--;
  const bool gone = retire(s, e);
  pthread_mutex_unlock(&s->lock);
  if (gone) entry_destroy(e, s->allocator);
  return status;
}

/* Puts a new entry into the cache; the least recently used that nobody needs makes room. */
static void insert(tarn_session *s, entry *made) {
  entry *gone = NULL;
  pthread_mutex_lock(&s->lock);
  made->next = s->entries;
  s->entries = made;
  int count = 0;
  entry *oldest = NULL;
  for (entry *i = s->entries; i; i = i->next) {
    count++;
    if (!i->users && !i->pinned && (!oldest || i->last_used < oldest->last_used)) oldest = i;
  }
  if (count > MAX_PLANS && oldest && retire(s, oldest)) gone = oldest;
  pthread_mutex_unlock(&s->lock);
  if (gone) entry_destroy(gone, s->allocator);
}

/* The entry for a request, with one user more; made when there is none or it is out of date. */
static tarn_status plan_for(tarn_session *s, tarn_request *r, bool explain, entry **found) {
  /* its plan may lack ops: not one to run */
  TARN_TRY(tarn__bytes_add(&r->key, &explain, sizeof explain));
  entry *e = take(s, &r->key);
  if (e && !changed(e->plan)) {
    *found = e;
    return TARN_OK;
  }
  if (e) leave(s, e);
  pthread_mutex_lock(&s->plan_lock);
  tarn_status status = TARN_OK;
  e = take(s, &r->key);          /* another thread may have made it while this one waited */
  if (e && !changed(e->plan)) {
    *found = e;
    goto done;
  }
  if (e) TARN_GOTO(replace(s, e));
  tarn_plan_context planning = s->planning;
  planning.explain = explain;
  planning.trace = r->trace;
  tarn_plan *plan;
  TARN_GOTO(tarn__plan_make(&planning, s->graph, &r->plan, &plan));
  entry *made = tarn__alloc_zero(s->allocator, sizeof *made);
  if (!made) {
    tarn__plan_destroy(plan);
    status = TARN_NO_MEMORY;
    goto done;
  }
  made->plan = plan;
  made->users = 1;
  made->key = r->key;
  tarn__bytes_init(&r->key, s->allocator);   /* the entry has it now */
  insert(s, made);
  *found = made;
done:
  pthread_mutex_unlock(&s->plan_lock);
  return status;
}

/* Packs the plan's weights, before it has contexts. One that fails is tried again by the next
 * run. */
static tarn_status prepare(tarn_session *s, entry *e, tarn_trace *trace) {
  if (atomic_load(&e->prepared)) return TARN_OK;
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&s->plan_lock);
  if (!atomic_load(&e->prepared)) {
    const uint64_t start = trace ? tarn__now_ns() : 0;
    status = tarn__prepare_plan(&s->prepared, e->plan, s->pool);
    tarn__trace_span(trace, "plan", "pack weights", NULL, start, tarn__now_ns());
    tarn__store_trim(s->store);  /* scaled weights that were only passing through */
    if (status == TARN_OK) atomic_store(&e->prepared, true);
  }
  pthread_mutex_unlock(&s->plan_lock);
  return status;
}

static tarn_status take_context(tarn_session *s, entry *e, tarn_exec **x) {
  pthread_mutex_lock(&s->lock);
  *x = e->idle;
  if (*x) e->idle = (*x)->next_free;
  pthread_mutex_unlock(&s->lock);
  return *x ? TARN_OK : tarn__exec_create(&s->shared, e->plan, x);
}

/* Ends a run. A plan whose first run failed goes: it may have been made before variables were
 * initialised, and would never take them for constants. */
static void give_back(tarn_session *s, entry *e, tarn_exec *x, bool failed) {
  pthread_mutex_lock(&s->lock);
  if (x) {
    x->next_free = e->idle;
    e->idle = x;
  }
  if (failed && !e->runs && !e->dropped && !e->pinned) retire(s, e);
  e->runs++;
  e->last_used = ++s->clock;
  pthread_mutex_unlock(&s->lock);
  leave(s, e);
}

/* ---- runs --------------------------------------------------------------------------------- */

/* Results become handles that are the caller's alone. */
static tarn_status hand_out(tarn_session *s, const tarn_run_request *q, tarn_tensor *results,
                            tarn_tensor **outputs) {
  size_t done = 0;
  tarn_status status = TARN_OK;
  for (; done < q->n_fetches; done++) {
    tarn_tensor *t = &results[done];
    if (!t->dtype) {
      status = tarn_fail(TARN_FAILED, "'%s' has no value: it is in a branch that was not taken",
                         q->fetches[done]);
      break;
    }
    if (t->dtype == TARN_RESOURCE && t->shape.rank == 0) {   /* a ref variable: its value */
      tarn_variable *v = tarn__object_get(t, 0);
      tarn_tensor value = {0};
      if (!v || v->object.type != &tarn__variable_type)
        status = tarn_fail(TARN_DTYPE, "'%s' is a handle and cannot be fetched", q->fetches[done]);
      else status = tarn__variable_read(v, &value);
      if (status != TARN_OK) break;
      tarn__tensor_clear(t);
      *t = value;
    }
    if (!tarn__tensor_unique(t)) {
      tarn_tensor copy = {0};
      status = tarn__tensor_copy(s->allocator, t, &copy);
      if (status != TARN_OK) break;
      tarn__tensor_clear(t);
      *t = copy;
    }
    status = tarn__tensor_handle(s->allocator, t, &outputs[done]);
    if (status != TARN_OK) break;
  }
  if (status != TARN_OK)
    while (done-- > 0) {
      tarn_tensor_release(outputs[done]);
      outputs[done] = NULL;
    }
  return status;
}

/* No memory because of the session's limit is another failure. */
static tarn_status or_limit(const tarn_session *s, tarn_status status) {
  if (status != TARN_NO_MEMORY || !s->memory_limit || !tarn__store_limit_hit(s->store))
    return status;
  return tarn_fail(TARN_LIMIT, "the session's memory limit of %zu bytes is reached",
                   s->memory_limit);
}

tarn_status tarn__session_run(tarn_session *s, const tarn_run_request *q, tarn_tensor **outputs) {
  tarn_request r;
  entry *e = NULL;
  tarn_exec *x = NULL;
  tarn_status status = tarn__request_resolve(s, q, &r);
  const size_t bytes = (q->n_fetches + 1) * sizeof(tarn_tensor);
  tarn_tensor *results = NULL;
  const uint64_t start = tarn__now_ns();
  const unsigned cancels = atomic_load(&s->cancels);
  if (status == TARN_OK && !(results = tarn__alloc_zero(s->allocator, bytes)))
    status = TARN_NO_MEMORY;
  if (status != TARN_OK) goto done;
  TARN_GOTO(plan_for(s, &r, false, &e));
  TARN_GOTO(prepare(s, e, r.trace));
  TARN_GOTO(take_context(s, e, &x));
  tarn_run run = {.allocator = s->allocator,
                  .resources = s->resources,
                  .files = q->files         ? q->files
                           : s->allow_files ? s->files
                                            : NULL,
                  .caller = tarn__functions_caller(s->functions),
                  .cancels = &s->cancels,
                  .cancels_before = cancels,
                  .stop = q->stop,
                  .activity = &s->activity,
                  .trace = q->trace,
                  .print = s->print,
                  .print_context = s->print_context};
  if (s->time_limit_s > 0 && !q->stop) run.deadline_ns = start + (uint64_t)(s->time_limit_s * 1e9);
  const unsigned denormals = tarn__denormals_off();
  status = tarn__exec_run(x, &run, q->trace, r.tensors, results);
  tarn__denormals_restore(denormals);
  if (q->trace) {
    tarn__trace_span(q->trace, "run", "run", NULL, start, tarn__now_ns());
    tarn__trace_counter(q->trace, "session memory", (double)tarn__store_used(s->store));
  }
  if (status == TARN_OK) status = hand_out(s, q, results, outputs);
done:
  status = or_limit(s, status);
  if (results) {
    for (size_t i = 0; i < q->n_fetches; i++) tarn__tensor_clear(&results[i]);
    tarn__free(s->allocator, results, bytes);
  }
  if (e) give_back(s, e, x, status == TARN_FAILED);
  tarn__request_clear(s, &r);
  return status;
}

tarn_status tarn_session_run(tarn_session *session, const tarn_feed *feeds, size_t n_feeds,
                             const char *const *fetches, size_t n_fetches,
                             const char *const *targets, size_t n_targets, tarn_tensor **outputs) {
  if (!session || (n_fetches && !outputs))
    return tarn_fail(TARN_INVALID, "a session and room for the outputs are needed");
  return tarn__session_run(session,
                           &(tarn_run_request){.feeds = feeds,
                                               .n_feeds = n_feeds,
                                               .fetches = fetches,
                                               .n_fetches = n_fetches,
                                               .targets = targets,
                                               .n_targets = n_targets},
                           outputs);
}

tarn_status tarn__session_prepare(tarn_session *s, const tarn_run_request *q) {
  tarn_request r;
  entry *e = NULL;
  tarn_exec *x = NULL;
  tarn_status status = tarn__request_resolve(s, q, &r);
  if (status == TARN_OK) status = plan_for(s, &r, false, &e);
  if (status == TARN_OK) status = prepare(s, e, r.trace);
  if (status == TARN_OK) status = take_context(s, e, &x);
  if (status == TARN_OK) tarn__exec_warm(x);
  tarn__request_clear(s, &r);
  status = or_limit(s, status);
  if (!e) return status;
  pthread_mutex_lock(&s->lock);  /* not a run: what give_back counts stays as it is */
  if (x) {
    x->next_free = e->idle;
    e->idle = x;
  }
  e->last_used = ++s->clock;
  pthread_mutex_unlock(&s->lock);
  leave(s, e);
  return status;
}

tarn_status tarn_session_prepare(tarn_session *session, const tarn_feed *feeds, size_t n_feeds,
                                 const char *const *fetches, size_t n_fetches,
                                 const char *const *targets, size_t n_targets) {
  if (!session) return tarn_fail(TARN_INVALID, "no session to prepare");
  return tarn__session_prepare(session, &(tarn_run_request){.feeds = feeds,
                                                            .n_feeds = n_feeds,
                                                            .fetches = fetches,
                                                            .n_fetches = n_fetches,
                                                            .targets = targets,
                                                            .n_targets = n_targets});
}

tarn_status tarn__session_plan(tarn_session *s, const tarn_run_request *q, bool explain,
                               const tarn_plan **plan) {
  tarn_request r;
  entry *e = NULL;
  tarn_status status = tarn__request_resolve(s, q, &r);
  if (status == TARN_OK) status = plan_for(s, &r, explain, &e);
  tarn__request_clear(s, &r);
  if (status != TARN_OK) return or_limit(s, status);
  pthread_mutex_lock(&s->lock);
  e->pinned = true;
  e->last_used = ++s->clock;
  *plan = e->plan;
  if (e->dropped) {              /* replaced meanwhile by another thread */
    e->dropped = false;
    e->next = s->retired;
    s->retired = e;
  }
  pthread_mutex_unlock(&s->lock);
  leave(s, e);
  return TARN_OK;
}

tarn_status tarn__session_export(tarn_session *s, const tarn_run_request *q, tarn_purpose purpose,
                                 tarn_plan **plan, tarn_graph **graph) {
  tarn_request r;
  tarn_status status = tarn__request_resolve(s, q, &r);
  tarn_plan *made = NULL;
  if (status == TARN_OK) {
    tarn_plan_context planning = s->planning;
    planning.purpose = purpose;
    planning.explain = true;
    pthread_mutex_lock(&s->plan_lock);
    status = tarn__plan_make(&planning, s->graph, &r.plan, &made);
    pthread_mutex_unlock(&s->plan_lock);
  }
  if (status == TARN_OK) status = tarn__plan_export(made, &r.plan, purpose, graph);
  if (status == TARN_OK) *plan = made;
  else tarn__plan_destroy(made);
  tarn__request_clear(s, &r);
  return or_limit(s, status);
}

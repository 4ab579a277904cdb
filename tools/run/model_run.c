#include "tools/run/model_run.h"

#include "core/file.h"
#include "core/map.h"
#include "graph/passes/passes.h"
#include "kernels/state/waiting/wait.h"
#include "loader/model/queue_runners.h"
#include "loader/tuning/tuning_file.h"
#include "tools/explain/placement.h"
#include "tools/run/ends.h"
#include "tools/run/tensor_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static tarn_status init(tarn_model_run *r, const tarn_verb *verb) {
  *r = (tarn_model_run){.verb = verb};
  return tarn__arena_create(tarn__allocator_default(), &r->arena);
}

static void clear(tarn_model_run *r) {
  for (size_t i = 0; i < r->n_steps; i++)
    for (size_t k = 0; k < r->steps[i].n_feeds; k++)
      tarn_tensor_release(r->steps[i].feeds[k].tensor);
  (void)!tarn_queue_runners_stop(r->queue_runners);
  tarn_session_destroy(r->session);
  tarn_model_destroy(r->model);
  tarn__arena_destroy(r->arena);
  *r = (tarn_model_run){0};
}

/* Room for one more at the end of an arena array that doubles at powers of two. */
static void *append(tarn_arena *arena, void **array, size_t *count, size_t bytes_each) {
  if ((*count & (*count - 1)) == 0) {
    void *larger = tarn__arena_array(arena, *count ? 2 * *count : 1, bytes_each);
    if (!larger) return NULL;
    if (*count) memcpy(larger, *array, *count * bytes_each);
    *array = larger;
  }
  return (char *)*array + (*count)++ * bytes_each;
}

/* "x:0=file" at the first '='. */
static bool named(tarn_model_run *r, const char *option, const char *text, bool file_needed,
                  tarn_named **list, size_t *count) {
  const char *equals = strchr(text, '=');
  if (equals ? equals == text || !equals[1] : file_needed || !*text) {
    tarn__cli_usage(r->verb, "%s needs TENSOR=FILE, got '%s'", option, text);
    return false;
  }
  tarn_named *n = append(r->arena, (void **)list, count, sizeof *n);
  const char *name =
      tarn__arena_strndup(r->arena, text, equals ? (size_t)(equals - text) : strlen(text));
  if (!n || !name) return false;
  *n = (tarn_named){name, equals ? equals + 1 : NULL};
  return true;
}

static bool word(tarn_model_run *r, const char *text, const char ***list, size_t *count) {
  const char **w = append(r->arena, (void **)list, count, sizeof *w);
  if (w) *w = text;
  return w != NULL;
}

static bool disable_pass(tarn_model_run *r, const char *name) {
  const char *names[64] = {"all"};
  size_t n = 1;
  for (const tarn_pass *pass = tarn__passes; pass->name && n < 64; pass++) names[n++] = pass->name;
  for (size_t i = 0; i < n; i++)
    if (!strcmp(names[i], name)) return word(r, name, &r->disabled, &r->n_disabled);
  char nearest[256];
  tarn__cli_usage(r->verb, "there is no pass '%s'%s", name,
                  tarn__nearest(name, names, n, nearest, sizeof nearest));
  return false;
}

static bool precision(tarn_model_run *r, const char *name) {
  r->options.precision = name;
  if (tarn__precision_from_name(name) != TARN_PRECISIONS) return true;
  tarn__cli_usage(r->verb, "there is no precision '%s': f32, tf32, fp16, bf16 or int8", name);
  return false;
}

/* Takes an option that tarn__cli_next found, or the model's path. 0: not one of ours; 1: taken; -1:
 * bad, a message was printed. */
static int take_option(tarn_model_run *r, const tarn_cli *cli, int option, const char *value) {
  const tarn_verb *verb = r->verb;
  long n = 0;
  if (option == TARN_CLI_OPERAND) {
    if (!r->path) {
      r->path = value;
      return 1;
    }
    tarn__cli_usage(verb, "'%s' is one operand too many", value);
    return -1;
  }
#define IS(name) tarn__cli_is(cli, option, name)
  if (IS("--checkpoint")) r->checkpoint = value;
  else if (IS("--init")) return word(r, value, &r->init, &r->inits) ? 1 : -1;
  else if (IS("--feed")) return named(r, "--feed", value, true, &r->feeds, &r->n_feeds) ? 1 : -1;
  else if (IS("--fetch"))
    return named(r, "--fetch", value, false, &r->fetches, &r->n_fetches) ? 1 : -1;
  else if (IS("--target")) return word(r, value, &r->targets, &r->n_targets) ? 1 : -1;
  else if (IS("--steps")) r->steps_file = value;
  else if (IS("--tuning")) r->tuning = value;
  else if (IS("--signature")) r->signature = value;
  else if (IS("--tag")) r->tag = value;
  else if (IS("--backend")) {
    r->options.backend = value;
    if (tarn__target_from_name(value) == TARN_TARGETS) {
      tarn__cli_usage(verb, "there is no back end '%s': reference, openblas, avx2, avx512 or cuda",
                      value);
      return -1;
    }
  } else if (IS("--memory")) {
    if (!value && !strcmp(verb->name, "explain")) return 0;
    r->options.low_memory = value && !strcmp(value, "low");
    if (!value || (!r->options.low_memory && strcmp(value, "default"))) {
      tarn__cli_usage(verb, "--memory=low or --memory=default");
      return -1;
    }
  } else if (IS("--disable-pass")) return disable_pass(r, value) ? 1 : -1;
  else if (IS("--precision")) return precision(r, value) ? 1 : -1;
  else if (IS("--allow-files")) r->options.allow_files = true;
  else if (IS("--no-queue-runners")) r->no_queue_runners = true;
  else if (IS("--time-limit"))
    return tarn__cli_real(verb, "--time-limit", value, 0, 1e9, &r->options.time_limit_s) ? 1 : -1;
  else if (IS("--memory-limit"))
    return tarn__cli_bytes(verb, "--memory-limit", value, &r->options.memory_limit) ? 1 : -1;
  else if (IS("--gpu-mem"))
    return tarn__cli_bytes(verb, "--gpu-mem", value, &r->options.device_memory_limit) ? 1 : -1;
  else if (IS("--log-placement")) r->log_placement = true;
  else if (IS("--threads")) {
    if (!tarn__cli_int(verb, "--threads", value, 0, 256, &n)) return -1;
    r->options.threads = (int)n;
  } else return 0;
#undef IS
  return 1;
}

/* What a Print op of the graph says. */
static void print_line(void *context, const char *line) {
  (void)context;
  fprintf(stderr, "%s\n", line);
}

/* Measured choices: of a file that was named, an error; where they lie by default, a line on
 * standard error. */
static tarn_status take_tuning(tarn_model_run *r) {
  const char *path = r->untuned ? NULL : tarn__tuning_path(r->arena, r->tuning);
  tarn_tuning *tuning;
  if (!path || (!r->tuning && access(path, F_OK))) return TARN_OK;
  TARN_TRY(tarn__tuning_create(tarn__allocator_default(), &tuning));
  const tarn_status status = tarn__tuning_load(tuning, path);
  if (status == TARN_OK) {
    tarn__session_take_tuning(r->session, tuning);
    return TARN_OK;
  }
  tarn__tuning_destroy(tuning);
  if (status == TARN_NO_MEMORY || (r->tuning && status == TARN_IO)) return status;
  fprintf(stderr, "tarn: measured kernel choices are not used: %.*s\n",
          (int)strcspn(tarn_error(), "\n"), tarn_error());
  return TARN_OK;
}

tarn_status tarn__model_run_open(tarn_model_run *r) {
  const uint64_t start = tarn__now_ns();
  TARN_TRY(tarn_model_load(r->path, &(tarn_model_options){.tag = r->tag}, &r->model));
  tarn__trace_span(r->trace, "load", "read the graph", r->path, start, tarn__now_ns());
  return tarn__model_run_session(r);
}

tarn_status tarn__model_run_session(tarn_model_run *r) {
  TARN_TRY(tarn_session_create(r->model, &r->options, &r->session));
  tarn__session_set_print(r->session, print_line, NULL);
  tarn__session_disable_passes(r->session, r->disabled, r->n_disabled);
  return take_tuning(r);
}

tarn_status tarn__model_run_restore(tarn_model_run *r) {
  const uint64_t start = tarn__now_ns();
  if (r->checkpoint) TARN_TRY(tarn_session_restore(r->session, r->checkpoint));
  else if (r->model->checkpoint_prefix)
    TARN_TRY(tarn_session_restore(r->session, r->model->checkpoint_prefix));
  else if (r->model->folder || r->model->compiled) TARN_TRY(tarn_session_restore(r->session, NULL));
  for (size_t i = 0; i < r->inits; i++)
    TARN_TRY_IN(tarn_session_run(r->session, NULL, 0, NULL, 0, &r->init[i], 1, NULL),
                "running --init '%s'", r->init[i]);
  tarn__trace_span(r->trace, "load", "restore variables", r->checkpoint, start, tarn__now_ns());
  return TARN_OK;
}

/* ---- steps -------------------------------------------------------------------------------- */

static tarn_status signature_of(const tarn_model_run *r, const tarn_signature **found) {
  const tarn_metagraph *m = &r->model->meta;
  const char *wanted = r->signature ? r->signature : "serving_default";
  *found = NULL;
  for (size_t i = 0; i < m->n_signatures; i++)
    if (!strcmp(m->signatures[i].key, wanted)) *found = &m->signatures[i];
  if (*found || !r->signature) return TARN_OK;
  const char *names[64];
  size_t n = 0;
  for (; n < m->n_signatures && n < 64; n++) names[n] = m->signatures[n].key;
  char nearest[256];
  return tarn_fail(TARN_NOT_FOUND, "there is no signature '%s'%s", wanted,
                   tarn__nearest(wanted, names, n, nearest, sizeof nearest));
}

/* The graph's name of an input or output: its own, or the one that a signature gives to the key. */
static const char *tensor_name(const char *name, const tarn_tensor_info *info, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(info[i].key, name) && info[i].name[0]) return info[i].name;
  return name;
}

static tarn_status feed(tarn_model_run *r, tarn_feed *to, const char *name, const char *file,
                        const tarn_signature *s) {
  const char *graph_name = s ? tensor_name(name, s->inputs, s->n_inputs) : name;
  tarn_edge edge;
  TARN_TRY_IN(tarn__graph_find(tarn__session_graph(r->session), graph_name, &edge),
              "looking for feed '%s'", name);
  tarn_dtype wanted = TARN_NO_DTYPE;
  if (edge.index >= 0 && edge.node->op && edge.index < edge.node->outputs)
    wanted = edge.node->out_dtype[edge.index];
  TARN_TRY_IN(tarn__tensor_file_read(file, wanted, &to->tensor), "feeding '%s'", name);
  to->name = graph_name;
  return TARN_OK;
}

static tarn_status make_step(tarn_model_run *r, tarn_run_step *step, const tarn_named *feeds,
                             size_t n_feeds, const tarn_named *fetches, size_t n_fetches,
                             const tarn_signature *s) {
  step->feeds = tarn__arena_array(r->arena, n_feeds + 1, sizeof *step->feeds);
  step->fetches = tarn__arena_array(r->arena, n_fetches + 1, sizeof *step->fetches);
  step->fetch_names = tarn__arena_array(r->arena, n_fetches + 1, sizeof *step->fetch_names);
  if (!step->feeds || !step->fetches || !step->fetch_names) return TARN_NO_MEMORY;
  for (size_t i = 0; i < n_fetches; i++) {
    step->fetches[i] = fetches[i];
    step->fetch_names[i] =
        s ? tensor_name(fetches[i].name, s->outputs, s->n_outputs) : fetches[i].name;
    step->n_fetches++;
  }
  for (size_t i = 0; i < n_feeds; i++) {
    TARN_TRY(feed(r, &step->feeds[i], feeds[i].name, feeds[i].file, s));
    step->n_feeds++;
  }
  return TARN_OK;
}

/* Relative names in a steps file are relative to it. */
static const char *beside(tarn_model_run *r, const char *file) {
  const char *slash = strrchr(r->steps_file, '/');
  if (file[0] == '/' || !strncmp(file, "random:", 7) || !slash) return file;
  return tarn__arena_printf(r->arena, "%.*s/%s", (int)(slash - r->steps_file), r->steps_file, file);
}

static tarn_status named_of(tarn_model_run *r, json_t *object, const char *what, tarn_named **list,
                            size_t *count) {
  const char *name;
  json_t *file;
  *count = 0;
  *list = tarn__arena_array(r->arena, json_object_size(object) + 1, sizeof **list);
  if (!*list) return TARN_NO_MEMORY;
  if (object && !json_is_object(object))
    return tarn_fail(TARN_CORRUPT, "\"%s\" is no object", what);
  json_object_foreach(object, name, file) {
    if (!json_is_string(file))
      return tarn_fail(TARN_CORRUPT, "\"%s\" of '%s' names no file", what, name);
    const char *copy = tarn__arena_strndup(r->arena, name, strlen(name));
    const char *path =
        tarn__arena_strndup(r->arena, json_string_value(file), json_string_length(file));
    if (!copy || !path || !(path = beside(r, path))) return TARN_NO_MEMORY;
    (*list)[(*count)++] = (tarn_named){copy, path};
  }
  return TARN_OK;
}

static tarn_status json_step(tarn_model_run *r, json_t *object, const tarn_signature *s,
                             tarn_run_step *step) {
  tarn_named *feeds, *fetches;
  size_t n_feeds, n_fetches;
  if (!json_is_object(object)) return tarn_fail(TARN_CORRUPT, "a step is an object");
  TARN_TRY(named_of(r, json_object_get(object, "feeds"), "feeds", &feeds, &n_feeds));
  TARN_TRY(named_of(r, json_object_get(object, "fetches"), "fetches", &fetches, &n_fetches));
  const json_t *targets = json_object_get(object, "targets");
  if (targets && !json_is_array(targets)) return tarn_fail(TARN_CORRUPT, "\"targets\" is no list");
  step->targets = tarn__arena_array(r->arena, json_array_size(targets) + 1, sizeof *step->targets);
  if (!step->targets) return TARN_NO_MEMORY;
  for (size_t i = 0; i < json_array_size(targets); i++) {
    const json_t *op = json_array_get(targets, i);
    if (!json_is_string(op))
      return tarn_fail(TARN_CORRUPT, "\"targets\" holds something that is no name");
    step->targets[i] = tarn__arena_strndup(r->arena, json_string_value(op), json_string_length(op));
    if (!step->targets[i]) return TARN_NO_MEMORY;
    step->n_targets++;
  }
  return make_step(r, step, feeds, n_feeds, fetches, n_fetches, s);
}

static tarn_status steps_file(tarn_model_run *r, const tarn_signature *s) {
  tarn_file file;
  TARN_TRY(tarn__file_map(r->steps_file, &file));
  json_error_t error;
  json_t *root = json_loadb((const char *)file.data, file.size, JSON_REJECT_DUPLICATES, &error);
  tarn_status status = TARN_OK;
  if (!root) status = tarn_fail(TARN_CORRUPT, "line %d: %s", error.line, error.text);
  else if (!json_is_array(root)) status = tarn_fail(TARN_CORRUPT, "expected a list of steps");
  const size_t n = json_array_size(root);
  if (status == TARN_OK && !(r->steps = tarn__arena_array(r->arena, n + 1, sizeof *r->steps)))
    status = TARN_NO_MEMORY;
  for (size_t i = 0; i < n && status == TARN_OK; i++) {
    r->n_steps++;
    status = json_step(r, json_array_get(root, i), s, &r->steps[i]);
    if (status != TARN_OK) tarn__context("step %zu", i);
  }
  json_decref(root);
  tarn__file_unmap(&file);
  return status;
}

/* Without a signature: what nobody consumes, unless it only concerns saving or initialising. */
static tarn_status loose_ends(tarn_model_run *r) {
  const tarn_graph *g = tarn__session_graph(r->session);
  bool *end;
  TARN_TRY(tarn__graph_ends(g, r->arena, &end));
  for (size_t i = 0; i < g->count; i++) {
    const tarn_node *n = g->nodes[i];
    if (!end[i] || !n->op || n->problem || !n->outputs || n->op->flags & TARN_OP_STATEFUL ||
        n->out_is_ref[0] || n->out_dtype[0] == TARN_RESOURCE || n->out_dtype[0] == TARN_VARIANT ||
        n->out_dtype[0] == TARN_STRING || !strcmp(n->op->name, "Exit") ||
        !strncmp(n->name, "save/", 5) || !n->inputs ||
        !strncmp(n->name, "report_uninitialized", 20))
      continue;
    tarn_named *named_end =
        append(r->arena, (void **)&r->fetches, &r->n_fetches, sizeof *named_end);
    if (!named_end) return TARN_NO_MEMORY;
    *named_end = (tarn_named){n->name, NULL};
  }
  if (!r->n_fetches)
    return tarn_fail(TARN_INVALID,
                     "nothing to fetch: name a tensor with --fetch or an op with --target");
  return TARN_OK;
}

/* Each step's plan, as far as it can be made now: what is wrong with it, its run says. */
static tarn_status log_placement(const tarn_model_run *r) {
  const tarn_backend *backend;
  if (!r->options.backend || !tarn__target_on_device(tarn__target_from_name(r->options.backend)))
    return tarn_fail(TARN_INVALID, "--log-placement needs --backend cuda");
  TARN_TRY(tarn__backend_cuda(&backend));
  for (size_t i = 0; i < r->n_steps; i++) {
    const tarn_run_request request =
        tarn__run_step_request(&r->steps[i], r->steps[i].feeds, r->steps[i].n_feeds);
    const tarn_plan *plan;
    const tarn_status status = tarn__session_plan(r->session, &request, true, &plan);
    if (status == TARN_NO_MEMORY) return status;
    if (status != TARN_OK) continue;
    tarn__placement_print(stderr, backend, plan);
    tarn__placement_sum_print(stderr, backend, plan);
  }
  return TARN_OK;
}

static tarn_status find_steps(tarn_model_run *r) {
  const tarn_signature *s;
  TARN_TRY(signature_of(r, &s));
  if (r->steps_file) TARN_TRY_IN(steps_file(r, s), "reading steps '%s'", r->steps_file);
  if (r->steps_file) return TARN_OK;
  if (!r->n_fetches && !r->n_targets) {
    for (size_t i = 0; s && i < s->n_outputs; i++) {
      if (!s->outputs[i].name[0]) continue;
      tarn_named *output = append(r->arena, (void **)&r->fetches, &r->n_fetches, sizeof *output);
      if (!output) return TARN_NO_MEMORY;
      *output = (tarn_named){s->outputs[i].key, NULL};
    }
    if (!r->n_fetches) TARN_TRY(loose_ends(r));
  }
  r->steps = tarn__arena_alloc(r->arena, sizeof *r->steps);
  if (!r->steps) return TARN_NO_MEMORY;
  r->n_steps = 1;
  r->steps[0].targets = r->targets;
  r->steps[0].n_targets = r->n_targets;
  return make_step(r, &r->steps[0], r->feeds, r->n_feeds, r->fetches, r->n_fetches, s);
}

tarn_status tarn__model_run_steps(tarn_model_run *r) {
  TARN_TRY(find_steps(r));
  return r->log_placement ? log_placement(r) : TARN_OK;
}

/* ---- queues ------------------------------------------------------------------------------- */

static tarn_status step_waits(const tarn_model_run *r, const tarn_run_step *step, bool *waits) {
  const tarn_graph *graph = tarn__session_graph(r->session);
  tarn_edge *fed = tarn__arena_array(r->arena, step->n_feeds + 1, sizeof *fed), edge;
  const tarn_node **roots =
      tarn__arena_array(r->arena, step->n_fetches + step->n_targets + 1, sizeof *roots);
  size_t n_roots = 0;
  if (!fed || !roots) return TARN_NO_MEMORY;
  for (size_t i = 0; i < step->n_feeds; i++)
    TARN_TRY(tarn__graph_find(graph, step->feeds[i].name, &fed[i]));
  for (size_t i = 0; i < step->n_fetches + step->n_targets; i++) {
    const char *name =
        i < step->n_fetches ? step->fetch_names[i] : step->targets[i - step->n_fetches];
    TARN_TRY(tarn__graph_find(graph, name, &edge));
    roots[n_roots++] = edge.node;
  }
  return tarn__queue_runners_needed(&r->model->meta, fed, step->n_feeds, roots, n_roots, waits);
}

tarn_status tarn__model_run_fill_queues(tarn_model_run *r) {
  bool waits = false;
  atomic_store(&tarn__session_activity(r->session)->parties,
               1); /* this thread; queue runners add theirs */
  if (r->no_queue_runners) return TARN_OK;
  /* A name that is not in the graph is for the step to say. */
  for (size_t i = 0; i < r->n_steps && !waits; i++)
    if (step_waits(r, &r->steps[i], &waits) == TARN_NO_MEMORY) return TARN_NO_MEMORY;
  return waits ? tarn_queue_runners_start(r->session, &r->queue_runners) : TARN_OK;
}

tarn_status tarn__model_run_end_queues(tarn_model_run *r, tarn_status status) {
  char text[TARN_ERROR_BYTES];
  tarn__error_save(text, sizeof text);
  const tarn_status failure = tarn_queue_runners_stop(r->queue_runners);
  r->queue_runners = NULL;
  if (failure != TARN_OK && (status == TARN_END || status == TARN_CANCELLED)) return failure;
  if (failure != TARN_OK && status == TARN_OK)
    fprintf(stderr, "tarn: a queue was filled no further: %s\n", tarn_error());
  tarn__error_restore(text);
  return status;
}

/* false: leave with *code. */
static bool parse(tarn_model_run *r, int argc, char **argv, const tarn_model_work *how, void *own,
                  int *code) {
  tarn_cli cli;
  const char *value;
  int option;
  *code = TARN_EXIT_USAGE;
  tarn__cli_init(&cli, r->verb, argc, argv);
  while ((option = tarn__cli_next(&cli, &value)) != TARN_CLI_END) {
    if (option == TARN_CLI_HELP) *code = TARN_EXIT_OK;
    if (option == TARN_CLI_ERROR || option == TARN_CLI_HELP) return false;
    if (option == TARN_CLI_OPERAND && r->path && how->second && !*how->second) *how->second = value;
    else if (take_option(r, &cli, option, value) < 0) return false;
    if (how->take && !how->take(own, &cli, option, value)) return false;
  }
  const char *lacks = how->lacks ? how->lacks(own, r) : r->path ? NULL : "MODEL is missing";
  if (lacks) tarn__cli_usage(r->verb, "%s", lacks);
  return !lacks;
}

int tarn__model_run_main(const tarn_verb *verb, int argc, char **argv, const tarn_model_work *how,
                         void *own) {
  tarn_model_run r;
  int code;
  if (init(&r, verb) != TARN_OK) return tarn__cli_fail(TARN_NO_MEMORY);
  if (parse(&r, argc, argv, how, own, &code)) {
    const tarn_status status = how->work(&r, own);
    code = status == TARN_OK ? TARN_EXIT_OK : tarn__cli_fail(status);
  }
  clear(&r);
  return code;
}

/* tarn compile: a model with packed weights in one file that starts quickly. */
#include <stdio.h>
#include <string.h>

#include "loader/compiled/compiled.h"
#include "tools/run/model_run.h"
#include "tools/run/stand_in.h"

static const tarn_option options[] = {
    TARN_MODEL_OPTIONS,
    {"-o", "FILE.tarn", "the file to write"},
    {0},
};

static int run(int argc, char **argv);

const tarn_verb tarn__verb_compile = {
    .name = "compile",
    .arguments = "MODEL -o FILE.tarn",
    .help = "a model with packed weights in one file that starts quickly",
    .options = options,
    .run = run,
    .text =
        "Writes what the fetches (or the signature's outputs) need: the graph, the variables as "
        "they are after restoring, and the\n"
        "weights as the kernels of this machine want them, for the shapes that are fed "
        "(placeholders that are not fed: their\n"
        "declared shapes, unknown dims as 1; several shapes: --steps). Every verb takes the file "
        "for a MODEL; it is mapped and\n"
        "hardly read, so runs start in little more than the time of one run, with the same answers "
        "bit for bit. On another\n"
        "machine, with other shapes, threads or another version of tarn it works all the same, and "
        "what does not fit is packed\n"
        "anew. --threads counts: it is part of how kernels are chosen.",
    .example =
        "tarn compile resnet50/saved_model -o resnet50.tarn && tarn run resnet50.tarn --feed "
        "input=x.npy",
};

/* The feeds that the run's own part of the graph comes to: stand-ins for other placeholders would
 * keep those. */
static tarn_status used_feeds(const tarn_graph *graph, const tarn_run_step *step, tarn_arena *arena,
                              tarn_feed *feeds, size_t *count) {
  bool *seen = tarn__arena_array(arena, graph->count + 1, sizeof *seen);
  const tarn_node **list = tarn__arena_array(arena, graph->count + 1, sizeof *list);
  size_t n = 0, kept = 0;
  tarn_edge edge;
  if (!seen || !list) return TARN_NO_MEMORY;
  for (size_t i = 0; i < step->n_fetches + step->n_targets; i++) {
    const char *name =
        i < step->n_fetches ? step->fetch_names[i] : step->targets[i - step->n_fetches];
    TARN_TRY_IN(tarn__graph_find(graph, name, &edge), "looking for '%s'", name);
    if (!seen[edge.node->id]) list[n++] = edge.node;
    seen[edge.node->id] = true;
  }
  for (size_t at = 0; at < n; at++)
    for (int i = 0; i < list[at]->inputs + list[at]->controls; i++) {
      const tarn_node *from =
          i < list[at]->inputs ? list[at]->in[i].node : list[at]->control[i - list[at]->inputs];
      if (!seen[from->id]) list[n++] = from;
      seen[from->id] = true;
    }
  for (size_t i = 0; i < *count; i++) {
    TARN_TRY(tarn__graph_find(graph, feeds[i].name, &edge));
    if (i < step->n_feeds || seen[edge.node->id]) feeds[kept++] = feeds[i];
  }
  *count = kept;
  return TARN_OK;
}

static tarn_status work(tarn_model_run *r, void *own) {
  const char *const *path = own;
  TARN_TRY(tarn__model_run_open(r));
  TARN_TRY(tarn__model_run_restore(r));
  TARN_TRY(tarn__model_run_steps(r));
  tarn_run_request *requests = tarn__arena_array(r->arena, r->n_steps + 1, sizeof *requests);
  if (!requests) return TARN_NO_MEMORY;
  for (size_t i = 0; i < r->n_steps; i++) {
    const tarn_run_step *step = &r->steps[i];
    tarn_feed *feeds;
    size_t count;
    bool open;
    TARN_TRY(tarn__stand_in_feeds(r, step, 1, &feeds, &count, &open));
    TARN_TRY(used_feeds(tarn__session_graph(r->session), step, r->arena, feeds, &count));
    requests[i] = tarn__run_step_request(step, feeds, count);
  }
  return tarn__session_compile(r->session, requests, r->n_steps, *path);
}

static bool take(void *own, const tarn_cli *cli, int option, const char *value) {
  if (tarn__cli_is(cli, option, "-o")) *(const char **)own = value;
  return true;
}

static const char *lacks(const void *own, const tarn_model_run *r) {
  const char *const *path = own;
  return !r->path ? "MODEL is missing" : *path ? NULL : "-o FILE.tarn is missing";
}

static int run(int argc, char **argv) {
  const char *path = NULL;
  const tarn_model_work how = {.take = take, .lacks = lacks, .work = work};
  return tarn__model_run_main(&tarn__verb_compile, argc, argv, &how, &path);
}

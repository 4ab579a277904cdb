/* tarn export: the graph of what is fetched, without variables, as a GraphDef: optimised, or only
 * frozen. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"
#include "core/file.h"
#include "loader/graphdef/pbtxt_write.h"
#include "loader/graphdef/write.h"
#include "tools/run/model_run.h"
#include "tools/run/stand_in.h"

static const tarn_option options[] = {
    TARN_MODEL_OPTIONS,
    {"-o", "FILE", "where to write: binary, or text when the name ends in .pbtxt"},
    {"--frozen", NULL, "only put variables in place as constants and drop what is not needed"},
    {"--text", NULL, "protobuf text, whatever the name"},
    {"--json", NULL, "what was written as one JSON object"},
    {0},
};

static int run(int argc, char **argv);

const tarn_verb tarn__verb_export = {
    .name = "export",
    .arguments = "MODEL",
    .help = "write the optimised or the frozen graph as a GraphDef",
    .options = options,
    .run = run,
    .text =
        "Writes the graph that the fetches need as a GraphDef of TensorFlow's ops, which "
        "TensorFlow runs to the same numbers.\n"
        "Variables become constants, so the checkpoint or the SavedModel's own variables are "
        "restored first; calls of functions\n"
        "are written in place. Constants are folded, names of values dropped, batch norms put into "
        "the weights before them.\n"
        "Bodies of If, While and Case stay functions; loops of Enter, Merge, Switch and "
        "NextIteration stay loops.\n"
        "Placeholders keep the dims that they leave open, and what is done then holds for any "
        "size; with --feed for every input\n"
        "the graph is written for those shapes alone, and what follows from them is folded too. "
        "Fetched tensors keep their names.\n"
        "With --frozen nodes stay as they are but for variables. Tables must be initialised again "
        "where the graph is run:\n"
        "name their initialisers with --target to keep them.",
    .example = "tarn export model.meta --checkpoint model.ckpt-1000 --fetch logits -o model.pb",
};

/* An even number that no dimension of a net is likely to be, so that nothing seems equal by chance.
 */
enum { OPEN_SIZE = 2 };

typedef struct job {
  const char *path;
  bool frozen, text, json;
} job;

static bool ends_with(const char *text, const char *end) {
  const size_t n = strlen(text), m = strlen(end);
  return n >= m && !strcmp(text + n - m, end);
}

/* The file's size in *bytes. */
static tarn_status write_file(const tarn_graph *graph, const job *j, size_t *bytes) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_bytes wire, text;
  tarn__bytes_init(&wire, a);
  tarn__bytes_init(&text, a);
  const bool as_text = j->text || ends_with(j->path, ".pbtxt");
  tarn_status status = tarn__graphdef_write(graph, true, &wire);
  if (status == TARN_OK && as_text)
    status = tarn__pbtxt_from_wire(tarn__wire(wire.data, wire.size, 0, "GraphDef"),
                                   &tarn__proto_graph_def, &text);
  const tarn_bytes *out = as_text ? &text : &wire;
  *bytes = out->size;
  if (status == TARN_OK) status = tarn__output_file(a, j->path, out->data, out->size);
  tarn__bytes_clear(&wire);
  tarn__bytes_clear(&text);
  return status;
}

static const char *purpose_text(tarn_purpose purpose) {
  switch (purpose) {
    case TARN_FOR_EXPORT:
      return "optimised for the shapes fed";
    case TARN_FOR_EXPORT_ANY:
      return "optimised for any size of the open dims";
    case TARN_FOR_FREEZE:
      return "frozen";
    case TARN_FOR_RUN:
      break;
  }
  return "";
}

static void report(const tarn_model_run *r, const job *j, const tarn_graph *graph,
                   tarn_purpose purpose, size_t bytes) {
  const size_t functions = graph->library ? graph->library->count : 0,
               before = tarn__session_graph(r->session)->count;
  const tarn_run_step *step = &r->steps[0];
  char shape[TARN_SHAPE_TEXT];
  json_t *inputs = json_array(), *outputs = json_array();
  if (!j->json)
    printf("%s: %zu nodes of %zu, %zu functions, %.1f MiB, %s\n", j->path, graph->count, before,
           functions, (double)bytes / 1048576, purpose_text(purpose));
  for (size_t i = 0; i < graph->count; i++) {
    const tarn_node *n = graph->nodes[i];
    if (strcmp(n->op_name, "Placeholder")) continue;
    const tarn_attr *s = tarn__attr_find(&n->attrs, "shape");
    const char *text = s && s->kind == TARN_ATTR_SHAPE ? tarn__shape_print(s->shape, shape) : "?";
    if (j->json)
      json_array_append_new(inputs, json_pack("{s:s, s:s, s:s}", "name", n->name, "dtype",
                                              tarn_dtype_name(n->out_dtype[0]), "shape", text));
    else
      printf("  input  %s %s%s\n", n->name, tarn_dtype_name(n->out_dtype[0]), text);
  }
  for (size_t i = 0; i < step->n_fetches; i++) {
    if (j->json)
      json_array_append_new(outputs, json_string(step->fetch_names[i]));
    else
      printf("  output %s\n", step->fetch_names[i]);
  }
  if (j->json) {
    json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:O, s:O}", "file", j->path, "bytes",
                          (json_int_t)bytes, "nodes", (json_int_t)graph->count, "nodes_before",
                          (json_int_t)before, "functions", (json_int_t)functions, "form",
                          purpose_text(purpose), "inputs", inputs, "outputs", outputs);
    json_dumpf(o, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(o);
  }
  json_decref(inputs);
  json_decref(outputs);
}

static tarn_status work(tarn_model_run *r, void *own) {
  const job *j = own;
  TARN_TRY(tarn__model_run_open(r));
  TARN_TRY(tarn__model_run_restore(r));
  TARN_TRY(tarn__model_run_steps(r));
  if (r->n_steps != 1)
    return tarn_fail(TARN_INVALID, "a graph is written for one step, --steps has %zu", r->n_steps);
  const tarn_run_step *step = &r->steps[0];
  tarn_feed *feeds;
  size_t count, bytes = 0;
  bool open;
  tarn_plan *plan;
  tarn_graph *graph;
  TARN_TRY(tarn__stand_in_feeds(r, step, OPEN_SIZE, &feeds, &count, &open));
  const tarn_purpose purpose = j->frozen ? TARN_FOR_FREEZE
                               : open    ? TARN_FOR_EXPORT_ANY
                                         : TARN_FOR_EXPORT;
  const tarn_run_request request = tarn__run_step_request(step, feeds, count);
  TARN_TRY(tarn__session_export(r->session, &request, purpose, &plan, &graph));
  tarn_status status = write_file(graph, j, &bytes);
  if (status == TARN_OK) report(r, j, graph, purpose, bytes);
  tarn__graph_destroy(graph);
  tarn__plan_destroy(plan);
  return status;
}

static bool take(void *own, const tarn_cli *cli, int option, const char *value) {
  job *j = own;
  if (tarn__cli_is(cli, option, "-o"))
    j->path = value;
  else if (tarn__cli_is(cli, option, "--frozen"))
    j->frozen = true;
  else if (tarn__cli_is(cli, option, "--text"))
    j->text = true;
  else if (tarn__cli_is(cli, option, "--json"))
    j->json = true;
  return true;
}

static const char *lacks(const void *own, const tarn_model_run *r) {
  return !r->path ? "MODEL is missing" : ((const job *)own)->path ? NULL : "-o FILE is missing";
}

static int run(int argc, char **argv) {
  job j = {0};
  const tarn_model_work how = {.take = take, .lacks = lacks, .work = work};
  return tarn__model_run_main(&tarn__verb_export, argc, argv, &how, &j);
}

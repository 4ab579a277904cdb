/* GraphDef: nodes, then functions, then the finish that resolves them. See import.h. */
#include "loader/graphdef/import.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void tarn__import_problem(tarn_import *im, tarn_status status, const char *format, ...) {
  if (im->problem) return;
  char text[300];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  im->problem = tarn__arena_strndup(im->graph->arena, text, strlen(text));
  if (!im->problem) im->problem = "a value that cannot be held";
  im->problem_status = status;
}

tarn_status tarn__import_text(tarn_import *im, const tarn_wire_field *f, const char **text) {
  const char *data;
  size_t bytes;
  TARN_TRY(tarn__wire_text(f, &data, &bytes));
  if (bytes && memchr(data, 0, bytes)) {
    char shown[100];
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": '%s' in %s has a zero byte, expected text",
                     f->data_offset, tarn__printable(data, bytes, shown, sizeof shown), f->what);
  }
  *text = tarn__arena_strndup(im->graph->arena, bytes ? data : "", bytes);
  return *text ? TARN_OK : TARN_NO_MEMORY;
}

/* VersionDef.min_consumer above what TensorFlow has reached is damage, not news: its number grows
 * by one with each change of the format, and is far below this after ten years. */
#define CONSUMER_MAX 100000

static tarn_status read_versions(tarn_wire w, tarn_graph *graph) {
  for (;;) {
    tarn_wire_field f;
    int32_t value;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != 1 && f.number != 2) continue;
    TARN_TRY(tarn__wire_int32(&f, &value));
    if (f.number == 1) graph->producer = value;
    if (f.number == 2) graph->min_consumer = value;
    if (f.number == 2 && value > CONSUMER_MAX)
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": the graph wants readers of version %" PRId32
                       ", expected at most %d",
                       f.offset, value, CONSUMER_MAX);
  }
}

/* The nodes that "loc:@NAME" of a _class attribute name must be there: TensorFlow refuses such a
 * graph; here only the node that says so cannot run. */
static void check_colocation(tarn_import *im, tarn_node *node) {
  const tarn_attr *class = tarn__attr_find(&node->attrs, "_class");
  if (!class || class->kind != TARN_ATTR_LIST || class->element != TARN_ATTR_STRING ||
      node->problem)
    return;
  for (size_t i = 0; i < class->list.count; i++) {
    tarn_string s = class->list.s[i];
    if (s.size <= 5 || memcmp(s.data, "loc:@", 5) != 0) continue;
    if (tarn__map_get(&im->graph->by_name, s.data + 5, s.size - 5)) continue;
    char shown[100];
    im->problem = NULL;
    tarn__import_problem(im, TARN_CORRUPT, "it is to be placed with node '%s', which is not there",
                         tarn__printable(s.data + 5, s.size - 5, shown, sizeof shown));
    node->problem = im->problem;
    node->problem_status = im->problem_status;
    return;
  }
}

/* Writers before version 24 had no way to say that a placeholder's shape is unknown, and left it
 * empty: TensorFlow takes a scalar of such a file for anything. */
static tarn_status mend_placeholder(tarn_graph *graph, tarn_node *node) {
  static const tarn_shape unknown = {.rank = -1};
  if (graph->producer >= 24 || strcmp(node->op_name, "Placeholder") != 0) return TARN_OK;
  const tarn_attr *shape = tarn__attr_find(&node->attrs, "shape");
  if (!shape || shape->kind != TARN_ATTR_SHAPE || shape->shape->rank != 0) return TARN_OK;
  return tarn__attr_set(graph->arena, &node->attrs, "shape",
                        &(tarn_attr){.kind = TARN_ATTR_SHAPE, .shape = &unknown});
}

tarn_status tarn__graphdef_read(tarn_wire message, tarn_source *source, tarn_graph *graph) {
  tarn_import im = {.graph = graph, .source = source};
  for (tarn_wire w = message;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    switch (f.number) {
      case 1:
        TARN_TRY(tarn__wire_message(&f, "NodeDef", &inner));
        TARN_TRY(tarn__node_def_read(&im, inner));
        break;
      case 2:
        TARN_TRY(tarn__wire_message(&f, "FunctionDefLibrary", &inner));
        TARN_TRY(tarn__library_def_read(&im, inner));
        break;
      case 4:
        TARN_TRY(tarn__wire_message(&f, "VersionDef", &inner));
        TARN_TRY(read_versions(inner, graph));
        break;
    }
  }
  for (size_t i = 0; i < graph->count; i++) {
    check_colocation(&im, graph->nodes[i]);
    TARN_TRY(mend_placeholder(graph, graph->nodes[i]));
  }
  return tarn__graph_finish(graph);
}

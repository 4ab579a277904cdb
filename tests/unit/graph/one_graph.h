/* What most suites of sessions begin with: the graph and the session of a test. */
#ifndef TARN_TESTS_UNIT_GRAPH_ONE_GRAPH_H
#define TARN_TESTS_UNIT_GRAPH_ONE_GRAPH_H

#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

static tarn_graph *g;
static tarn_session *s;
static void setup(void) {
  g = new_graph();
  s = NULL;
}
static void teardown(void) {
  tarn_session_destroy(s);
  tarn__graph_destroy(g);
}

#endif

/* One graph, a session with every pass and one without some. */
#ifndef TARN_TESTS_UNIT_PASSES_WITH_WITHOUT_H
#define TARN_TESTS_UNIT_PASSES_WITH_WITHOUT_H

#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

static tarn_graph *g;
static tarn_session *with, *without;
static inline void setup(void) {
  g = new_graph();
  with = without = NULL;
}
static inline void teardown(void) {
  tarn_session_destroy(with);
  tarn_session_destroy(without);
  tarn__graph_destroy(g);
}

/* The sessions, when the graph is complete; `pass` (or "all") must live as long as they do. */
static inline void go_without(const char *const *pass) {
  with = session_on(g);
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1}, NULL, &without));
  tarn__session_disable_passes(without, pass, 1);
}

#endif

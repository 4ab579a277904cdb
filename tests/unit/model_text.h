/* Graph files for tests, written as protobuf text and loaded from memory or from a file. */
#ifndef TARN_TESTS_UNIT_MODEL_TEXT_H
#define TARN_TESTS_UNIT_MODEL_TEXT_H

#include "core/bytes.h"
#include "graph/graph.h"
#include "loader/graphdef/import.h"
#include "loader/graphdef/pbtxt.h"
#include "loader/graphdef/schema.h"

#include <stdio.h>

/* The wire form of a text, which must be right. */
static inline tarn_bytes wire_of(const char *text, const tarn_proto_message *kind) {
  tarn_bytes b;
  tarn__bytes_init(&b, tarn__allocator_default());
  tarn_status status = tarn__pbtxt_to_wire(text, strlen(text), kind, &b);
  if (status != TARN_OK) fprintf(stderr, "%s\n", tarn_error());
  return b;
}

/* A GraphDef in memory, as a file would be read. NULL after a failure, *status tells. */
static inline tarn_graph *graph_of_bytes(const tarn_allocator *a, const void *data, size_t size,
                                         tarn_status *status) {
  tarn_graph *graph = NULL;
  uint64_t reached;
  size_t known;
  tarn_wire w = tarn__wire(data, size, 0, "GraphDef");
  *status = tarn__proto_check(w, &tarn__proto_graph_def, false, &reached, &known);
  if (*status == TARN_OK) *status = tarn__graph_create(a, &graph);
  if (*status == TARN_OK) *status = tarn__graphdef_read(w, NULL, graph);
  if (*status == TARN_OK) return graph;
  tarn__graph_destroy(graph);
  return NULL;
}

static inline tarn_graph *graph_of_text(const char *text) {
  tarn_bytes b = wire_of(text, &tarn__proto_graph_def);
  tarn_status status;
  tarn_graph *graph = graph_of_bytes(tarn__allocator_default(), b.data, b.size, &status);
  if (!graph) fprintf(stderr, "%s\n", tarn_error());
  tarn__bytes_clear(&b);
  return graph;
}

/* The failure of a GraphDef that must not load. */
static inline tarn_status refusal_of_text(const char *text) {
  tarn_bytes b = wire_of(text, &tarn__proto_graph_def);
  tarn_status status;
  tarn__graph_destroy(graph_of_bytes(tarn__allocator_default(), b.data, b.size, &status));
  tarn__bytes_clear(&b);
  return status;
}

#endif

/* A tarn_graph as a GraphDef that TensorFlow and Netron open. */
#ifndef TARN_LOADER_GRAPHDEF_WRITE_H
#define TARN_LOADER_GRAPHDEF_WRITE_H

#include "core/bytes.h"
#include "graph/graph.h"

/* Appends a finished graph with its functions to `out`. Attributes are written with the defaults
 * that finishing filled in. A function's argument or result that was a list is written as the
 * several that it became. Attributes without a value (a constant of a type that tarn does not hold)
 * are left out: TARN_UNSUPPORTED when `strict`. Errors: TARN_LIMIT above 2 GiB, which is as much as
 * protobuf takes; TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__graphdef_write(const tarn_graph *graph, bool strict,
                                                 tarn_bytes *out);

/* A part of a graph. */
typedef struct tarn_graph_part {
  void *context;
  /* Which nodes of the main graph and which functions are written. Nodes' _class attributes, which
   * may name others, are not. */
  bool (*has_node)(void *context, const tarn_node *node);
  bool (*has_function)(void *context, const tarn_graph *body);
  /* Where the elements of a constant are kept beside the message: a number that its TensorProto has
   * in field TARN_TENSOR_BESIDE (import.h) instead of them. false: in the message. */
  bool (*beside)(void *context, const tarn_tensor *tensor, uint64_t *number);
} tarn_graph_part;
/* The same of a part; NULL: everything. */
TARN_MUST_CHECK tarn_status tarn__graphdef_write_part(const tarn_graph *graph,
                                                      const tarn_graph_part *part, bool strict,
                                                      tarn_bytes *out);

#endif
